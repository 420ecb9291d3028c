"""The examples in docstrings of public names run, and show what they say."""

from __future__ import annotations

import doctest
import inspect

import pytest

import cytoreg
import cytoreg.outcomes
import cytoreg.rules
import cytoreg.survival

PUBLIC = {
    f"{package.__name__}.{name}": inspect.getdoc(value) or ""
    for package in (cytoreg, cytoreg.survival, cytoreg.outcomes, cytoreg.rules)
    for name in package.__all__
    if callable(value := getattr(package, name))
}
EXAMPLES = [name for name, docstring in PUBLIC.items() if ">>>" in docstring]


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_shows_what_happens(name: str) -> None:
    example = doctest.DocTestParser().get_doctest(PUBLIC[name], {}, name, None, None)
    shown: list[str] = []
    doctest.DocTestRunner(verbose=False).run(example, out=shown.append)
    assert "".join(shown) == ""


def test_every_function_of_survival_has_an_example() -> None:
    functions = [name for name in PUBLIC if name.startswith("cytoreg.survival.")]
    functions = [name for name in functions if name.rpartition(".")[2].islower()]
    assert [name for name in functions if name not in EXAMPLES] == []

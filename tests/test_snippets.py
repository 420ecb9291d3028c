"""What the documentation says to write in cytoreg.toml, and to type, is valid."""

from __future__ import annotations

import re
import shlex
import tomllib
from contextlib import suppress
from pathlib import Path

import pandas as pd
import pytest
import tomlkit
import typer

from cytoreg.cli.app import app, load_commands
from cytoreg.project.load import CONFIG, parse

ROOT = Path(__file__).resolve().parents[1]
PAGES = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
    for folder in ("docs", "templates")
    for path in sorted((ROOT / folder).rglob("*.md"))
    if path.name != "configuration.in.md"
} | {"README.md": (ROOT / "README.md").read_text(encoding="utf-8")}

SNIPPETS = {
    page: found
    for page, text in PAGES.items()
    if (found := re.findall(r"^```toml\n(.*?)^```", text, re.DOTALL | re.MULTILINE))
}
VIEW = """{"resource": "Observation", "select": [{"column": [{"name": "id", "path": "id"}]}]}"""

Section = dict[str, object]


@pytest.mark.parametrize("page", SNIPPETS)
def test_every_section_of_cytoreg_toml_on_a_page_is_valid(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the reference registry, with the sections above it on its page."""
    (tmp_path / "views").symlink_to(ROOT / "views")
    (tmp_path / "queries").mkdir()
    for name in re.findall(r"queries/\w+\.sql", PAGES[page]):
        (tmp_path / name).write_text("select 1 as result_id", encoding="utf-8")
    for name in re.findall(r"\$\{(\w+)\}", "".join(SNIPPETS[page])):
        monkeypatch.setenv(name, "sqlite:///a.db")
    said = tomllib.loads((ROOT / CONFIG).read_text(encoding="utf-8"))
    for snippet in SNIPPETS[page]:
        _add(said, tomllib.loads(snippet))
        assert parse(tomlkit.dumps(said), tmp_path / CONFIG)


def _add(said: Section, more: Section) -> None:
    """Add sections: one that says its kind replaces the one of its name, others complete it."""
    for key, value in more.items():
        old = said.get(key)
        if isinstance(old, dict) and isinstance(value, dict) and "kind" not in value:
            _add(old, value)
        else:
            said[key] = value


def _typed(text: str) -> list[str]:
    """Each command of cytoreg in the blocks of code of a page."""
    found = re.findall(r"^```(.*?)\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    blocks = "".join(block for language, block in found if not language)
    whole = re.sub(r"\"[^\"]*\"", lambda it: it[0].replace("\n", " "), blocks.replace("\\\n", ""))
    return re.findall(r"^(?:.* \| |  )?(cytoreg .*)$", whole, re.MULTILINE)


def _named(text: str) -> list[str]:
    """Each command of cytoreg that a sentence or a table of a page names."""
    prose = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    return re.findall(r"`(cytoreg [a-z][^`]*)`", prose)


HAND = {
    page: text
    for page, text in PAGES.items()
    if page != "docs/reference/cli.md" and not page.startswith("docs/decisions/")
}
"""The pages that show commands: neither the one made from them, nor decisions, which are dated."""


@pytest.mark.parametrize("page", [page for page, text in HAND.items() if _typed(text)])
def test_every_command_in_a_block_of_a_page_can_be_typed(page: str) -> None:
    for line in _typed(PAGES[page]):
        command, words = _found(line)
        with suppress(typer.Exit):  # of --help
            command.make_context(line, words)


@pytest.mark.parametrize("page", [page for page, text in HAND.items() if _named(text)])
def test_every_command_in_a_sentence_of_a_page_has_its_options(page: str) -> None:
    for line in _named(PAGES[page]):
        command, words = _found(line)
        has = {option for each in command.params for option in each.opts} | {"--help"}
        assert [word for word in words if word[:2] == "--" and word not in has] == [], line


def _found(line: str) -> tuple[typer.core.TyperCommand, list[str]]:
    """The command of a line, and what is given to it."""
    load_commands()
    command = typer.main.get_command(app)
    _, *words = shlex.split(line, comments=True)
    while words and (below := getattr(command, "commands", {}).get(words[0])):
        command, words = below, words[1:]
    assert not (words and hasattr(command, "commands")), f"there is no {line}"
    return command, words


@pytest.mark.parametrize("page", [page for page in PAGES if page.startswith("docs/survival/")])
def test_every_call_of_an_estimator_on_a_page_runs(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a cohort of a hundred patients that has the columns which the page names."""
    monkeypatch.chdir(tmp_path)
    cells = [
        f"{year},{age},{sex},0.01" for year in (1990, 2030) for age in range(111) for sex in "mf"
    ]
    for name in set(re.findall(r"\w+\.csv", PAGES[page])):
        (tmp_path / name).write_text("\n".join(["year,age,sex,q", *cells]), encoding="utf-8")
    cohort = pd.DataFrame(
        {
            "time_days": [37 * (n % 97) + 1 for n in range(100)],
            "event": [n % 2 for n in range(100)],
            "start_date": pd.Timestamp("2000-01-01"),
            "age": (ages := [40 + n % 31 for n in range(100)]),
            "age_days": [365.25 * age for age in ages],
            "sex": ["male" if n % 3 else "female" for n in range(100)],
            "site": (sites := [f"S{n % 10 // 4}" for n in range(100)]),
            "primary_site": sites,
            "grade": [f"G{1 + n % 11 // 4}" for n in range(100)],
            "centre": [f"C{n % 7 // 4}" for n in range(100)],
        }
    )
    blocks = re.findall(r"^```python\n(.*?)^```", PAGES[page], re.DOTALL | re.MULTILINE)
    assert blocks
    names: dict[str, object] = {"cohort": cohort}
    for block in blocks:
        exec(block, names)

"""Checks in Python: how a schema marks the rows that they look at, and which ones are judged."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import pandera.pandas as pa

from cytoreg.errors import ConfigError
from cytoreg.rules import checks
from cytoreg.rules.requirement import Python
from cytoreg.rules.vocabulary import check_name

CheckFunction = TypeVar("CheckFunction", bound=Callable[..., object])


def rowwise(function: CheckFunction) -> CheckFunction:
    """Mark a vectorized Python check that looks at each row alone and can run in batches.

    >>> import pandera.pandas as pa
    >>> from cytoreg.rules import Entity, catalogue, compile_schemas, field, rowwise
    >>> class Visit(Entity):
    ...     "One visit."
    ...
    ...     number: str = field("Number of the visit.", key=True)
    ...     weight: float = field("Weight of the patient.", unit="kg")
    ...
    ...     @pa.dataframe_check(error="A weight of 0 kg.")
    ...     @rowwise
    ...     def weighed(cls, visits):
    ...         return visits["weight"] != 0
    >>> catalogue(compile_schemas([Visit]))[-1].id
    'visit.weighed'
    """
    function.__dict__["cytoreg_scope"] = "rows"
    return function


def whole_table(function: CheckFunction) -> CheckFunction:
    """Mark a Python check that needs all rows at once; it must return one boolean per row.

    >>> import pandera.pandas as pa
    >>> from cytoreg.rules import Entity, catalogue, compile_schemas, field, whole_table
    >>> class Visit(Entity):
    ...     "One visit."
    ...
    ...     number: str = field("Number of the visit.", key=True)
    ...     weight: float = field("Weight of the patient.", unit="kg")
    ...
    ...     @pa.dataframe_check(error="Heavier than ten times the median.")
    ...     @whole_table
    ...     def plausible(cls, visits):
    ...         return visits["weight"] < 10 * visits["weight"].median()
    >>> catalogue(compile_schemas([Visit]))[-1].id
    'visit.plausible'
    """
    function.__dict__["cytoreg_scope"] = "table"
    return function


def python_check(rule_id: str, check: pa.Check) -> Python:
    """A check that Pandera runs: in batches if it looks at each row alone, else as it declares."""
    if isinstance(check, pa.Hypothesis) or check.groupby or check_name(check) == "unique_values_eq":
        raise ConfigError(
            f"{rule_id}: a statement about the whole table gives no finding for a row",
            remedy="make it an expectation in expectations/",
        )
    if checks.is_builtin(check) or check.element_wise:
        return Python(check, whole_table=False)
    scope = _scope(check)
    if scope is None:
        raise ConfigError(
            f"{rule_id}: does this Python check look at each row alone?",
            remedy="mark it @rowwise or @whole_table (from cytoreg.rules), or element_wise=True",
        )
    return Python(check, whole_table=scope == "table")


def _scope(check: pa.Check) -> str | None:
    """The scope that `rowwise` or `whole_table` set on the function, which a model wraps again."""
    function = check._check_fn
    for cell in (None, *(getattr(function, "__closure__", None) or ())):
        candidate = function if cell is None else cell.cell_contents
        candidate = getattr(candidate, "check_fn", candidate)
        scope: object = getattr(candidate, "cytoreg_scope", None)
        if scope:
            return str(scope)
    return None

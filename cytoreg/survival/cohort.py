"""Reduce a cohort's patients, in SQL, to what estimators need: distinct combinations and counts.

The cost of everything after this module depends on the number of distinct combinations, not of
patients. A cohort is anything that DuckDB can read; `reduce` describes its special columns.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any, TypeAlias, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cytoreg.errors import CytoregError
from cytoreg.survival.arrays import array, settle
from cytoreg.survival.relation import Cohort, check_kind, fetched, plain, relation_of

if TYPE_CHECKING:
    import pandas as pd
    from duckdb import DuckDBPyRelation

__all__ = [
    "DAYS_PER_YEAR",
    "SEXES",
    "By",
    "Cohort",
    "Reduced",
    "check",
    "complete",
    "days",
    "frame",
    "names",
    "reduce",
]

By: TypeAlias = str | Sequence[str] | None
"""The columns that split a cohort into strata; None: it is not split."""

DAYS_PER_YEAR = 365.25

OLDEST = 130
"""Highest age at the start, in years."""

SEXES = ("male", "female")
"""Valid values of `sex`."""


@dataclass(frozen=True)
class Reduced:
    """One stratum of a cohort: each distinct combination of the requested columns, with its count.

    `stratum` holds the values of the `by` columns as text, `values` unchanged (None: empty).
    `columns` holds arrays of one length, sorted by the requested columns: each of these (numbers as
    integers or float64 with NaN where empty; dates as datetime64[D]; text as objects, None where
    empty), `count` (float64, the sum of weights; without weights, of patients), `squares` (float64,
    the sum of squared weights) and `rows` (int64, patients). Times that differ only by rounding are
    made equal, and a combination may then occur twice. `whole`: the cohort has no weights, or all
    of them, in any stratum, are integers. `levels`: the values of each column that is an
    enumeration or a pandas category, in its own order.
    """

    stratum: tuple[str | None, ...]
    columns: dict[str, NDArray[Any]]
    values: tuple[object, ...] = ()
    whole: bool = True
    levels: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def __getitem__(self, column: str) -> NDArray[Any]:
        return self.columns[column]

    def __contains__(self, column: str) -> bool:
        return column in self.columns


def reduce(
    cohort: Cohort, columns: Sequence[str], by: By = (), *, optional: Sequence[str] = ()
) -> list[Reduced]:
    """The distinct combinations of `columns` in each stratum, by one `group by` in DuckDB.

    `cohort` is a DuckDB relation (read through its own connection), a pandas or Polars frame, Arrow
    or anything else that DuckDB scans. From `optional` the columns are used that the cohort has,
    its column `weight` as sums. Strata are sorted by their values, an empty one last; an empty
    cohort has none.

    Raises CytoregError for a cohort that DuckDB cannot read, a column that is missing or of the
    wrong kind (time_days, entry_days, age_days and weight are numbers, start_date is a date or an
    ISO text), and weights that are missing, infinite, 0 or negative (with a count of rows, never
    their values).
    """
    strata = names(by)
    relation = relation_of(cohort, (*strata, *columns, *optional, "weight"))
    kinds = {
        name.lower(): str(kind).split("(")[0]
        for name, kind in zip(relation.columns, relation.types, strict=True)
    }
    asked = [*columns, *(name for name in optional if name.lower() in kinds)]
    weighted = "weight" in kinds
    for name in (*asked, *(["weight"] if weighted else []), *strata):
        check_kind(kinds, name, stratum=name in strata)
    columns_of = {f"k{i}": name for i, name in enumerate(strata)}
    columns_of |= {f"c{i}": name for i, name in enumerate(asked)}
    keys = {alias: plain(name, kinds[name.lower()]) for alias, name in columns_of.items()}
    measures = ["count(*) as rows"]
    if weighted:
        weight = 'cast("weight" as double)'
        measures += [
            f"fsum({weight}) as count",  # compensated: independent of the order of rows
            f"fsum({weight} * {weight}) as squares",
            f"count(*) filter ({weight} is null or not isfinite({weight}) or {weight} <= 0) as bad",
            f"bool_and({weight} = floor({weight})) as whole",
        ]
    taken = [*(f"{expression} as {alias}" for alias, expression in keys.items()), *measures]
    grouped = relation.aggregate(", ".join(taken), ", ".join(keys.values()))
    if keys:
        grouped = grouped.order(", ".join(f"{alias} nulls last" for alias in keys))
        shown = [fetched(alias, name, kinds[name.lower()]) for alias, name in columns_of.items()]
        grouped = grouped.project(", ".join([*shown, "* exclude (" + ", ".join(keys) + ")"]))
    found = cast("dict[str, NDArray[Any]]", grouped.fetchnumpy())
    rows = np.asarray(found["rows"], dtype=np.int64)
    if weighted and (bad := int(np.sum(found["bad"]))):
        raise CytoregError(
            f"{bad} of {int(np.sum(rows))} rows of the cohort have a weight that is missing,"
            " infinite or not above 0"
        )
    data = {name: array(found[f"c{i}"]) for i, name in enumerate(asked)}
    for measure in ("count", "squares"):
        data[measure] = np.asarray(found[measure] if weighted else rows, dtype=np.float64)
    data["rows"] = rows
    settle(data)
    whole = not weighted or bool(np.all(found["whole"]))
    levels = _levels(relation, [*strata, *asked])
    parts = _split(data, [found[f"k{i}"] for i in range(len(strata))], whole)
    return [replace(part, levels=levels) for part in parts] if levels else parts


def check(
    strata: Sequence[Reduced],
    *,
    events: Collection[object] | None = (0, 1),
    covariates: Collection[str] = (),
) -> Sequence[Reduced]:
    """Refuse values that no estimator can use, in the standard columns that were requested.

    Of these, `covariates` may hold anything. `events` are the valid values of `event` (None: the
    caller checks them). Returns `strata`. Raises CytoregError, with counts of rows and never a
    value, for: no rows at all; a time that is missing, negative or infinite; the same of entry, age
    or potential time; an age over 130 years; entry at or after the time; an event outside `events`;
    a sex other than male and female; a missing start date.
    """
    if not strata:
        raise CytoregError("the cohort has no patients")
    total = sum(int(np.sum(part["rows"])) for part in strata)
    wrong: dict[str, int] = {}
    for part in strata:
        columns = {name: part[name] for name in part.columns if name not in covariates}
        for problem, rows in _problems(columns, events):
            wrong[problem] = wrong.get(problem, 0) + int(np.sum(part["rows"][rows]))
    said = [f"{count} with {problem}" for problem, count in wrong.items() if count]
    if said:
        raise CytoregError(
            f"of {total} rows of the cohort, there are {', '.join(said)}",
            remedy="leave such rows out, or correct them",
        )
    return strata


def complete(strata: Sequence[Reduced]) -> tuple[list[Reduced], int]:
    """The strata with a value in each column, and the number of patients in the others.

    Patients who belong to no group are in no test of groups, as in R's survdiff, coxph and cuminc.
    """
    known = [part for part in strata if None not in part.stratum]
    left_out = sum(int(np.sum(part["rows"])) for part in strata if None in part.stratum)
    return known, left_out


def names(by: By) -> tuple[str, ...]:
    """The columns of `by`, each once. Raises CytoregError if one is named twice."""
    strata = (by,) if isinstance(by, str) else tuple(by or ())
    if len({name.lower() for name in strata}) < len(strata):
        raise CytoregError("a column of by is named twice")
    return strata


def days(years: ArrayLike) -> NDArray[np.float64]:
    """Years of 365.25 days as days, so that 365/365.25 is exactly day 365."""
    return np.round(np.asarray(years, dtype=np.float64) * DAYS_PER_YEAR, 9)


def frame(by: By, parts: Iterable[tuple[Reduced, Mapping[str, object]]]) -> pd.DataFrame:
    """One frame of all strata: first the `by` columns with their values, then the estimates.

    A part's columns are arrays of one length, or single values for all of its rows. Raises
    CytoregError if a `by` column has the name of an estimate's.
    """
    import pandas as pd

    strata = names(by)
    pieces: dict[str, list[NDArray[Any]]] = {name: [] for name in strata}
    for part, columns in parts:
        if taken := set(strata) & set(columns):
            raise CytoregError(
                f"the result has a column {min(taken)} of its own",
                remedy="rename that column of the cohort before splitting by it",
            )
        arrays = {name: np.asarray(column) for name, column in columns.items()}
        length = max((len(given) for given in arrays.values() if given.ndim), default=1)
        for name, value in zip(strata, part.values, strict=True):
            pieces[name].append(_repeat(value, length))
        for name, given in arrays.items():
            pieces.setdefault(name, []).append(np.broadcast_to(given, length))
    return pd.DataFrame(
        {name: np.concatenate(arrays) if arrays else [] for name, arrays in pieces.items()}
    ).infer_objects()


def _levels(relation: DuckDBPyRelation, columns: Sequence[str]) -> dict[str, list[str]]:
    """The values of those columns that are enumerations, in their order."""
    types = {name.lower(): t for name, t in zip(relation.columns, relation.types, strict=True)}
    kept = {name: types[name.lower()] for name in columns}
    return {name: cast("list[str]", t.children[0][1]) for name, t in kept.items() if t.id == "enum"}


def _split(
    data: dict[str, NDArray[Any]], keys: Sequence[NDArray[Any]], whole: bool
) -> list[Reduced]:
    """Rows sorted by `keys`, split where one of these changes."""
    length = len(data["rows"])
    if length == 0 or data["rows"].item(0) == 0:  # a sum over nothing is a row, but not a stratum
        return []
    changed = np.zeros(length, dtype=bool)
    changed[0] = True
    for key in keys:
        empty, value = np.ma.getmaskarray(key), np.ma.getdata(key)
        differs: NDArray[np.bool_] = (value[1:] != value[:-1]) & ~empty[1:]
        changed[1:] |= differs | (empty[1:] ^ empty[:-1])
    starts = np.flatnonzero(changed)
    parts = []
    ends: list[int] = [*starts.tolist(), length]
    for start, end in pairwise(ends):
        values = tuple(_value(key, start) for key in keys)
        parts.append(
            Reduced(
                stratum=tuple(None if value is None else str(value) for value in values),
                columns={name: column[start:end] for name, column in data.items()},
                values=values,
                whole=whole,
            )
        )
    return parts


def _value(key: NDArray[Any], row: int) -> object:
    """A stratum's value; None where it is empty. Integers of any type become int."""
    if np.ma.getmaskarray(key)[row]:
        return None
    value: object = array(key[row : row + 1]).tolist()[0]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _repeat(value: object, length: int) -> NDArray[Any]:
    repeated = np.empty(length, dtype=object)
    repeated[:] = value
    return repeated


def _problems(
    part: Mapping[str, NDArray[Any]], events: Collection[object] | None
) -> Iterable[tuple[str, NDArray[np.bool_]]]:
    for column, what in (
        ("time_days", "a time"),
        ("entry_days", "an entry"),
        ("age_days", "an age"),
        ("potential_days", "a potential time"),
    ):
        if column in part:
            value = part[column]
            yield (
                f"{what} that is missing, negative or infinite",
                ~(np.isfinite(value) & (value >= 0)),
            )
    if "age_days" in part:
        yield f"an age over {OLDEST} years", part["age_days"] > OLDEST * DAYS_PER_YEAR
    if "entry_days" in part and "time_days" in part:
        yield "an entry that is not before the time", part["entry_days"] >= part["time_days"]
    if "event" in part and events is not None:
        known = ", ".join(str(event) for event in events)
        yield f"an event other than {known}", ~np.isin(part["event"], np.array(list(events)))
    if "sex" in part:
        yield f"a sex other than {' or '.join(SEXES)}", ~np.isin(part["sex"], SEXES)
    if "start_date" in part:
        yield "no start date", np.isnat(part["start_date"])

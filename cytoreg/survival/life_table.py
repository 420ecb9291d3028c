"""Life tables: the mortality of a population by sex, age and calendar year.

A life table gives daily hazards, constant within a cell of one year of age and one calendar year:
−log(1 − q) / 365.25 for an annual probability of death q. What happens outside its ages and years
is a choice that the table carries and every result states.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from cytoreg.errors import ConfigError, CytoregError
from cytoreg.survival.patients import Floats
from cytoreg.warehouse.connection import scratch

if TYPE_CHECKING:
    from duckdb import DuckDBPyRelation

Beyond = Literal["last", "error"]
Calendar = Literal["fixed", "birthday"]

DATA = Path(__file__).parent / "data"
BUILTIN = {"usa": "US population, Human Mortality Database, 1933–2022, as of 2024-09-05"}
"""The built-in tables and their descriptions; see data/README.md."""

DAYS_PER_YEAR = 365.25
CERTAIN = 0.9999
"""A larger q counts as this one: even certain death within the year has a finite hazard."""
_SEXES = {
    "male": "male",
    "m": "male",
    "1": "male",
    "female": "female",
    "f": "female",
    "2": "female",
}


@dataclass(frozen=True)
class LifeTable:
    """Daily hazards of groups (sexes, or sexes of a race) by year of age and calendar year.

    hazard: deaths per person and day, of the shape (groups, ages, years).
    groups: the names of the first axis: (sex,) or (sex, race).
    first_age: the first of the ages; each is one completed year, `age_days` days long.
    years: the first calendar years of the columns, ascending; a column holds up to the next.
    beyond: outside its ages and years the nearest cell counts ("last"), or it is an error.
    calendar: the calendar year changes on 1 January ("fixed"), or on the birthday ("birthday"),
    as R's survexp.us has it; then a person's cells change once a year, not twice.

    Raises CytoregError for a choice that there is not.

    >>> import numpy as np
    >>> from cytoreg.survival import LifeTable
    >>> usa = LifeTable.builtin("usa")
    >>> usa.hazard.shape, int(usa.years[0])
    ((2, 111, 90), 1933)
    >>> constant = LifeTable.from_hazards(np.full((2, 1, 1), 1e-5), years=[2000])
    >>> constant.groups
    (('male',), ('female',))
    """

    name: str
    groups: tuple[tuple[str, ...], ...]
    first_age: int
    years: NDArray[np.int64]
    hazard: Floats
    beyond: Beyond = "last"
    calendar: Calendar = "fixed"
    age_days: float = DAYS_PER_YEAR

    def __post_init__(self) -> None:
        """Raise CytoregError for an invalid choice."""
        for value, choices in (
            (self.beyond, get_args(Beyond)),
            (self.calendar, get_args(Calendar)),
        ):
            if value not in choices:
                raise CytoregError(
                    f"a life table has no option {value}", remedy=f"take {' or '.join(choices)}"
                )
        if not (np.isfinite(self.age_days) and self.age_days > 0):
            raise CytoregError("a life table's year of age has more than 0 days")

    @classmethod
    def from_csv(
        cls,
        path: str | Path,
        *,
        beyond: Beyond = "last",
        calendar: Calendar = "fixed",
        age_days: float = DAYS_PER_YEAR,
    ) -> LifeTable:
        """A table from a CSV file with the columns year, age, sex, q and, if there is one, race.

        `sex` is male or female (or m, f, 1, 2); `q` is the probability of dying before the next
        birthday; each combination occurs once. Raises ConfigError, with the file's name,
        for a file that is missing, columns that are, and ages, years or values that are not so.
        """
        import duckdb

        where = Path(path)
        if not where.is_file():
            raise ConfigError(f"there is no life table {where}", remedy="correct its path")
        try:
            with scratch() as con:
                found = con.read_csv(str(where), header=True, all_varchar=True)
                read = _from_relation(found, where.name, beyond, calendar)
                return replace(read, age_days=age_days)
        except duckdb.Error:
            raise ConfigError(
                f"life table {where.name} cannot be read as CSV",
                remedy="its first line holds the headings year, age, sex, q and perhaps race",
            ) from None

    @classmethod
    def builtin(
        cls, name: str = "usa", *, beyond: Beyond = "last", calendar: Calendar = "fixed"
    ) -> LifeTable:
        """A built-in table by name; raises ConfigError for an unknown one."""
        if name not in BUILTIN:
            raise ConfigError(f"there is no life table {name}", remedy=f"take {', '.join(BUILTIN)}")
        with scratch() as con:
            found = con.read_parquet(str(DATA / f"{name}.parquet"))
            return _from_relation(found, BUILTIN[name], beyond, calendar)

    @classmethod
    def from_hazards(
        cls,
        hazard: Floats,
        *,
        groups: Sequence[tuple[str, ...]] = (("male",), ("female",)),
        first_age: int = 0,
        years: Sequence[int],
        age_days: float = DAYS_PER_YEAR,
        beyond: Beyond = "last",
        calendar: Calendar = "fixed",
    ) -> LifeTable:
        """A table from daily hazards of shape (groups, ages, years), as an R ratetable holds them.

        Raises CytoregError for another shape, and hazards that are negative or not finite.
        """
        values = np.asarray(hazard, dtype=np.float64)
        starts = np.asarray(years, dtype=np.int64)
        if values.ndim != 3 or (len(groups), len(starts)) != (values.shape[0], values.shape[2]):
            raise CytoregError("hazards of a life table are of shape (groups, ages, years)")
        if len(starts) == 0 or values.shape[1] == 0 or np.any(np.diff(starts) <= 0):
            raise CytoregError("a life table's years ascend, and it has an age and a year at least")
        if not np.all(np.isfinite(values) & (values >= 0)):
            raise CytoregError("a life table's hazards are numbers, and none is negative")
        return cls("given", tuple(groups), first_age, starts, values, beyond, calendar, age_days)

    @property
    def by_race(self) -> bool:
        """Whether its groups are sexes of a race."""
        return len(self.groups[0]) > 1

    @property
    def version(self) -> str:
        """In one line: its description, and its choices for the outside and for the calendar."""
        last = {"last": "beyond: nearest year and age", "error": "beyond: refused"}[self.beyond]
        calendar = {"fixed": "calendar years", "birthday": "years from birthdays"}[self.calendar]
        return f"{self.name}; {last}; {calendar}"

    def group_of(self, sex: NDArray[Any], race: NDArray[Any] | None = None) -> NDArray[np.int64]:
        """The position in `groups` of each person.

        Raises CytoregError for a sex or race that the table does not know (a count of rows), and
        without a race where the table needs one.
        """
        if self.by_race and race is None:
            raise CytoregError("the life table is by race, and the cohort has no column race")
        found = np.full(len(sex), -1, dtype=np.int64)
        for number, group in enumerate(self.groups):
            same = np.equal(sex, group[0])
            found[same if race is None or not self.by_race else same & np.equal(race, group[1])] = (
                number
            )
        if unknown := np.count_nonzero(found < 0):
            what = "sex or race" if self.by_race else "sex"
            raise CytoregError(
                f"{unknown} rows of the cohort have a {what} that the life table lacks"
            )
        return found

    def first_days(self) -> Floats:
        """The first day of each calendar year of the table, as days since 1970-01-01."""
        january = (self.years - 1970).astype("datetime64[Y]").astype("datetime64[D]")
        return january.astype(np.int64).astype(np.float64)


def _from_relation(
    found: DuckDBPyRelation, name: str, beyond: Beyond, calendar: Calendar
) -> LifeTable:
    """A table from rows of year, age, sex, q and perhaps race, checked."""
    names = {column.lower() for column in found.columns}
    if missing := {"year", "age", "sex", "q"} - names:
        raise ConfigError(
            f"life table {name} has no column {min(missing)}",
            remedy="it needs year, age, sex and q, and may have race",
        )
    race = "coalesce(trim(cast(race as varchar)), '')" if "race" in names else "''"
    rows = found.project(
        f"{_whole('year')} as year, {_whole('age')} as age,"
        f" lower(trim(cast(sex as varchar))) as sex, {race} as race, try_cast(q as double) as q"
    ).fetchnumpy()
    columns: dict[str, NDArray[Any]] = {
        key: np.ma.getdata(np.ma.asarray(values)) for key, values in rows.items()
    }
    missing_rows = [np.ma.getmaskarray(np.ma.asarray(rows[key])) for key in ("year", "age", "q")]
    q = columns["q"]
    good = ~np.logical_or.reduce(missing_rows) & (q >= 0) & (q <= 1)
    good &= np.isin(columns["sex"].astype(str), list(_SEXES))
    if not len(q) or not good.all():
        raise ConfigError(
            f"life table {name}: {int((~good).sum())} of {len(q)} rows are not a year, an age,"
            " a sex and a probability",
            remedy="year and age are whole numbers, sex male or female, q lies between 0 and 1",
        )
    sexes = [_SEXES[sex] for sex in columns["sex"].tolist()]
    races: list[str] = columns["race"].tolist()
    ages, years = np.unique(columns["age"]), np.unique(columns["year"])
    by_race = "race" in names
    pairs = sorted(set(zip(sexes, races, strict=True)), key=lambda pair: (pair[1], pair[0]))
    table = np.full((len(pairs), len(ages), len(years)), np.nan)
    place = {pair: number for number, pair in enumerate(pairs)}
    group = np.array([place[pair] for pair in zip(sexes, races, strict=True)])
    at = group, np.searchsorted(ages, columns["age"]), np.searchsorted(years, columns["year"])
    table[at] = -np.log1p(-np.minimum(q, CERTAIN)) / DAYS_PER_YEAR
    if np.any(np.not_equal(np.diff(ages), 1)):
        raise ConfigError(
            f"life table {name} has gaps between its ages",
            remedy="give each year of age a row; those of an age group all have its annual q",
        )
    if len(q) != table.size or np.isnan(table).any():
        raise ConfigError(
            f"life table {name} does not hold each year, age and sex once",
            remedy=f"it has {len(q)} rows where {table.size} are needed",
        )
    groups = tuple((sex, race) if by_race else (sex,) for sex, race in pairs)
    return LifeTable(
        name, groups, int(ages.item(0)), years.astype(np.int64), table, beyond, calendar
    )


def _whole(column: str) -> str:
    """SQL of an integer; empty for anything else (a cast alone would round)."""
    number = f"try_cast({column} as double)"
    return f"case when {number} = floor({number}) then try_cast({number} as integer) end"

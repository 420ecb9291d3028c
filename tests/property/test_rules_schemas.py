"""Law: judging a whole registry in DuckDB finds what Pandera finds, entity after entity."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pandera.pandas as pa
from hypothesis import given, settings
from hypothesis import strategies as st
from rules_verdict import EXAMPLES, Verdict, by_duckdb, frame_of, kept_by_duckdb

from cytoreg.rules import (
    Entity,
    EntityRules,
    agrees,
    compare,
    compile_schemas,
    field,
    has,
    references,
    rowwise,
    rule,
    whole_table,
)


class Person(Entity):
    """Someone, as one source knows them."""

    number: str = field("Number.", key=True, str_matches="^[0-9]$")
    sex: str = field("Sex.", nullable=True, isin=("male", "female", "unknown"), warn="isin")
    birth_date: date = field("Birth.", nullable=True, ge=date(1950, 1, 2))
    death_date: date = field("Death.", nullable=True)
    height: float = field("Height.", nullable=True, in_range=(0.5, 2.5, True, False))

    died_after_birth = rule("death_date >= birth_date", refuses="death_date")
    died_by_extract = rule("death_date <= $as_of", severity="warning")
    male_is_tall = rule("sex <> 'male' or height >= 1.5 or _source = 'b'", severity="info")
    sex_agrees = agrees("sex", on="number", when="sex <> 'unknown'")
    birth_agrees = agrees("birth_date", on="number", severity="critical", refuses="birth_date")
    operated = has("operation", on="number", when="sex <> 'male' or death_date < $as_of")
    died_on_table = has("operation", on={"number": "number", "death_date": "day"}, severity="info")
    one_height = compare("person", on=["_source", "number"], holds="height = person.height")

    @pa.check("height", element_wise=True)
    def not_too_exact(cls, value: float) -> bool:
        return round(value, 1) == value

    class Config:
        unique = ("_source", "number")


class Operation(Entity):
    """An operation of someone."""

    case_number: str = field("Number.", key=True, unique=True)
    number: str = field("Whose.", nullable=True, identity=True, isin=["1", "2", "3"])
    day: date = field("When.")
    minutes: int = field("How long.", nullable=True, in_range=(20, 1440), unique=True)

    person_exists = references("person", on="number")
    after_birth = compare("person", on="number", holds="day >= person.birth_date", refuses="day")
    before_death = compare("person", on="number", holds="day <= person.death_date + 1")
    long_if_tall = compare("person", on="number", holds="minutes > person.height * 100")
    as_named = references("person", on={"case_number": "number"}, severity="info")
    as_born = references("person", on={"number": "number", "day": "birth_date"}, severity="info")

    @pa.check("minutes")
    @rowwise
    def even(cls, values: pd.Series) -> pd.Series:
        return values % 2 == 0

    @pa.dataframe_check(raise_warning=True)
    @whole_table
    def not_longest(cls, frame: pd.DataFrame) -> pd.Series:
        return ~(frame["minutes"] > frame["minutes"].mean() * 2).fillna(False)


DAYS = ["1950-01-01", "1950-01-02", "2000-02-29", "2016-12-31", "2017-01-01", "2000-02-30", "x"]


def rows(**columns: list[str | None]) -> st.SearchStrategy[list[dict[str, str | None]]]:
    row = {name: st.one_of(st.none(), st.sampled_from(values)) for name, values in columns.items()}
    row["_source"] = st.sampled_from(["a", "b", "c"])
    return st.lists(st.fixed_dictionaries(row), max_size=40)


PEOPLE = rows(
    number=["1", "2", "3", "12"],
    sex=["male", "female", "unknown", "m"],
    birth_date=DAYS,
    death_date=DAYS,
    height=["1.5", "1.50", "0.5", "2.5", "1.75", "tall", "-1"],
)
OPERATIONS = rows(
    case_number=["1", "2", "3", "4", "x", ""],
    number=["1", "2", "3", "4"],
    day=DAYS,
    minutes=["20", "19", "1440", "1441", "151", "6.1", "+20", "400"],
)


@settings(max_examples=EXAMPLES, deadline=None)
@given(PEOPLE, OPERATIONS)
def test_a_registry_is_judged_as_pandera_judges_it(people, operations):
    frames = {"person": frame_of(Person, people), "operation": frame_of(Operation, operations)}
    expected: set[tuple[str, int]] = set()
    schemas = compile_schemas([Operation, Person])
    accepted = {"operation": no_rows(schemas["operation"])}
    verdicts: list[Verdict] = []
    for name, entity in schemas.items():
        verdict = Verdict(entity, frames[name], accepted)
        accepted = {**accepted, name: verdict.trusted()}
        expected |= verdict.found
        verdicts.append(verdict)
    for verdict in verdicts:
        expected |= verdict.lacks(accepted)
    assert by_duckdb([Operation, Person], frames) == expected
    for name, entity in schemas.items():
        assert kept_by_duckdb(entity) == kept(entity, accepted[name])


def no_rows(entity: EntityRules) -> pd.DataFrame:
    """An entity of which nothing is known yet."""
    columns = entity.model.to_schema().columns
    nothing = pd.Series([], dtype=object)
    return pd.DataFrame({name: part.dtype.coerce(nothing) for name, part in columns.items()})


def kept(entity: EntityRules, frame: pd.DataFrame) -> set[tuple[int, str]]:
    """Row and column of every cell that Pandera's verdict leaves."""
    given = frame[[column.name for column in entity.columns]].notna()
    return {(row, name) for name in given for row in given.index[given[name]]}


def test_the_registry_of_this_law_has_every_kind_of_rule_and_both_kinds_of_judge():
    rules = [r for entity in compile_schemas([Operation, Person]).values() for r in entity.rules]
    assert {type(r.test).__name__ for r in rules} == {
        *("Condition", "Unique", "Exists", "Pairwise", "Has", "Python")
    }
    assert [r.id for r in rules if r.kind == "fallback"] == [
        "person.height.not_too_exact",
        "operation.minutes.even",
        "operation.not_longest",
    ]

"""Life tables: what is read, what is refused, and what lies beyond them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cytoreg.errors import ConfigError, CytoregError
from cytoreg.survival import LifeTable, expected_survival

ROWS = [
    (year, age, sex) for year in (2000, 2001) for age in range(100) for sex in ("male", "female")
]


def table_file(folder: Path, frame: pd.DataFrame) -> Path:
    path = folder / "table.csv"
    frame.to_csv(path, index=False)
    return path


@pytest.fixture
def frame() -> pd.DataFrame:
    frame = pd.DataFrame(ROWS, columns=["year", "age", "sex"])
    return frame.assign(q=0.001 * (1 + frame["age"]) * (1 + (frame["sex"] == "male")) / 2)


@pytest.fixture
def person() -> pd.DataFrame:
    return pd.DataFrame(
        {"age_days": [40 * 365.25], "sex": ["female"], "start_date": [pd.Timestamp("2000-01-01")]}
    )


def test_the_builtin_table_is_of_the_us_from_1933_to_2022() -> None:
    table = LifeTable.builtin("usa")
    assert (table.years[0], table.years[-1], table.first_age) == (1933, 2022, 0)
    assert table.hazard.shape == (2, 111, 90)
    assert {group[0] for group in table.groups} == {"male", "female"}
    assert "Human Mortality Database" in table.version
    old = table.hazard[:, 80:, :].mean() / table.hazard[:, 20:40, :].mean()
    assert old > 30


def test_q_is_the_probability_of_a_year(
    tmp_path: Path, frame: pd.DataFrame, person: pd.DataFrame
) -> None:
    table = LifeTable.from_csv(table_file(tmp_path, frame))
    found = expected_survival(person, table, "ederer1", [0, 1, 2])["estimate"]
    assert found.tolist() == pytest.approx([1, 1 - 0.0205, (1 - 0.0205) * (1 - 0.021)])


def test_rows_may_come_in_any_order_and_sexes_be_letters(
    tmp_path: Path, frame: pd.DataFrame
) -> None:
    expected = LifeTable.from_csv(table_file(tmp_path, frame))
    mixed = frame.sample(frac=1, random_state=1).replace({"male": "M", "female": " f "})
    found = LifeTable.from_csv(table_file(tmp_path, mixed))
    assert np.array_equal(found.hazard, expected.hazard)
    assert found.groups == expected.groups


def test_a_table_by_race_needs_the_race(
    tmp_path: Path, frame: pd.DataFrame, person: pd.DataFrame
) -> None:
    both = pd.concat([frame.assign(race="a"), frame.assign(race="b", q=frame["q"] * 2)])
    table = LifeTable.from_csv(table_file(tmp_path, both))
    assert table.by_race
    found = [
        expected_survival(person.assign(race=race), table, "ederer1", 1)["estimate"][0]
        for race in "ab"
    ]
    assert found == pytest.approx([1 - 0.0205, 1 - 0.041])
    with pytest.raises(CytoregError, match="has no column race"):
        expected_survival(person, table, "ederer1", 1)
    with pytest.raises(CytoregError, match="1 rows of the cohort have a sex or race"):
        expected_survival(person.assign(race="c"), table, "ederer1", 1)


def test_beyond_the_last_year_and_age_the_nearest_counts_or_it_is_refused(
    tmp_path: Path, frame: pd.DataFrame, person: pd.DataFrame
) -> None:
    path = table_file(tmp_path, frame)
    last = LifeTable.from_csv(path)
    found = expected_survival(person, last, "ederer1", 70)["estimate"][0]
    ages = np.minimum(40 + np.arange(70), 99)
    assert found == pytest.approx(np.prod(1 - 0.001 * (1 + ages) / 2))
    assert "nearest" in last.version
    strict = LifeTable.from_csv(path, beyond="error")
    assert expected_survival(person, strict, "ederer1", 1.9)["estimate"][0] < 1
    with pytest.raises(CytoregError, match="1 patients are followed beyond the life table"):
        expected_survival(person, strict, "ederer1", 2.1)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda f: f.drop(columns="q"), "has no column q"),
        (lambda f: f.assign(q=1.5), "400 of 400 rows are not"),
        (lambda f: f.assign(sex="x"), "400 of 400 rows are not"),
        (lambda f: f.assign(age=f["age"] + 0.5), "are not a year|does not hold"),
        (lambda f: f[f["age"] != 50], "gaps between its ages"),
        (lambda f: f.iloc[1:], "399 rows where 400 are needed"),
        (lambda f: pd.concat([f, f.iloc[:1]]), "401 rows where 400 are needed"),
        (lambda f: f.iloc[:0], "0 of 0 rows"),
    ],
)
def test_what_is_no_life_table_is_refused(
    change: object, said: str, tmp_path: Path, frame: pd.DataFrame
) -> None:
    with pytest.raises(ConfigError, match=said):
        LifeTable.from_csv(table_file(tmp_path, change(frame)))


def test_a_table_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"there is no life table .*nowhere\.csv"):
        LifeTable.from_csv(tmp_path / "nowhere.csv")
    with pytest.raises(ConfigError, match=r"there is no life table moon\n.*take usa"):
        LifeTable.builtin("moon")


@pytest.mark.parametrize(
    "changes",
    [{"years": [2001, 2000]}, {"years": [2000]}, {"hazard": np.full((2, 3, 2), -1.0)}],
)
def test_hazards_that_are_none_are_refused(changes: dict) -> None:
    given = {"hazard": np.zeros((2, 3, 2)), "years": [2000, 2001]} | changes
    with pytest.raises(CytoregError):
        LifeTable.from_hazards(given.pop("hazard"), **given)


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        ({"beyond": "extrapolate"}, "no option extrapolate\n.*last or error"),
        ({"calendar": "lexis"}, "no option lexis\n.*fixed or birthday"),
        ({"age_days": 0}, "more than 0 days"),
    ],
)
def test_a_choice_that_is_none_is_refused(
    choice: dict, said: str, tmp_path: Path, frame: pd.DataFrame
) -> None:
    with pytest.raises(CytoregError, match=said):
        LifeTable.from_csv(table_file(tmp_path, frame), **choice)


def test_who_is_certain_to_die_has_a_hazard_all_the_same(
    tmp_path: Path, frame: pd.DataFrame, person: pd.DataFrame
) -> None:
    table = LifeTable.from_csv(table_file(tmp_path, frame.assign(q=1)))
    found = expected_survival(person, table, "ederer1", [0.5, 1])["estimate"]
    assert found.tolist() == pytest.approx([0.01, 0.0001])


def test_a_year_of_age_may_have_another_length(
    tmp_path: Path, frame: pd.DataFrame, person: pd.DataFrame
) -> None:
    path = table_file(tmp_path, frame)
    younger = person.assign(age_days=40 * 365.241)  # 39 years of 365.25 days, and some
    relsurvs = LifeTable.from_csv(path, age_days=365.241)
    found, usual = (
        expected_survival(younger, table, "ederer1", 5 / 365.25)["estimate"][0]
        for table in (relsurvs, LifeTable.from_csv(path))
    )
    assert found == pytest.approx((1 - 0.0205) ** (5 / 365.25))
    assert usual > found

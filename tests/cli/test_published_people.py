"""What a published file tells of persons, and what nobody can compute from it, by profile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import birth_attack
import duckdb
import pytest

from cytoreg.project.load import load_project
from cytoreg.publication.privacy import FEW, OF_EXACT_AGES, policy_of
from cytoreg.publication.publish import export

Publish = Callable[[str], Path]
KEY = "0123456789abcdef" * 4


@pytest.fixture(scope="session")
def build(made: Path) -> Path:
    (path,) = made.glob("data/builds/*/build.duckdb")
    return path


@pytest.fixture(scope="session")
def published(made: Path, build: Path, tmp_path_factory: pytest.TempPathFactory) -> Publish:
    """The file that a profile publishes of one build."""
    folder = tmp_path_factory.mktemp("published")
    policy = policy_of(load_project(made))

    def publish(profile: str) -> Path:
        out = folder / f"{profile}.duckdb"
        if not out.exists():
            export(build, out, pseudonym_key=KEY, policy=replace(policy, profile=profile))
        return out

    return publish


@pytest.fixture
def columns(published: Publish) -> Callable[[str], dict[tuple[str, str], str]]:
    """(table, column): type, of the marts of a profile."""

    def read(profile: str) -> dict[tuple[str, str], str]:
        with duckdb.connect(str(published(profile)), read_only=True) as con:
            rows = con.execute(
                "select table_name, column_name, data_type from duckdb_columns()"
                " where schema_name = 'marts'"
            ).fetchall()
        return {(table, column): kind for table, column, kind in rows}

    return read


def test_the_attack_finds_birth_dates_where_they_can_be_computed(
    published: Publish, build: Path
) -> None:
    found = birth_attack.found(published("identified"), build)
    assert ("survival_cohort.start_date", "survival_cohort.age_days", "days") in found
    assert ("patient_outcome.index_date", "survival_cohort.age_days", "days") in found


@pytest.mark.parametrize("profile", ["limited", "safe-harbor"])
def test_no_date_and_number_give_a_birth_date(
    published: Publish, build: Path, profile: str
) -> None:
    assert birth_attack.found(published(profile), build) == {}


def test_all_ages_together_leave_a_year_of_days_for_a_birth_date(
    published: Publish, build: Path
) -> None:
    patients, days = birth_attack.narrowest(published("limited"), build)
    assert patients > 50
    assert days >= 365


def test_ages_of_few_cannot_be_solved_for_from_expected_survival(
    published: Publish, build: Path
) -> None:
    with duckdb.connect(str(build), read_only=True) as con:
        (few,) = con.execute(
            f"select count(*) from marts.expected_survival where at_risk < {FEW}"
        ).fetchall()[0]
    assert few
    with duckdb.connect(str(published("limited")), read_only=True) as con:
        for table, estimates in OF_EXACT_AGES.items():
            for name in estimates:
                exact = f"count(*) filter (where {name} <> round({name}, 4)), count({name})"
                (unrounded, known) = con.execute(f"select {exact} from marts.{table}").fetchall()[0]
                assert (unrounded, known > 0) == (0, True), (table, name)
        small = con.execute(
            "select count(*) from marts.net_survival n"
            f" join marts.survival_summary s using (endpoint, stratum_variable, stratum)"
            f" where s.patients < {FEW}"
            f" union all select count(*) from marts.expected_survival where at_risk < {FEW}"
            f" union all select count(*) from marts.life_expectancy where patients < {FEW}"
        ).fetchall()
    assert small == [(0,), (0,), (0,)]


def test_safe_harbor_tells_one_year_and_no_date(columns) -> None:
    told = columns("safe-harbor")
    dates = {place for place, kind in told.items() if kind.startswith(("DATE", "TIME"))}
    assert dates == set()
    assert told["survival_cohort", "start_date"] == "BIGINT"
    assert ("procedure_outcome", "operation_date") not in told
    assert told["survival_cohort", "time_days"] == "BIGINT"


def test_safe_harbor_tells_ages_in_bands_alone(columns) -> None:
    told = columns("safe-harbor")
    assert {column for _, column in told if column.startswith("age")} == {"age_band"}


def test_limited_keeps_dates_and_identified_keeps_all(columns, build: Path) -> None:
    limited, identified = columns("limited"), columns("identified")
    assert limited["patient_outcome", "death_date"] == "DATE"
    assert identified.keys() - limited.keys() == {
        ("survival_cohort", "age_days"),
        ("survival_cohort_diagnosis", "age_days"),
        ("procedure_outcome", "age_years"),
        ("procedure_outcome", "age_band"),
    }


@pytest.mark.parametrize("profile", ["limited", "safe-harbor"])
def test_the_publications_figures_are_those_of_the_private_build(
    published: Publish, build: Path, profile: str
) -> None:
    asked = "select * from marts.publication_benchmark"
    with duckdb.connect(str(build), read_only=True) as con:
        figures = con.execute(asked).fetchall()
    with duckdb.connect(str(published(profile)), read_only=True) as con:
        assert con.execute(asked).fetchall() == figures
    assert len(figures) == 25

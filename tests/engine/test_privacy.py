"""What of a mart and of the quality tables leaves the private build."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
import small_registry

from cytoreg.errors import ConfigError
from cytoreg.models.file import read_model
from cytoreg.nights.refresh import refresh
from cytoreg.project.load import load_project
from cytoreg.publication.privacy import Policy, policy_of
from cytoreg.publication.publish import export
from cytoreg.warehouse import quality

PSEUDONYM = re.compile(r"P[0-9A-F]{16}")
Published = Callable[..., list[tuple[object, ...]]]


@pytest.fixture
def published(build: duckdb.DuckDBPyConnection, tmp_path: Path) -> Published:
    """Export what was built by a policy, and ask the file."""

    def ask(sql: str, policy: Policy) -> list[tuple[object, ...]]:
        build.execute("checkpoint")
        build.close()
        out = tmp_path / "published.duckdb"
        export(tmp_path / "build.duckdb", out, pseudonym_key="k", policy=policy)
        with duckdb.connect(str(out), read_only=True) as con:
            return con.execute(sql).fetchall()

    return ask


def test_text_that_nobody_declared_is_published_as_its_pseudonym(build, published) -> None:
    build.execute(
        "create table marts.m as select unnest(['CYTO-SB', 'call Anna', 'call Anna', 'II', '12',"
        " '1990-1999', null]) as code"
    )
    policy = Policy(words=frozenset({"CYTO-SB"}), codes=("I+", "[0-9]{4}-[0-9]{4}"))
    codes = [code for (code,) in published("select code from marts.m", policy)]
    assert codes[0] == "CYTO-SB"
    assert PSEUDONYM.fullmatch(str(codes[1]))
    assert codes[1] == codes[2]
    assert codes[3:] == ["II", "12", "1990-1999", None]


def test_columns_that_identify_stay_private_also_where_nobody_declared_them(
    build, published
) -> None:
    build.execute(
        "create table marts.m as select 1 as n, date '1950-01-01' as birth_date, 9 as age_days,"
        " date '1950-01-31' as birth_date_latest, date '2000-01-01' as seen, 'Anna' as family_name,"
        " ['Anna'] as names, {'name': 'Anna'} as person, 'Anna'::blob as photo"
    )
    policy = Policy(matched=frozenset({"birth_date", "family_name"}))
    told = published("select column_name from duckdb_columns() where table_name = 'm'", policy)
    assert [name for (name,) in told] == ["n", "seen", "family_name"]


def test_ages_above_89_are_one_group_and_places_go_by_profile(build, published) -> None:
    build.execute(
        "create table marts.m as select unnest([89, 90, 97, null]) as age, 40 as county,"
        " date '2001-02-03' as first_seen"
    )
    kinds = {"m": {"age": "ages", "county": "places", "first_seen": "years"}}
    asked = "select age, county, first_seen::varchar from marts.m"
    assert published(asked, Policy(kinds=kinds)) == [
        (89, 40, "2001-02-03"),
        (90, 40, "2001-02-03"),
        (90, 40, "2001-02-03"),
        (None, 40, "2001-02-03"),
    ]


def test_safe_harbor_has_a_year_and_neither_age_nor_place(build, published) -> None:
    build.execute(
        "create table marts.m as select 91 as age, 40 as county, date '2001-02-03' as first_seen,"
        " timestamp '2001-02-03 10:00' as at, time '10:00' as clock, 300 as days"
    )
    kinds = {"m": {"age": "ages", "county": "places", "first_seen": "years"}}
    policy = Policy(profile="safe-harbor", kinds=kinds)
    assert published("from marts.m", policy) == [(2001, 300)]


def test_names_of_files_and_headings_are_hashed_wherever_they_are_told(build, published) -> None:
    quality.ensure(build, "finding", "source", "drift", "gate")
    build.execute(
        "insert into quality.finding by name select 'a.b' as rule, 'a' as entity, '0815' as key,"
        " 'Anna Miller.csv' as file, 'why' as reason"
    )
    build.execute(
        "insert into quality.drift values ('log', 'cases', 'Anna born 1950', 'new', 'info',"
        " 'column Anna born 1950 is new', '', '3 filled'), ('log', 'cases', 'Bea', 'renamed',"
        " 'warning', 'column Bea is gone; it is probably called Carla now', 'Bea', 'Carla'),"
        " ('log', 'cases', 'room', 'new', 'info', 'column room is new', '', '3 filled')"
    )
    build.execute(
        "insert into quality.gate values ('sources', false, 'log.cases: column Bea is gone;"
        " Anna Miller.csv has no line')"
    )
    policy = Policy(words=frozenset({"room"}), files=frozenset({"Anna Miller.csv"}))
    rows = published(
        'select file, reason from quality.finding union all select "column", reason'
        " from quality.drift union all select name, detail from quality.gate"
        " union all select before, now from quality.drift",
        policy,
    )
    assert not re.search("Anna|Bea|Carla|1950", str(rows))
    assert ("room", "column room is new") in rows
    assert PSEUDONYM.sub("…", str(rows[1][1])) == "column … is new"
    assert "log.cases: column … is gone; … has no line" in PSEUDONYM.sub("…", str(rows))


def test_addresses_of_files_on_servers_are_hashed_wherever_they_are_told(build, published) -> None:
    quality.ensure(build, "source", "drift", "gate")
    build.execute(
        "insert into quality.gate values"
        " ('a', false, 'lab: sftp://host:22/in/Anna Miller.csv is empty; it is old'),"
        " ('b', false, 'lab: file s3://bucket/Anna Miller, 1950.csv.gz has lost 5 of 10 rows'),"
        " ('c', false, 'no file matches sftp://host/Anna/*.csv; host sftp://host is away')"
    )
    rows = published("select detail from quality.gate order by name", Policy())
    assert [PSEUDONYM.sub("…", detail) for (detail,) in rows] == [
        "lab: … is empty; it is old",
        "lab: file … has lost 5 of 10 rows",
        "no file matches …; host sftp://host is away",
    ]


def test_a_header_may_name_only_columns_of_its_mart(tmp_path: Path) -> None:
    path = tmp_path / "sql" / "marts" / "m.sql"
    path.parent.mkdir(parents=True)
    path.write_text(
        "/* A row.\ngrain: n\nprivate: age\n*/ select\n  n -- a number\nfrom registry.a\n"
    )
    with pytest.raises(ConfigError, match="its header names age"):
        read_model(path, tmp_path / "sql")


def test_no_project_publishes_the_exact_ages_that_a_life_table_needs(tmp_path: Path) -> None:
    project = load_project(small_registry.write(tmp_path / "small"))
    verdict = refresh(project)
    assert verdict.published
    asked = "select column_name from duckdb_columns() where table_name = 'cohort' order by 1"
    with duckdb.connect(str(verdict.report.parent / "build.duckdb"), read_only=True) as con:
        private = {name for (name,) in con.execute(asked).fetchall()}
        (expected,) = con.execute("select count(*) from marts.expected_survival").fetchall()[0]
    with duckdb.connect(str(project.published), read_only=True) as con:
        public = {name for (name,) in con.execute(asked).fetchall()}
        sexes = con.execute("select distinct sex from marts.cohort order by 1").fetchall()
        strata = con.execute("select distinct stratum from marts.survival_curve").fetchall()
    assert private - public == {"age_days"}
    assert expected
    assert sexes == [("female",), ("male",)]
    assert sorted(strata) == [("all",), ("female",), ("male",)]


def test_a_project_says_which_text_it_declares(tmp_path: Path) -> None:
    policy = policy_of(load_project(small_registry.write(tmp_path / "small")))
    assert {"female", "office", "person", "overall", "all"} <= policy.words
    assert policy.files == {"people.csv"}
    assert "Anna" not in policy.words

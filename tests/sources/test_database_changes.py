"""Incremental landing: an earlier landing and what changed since are what a whole reading gives."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from bare_registry import HEAD
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from postgresql_server import execute

from cytoreg.errors import ConfigError
from cytoreg.landing.land import land
from cytoreg.manifest import Landing, TableManifest
from cytoreg.project.load import Project, load_project

Make = Callable[[str], Project]

SOURCE = """
[sources.hospital]
kind = "sql"
url = "{url}"
tables = {{ visits = "encounter" }}
[sources.hospital.columns]
visits = ["visit", "ward", "updated_at"]
[sources.hospital.incremental.visits]
key = ["visit"]
changed = "updated_at"
overlap_days = 1
"""
TABLE = "create table visits (visit integer, ward text, updated_at timestamp)"
DAY = timedelta(days=1)
START = datetime(2026, 1, 1)


class Hospital:
    """An SQLite hospital with a clock of its own, and the project that lands it."""

    def __init__(self, folder: Path) -> None:
        (folder / "extracts").mkdir(exist_ok=True)
        (folder / "cytoreg.toml").write_text(
            HEAD + SOURCE.format(url="sqlite:///h.db"), encoding="utf-8"
        )
        self.project = load_project(folder)
        self.now = START
        self.run(TABLE)

    def run(self, statement: str, *values: object) -> None:
        with closing(sqlite3.connect(self.project.extracts / "h.db")) as con, con:
            con.execute(statement, values)

    def put(self, visit: int | None, ward: str, at: object = "now") -> None:
        time = str(self.now) if at == "now" else at
        self.run("delete from visits where visit = ?", visit)
        self.run("insert into visits values (?, ?, ?)", visit, ward, time)

    def land(self) -> tuple[TableManifest, Landing]:
        """A night; what is landed is exactly what a whole reading of the source gives."""
        self.now += DAY
        found = land(self.project, "hospital")
        with tempfile.TemporaryDirectory() as elsewhere:
            other = load_project(self.project.root, data=Path(elsewhere))
            whole = land(other, "hospital")
            assert not whole.tables[0].merged
            assert rows(found) == rows(whole)
            assert [file.sha256 for file in found.stored] == [file.sha256 for file in whole.stored]
        return found.tables[0], found


def rows(landing: Landing) -> list[dict[str, object]]:
    return pq.read_table(landing.folder / "visits.parquet").to_pylist()


def counts(table: TableManifest) -> tuple[object, ...]:
    return tuple(table.merged.get(name) for name in ("kept", "changed", "new", "deleted"))


@pytest.fixture
def hospital(tmp_path: Path) -> Hospital:
    made = Hospital(tmp_path)
    for visit in range(10):
        made.put(visit, "A")
    return made


def test_what_changed_is_told_apart_from_what_did_not(hospital: Hospital) -> None:
    first, earlier = hospital.land()
    assert first.merged == {}
    for _ in range(5):
        hospital.now += DAY
    hospital.put(3, "B")
    hospital.put(77, "C")
    second, landing = hospital.land()
    assert counts(second) == (9, 1, 1, 0)
    assert second.merged["earlier"] == earlier.fingerprint
    assert second.merged["since"] == "2025-12-31 00:00:00"
    assert second.merged["compared"] >= earlier.landed_at
    assert landing.unexpected == {}
    assert '"updated_at" >= ' in landing.queries["visits"]
    assert "where" not in earlier.queries["visits"]


def test_a_deleted_row_is_missed_the_same_night(hospital: Hospital) -> None:
    hospital.land()
    hospital.run("delete from visits where visit in (1, 2)")
    hospital.put(99, "new")
    table, landing = hospital.land()
    assert counts(table) == (8, 0, 1, 2)
    assert landing.unexpected == {"row of visits that the source deleted": 2}
    assert table.merged["compared"] >= landing.landed_at[:10]


def test_a_row_that_was_deleted_and_came_again_is_a_changed_one(hospital: Hospital) -> None:
    hospital.land()
    hospital.now += 9 * DAY
    hospital.put(1, "again")
    assert counts(hospital.land()[0]) == (9, 1, 0, 0)


def test_another_key_is_a_new_row_and_a_deleted_one(hospital: Hospital) -> None:
    hospital.land()
    hospital.run("update visits set visit = 500, updated_at = ? where visit = 4", str(hospital.now))
    assert counts(hospital.land()[0]) == (9, 0, 1, 1)


def test_a_row_without_a_time_is_always_read(hospital: Hospital) -> None:
    hospital.put(5, "A", None)
    hospital.land()
    hospital.put(5, "B", None)
    assert counts(hospital.land()[0]) == (9, 1, 0, 0)


def test_equal_times_at_the_boundary_are_read_again(hospital: Hospital) -> None:
    hospital.land()
    hospital.put(50, "late", str(START))
    assert counts(hospital.land()[0]) == (10, 0, 1, 0)


def test_a_transaction_that_ends_late_is_within_the_overlap(hospital: Hospital) -> None:
    hospital.put(50, "A", str(START + 3 * DAY))
    hospital.land()
    hospital.put(51, "late", str(START + 2.5 * DAY))
    assert counts(hospital.land()[0]) == (11, 0, 1, 0)


def test_a_time_in_the_future_hides_no_change(hospital: Hospital) -> None:
    hospital.put(9, "A", "2999-12-31 00:00:00")
    hospital.land()
    hospital.put(3, "B")
    assert counts(hospital.land()[0]) == (9, 1, 0, 0)


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        ("insert into visits select * from visits where visit = 1", "1 rows have a visit that"),
        ("insert into visits values (null, 'A', '2026-01-01')", "1 rows have no visit"),
        (
            "update visits set ward = 'X', updated_at = '2020-01-01'",
            "10 rows have changed, but upd",
        ),
        ("update visits set updated_at = '2020-01-01' where visit < 11", "10 rows have changed"),
    ],
)
def test_what_cannot_be_told_row_by_row_is_read_whole(
    hospital: Hospital, spoil: str, why: str
) -> None:
    hospital.land()
    hospital.now += 9 * DAY
    hospital.run(spoil)
    table, landing = hospital.land()
    assert table.merged == {}
    assert [what for what in landing.unexpected if why in what], landing.unexpected


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (
            "update visits set updated_at = '01.02.2026'",
            "updated_at holds values that are not times",
        ),
        ("update visits set updated_at = 1767225600", "updated_at holds values that are not times"),
        ("update visits set updated_at = null", "updated_at holds no time"),
        ("update visits set updated_at = '2999-01-01'", "updated_at holds no time"),
        ("delete from visits", "the earlier landing has no rows"),
        (
            "update visits set ward = cast(x'ff' as text) where visit = 1",
            "records that are not tex",
        ),
    ],
)
def test_an_earlier_landing_that_is_no_ground_is_not_built_on(
    hospital: Hospital, spoil: str, why: str
) -> None:
    hospital.run(spoil)
    hospital.land()
    hospital.put(3, "B")
    table, landing = hospital.land()
    assert table.merged == {}
    assert [what for what in landing.unexpected if why in what], landing.unexpected


def test_other_columns_or_types_are_read_whole(hospital: Hospital) -> None:
    hospital.land()
    hospital.run("create table other (visit text, ward text, updated_at timestamp)")
    hospital.run("insert into other select * from visits")
    hospital.run("drop table visits")
    hospital.run("alter table other rename to visits")
    table, landing = hospital.land()
    assert table.merged == {}
    assert [what for what in landing.unexpected if "types are others" in what]


def test_another_declaration_is_read_whole(hospital: Hospital) -> None:
    hospital.land()
    path = hospital.project.root / "cytoreg.toml"
    path.write_text(path.read_text().replace("overlap_days = 1", "overlap_days = 2"))
    hospital.project = load_project(hospital.project.root)
    hospital.put(3, "B")
    table, landing = hospital.land()
    assert (table.merged, landing.unexpected) == ({}, {})


def test_an_old_row_put_in_beside_a_deletion_is_seen_the_same_night(hospital: Hospital) -> None:
    hospital.land()
    hospital.run("delete from visits where visit = 4")
    hospital.put(77, "old", "2020-02-02")
    table, landing = hospital.land()
    assert table.rows == 10
    assert [what for what in landing.unexpected if "have changed, but" in what]


def test_a_time_that_goes_backwards_is_seen_the_same_night(hospital: Hospital) -> None:
    hospital.land()
    hospital.now += 9 * DAY
    hospital.put(2, "A")
    hospital.run("update visits set updated_at = '2020-02-02' where visit = 1")
    table, landing = hospital.land()
    assert table.merged == {}
    assert [what for what in landing.unexpected if "have changed, but" in what]


def test_more_rows_than_fit_into_memory_are_merged_the_same(
    hospital: Hospital, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cytoreg.sources.ordering.HELD", 100_000)
    hospital.run(
        "insert into visits with recursive n(i) as (select 100 union all select i + 1 from n"
        " where i < 5000) select i, printf('%0300d', i * 7919 % 100003), '2025-06-01' from n"
    )
    hospital.land()
    hospital.put(5, "B")
    hospital.now += 9 * DAY
    assert counts(hospital.land()[0]) == (4910, 1, 0, 0)


Step = tuple[str, int, str]
steps = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.integers(0, 6), st.sampled_from(["A", "B", "a,\n", ""])),
        st.tuples(st.just("delete"), st.integers(0, 6), st.just("")),
        st.tuples(st.just("forget"), st.integers(0, 6), st.sampled_from(["A", "C"])),
        st.tuples(st.just("land"), st.just(0), st.just("")),
        st.tuples(st.just("wait"), st.integers(0, 3), st.just("")),
    ),
    max_size=12,
)


@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(steps=steps)
def test_whatever_happens_the_landing_is_the_source(steps: list[Step]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        hospital = Hospital(Path(folder))
        for what, number, ward in steps:
            if what == "put":
                hospital.put(number, ward)
            elif what == "forget":
                hospital.put(number, ward, None)
            elif what == "delete":
                hospital.run("delete from visits where visit = ?", number)
            elif what == "wait":
                hospital.now += number * DAY
            else:
                hospital.land()
        hospital.land()


def test_postgresql_follows_several_tables_by_keys_of_several_columns(
    project: Make, postgresql: str
) -> None:
    text = SOURCE.format(url=postgresql).replace('key = ["visit"]', 'key = ["visit", "ward"]')
    hospital = project(
        text.replace("visits", "stays").replace(
            'tables = { stays = "encounter" }', 'tables = { stays = "encounter", wards = "ward" }'
        ).replace('"updated_at"]\n', '"updated_at"]\nwards = "all"\n')
    )  # fmt: skip
    execute(
        postgresql,
        "create table stays (visit int, ward text, updated_at timestamptz)",
        "insert into stays select i, 'A', timestamptz '2026-01-01 10:00:00+05'"
        " + i * interval '1 minute' from generate_series(1, 5000) i",
        "create table wards as select 'A' as ward",
    )
    land(hospital, "hospital")
    execute(
        postgresql,
        "update stays set updated_at = now(), ward = 'B' where visit = 17",
        "update stays set updated_at = 'infinity' where visit = 18",
        "insert into stays values (17, 'A', now())",
        "delete from stays where visit = 19",
        "insert into wards values ('B')",
    )
    second = land(hospital, "hospital")
    assert {table.table: (table.rows, counts(table)) for table in second.tables} == {
        "stays": (5000, (4997, 2, 1, 1)),
        "wards": (2, (None, None, None, None)),
    }
    with tempfile.TemporaryDirectory() as elsewhere:
        whole = land(load_project(hospital.root, data=Path(elsewhere)), "hospital")
        assert [file.sha256 for file in whole.stored] == [file.sha256 for file in second.stored]
        assert whole.fingerprint == second.fingerprint
    third = land(hospital, "hospital")
    assert third.reused
    assert third.fingerprint == second.fingerprint


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('key = ["number"]', "`columns` of table visits lacks number"),
        ('key = ["visit"]\nchanged = "modified"\n#', "`columns` of table visits lacks modified"),
        ("key = []", r"incremental\.visits\.key"),
    ],
)
def test_a_declaration_that_cannot_be_followed_is_refused(
    project: Make, text: str, message: str
) -> None:
    source = SOURCE.format(url="sqlite:///h.db")
    if "changed" in text:
        source = source.replace('changed = "updated_at"\n', "")
    with pytest.raises(ConfigError, match=message):
        project(source.replace('key = ["visit"]', text))

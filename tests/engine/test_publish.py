"""Only what passed its gates is published, whole, without identities, and can be taken back."""

from __future__ import annotations

import hashlib
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest

from cytoreg.errors import ConfigError, GateClosed
from cytoreg.project.config import Gates
from cytoreg.project.load import Project, load_project
from cytoreg.publication.gates import Gate, check_gates, retell
from cytoreg.publication.privacy import Policy
from cytoreg.publication.publish import export, faults, publish, published_run, rollback
from cytoreg.publication.retention import retain
from cytoreg.warehouse import quality
from cytoreg.warehouse.connection import open_build

ROOT = Path(__file__).resolve().parents[2]
RUNS = [f"2016123{day}T020000Z-aaaaaa" for day in range(5)]
TEXTS = Policy(words=frozenset(RUNS))
LIMITS = Gates(max_quarantined=0.1, max_drop=0.2)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return load_project(ROOT, extracts=tmp_path / "extracts", data=tmp_path / "data")


def fill(con: duckdb.DuckDBPyConnection, run_id: str = RUNS[0], accepted: int = 95) -> None:
    """A build that passes its gates: books, one critical expectation, a mart."""
    quality.ensure(con, "finding", "check_result", "balance", "cell_balance")
    con.execute("delete from quality.balance")
    con.execute("delete from quality.cell_balance")
    con.execute(
        "insert into quality.cell_balance values"
        " ('log', 'cases', 'procedure', 'minutes', 90, 80, 10, 5)"
    )
    con.execute(
        "insert into quality.balance values ('log', 'cases', 'procedure', ?, ?, 5, 0)",
        [accepted + 5, accepted],
    )
    con.execute(
        f"{quality.TABLES['check_result'].into(*quality.COUNTED)} values"
        " ('table', 't.unique', 't', null, 'critical', '', 0, 9, 0, 'pass'),"
        " ('table', 't.nice', 't', null, 'warning', '', 9, 9, 0, 'fail'),"
        " ('row', 'r.x', 'r', null, 'critical', '', 5, 100, 0, 'fail')"
    )
    con.execute(
        "insert into quality.finding values"
        " ('procedure.x', 'critical', 'procedure', '2001-00017', null,"
        "  'log', 'cases', 'a', 17, 18, ''),"
        " ('procedure.unparsable', 'critical', 'procedure', null, null, 'log', 'cases', 'a', 9, 10,"
        " '')"
    )
    con.execute(
        f"create or replace table marts.outcome as select i as n, '{run_id}' as run"
        " from range(1000) as t(i) order by hash(i)"
    )
    con.execute("comment on table marts.outcome is 'Outcomes.'")
    con.execute("comment on column marts.outcome.n is 'a number; it''s all there is'")
    con.execute("create or replace table registry.patient as select 'SECRET-NAME' as family_name")
    con.execute(f"create or replace table quality.run as select '{run_id}' as run_id")


def make(project: Project, run_id: str, **given: int) -> Path:
    """A run's folder with its build and what it would publish."""
    folder = project.builds / run_id
    (folder / "landings").mkdir(parents=True)
    (folder / "landings" / "log").write_text(f"fp-{run_id}")
    (project.landing / "log" / f"fp-{run_id}").mkdir(parents=True)
    with open_build(folder / "build.duckdb") as con:
        fill(con, run_id, **given)
        check_gates(con, LIMITS, None)
    export(folder / "build.duckdb", folder / "published.duckdb", pseudonym_key="k", policy=TEXTS)
    return folder / "published.duckdb"


def closed(gates: list[Gate]) -> dict[str, str]:
    return {gate.name: gate.detail for gate in gates if not gate.passed}


def shown(project: Project) -> str:
    with duckdb.connect() as con:
        con.execute(f"attach '{project.published}' as p (read_only)")
        ((run, rows),) = con.execute(
            "select run, count(*) from p.marts.outcome group by 1"
        ).fetchall()
    assert rows == 1000
    return run


def beside(project: Project) -> list[str]:
    """What lies in the published folder."""
    return sorted(path.name for path in project.published.parent.iterdir())


# ---- gates


def test_a_sound_build_passes_every_gate_and_the_counts_are_told(build) -> None:
    fill(build)
    gates = check_gates(build, LIMITS, None)
    assert closed(gates) == {}
    assert gates[1] == Gate("books_balance", True, "landed 100 = accepted 95 + quarantined 5")
    assert build.table("quality.gate").fetchall() == [(g.name, g.passed, g.detail) for g in gates]


@pytest.mark.parametrize(
    ("change", "gate", "detail"),
    [
        (
            "update quality.cell_balance set accepted = 81",
            "cells_balance",
            "log.cases.minutes: present 90, accepted 81, refused 10",
        ),
        (
            "update quality.cell_balance set accepted = 75, refused = 15",
            "refused_share",
            "limit 10% of a column; above it: log.cases.minutes: 10 of 95 rows",
        ),
        (
            "update quality.balance set landed = 101",
            "books_balance",
            "log.cases: landed 101, accepted 95, quarantined 5",
        ),
        ("delete from quality.balance", "books_balance", "no source table was counted"),
        (
            "insert into quality.balance values ('x', 'y', 'z', 9, 8, 1, 0)",
            "quarantined_share",
            "limit 10% of a source table; above it: x.y: 1 of 9",
        ),
        (
            "update quality.check_result set status = 'fail', violated = 2 where rule = 't.unique'",
            "critical_expectations",
            "1 of 1 failed: t.unique (2)",
        ),
        (
            "update quality.check_result set status = 'error' where rule = 't.unique'",
            "critical_expectations",
            "1 of 1 failed: t.unique (could not be run)",
        ),
        ("delete from marts.outcome", "marts_present", "1 marts, 0 with rows"),
        ("drop table marts.outcome", "marts_present", "0 marts, 0 with rows"),
    ],
)
def test_a_gate_that_closes_tells_the_counts(build, change, gate, detail) -> None:
    fill(build)
    build.execute(change)
    assert closed(check_gates(build, LIMITS, None)) == {gate: detail}


def test_records_of_no_table_are_judged_by_their_share_of_the_source(build) -> None:
    fill(build)
    build.execute("insert into quality.balance values ('log', 'unknown', 'unknown', 3, 0, 3, 0)")
    assert closed(check_gates(build, LIMITS, None)) == {}
    build.execute(
        "update quality.balance set landed = 30, quarantined = 30 where entity = 'unknown'"
    )
    assert closed(check_gates(build, LIMITS, None)) == {
        "quarantined_share": "limit 10% of a source table; above it:"
        " log, records of no table: 30 of 130"
    }


def test_one_source_of_two_may_be_away_but_not_both(build) -> None:
    fill(build)
    quality.ensure(build, "source")
    seen = "'2016-12-31T02:00:00+00:00', '2016-12-31T02:00:00+00:00', 9, 0, '', ''"
    build.execute(f"insert into quality.source values ('log', 'csv', 'away', {seen})")
    build.execute(f"insert into quality.source values ('lab', 'csv', 'read', {seen})")
    assert closed(check_gates(build, LIMITS, None)) == {}
    build.execute("update quality.source set state = 'away'")
    assert "nothing was delivered" in closed(check_gates(build, LIMITS, None))["sources"]


def test_one_bad_cell_closes_no_gate_however_few_rows_there_are(build) -> None:
    fill(build)
    build.execute("update quality.balance set landed = 6, accepted = 6, quarantined = 0")
    build.execute(
        "update quality.cell_balance set present = 6, accepted = 5, refused = 1, with_row = 0"
    )
    assert closed(check_gates(build, LIMITS, None)) == {}


def test_a_validation_expects_no_marts(build) -> None:
    fill(build)
    build.execute("drop table marts.outcome")
    assert closed(check_gates(build, LIMITS, None, marts_expected=False)) == {}


def test_rows_that_vanish_since_the_published_build_close_the_gate(build, project) -> None:
    previous = make(project, RUNS[0], accepted=100)
    fill(build, accepted=80)
    assert closed(check_gates(build, LIMITS, previous)) == {}
    fill(build, accepted=79)
    assert closed(check_gates(build, LIMITS, previous)) == {
        "accepted_drop": "limit 20% of an entity; procedure: 79 after 100"
    }
    build.execute("delete from quality.balance")
    assert "procedure: 0 after 100" in closed(check_gates(build, LIMITS, previous))["accepted_drop"]


def test_an_unreadable_published_file_does_not_keep_a_good_build_out(build, tmp_path) -> None:
    previous = tmp_path / "registry.duckdb"
    previous.write_bytes(b"broken" * 10000)
    fill(build)
    gates = check_gates(build, LIMITS, previous)
    assert closed(gates) == {}
    assert any("cannot be read" in gate.detail for gate in gates)


def test_a_client_that_holds_the_published_file_does_not_stop_the_night(build, project) -> None:
    previous = make(project, RUNS[0], accepted=200)
    hold = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('x', flush=True); input()"
    client = subprocess.Popen(
        [sys.executable, "-c", hold, previous], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert client.stdout is not None
    client.stdout.readline()
    try:
        fill(build)
        assert "accepted_drop" in closed(check_gates(build, LIMITS, previous))
    finally:
        client.kill()
        client.communicate()


# ---- what is published


def test_the_published_file_has_marts_and_quality_with_their_comments(project) -> None:
    public = make(project, RUNS[0])
    with duckdb.connect(str(public), read_only=True) as con:
        tables = con.execute(
            "select schema_name || '.' || table_name, comment from duckdb_tables() order by 1"
        ).fetchall()
        assert [name for name, _ in tables] == [
            "marts.outcome",
            "quality.balance",
            "quality.cell_balance",
            "quality.check_result",
            "quality.drift",
            "quality.finding",
            "quality.gate",
            "quality.run",
            "quality.source",
        ]
        assert dict(tables)["marts.outcome"] == "Outcomes."
        comments = con.execute(
            "select comment from duckdb_columns() where column_name = 'n'"
        ).fetchall()
        assert comments == [("a number; it's all there is",)]
        missing = con.execute(
            "select table_name, column_name from duckdb_columns()"
            " where schema_name = 'quality' and comment is null and table_name <> 'run'"
        ).fetchall()
        assert missing == []


def test_rows_keep_their_order(project) -> None:
    public = make(project, RUNS[0])
    with duckdb.connect(str(public), read_only=True) as con:
        exported = con.execute("select n from marts.outcome").fetchall()
    with duckdb.connect(str(public.parent / "build.duckdb"), read_only=True) as con:
        assert con.execute("select n from marts.outcome").fetchall() == exported


def test_identities_stay_behind(project) -> None:
    public = make(project, RUNS[0])
    with duckdb.connect(str(public), read_only=True) as con:
        keys = con.execute('select "key" from quality.finding order by rule').fetchall()
    assert keys[0] == (None,)
    assert len(keys[1][0]) == 17
    content = public.read_bytes()
    assert b"SECRET-NAME" not in content
    assert b"2001-00017" not in content


def test_keys_of_findings_are_the_pseudonyms_of_the_marts(project) -> None:
    from cytoreg.identity.pseudonyms import define_pseudonym

    public = make(project, RUNS[0])
    with duckdb.connect(str(public), read_only=True) as con:
        define_pseudonym(con, "k")
        assert con.execute(
            "select count(*) from quality.finding"
            " where \"key\" = pseudonym('procedure', '2001-00017')"
        ).fetchone() == (1,)


def test_the_file_is_whole_and_of_a_format_that_old_clients_read(project) -> None:
    public = make(project, RUNS[0])
    assert sorted(path.name for path in public.parent.iterdir()) == [
        "build.duckdb",
        "landings",
        "published.duckdb",
        "published.sha256",
    ]
    assert (public.parent / "published.sha256").read_text() == (
        f"{hashlib.sha256(public.read_bytes()).hexdigest()}  published.duckdb\n"
    )
    with duckdb.connect(str(public), read_only=True) as con:
        tags = con.execute(
            "select tags['storage_version'] from duckdb_databases() where not internal"
        ).fetchone()
    assert tags == ("v1.0.0+",)


def test_an_export_begins_anew_after_a_crash(project) -> None:
    public = make(project, RUNS[0])
    (public.parent / ".published.duckdb.tmp").write_bytes(b"half a file")
    (public.parent / ".published.duckdb.tmp.wal").write_bytes(b"half a log")
    export(public.parent / "build.duckdb", public, pseudonym_key="k", policy=TEXTS)
    assert not list(public.parent.glob(".*"))


# ---- publish, roll back, retain


def test_publishing_puts_the_build_in_place(project) -> None:
    make(project, RUNS[0])
    make(project, RUNS[1])
    assert published_run(project) is None
    publish(project, RUNS[0])
    assert (shown(project), published_run(project)) == (RUNS[0], RUNS[0])
    publish(project, RUNS[1])
    publish(project, RUNS[1])
    assert (shown(project), published_run(project)) == (RUNS[1], RUNS[1])
    assert beside(project) == ["registry.duckdb", "registry.duckdb.wal"]


def test_publishing_clears_what_a_crash_left(project) -> None:
    """A leftover may be a link to a build: it must be unlinked, never written into."""
    first = make(project, RUNS[0])
    make(project, RUNS[1])
    project.published.parent.mkdir()
    for pid in (os.getpid(), 1, 2**22 + 1):
        os.link(first, project.published.with_name(f".registry.duckdb.{pid}.tmp"))
    before = first.read_bytes()
    publish(project, RUNS[1])
    assert first.read_bytes() == before
    assert beside(project) == ["registry.duckdb", "registry.duckdb.wal"]


def test_the_published_file_is_read_only_and_shares_no_byte_with_the_kept_build(project) -> None:
    public = make(project, RUNS[0])
    publish(project, RUNS[0])
    assert project.published.stat().st_mode & 0o777 == 0o444
    assert project.published.stat().st_nlink == 1
    assert not public.samefile(project.published)
    assert project.published.read_bytes() == public.read_bytes()
    assert faults(project) == []


def test_a_build_with_a_flipped_bit_is_not_published(project) -> None:
    make(project, RUNS[0])
    publish(project, RUNS[0])
    public = make(project, RUNS[1])
    content = bytearray(public.read_bytes())
    content[-1] ^= 1
    public.unlink()
    public.write_bytes(content)
    for action in (publish, rollback):
        with pytest.raises(ConfigError, match=f"the build of run {RUNS[1]} is damaged"):
            action(project, RUNS[1])
    assert shown(project) == RUNS[0]
    assert beside(project) == ["registry.duckdb", "registry.duckdb.wal"]


def test_a_published_file_that_was_changed_or_laid_open_is_told(project) -> None:
    make(project, RUNS[0])
    publish(project, RUNS[0])
    project.published.chmod(0o644)
    with duckdb.connect() as con:  # in a file of its own: the fence keeps commits out
        con.execute(f"attach '{project.published.with_name('new')}' as n")
        con.execute("create schema n.quality")
        con.execute(f"create table n.quality.run as select '{RUNS[0]}' as run_id")
    project.published.with_name("new").replace(project.published)
    project.published.with_name("registry.duckdb.wal").unlink()
    assert faults(project) == [
        f"it is not what run {RUNS[0]} exported",
        "it can be written to",
        "a client's log would be replayed onto it",
    ]
    assert rollback(project, RUNS[0]) == RUNS[0]
    assert faults(project) == []


def test_a_crash_after_the_rename_leaves_a_run_to_roll_back_to(project, monkeypatch) -> None:
    for run in RUNS[:2]:
        make(project, run)
    with monkeypatch.context() as patch:
        patch.setattr("cytoreg.publication.publish.notes.add", lambda *_, **__: None)
        publish(project, RUNS[0])
    assert published_run(project) == RUNS[0]
    publish(project, RUNS[1])
    assert rollback(project) == RUNS[0]


def test_a_reader_that_is_open_keeps_what_it_reads(project) -> None:
    make(project, RUNS[0])
    make(project, RUNS[1])
    publish(project, RUNS[0])
    with duckdb.connect(str(project.published), read_only=True) as con:
        publish(project, RUNS[1])
        assert con.execute("select distinct run from marts.outcome").fetchall() == [(RUNS[0],)]
    assert shown(project) == RUNS[1]


WRITER = """
import duckdb, sys
client = duckdb.connect(sys.argv[1])
for statement in sys.stdin:
    try:
        client.execute(statement)
        print("done", flush=True)
    except Exception as error:
        print(type(error).__name__, flush=True)
"""


@pytest.mark.parametrize("fenced", [True, False])
@pytest.mark.parametrize("early", [True, False])
def test_a_client_of_the_old_file_cannot_alter_the_new_one(project, early, fenced) -> None:
    """It writes before or after the switch; with a log of its own if the old one has no fence."""
    make(project, RUNS[0])
    make(project, RUNS[1])
    publish(project, RUNS[0])
    project.published.chmod(0o644)
    if not fenced:
        project.published.with_name("registry.duckdb.wal").unlink()
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, project.published],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as client:
        assert client.stdin is not None
        assert client.stdout is not None

        def say(statement: str) -> str:
            client.stdin.write(statement + "\n")
            client.stdin.flush()
            return client.stdout.readline().strip()

        assert say("select 1") == "done"
        if early:
            say("update marts.outcome set run = 'evil'")
        publish(project, RUNS[1])
        say("update marts.outcome set run = 'evil'")
        say("checkpoint")
        assert shown(project) == RUNS[1]
        client.kill()
    assert shown(project) == RUNS[1]
    assert faults(project) == []
    publish(project, RUNS[0])
    assert shown(project) == RUNS[0]


def test_a_client_that_reads_with_a_right_to_write_reads_the_published_file(project) -> None:
    make(project, RUNS[0])
    publish(project, RUNS[0])
    project.published.chmod(0o644)
    with duckdb.connect(str(project.published)) as con:
        assert con.execute("select distinct run from marts.outcome").fetchall() == [(RUNS[0],)]
        with pytest.raises(duckdb.Error, match=r"registry\.duckdb\.wal"):
            con.execute("create table marts.mine as select 1 as n")
    assert faults(project) == ["it can be written to"]


def test_a_build_behind_a_closed_gate_is_not_published(project) -> None:
    make(project, RUNS[0])
    publish(project, RUNS[0])
    folder = make(project, RUNS[1]).parent
    with open_build(folder / "build.duckdb") as con:
        con.execute("update quality.gate set passed = false where name = 'books_balance'")
    export(folder / "build.duckdb", folder / "published.duckdb", pseudonym_key="k", policy=TEXTS)
    for action in (publish, rollback):
        with pytest.raises(GateClosed, match=RUNS[1]):
            action(project, RUNS[1])
    with pytest.raises(ConfigError, match="no-such-run has nothing to publish"):
        publish(project, "no-such-run")
    assert shown(project) == RUNS[0]


def test_rolling_back_goes_to_the_build_that_was_published_before(project) -> None:
    with pytest.raises(ConfigError, match="nothing is published yet"):
        rollback(project)
    for run in RUNS[:4]:
        make(project, run)
        publish(project, run)
    (project.builds / RUNS[2] / "published.duckdb").unlink()
    assert rollback(project) == RUNS[1]
    assert rollback(project) == RUNS[0]
    with pytest.raises(ConfigError, match=f"no build before {RUNS[0]}"):
        rollback(project)
    assert rollback(project, RUNS[3]) == RUNS[3]
    assert shown(project) == RUNS[3]


def test_a_build_that_was_never_published_is_not_rolled_back_to(project) -> None:
    for run in RUNS[:3]:
        make(project, run)
    publish(project, RUNS[0])
    publish(project, RUNS[2])
    assert rollback(project) == RUNS[0]
    assert rollback(project, RUNS[1]) == RUNS[1]


def test_old_builds_go_with_their_landings_but_never_the_published_one(project) -> None:
    for run in RUNS:
        make(project, run)
        publish(project, run)
    publish(project, RUNS[0])
    (project.builds / ".20161229T020000Z.tmp").mkdir()
    assert retain(project, 2) == [RUNS[2], RUNS[1]]
    kept = [RUNS[0], RUNS[3], RUNS[4]]
    assert sorted(path.name for path in project.builds.iterdir()) == kept
    landings = sorted(path.name for path in (project.landing / "log").iterdir())
    assert landings == [f"fp-{run}" for run in kept]
    assert rollback(project, RUNS[3]) == RUNS[3]


def test_failed_nights_do_not_push_out_the_builds_to_roll_back_to(project) -> None:
    for run in RUNS:
        make(project, run)
    for run in RUNS[:2]:
        publish(project, run)
    for run in RUNS[2:]:
        (project.builds / run / "published.duckdb").unlink()
    assert retain(project, 2) == [RUNS[2]]
    assert rollback(project) == RUNS[0]


def test_nothing_is_removed_while_it_cannot_be_told_what_is_published(project) -> None:
    for run in RUNS:
        make(project, run)
    project.published.parent.mkdir()
    project.published.write_bytes(b"broken" * 10000)
    assert retain(project, 1) == []


CHILD = """
import sys
from pathlib import Path
from cytoreg.project.load import load_project
from cytoreg.publication.privacy import Policy
from cytoreg.publication.publish import export, publish
from cytoreg.publication.retention import retain
texts = Policy(words=frozenset(sys.argv[3:]))
root, data = map(Path, sys.argv[1:3])
project = load_project(root, extracts=data, data=data)
print("ready", flush=True)
while True:
    for run in sys.argv[3:]:
        folder = project.builds / run
        out = folder / "published.duckdb"
        export(folder / "build.duckdb", out, pseudonym_key="k", policy=texts)
        publish(project, run)
        retain(project, 2)
"""


def test_a_crash_at_any_moment_leaves_one_build_or_the_other(project) -> None:
    for run in RUNS[:2]:
        make(project, run)
    publish(project, RUNS[0])
    moments = random.Random(3)
    command = [sys.executable, "-c", CHILD, ROOT, project.data, *RUNS[:2]]
    seen = set()
    for _ in range(8):
        child = subprocess.Popen(command, stdout=subprocess.PIPE)
        assert child.stdout is not None
        child.stdout.readline()
        time.sleep(moments.uniform(0, 0.25))
        assert child.poll() is None
        child.send_signal(signal.SIGKILL)
        child.communicate()
        seen.add(shown(project))
    assert seen <= set(RUNS[:2])
    publish(project, RUNS[1])
    assert shown(project) == RUNS[1]
    assert beside(project) == ["registry.duckdb", "registry.duckdb.wal"]


def test_retention_spares_the_published_and_the_newest_run_whatever_their_state(project) -> None:
    for run in RUNS[:4]:
        make(project, run)
    publish(project, RUNS[0])
    (project.builds / RUNS[4]).mkdir()  # a run under way: nothing in it yet
    assert retain(project, 1) == [RUNS[3], RUNS[2], RUNS[1]]
    assert sorted(path.name for path in project.builds.iterdir()) == [RUNS[0], RUNS[4]]


def test_every_duckdb_since_1_0_opens_a_build(tmp_path: Path) -> None:
    with open_build(tmp_path / "build.duckdb") as con:
        asked = con.execute(
            "select tags['storage_version'] from duckdb_databases() where database_name = 'build'"
        )
        assert asked.fetchall() == [("v1.0.0+",)]


def test_a_build_made_anew_keeps_the_verdict_of_its_gates_and_tells_its_own_counts(
    project: Project,
) -> None:
    make(project, RUNS[0])
    with open_build(project.builds / RUNS[0] / "build.duckdb") as con:
        decided = check_gates(con, LIMITS, None)
        fill(con, RUNS[0], accepted=94)
        told = retell(con, LIMITS, decided, marts_expected=True)
        written = con.execute("from quality.gate").fetchall()
    assert [(gate.name, gate.passed) for gate in told] == [
        (gate.name, gate.passed) for gate in decided
    ]
    details = {gate.name: gate.detail for gate in told}
    before = {gate.name: gate.detail for gate in decided}
    assert details["accepted_drop"] == "decided in its night, beside counts that have changed since"
    assert details["books_balance"] != before["books_balance"]
    assert sorted(written) == sorted((gate.name, gate.passed, gate.detail) for gate in told)

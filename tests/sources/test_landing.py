"""Landings: immutable, recognized when nothing changed, whole or not there."""

from __future__ import annotations

import errno
import hashlib
import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from test_csv_files import LOG, write

from cytoreg.errors import ConfigError, SourceError
from cytoreg.landing import land as landing
from cytoreg.landing.check import check
from cytoreg.landing.kept import attach, landing_of
from cytoreg.landing.land import land
from cytoreg.manifest import read as read_manifest
from cytoreg.project.load import Project, load_project
from cytoreg.sources import retry
from cytoreg.sources.items import Served
from cytoreg.sources.text import delimited
from cytoreg.sources.text.reader import CSV
from cytoreg.system.machine import MachineError
from cytoreg.warehouse.connection import open_build

Make = Callable[[str], Project]
ONE = b"CASE NO,MRN\n1,a\n"


def folders(project: Project) -> list[Path]:
    return sorted((project.landing / "log").iterdir())


def test_an_unchanged_source_is_recognized_and_a_changed_one_is_not(project: Make) -> None:
    log = project(LOG)
    write(log, a=ONE)
    first, second = land(log, "log"), land(log, "log")
    write(log, a=b"CASE NO,MRN\n1,b\n")
    third = land(log, "log")
    assert (first.reused, second.reused, third.reused) == (False, True, False)
    assert first.fingerprint == second.fingerprint != third.fingerprint
    assert first.landed_at == second.landed_at
    assert len(folders(log)) == 2


def test_a_file_under_another_name_is_another_landing(project: Make) -> None:
    log = project(LOG)
    write(log, a=ONE)
    first = land(log, "log")
    (log.extracts / "a.csv").rename(log.extracts / "b.csv")
    assert land(log, "log").fingerprint != first.fingerprint


def test_another_declaration_is_another_landing(project: Make) -> None:
    log = project(LOG)
    write(log, a=ONE)
    first = land(log, "log")
    changed = project(LOG.replace('"ROOM"', '"ROOM", "Theatre"'))
    assert land(changed, "log").fingerprint != first.fingerprint


def test_another_reader_is_another_landing(project: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    log = project(LOG)
    write(log, a=ONE)
    first = land(log, "log")
    monkeypatch.setattr(landing, "VERSION", landing.VERSION + 1)
    assert land(log, "log").fingerprint != first.fingerprint


def test_the_same_landing_is_the_same_bytes(project: Make, tmp_path: Path) -> None:
    log = project(LOG)
    write(log, a=ONE + b"2\n")
    first = land(log, "log")
    elsewhere = load_project(tmp_path, data=tmp_path / "other")
    second = land(elsewhere, "log")
    assert first.folder != second.folder
    assert [file.sha256 for file in first.stored] == [file.sha256 for file in second.stored]


def test_an_interrupted_landing_leaves_nothing_that_counts(
    project: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = project(LOG)
    write(log, a=ONE)

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(landing, "_appear", die)
        with pytest.raises(KeyboardInterrupt):
            land(log, "log")
    assert folders(log) == []
    leftover = log.landing / "log" / ".0123.tmp"  # as a kill -9 leaves it
    leftover.mkdir()
    assert not land(log, "log").reused
    assert not leftover.exists()


def test_a_kill_at_any_moment_leaves_a_whole_landing_or_none(project: Make, tmp_path: Path) -> None:
    log = project(LOG)
    lines = b"".join(b"%d,b\n" % number for number in range(300_000))
    write(log, a=b"CASE NO,MRN\n" + lines)
    script = (
        "import sys; from pathlib import Path\n"
        "from cytoreg.landing.land import land; from cytoreg.project.load import load_project\n"
        "import pyarrow.parquet, cytoreg.sources.text.delimited, cytoreg.landing.writing\n"
        "print('ready', flush=True); land(load_project(Path(sys.argv[1])), 'log')"
    )
    for delay in (0.01, 0.05, 0.1, 0.2):
        running = subprocess.Popen(
            [sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE
        )
        assert running.stdout
        running.stdout.readline()
        time.sleep(delay)
        running.send_signal(signal.SIGKILL)
        running.wait()
        running.stdout.close()
        if log.landing.exists():
            for folder in folders(log):
                assert folder.name.endswith(".tmp") or read_manifest(folder).tables[0].rows
    after = land(log, "log")
    assert after.tables[0].rows == 300_000
    assert folders(log) == [after.folder]


def test_a_damaged_landing_is_not_trusted(project: Make) -> None:
    log = project(LOG)
    write(log, a=ONE)
    first = land(log, "log")
    (first.folder / "cases.parquet").write_bytes(b"PAR1")
    with pytest.raises(ConfigError, match=rf"no complete landing log/{first.fingerprint}"):
        landing_of(log, "log", first.fingerprint)
    again = land(log, "log")
    assert not again.reused
    assert landing_of(log, "log", again.fingerprint).stored == first.stored


def flip(path: Path, at: int) -> None:
    """Another bit at this share of a file, in thousandths; its size stays."""
    content = bytearray(path.read_bytes())
    content[at * (len(content) - 1) // 1000] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("at", [0, 300, 700, 1000])
@pytest.mark.parametrize("name", ["cases.parquet", "reject.parquet", "profile.json"])
def test_a_landing_with_a_flipped_bit_is_landed_anew(project: Make, name: str, at: int) -> None:
    log = project(LOG)
    write(log, a=ONE + b"2\n")
    first = land(log, "log")
    flip(first.folder / name, at)
    told: list[str] = []
    again = land(log, "log", progress=lambda label, *_: told.append(label))
    assert not again.reused
    assert again.stored == first.stored == read_manifest(again.folder).stored
    assert told[0] == "log: its landing on disk is damaged; it is landed anew"
    assert land(log, "log").reused


def test_no_flipped_bit_of_a_manifest_goes_unseen(project: Make) -> None:
    log = project(LOG)
    write(log, a=ONE)
    folder = land(log, "log").folder
    path = folder / "manifest.json"
    content = path.read_bytes()
    believed = read_manifest(folder)
    for place, byte in enumerate(content):
        path.write_bytes(content[:place] + bytes([byte ^ 1]) + content[place + 1 :])
        with suppress(ConfigError):
            # A blank between two values may become another blank: the values are what counts.
            assert read_manifest(folder) == believed
    path.write_bytes(content)
    assert land(log, "log").reused


def test_the_hashes_are_those_of_the_files_on_disk(project: Make) -> None:
    log = project(LOG)
    write(log, a=ONE + b"2\n")
    first = land(log, "log")
    for file in first.stored:
        content = (first.folder / file.name).read_bytes()
        assert (file.bytes, file.sha256) == (len(content), hashlib.sha256(content).hexdigest())


def test_files_that_change_while_they_are_read_are_read_again(
    project: Make, patient: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = project(LOG)
    write(log, a=ONE)
    reading = delimited.read
    deliveries = [b"CASE NO,MRN\n1,a\n2,b\n", b"CASE NO,MRN\n1,a\n2,b\n3,c\n"]
    told = []

    def meanwhile(*args: object) -> object:
        yield from reading(*args)
        if deliveries:
            write(log, a=deliveries.pop(0))

    monkeypatch.setattr(delimited, "read", meanwhile)
    landed = land(log, "log", progress=lambda label, *_: told.append(label))
    assert landed.tables[0].rows == 3
    assert folders(log) == [landed.folder]
    waited = "source log: its files changed while they were read; waiting for it"
    assert told.count(waited) == 2


class Clock:
    """Time that passes only while somebody waits."""

    def __init__(self) -> None:
        self.now = 0.0
        self.pauses: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def wait(self, seconds: float) -> None:
        if seconds:
            self.pauses.append(seconds)
            self.now += seconds


@pytest.fixture
def clock(impatient: None, monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock of a landing that tries again what may pass."""
    clock = Clock()
    monkeypatch.setattr(landing, "pauses", retry.pauses)
    monkeypatch.setattr(landing, "time", clock)
    monkeypatch.setattr(landing, "wait", clock.wait)
    return clock


def test_a_source_that_stays_away_is_given_up_at_its_deadline(
    project: Make, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = project(LOG.replace("tables =", "deadline_minutes = 10\ntables ="))
    write(log, a=ONE)

    def away(*_: object) -> object:
        raise SourceError("log", "does not answer", transient=True)

    monkeypatch.setattr(delimited, "read", away)
    with pytest.raises(SourceError, match="does not answer") as caught:
        land(log, "log")
    assert caught.value.away
    for number, pause in enumerate(clock.pauses):
        assert pause == pytest.approx(min(2**number, retry.LONGEST), rel=0.25)
    assert 600 - 1.25 * retry.LONGEST <= clock.now <= 600


def test_what_will_not_pass_is_not_tried_again(project: Make, clock: Clock) -> None:
    log = project(LOG)
    with pytest.raises(SourceError, match="no file matches") as caught:
        land(log, "log")
    assert (caught.value.away, caught.value.transient) == (True, False)
    write(log, a=b"CASE NO,Patient\n1,a\n")
    with pytest.raises(SourceError, match="no heading for column hospital_number") as caught:
        land(log, "log")
    assert not caught.value.away
    assert clock.pauses == []


def test_a_full_disk_is_told_and_leaves_nothing(
    project: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = project(LOG)
    write(log, a=ONE)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("cytoreg.landing.writing.pq.ParquetWriter.write_table", full)
    with pytest.raises(MachineError, match=r"log cannot be landed: the disk is full\n.*room"):
        land(log, "log")
    assert folders(log) == []


def test_the_manifest_says_what_came_from_where(project: Make) -> None:
    log = project(LOG)
    write(log, a=b"CASE NO,MRN,Surgeon\n1,a,\n2\n")
    folder = land(log, "log").folder
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["source"] == "log"
    assert manifest["origin"] == "*.csv"
    assert manifest["unexpected"] == {"column Surgeon": 1}
    (file,) = manifest["files"]
    assert (file["name"], file["bytes"]) == ("a.csv", 27)
    assert len(file["sha256"]) == 64
    assert file["headings"] == ["CASE NO", "MRN", "Surgeon"]
    (table,) = manifest["tables"]
    assert (table["table"], table["entity"], table["rows"], table["rejects"]) == (
        "cases",
        "procedure",
        1,
        1,
    )
    assert list(table["columns"]) == [
        "case_number", "hospital_number", "room", "Surgeon", "_file", "_row", "_line"
    ]  # fmt: skip
    assert {f["name"]: f["bytes"] for f in manifest["stored"]} == {
        name: (folder / name).stat().st_size
        for name in ("cases.parquet", "reject.parquet", "profile.json")
    }


def test_the_manifest_says_what_a_server_is_and_what_it_was_asked(
    project: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = project(LOG)
    write(log, a=ONE)
    reading = delimited.read

    def served(*args: object) -> object:
        yield Served("PostgreSQL 18.1", {"cases": "select 1"})
        yield from reading(*args)

    monkeypatch.setattr(delimited, "read", served)
    landed = read_manifest(land(log, "log").folder)
    assert (landed.source_version, landed.queries) == ("PostgreSQL 18.1", {"cases": "select 1"})


def test_rejects_say_which_entity_they_would_have_been(project: Make, tmp_path: Path) -> None:
    log = project(LOG)
    write(log, a=ONE + b"2\n")
    with open_build(tmp_path / "build.duckdb") as con:
        attach(con, [land(log, "log")], "run")
        assert con.execute("from landing.reject").fetchall() == [
            ("log", "cases", "procedure", "a.csv", 2, 3, "1 fields instead of 2", "2")
        ]


def test_views_say_what_they_are_and_can_be_attached_again(project: Make, tmp_path: Path) -> None:
    log = project(LOG)
    write(log, a=ONE)
    with open_build(tmp_path / "build.duckdb") as con:
        for run in ("first", "second"):
            attach(con, [land(log, "log")], run)
        assert con.execute("select _run_id from landing.log_cases").fetchall() == [("second",)]
        comments = con.execute("select comment from duckdb_views() where schema_name = 'landing'")
        assert comments.fetchall() == [("log: cases as it came.",)]
        assert con.execute("select count(*) from landing.reject").fetchone() == (0,)


def test_a_source_that_is_not_declared_is_named(project: Make) -> None:
    for ask in (land, check):
        with pytest.raises(ConfigError, match=r"no source lab.*\n.*it has log"):
            ask(project(LOG), "lab")


def test_a_check_tells_the_shape_and_no_value(project: Make) -> None:
    log = project(LOG)
    ((what, ok, detail),) = check(log, "log")
    assert (what, ok) == ("files", False)
    assert "no file matches" in detail
    write(log, a=b"CASE NO,MRN\nsecret-case,abc\n2\n,d\n")
    files, cases = check(log, "log")
    assert files == ("files", True, "*.csv: 1 file, 0.0 MB")
    assert cases == (
        "table cases",
        True,
        "3 columns; first 2 rows; characters by column: case_number 11, hospital_number 1–3,"
        " room empty",
    )
    assert not log.landing.exists()


def test_a_check_of_records_of_which_none_can_be_parsed_says_why(project: Make) -> None:
    log = project(LOG)
    write(log, a="CASE NO,MRN\n1,Jürgen\n2,Jörg\n".encode("latin-1"))
    _, (what, ok, detail) = check(log, "log")
    assert (what, ok) == ("table cases", False)
    assert "none of its 2 records can be parsed; the first is bytes that are not in" in detail
    assert "rgen" not in detail


def test_a_check_names_what_does_not_fit(project: Make) -> None:
    log = project(LOG)
    write(log, a=b"CASE NO,Patient\n1,a\n")
    assert [(what, ok) for what, ok, _ in check(log, "log")] == [
        ("files", True),
        ("table cases", False),
    ]
    assert "no heading for column hospital_number" in check(log, "log")[1][2]


def test_a_file_that_vanishes_between_finding_and_reading_it_is_looked_for_again(
    project: Make, patient: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = project(LOG)
    write(log, a=ONE, b=ONE)
    finding = CSV.inputs

    def vanishing(*args: object) -> list[Path]:
        found = finding(*args)
        (log.extracts / "b.csv").unlink(missing_ok=True)
        return found

    monkeypatch.setattr(CSV, "inputs", vanishing)
    assert [file.name for file in land(log, "log").files] == ["a.csv"]


def test_a_disk_that_is_really_full_leaves_nothing_and_the_next_night_is_fine(
    project: Make, tmp_path: Path
) -> None:
    log = project(LOG)
    lines = b"".join(b"%d,%d\n" % (number, number * 7919) for number in range(50_000))
    write(log, a=b"CASE NO,MRN\n" + lines)
    script = (
        "import resource, signal, sys; from pathlib import Path\n"
        "from cytoreg.landing.land import land; from cytoreg.project.load import load_project\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))\n"
        "land(load_project(Path(sys.argv[1])), 'log')"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=False
    )
    told = "MachineError: source log cannot be landed: a file may not grow further"
    assert told in done.stderr
    assert folders(log) == []
    assert land(log, "log").tables[0].rows == 50_000

"""What a published night has read goes into an archive: as it was read, and over nothing else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from test_csv_files import LOG, write

from cytoreg.errors import ConfigError
from cytoreg.landing.kept import landing_of
from cytoreg.nights import audit
from cytoreg.nights.archive import archive
from cytoreg.nights.begin import new_run
from cytoreg.nights.lock import release_lock
from cytoreg.nights.refresh import land_source
from cytoreg.nights.run import Run, Verdict
from cytoreg.nights.run_folder import fingerprint, keep_verdict
from cytoreg.nights.source_status import judge
from cytoreg.project.load import Project
from cytoreg.warehouse.connection import open_build

Make = Callable[[str], Project]
ONE = b"CASE NO,MRN\n1,0000001\n"
OTHER = LOG.replace("sources.log", "sources.other")
REDCAP = """
[sources.trial]
kind = "redcap"
data = "export/*_DATA_*.csv"
dictionary = "export/*_Dictionary_*.csv"
archive = "done"
tables = { enrollment = "patient" }
"""


def archiving(text: str = LOG, folder: str = "done") -> str:
    return text.replace("tables =", f'archive = "{folder}"\ntables =', 1)


def delivered(project: Project, *sources: str, resume: bool = False) -> Run:
    """A run that has read these sources and come to a verdict."""
    run = new_run(project, resume=resume)
    for source in sources:
        land_source(run, source)
    keep_verdict(run, Verdict(run.run_id, True, [], run.report))
    release_lock(run.data)
    return run


def lying(project: Project) -> list[str]:
    extracts = project.extracts
    return sorted(p.relative_to(extracts).as_posix() for p in extracts.rglob("*") if p.is_file())


def test_what_was_read_is_moved_and_the_audit_says_so(project: Make) -> None:
    log = project(archiving())
    write(log, a=ONE, b=ONE)
    run = delivered(log, "log")
    assert archive(run) == []
    assert lying(log) == ["done/a.csv", "done/b.csv"]
    (entry,) = audit.entries(log)
    moves = "; ".join(f"{log.extracts}/{n}.csv to {log.extracts}/done/{n}.csv" for n in "ab")
    assert (entry.what, entry.detail) == ("archive", f"log of {run.run_id}: {moves}")
    assert archive(run) == []
    assert len(audit.entries(log)) == 1


def test_an_archive_may_lie_elsewhere(project: Make, tmp_path: Path) -> None:
    log = project(archiving(folder=f"{tmp_path}/kept/log/"))
    write(log, a=ONE)
    archive(delivered(log, "log"))
    assert lying(log) == []
    assert (tmp_path / "kept/log/a.csv").read_bytes() == ONE


@pytest.mark.parametrize("then", [ONE + b"2,0000002\n", ONE.replace(b"1", b"3")])
def test_a_file_that_was_written_since_stays(project: Make, then: bytes) -> None:
    log = project(archiving())
    write(log, a=ONE, b=ONE)
    run = delivered(log, "log")
    (log.extracts / "new").write_bytes(then)
    (log.extracts / "new").rename(log.extracts / "a.csv")
    assert archive(run) == [f"log: {log.extracts}/a.csv stays, because it has changed since"]
    assert lying(log) == ["a.csv", "done/b.csv"]


def test_nothing_in_the_archive_is_written_over(project: Make) -> None:
    log = project(archiving())
    write(log, a=ONE)
    (log.extracts / "done").mkdir()
    (log.extracts / "done/a.csv").write_bytes(b"older")
    left = archive(delivered(log, "log"))
    assert left == [f"log: {log.extracts}/a.csv stays, because a file of its name is there"]
    assert (log.extracts / "done/a.csv").read_bytes() == b"older"
    assert (log.extracts / "a.csv").read_bytes() == ONE


def test_a_file_that_came_meanwhile_is_not_moved(project: Make) -> None:
    log = project(archiving())
    write(log, a=ONE)
    run = delivered(log, "log")
    write(log, b=ONE)
    archive(run)
    assert lying(log) == ["b.csv", "done/a.csv"]


@pytest.mark.parametrize("read", [True, False])
def test_a_file_is_moved_when_every_source_that_reads_it_has(project: Make, read: bool) -> None:
    log = project(archiving() + OTHER)
    write(log, a=ONE)
    run = delivered(log, "log", *["other"] * read)
    left = [] if read else [f"log: {log.extracts}/a.csv stays, because other has not read it"]
    assert archive(run) == left
    assert lying(log) == (["done/a.csv"] if read else ["a.csv"])


def test_a_pattern_that_reads_the_archive_too_does_not_move_it_again(project: Make) -> None:
    log = project(archiving().replace('"*.csv"', '"**/*.csv"'))
    for name in "ab":
        write(log, **{name: ONE})
        run = delivered(log, "log")
        archive(run)
    assert lying(log) == ["done/a.csv", "done/b.csv"]
    assert len(landing_of(log, "log", fingerprint(run, "log")).files) == 2


@pytest.mark.parametrize("pattern", ["*.csv", "**/*.csv"])
def test_each_run_may_have_its_own_folder_for_files_of_one_name(
    project: Make, pattern: str
) -> None:
    log = project(archiving(folder="done/{run}").replace('"*.csv"', f'"{pattern}"'))
    runs = []
    for number in (b"1", b"2"):
        write(log, a=ONE.replace(b"1", number))
        run = delivered(log, "log")
        assert archive(run) == []
        runs.append(run.run_id)
    assert lying(log) == [f"done/{run_id}/a.csv" for run_id in runs]


def test_a_dictionary_stays(project: Make) -> None:
    trial = project(REDCAP)
    (trial.extracts / "export").mkdir()
    dictionary = (
        '"Variable / Field Name","Form Name","Section Header","Field Type","Field Label",'
        '"Choices, Calculations, OR Slider Labels"\nrecord_id,enrollment,,text,Record,\n'
    )
    (trial.extracts / "export/T_Dictionary_1.csv").write_text(dictionary, encoding="utf-8")
    (trial.extracts / "export/T_DATA_1.csv").write_text("record_id\n1\n", encoding="utf-8")
    assert archive(delivered(trial, "trial")) == []
    assert lying(trial) == ["export/T_Dictionary_1.csv", "export/done/T_DATA_1.csv"]


def test_what_was_archived_is_not_told_as_gone(project: Make) -> None:
    found = []
    for text in (LOG, archiving()):
        log = project(text)
        for path in log.extracts.glob("*.csv"):
            path.unlink()
        write(log, a=ONE.replace(b"1", b"8"))
        first = delivered(log, "log")
        (log.extracts / "a.csv").unlink()
        write(log, b=ONE)
        second = delivered(log, "log")
        landings = [landing_of(log, "log", fingerprint(run, "log")) for run in (first, second)]
        with open_build(second.folder / "build.duckdb") as con:
            judge(con, second, [landings[1]], {"log": landings[0]}, {})
            rows = con.execute("select what from quality.drift").fetchall()
        found.append([what for (what,) in rows if what == "gone"])
    assert found == [["gone"], []]


def test_a_run_that_continues_knows_what_the_failed_one_read(project: Make) -> None:
    log = project(archiving())
    write(log, a=ONE)
    failed = delivered(log, "log")
    (failed.folder / "verdict.json").unlink()
    run = delivered(log, "log", resume=True)
    assert archive(run) == []
    assert lying(log) == ["done/a.csv"]


@pytest.mark.parametrize("folder", ["..", "done/../x", "/", "./done"])
def test_an_archive_is_a_folder_with_a_name(project: Make, folder: str) -> None:
    with pytest.raises(ConfigError, match="`archive` is a folder, such as done or /archive/lab"):
        project(archiving(folder=folder))

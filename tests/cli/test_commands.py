"""What each command promises: output for people, output for programs, exit codes."""

from __future__ import annotations

import csv
import io
import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest
from command_line import Ran, run
from kept_registry import AS_OF
from typer.testing import CliRunner

from cytoreg.errors import ConfigError
from cytoreg.nights.compared import grains_of
from cytoreg.project.load import load_project

FIGURES = "select figure, stratum, observed from marts.publication_benchmark"


def test_a_project_is_made_only_in_a_new_folder(made: Path, tmp_path: Path) -> None:
    done = run("init", made, cwd=tmp_path)
    assert done.code == 2
    assert "is not empty" in done.err


@pytest.fixture(scope="module")
def second(small_made: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Ran]:
    """The small registry after a second night, and what the night wrote. Nobody changes it."""
    folder = tmp_path_factory.mktemp("second") / "registry"
    registry = Path(shutil.copytree(small_made, folder, symlinks=True))
    done = run("refresh", "--untracked", "--as-of", "2021-12-31", "--json", cwd=registry)
    assert done.code == 0, done.err
    return registry, done


@pytest.fixture
def twice(second: tuple[Path, Ran], tmp_path: Path) -> Path:
    """A copy of the small registry after two nights, to be changed."""
    return Path(shutil.copytree(second[0], tmp_path / "twice", symlinks=True))


@pytest.fixture(scope="module")
def validation(small_made: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Ran]:
    """The small registry after a validation, and what the validation wrote. Nobody changes it."""
    folder = tmp_path_factory.mktemp("validation") / "registry"
    registry = Path(shutil.copytree(small_made, folder, symlinks=True))
    return registry, run("validate", "--as-of", AS_OF, "--json", cwd=registry)


def test_json_is_all_that_a_program_reads_of_a_night(
    second: tuple[Path, Ran], validation: tuple[Path, Ran]
) -> None:
    for _, done in (second, validation):
        assert done.code == 0, done.err
        assert json.loads(done.out)


@pytest.mark.parametrize(
    "command",
    [
        ("runs", "--json"),
        ("rules", "--json"),
        ("doctor", "--json"),
        ("rollback", "--json"),
        ("simulate", "more", "--patients", "20", "--json"),
    ],
    ids=lambda command: command[0],
)
def test_json_is_all_that_a_program_reads(command: tuple[str, ...], twice: Path) -> None:
    done = run(*command, cwd=twice)
    assert done.code == 0, done.err
    assert json.loads(done.out)


def test_the_formats_of_a_query_hold_the_same(made: Path, tmp_path: Path) -> None:
    sql = f"{FIGURES} order by all"
    with duckdb.connect(str(made / "data/published/registry.duckdb"), read_only=True) as con:
        expected = con.execute(sql).fetchall()
    read = {"csv": "read_csv", "json": "read_json", "parquet": "read_parquet"}
    for form, reader in read.items():
        for options in (("--format", form), ()):  # the file's suffix says it
            file = tmp_path / f"figures.{form}"
            assert run("query", *options, "--output", file, sql, cwd=made).code == 0
            assert duckdb.sql(f"from {reader}('{file}')").fetchall() == expected, form
    for wrong in (("-o", "figures.xls"), ("-o", "f.csv", "-f", "json"), ("-o", "f", "-f", "table")):
        done = run("query", *wrong, sql, cwd=made)
        assert done.code == 2, wrong
        assert not (made / wrong[1]).exists()
    assert run("query", "--format", "csv", sql, cwd=made).out == (
        tmp_path / "figures.csv"
    ).read_text(encoding="utf-8")


def test_lists_and_structures_stand_in_csv_as_json(made: Path) -> None:
    sql = "select [1, null] as l, {'a': date '2020-01-02', 'b': 'ä\"'} as s, null::int[] as n"
    done = run("query", "--format", "csv", sql, cwd=made)
    assert done.code == 0, done.err
    (row,) = csv.DictReader(io.StringIO(done.out))
    assert json.loads(row["l"]) == [1, None]
    assert json.loads(row["s"]) == {"a": "2020-01-02", "b": 'ä"'}
    assert row["n"] == ""
    reasons = "select _reasons from quarantine.laboratory"
    done = run("query", "--private", "--format", "csv", reasons, cwd=made)
    assert done.code == 0, done.err


def test_a_value_that_a_format_cannot_hold_is_named_by_its_column(made: Path) -> None:
    for form, sql in {
        "csv": "select unhex('FF') || 'SECRET'::blob as photo",
        "parquet": "select union_value(a := 'SECRET') as photo",
    }.items():
        done = run("query", "--format", form, sql, cwd=made)
        assert done.code == 2, done.err
        assert "photo" in done.err
        assert "--format json" in done.err
        assert "SECRET" not in done.err


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("select nothing from marts.publication_benchmark", ["nothing"]),
        ("select * from marts.publication_benchmrk", ["publication_benchmrk"]),
        ("drop table marts.publication_benchmark", ["SELECT"]),
        ("selec 1", ["selec"]),
    ],
)
def test_a_query_that_cannot_be_answered_is_exit_code_2(
    sql: str, words: list[str], made: Path
) -> None:
    done = run("query", sql, cwd=made)
    assert done.code == 2, done.out
    assert "Traceback" not in done.err
    for word in words:
        assert word in done.err


def test_marts_are_read_while_a_refresh_runs(small: Path) -> None:
    refreshing = subprocess.Popen(
        [sys.executable, "-m", "cytoreg", "refresh", "--untracked", "--as-of", str(AS_OF)],
        cwd=small,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    answers = 0
    while refreshing.poll() is None:
        time.sleep(0.2)
        done = run("query", "--format", "csv", "from marts.person_visit", cwd=small)
        assert done.code == 0, done.err
        answers += done.out.count("\n") > 20
    assert refreshing.returncode == 0
    assert answers > 0


def test_a_second_refresh_waits_for_nobody_and_says_so(small: Path) -> None:
    from cytoreg.nights.begin import new_run
    from cytoreg.nights.lock import release_lock
    from cytoreg.project.load import load_project

    project = load_project(small)
    new_run(project)
    try:
        done = run("refresh", "--untracked", cwd=small)
    finally:
        undone = run("rollback", cwd=small)
        release_lock(project.data)
    assert (done.code, undone.code) == (4, 4)
    assert "another refresh" in done.err


def test_a_validation_leaves_what_is_published(
    validation: tuple[Path, Ran], small_made: Path, tmp_path: Path
) -> None:
    registry = Path(shutil.copytree(validation[0], tmp_path / "registry", symlinks=True))
    published = "data/published/registry.duckdb"
    assert (registry / published).read_bytes() == (small_made / published).read_bytes()
    shown = run("report", cwd=registry)
    report = Path(shown.out.strip())
    assert report.is_file()
    (judged, first) = (row["run_id"] for row in json.loads(run("runs", "--json", cwd=registry).out))
    assert judged in shown.out
    assert f"(judged: a validation); published is run {first}" in shown.err
    asked = "select run_id from quality.run"
    plain = run("query", "-f", "csv", asked, cwd=registry)
    assert first in plain.out
    assert f"queried: the published run {first}; newer is run {judged}, judged" in plain.err
    for name in ("last", judged):
        named = run("query", "-f", "csv", "--run", name, asked, cwd=registry)
        assert judged in named.out
        assert f"queried: the private build of run {judged} (judged: a validation)" in named.err
    people = run("query", "-f", "csv", "--run", first, "from accepted.person limit 1", cwd=registry)
    assert people.code == 0, people.err
    assert first in run("report", "--run", first, cwd=registry).out
    assert run("query", "--run", "yesterday", asked, cwd=registry).code == 2


def test_a_validation_of_nothing_new_is_exit_code_1(small: Path) -> None:
    (small / "nothing").mkdir()
    done = run("validate", "--extracts", "nothing", "--as-of", AS_OF, cwd=small)
    assert done.code == 1, done.err
    assert "nothing was delivered that could be judged" in done.err


TAKES = {
    "--project": ("refresh", "validate", "serve", "rollback", "query", "report", "runs", "rules",
                  "doctor", "plot", "sources list", "sources add"),
    "--extracts": ("refresh", "validate", "serve", "doctor", "sources add"),
    "--data": ("refresh", "validate", "serve", "rollback", "query", "report", "runs", "doctor",
               "plot", "sources list"),
}  # fmt: skip
NEEDED = {"query": ["select 1"], "plot": ["survival", "x.svg"], "sources add": ["new", "new/*.csv"]}


@pytest.mark.parametrize("option", TAKES)
def test_a_folder_that_is_not_there_is_a_wrong_call(
    option: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of every command that takes it; a file in its place is one too."""
    from cytoreg.cli.app import app, load_commands

    load_commands()
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    for command in TAKES[option]:
        for name, words in (("no-such", "does not exist"), ("file", "is not a folder")):
            call = [*command.split(), *NEEDED.get(command, []), option, name]
            error = CliRunner().invoke(app, call).exception
            assert isinstance(error, ConfigError), call
            assert error.exit_code == 2
            assert f"{option}: {name} {words}" in error.message, call
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_an_extracts_folder_that_is_not_there_is_exit_code_2(made: Path) -> None:
    done = run("refresh", "--untracked", "--extracts", "no-such-delivery", cwd=made)
    assert done.code == 2
    assert "no-such-delivery does not exist" in done.err


def test_rollback_publishes_the_run_before(small_made: Path, twice: Path) -> None:
    registry = twice
    published = registry / "data/published/registry.duckdb"
    before = (small_made / "data/published/registry.duckdb").read_bytes()
    assert published.read_bytes() != before
    assert run("rollback", cwd=registry).code == 0
    assert published.read_bytes() == before
    newest, first = json.loads(run("runs", "--json", cwd=registry).out)
    assert (newest["is_published"], first["is_published"]) == (False, True)
    (undone, _) = first["publications"]
    assert (undone["how"], undone["replaced"]) == ("rollback", newest["run_id"])
    listed = run("runs", cwd=registry).out
    (line,) = [line for line in listed.splitlines() if "│ now" in line]
    assert first["run_id"] in line
    assert "rolled back at" in listed


def test_a_hold_keeps_the_nights_from_being_published_until_it_is_released(small: Path) -> None:
    (first,) = json.loads(run("runs", "--json", cwd=small).out)
    assert run("rollback", first["run_id"], "--hold", "--why", "grades", cwd=small).code == 0
    night = run("refresh", "--untracked", "--as-of", "2021-12-31", cwd=small)
    assert night.code == 1
    assert f"gate closed: hold: run {first['run_id']} is held" in night.err
    assert "grades; cytoreg rollback --release" in night.err
    held, kept = json.loads(run("runs", "--json", cwd=small).out)
    assert (held["status"], kept["is_published"]) == ("held", True)
    assert run("rollback", "--release", "--why", "mended", cwd=small).code == 0
    assert run("rollback", "--release", cwd=small).code == 2
    assert run("rollback", held["run_id"], cwd=small).code == 0
    held, kept = json.loads(run("runs", "--json", cwd=small).out)
    assert held["is_published"]
    assert [(one["how"], one["why"]) for one in kept["publications"]] == [
        ("release", "mended"),
        ("hold", "grades"),
        ("refresh", ""),
    ]


def test_rollback_is_seen_by_who_asks(small_made: Path, twice: Path) -> None:
    registry = twice
    before = (small_made / "data/published/registry.duckdb").read_bytes()
    assert run("rollback", cwd=registry).code == 0
    assert (registry / "data/published/registry.duckdb").read_bytes() == before
    newest, first = json.loads(run("runs", "--json", cwd=registry).out)
    asked = run("query", "--format", "csv", "select run_id from quality.run", cwd=registry)
    assert first["run_id"] in asked.out
    assert f"newer is run {newest['run_id']}, published" in asked.err


def test_rules_show_the_sql_that_judges(made: Path) -> None:
    done = run("rules", "procedure", "--show-sql", cwd=made)
    assert done.code == 0
    assert "judged_procedure" in done.out


def test_doctor_finds_nothing_wrong_with_a_sound_project(made: Path) -> None:
    done = run("doctor", cwd=made)
    assert done.code == 0, done.out
    assert "wrong" not in done.out


def test_output_may_be_cut_off_by_its_reader(made: Path) -> None:
    sql = "select i, repeat('x', 100) from range(200000) as numbers(i)"
    asking = subprocess.Popen(
        [sys.executable, "-m", "cytoreg", "query", "--format", "csv", sql],
        cwd=made,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    asking.stdout.readline()
    asking.stdout.close()
    assert asking.wait(60) == 0
    assert asking.stderr.read() == b""
    asking.stderr.close()


INTERRUPTED = """
import os, signal, threading
from cytoreg.cli import main
from cytoreg.publication import query
check = query._check
def begins(con, sql):
    check(con, sql)
    threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
query._check = begins
signal.signal(signal.SIGINT, signal.default_int_handler)
main()
"""


def test_an_interrupt_within_a_statement_is_no_fault(small_made: Path) -> None:
    endless = "select count(*) from range(1000000000) a, range(1000) b where a.range % 7 = b.range"
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED, "query", endless],
        cwd=small_made,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (130, "")
    assert done.stderr == "interrupted; what was published stays as it was\n"


def test_diff_compares_what_is_published_with_what_was(twice: Path) -> None:
    same = run("diff", cwd=twice)
    assert (same.code, same.out) == (0, "")
    assert "every mart is the same" in same.err

    clinic = twice / "extracts" / "clinic.csv"
    with clinic.open("a", encoding="utf-8") as file:
        file.write("V77777,700101,2019-09-01,,\n")
    assert run("refresh", "--untracked", "--as-of", AS_OF, cwd=twice).code == 0

    told = run("diff", "--json", cwd=twice)
    marts = {one["mart"]: one for one in json.loads(told.out)["marts"]}
    assert marts["marts.person_visit"]["added"] == 1
    assert marts["marts.person"]["added"] == marts["marts.person"]["gone"] == 0
    shown = run("diff", cwd=twice)
    assert "marts.person_visit" in shown.out
    assert "marts.person " not in shown.out


def test_diff_tells_that_another_key_made_the_pseudonyms(twice: Path) -> None:
    assert "different pseudonym keys" not in run("diff", cwd=twice).err
    before = min((twice / "data" / "builds").glob("2*/published.duckdb"))
    before.chmod(0o600)
    with duckdb.connect(str(before)) as con:
        con.execute("update quality.run set pseudonym_key = 'another'")
    done = run("diff", "--json", cwd=twice)
    assert (done.code, "different pseudonym keys" in done.err) == (0, True)


def test_diff_shows_patients_who_are_left_out_only_if_asked(twice: Path) -> None:
    _, estimates = grains_of(load_project(twice))
    assert "marts.survival_left_out" in estimates
    assert "marts.survival_left_out_patient" not in estimates


def test_diff_names_the_runs_and_marts_that_there_are(twice: Path) -> None:
    for arguments, told in (
        (("--mart", "nonsense"), "no mart marts.nonsense"),
        (("20000101T000000Z-000000",), "is not kept"),
    ):
        done = run("diff", *arguments, cwd=twice)
        assert done.code == 2
        assert told in done.err
        assert "marts.person" in done.err or "kept are" in done.err

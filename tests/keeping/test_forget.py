"""A forgotten person is in no file that is kept, and does not come back; the others stay."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import duckdb
import kept_registry
import pyarrow.parquet as pq
import pytest
from kept_registry import AS_OF, Person
from strikes import strike
from test_verify import newest, wrong
from typer.testing import CliRunner

from cytoreg import query, refresh
from cytoreg.cli.app import app, load_commands
from cytoreg.doctor import examine
from cytoreg.errors import Busy, ConfigError
from cytoreg.identity import forgotten
from cytoreg.keeping.backup import backup
from cytoreg.keeping.forget import forget, undo
from cytoreg.keeping.restore import restore
from cytoreg.keeping.verify import verify
from cytoreg.nights import audit, endings, health, ledger, life_ledger
from cytoreg.nights.lock import locked
from cytoreg.nights.refresh import running
from cytoreg.nights.stages import land_source
from cytoreg.project.load import Project, load_project
from cytoreg.publication import publish
from cytoreg.system import journal

GONE, STAYS = Person(3), Person(4)


class Killed(BaseException):
    """A process that ends here."""


def told(path: Path) -> str:
    """All that a file says, packed or not, in small letters."""
    content = path.read_bytes()
    if path.suffix == ".parquet":
        content += str(pq.read_table(path).to_pylist()).encode()
    if path.suffix == ".duckdb":
        content += str(_cells(path)).encode()
    return content.decode("latin-1").lower()


def _cells(path: Path) -> list[object]:
    with duckdb.connect(str(path), read_only=True) as con:
        tables = con.execute(
            "select schema_name, table_name from duckdb_tables() where not internal"
        ).fetchall()
        return [con.execute(f'from "{s}"."{t}"').fetchall() for s, t in tables]


def traces(data: Path, person: Person, *besides: str) -> dict[str, set[str]]:
    """Every file below a folder that says something of a person, and what."""
    wanted = {value.lower() for value in {*person.canaries, *besides}}
    files = [path for path in data.rglob("*") if path.is_file() and not path.is_symlink()]
    assert len(files) > 20
    said = ((str(path.relative_to(data)), told(path)) for path in files)
    return {
        name: found
        for name, text in said
        if (found := {value for value in wanted if value in text})
    }


def key_of(project: Project, person: Person) -> str:
    """The person's key, as the marts show it."""
    sql = f"select person_id from registry.person_number where chart = '{person.chart}'"
    (key,) = query(project, sql, private=True)["person_id"].to_pylist()
    assert key in query(project, "select person_id from marts.person")["person_id"].to_pylist()
    return str(key)


def copy(root: Path, into: Path) -> Project:
    """A registry elsewhere, to be changed."""
    return load_project(Path(shutil.copytree(root, into, symlinks=True)))


@pytest.fixture(scope="module")
def begun(two_nights: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A registry in which everything is made to forget somebody, and nothing is in place yet."""
    project = copy(two_nights, tmp_path_factory.mktemp("begun") / "registry")
    key = key_of(project, GONE)
    finish = journal.finish

    def killed(data: Path) -> None:
        if (data / journal.HOME / journal.PLAN).exists():
            raise Killed
        finish(data)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(journal, "finish", killed)
        with pytest.raises(Killed):
            forget(project, [key], keep=timedelta(days=30))
    return project.root, key


@pytest.fixture
def project(begun: tuple[Path, str], tmp_path: Path) -> Project:
    """A registry that has forgotten somebody, and keeps nothing of them."""
    project = copy(begun[0], tmp_path / "registry")
    plan = project.data / journal.HOME / journal.PLAN
    plan.write_text(json.dumps(json.loads(plan.read_text()) | {"keep": ""}))
    with locked(project.data):
        pass
    return project


def test_nothing_of_the_person_is_in_any_file_and_all_of_the_others(
    begun: tuple[Path, str], two_nights: Path, project: Project
) -> None:
    before = traces(two_nights / "data", GONE)
    assert {Path(name).parts[0] for name in before} == {"builds", "landing"}
    assert set().union(*before.values()) == {value.lower() for value in GONE.canaries}
    assert traces(project.data, GONE, begun[1]) == {}
    assert {Path(name).parts[0] for name in traces(project.data, STAYS)} == {"builds", "landing"}
    found = set().union(*traces(project.data, STAYS).values())
    assert found == {value.lower() for value in STAYS.canaries} - {STAYS.certificate.lower()}


def test_the_books_count_the_forgotten_and_everything_holds(project: Project) -> None:
    books = (
        "select source, landed::int as landed, (landed - accepted - quarantined)::int as gone,"
        " forgotten::int as forgotten from quality.balance order by 1"
    )
    for folder in publish.folders(project):
        rows = query(project, books, run=folder.name).to_pylist()
        assert [tuple(row.values()) for row in rows] == [
            ("clinic", 60, 5, 5), ("index", 12, 1, 1), ("office", 12, 1, 1), ("study", 12, 1, 1),
        ]  # fmt: skip
        assert (
            "8 of the rows landed were of persons who were forgotten"
            in (folder / "report.html").read_text()
        )
    with locked(project.data):
        pass
    from cytoreg.nights import endings

    endings.make_up(project)  # as the next start does
    assert wrong(verify(project)) == {}
    assert publish.published_run(project) == newest(project).name
    outputs = [run.outputs["marts.person"] for run in ledger.runs(project.ledger_url)]
    assert outputs == [11, 11]


def test_the_lives_of_their_findings_are_forgotten_and_the_others_stay(
    begun: tuple[Path, str], two_nights: Path, project: Project, tmp_path: Path
) -> None:
    def records(of: Project) -> set[str]:
        known = life_ledger.lives(of.ledger_url, ended=True)
        return set(known["record"].drop_null().to_pylist())

    before = records(copy(two_nights, tmp_path / "before"))
    after = records(project)
    assert after < before
    assert len(before - after) == 1
    content = (project.data / "ledger.sqlite").read_bytes()
    assert {record for record in before if record.encode() in content} == after
    assert not [record for record in before - after if record.lower() in told(project.published)]


def test_the_receipt_and_the_audit_hold_no_identity(
    begun: tuple[Path, str], project: Project
) -> None:
    endings.make_up(project)
    (receipt,) = (project.data / "forgotten").glob("*.json")
    said = json.loads(receipt.read_text())
    assert said["records"] == {
        "clinic.visits": 5, "index.deaths": 1, "office.people": 1, "study.remarks": 1,
    }  # fmt: skip
    assert said["persons"] == 1
    entry = audit.entries(project)[-1]
    assert (entry.what, entry.detail) == ("forget", f"receipt {receipt.stem}: 8 records")
    wanted = {value.lower() for value in (*GONE.canaries, begun[1])}
    for text in (receipt.read_text(), entry.detail, (project.data / forgotten.NAME).read_text()):
        assert not [value for value in wanted if value in text.lower()]


def test_the_marts_are_those_of_a_registry_that_never_knew_the_person(
    project: Project, tmp_path: Path
) -> None:
    root = kept_registry.write(tmp_path / "other", without=GONE.number)
    other = load_project(root)
    kept_registry.deliver(root, new="second", without=GONE.number)
    assert refresh(other, as_of=AS_OF).published
    for mart in ("person", "person_visit"):
        sql = f"select * from marts.{mart} order by all"
        assert query(project, sql).to_pylist() == query(other, sql).to_pylist()


def test_the_person_does_not_come_back(begun: tuple[Path, str], project: Project) -> None:
    kept_registry.deliver(project.root, new="third")
    with (project.root / "extracts/clinic.csv").open("a") as file:
        file.write(f"V1,{GONE.former},2020-02-02,of {GONE.given},\n")  # a new record of theirs
    with (project.root / "extracts/deaths.txt").open("a") as file:
        file.write(f"{'C7':10}{GONE.family.upper():20}{GONE.given:20}{GONE.born:10}\n")
    with (project.root / "extracts/study.ndjson").open("a") as file:
        file.write(f'{{"remark":"R77","visit":"{GONE.visit(1)}","text":"{GONE.remark}"}}\n')
    night = refresh(project, as_of=AS_OF)
    assert night.published, night.gates
    assert night.counts["forgotten"] == 11
    assert traces(project.data, GONE, begun[1]) == {}
    assert wrong(verify(project)) == {}
    landed = json.loads(next(project.landing.glob("office/*/manifest.json")).read_text())
    assert landed["without"] == [forgotten.entries(project.data)[0].id]
    again = refresh(project, as_of=AS_OF)
    assert again.published
    assert again.durations["staging"] < 60
    assert again.counts["forgotten"] == 11


def test_what_a_night_landed_before_it_was_cut_off_is_removed_by_the_next(project: Project) -> None:
    kept_registry.deliver(project.root, new="third")
    with pytest.raises(Killed), running(project, AS_OF) as run:
        land_source(run, "office")
        raise Killed
    assert traces(project.data, GONE) != {}
    with pytest.raises(Killed), running(project, AS_OF):
        assert traces(project.data, GONE) == {}
        raise Killed


def test_what_was_cut_off_half_made_keeps_nothing_of_the_person(
    two_nights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> None:
        raise Killed

    project = copy(two_nights, tmp_path / "registry")
    key = key_of(project, GONE)
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(publish, "durable_write", killed)
        refresh(project, as_of=AS_OF)
    (half,) = project.builds.glob("*/.published.duckdb.tmp")
    half.with_name("report.html.part").write_text(key)
    for landing in list(project.landing.glob("*/*")):  # as a kill leaves a landing and a copy
        shutil.copytree(landing, landing.with_name(".0123456789abcdef.tmp"), dirs_exist_ok=True)
    shutil.copy(project.published, project.published.with_name(".registry.duckdb.1.tmp"))
    assert "0123456789abcdef" in str(traces(project.data, GONE))
    forget(project, [key])
    assert list(project.data.rglob(".*")) == []
    assert traces(project.data, GONE, key) == {}
    assert half.with_name("run.json").exists()


DEED = """
import sys
from pathlib import Path
from cytoreg.system import journal
def act():
    journal.finish(Path(sys.argv[3]))
"""


@pytest.mark.parametrize("keep", ["", "forgotten/receipt"])
def test_whatever_was_begun_is_finished_by_the_next_start(
    begun: tuple[Path, str], tmp_path: Path, keep: str
) -> None:
    whole = Path(shutil.copytree(begun[0] / "data", tmp_path / "whole", symlinks=True))
    plan = whole / journal.HOME / journal.PLAN
    plan.write_text(json.dumps(json.loads(plan.read_text()) | {"keep": keep}))
    data = tmp_path / "data"
    shutil.copytree(whole, data, symlinks=True)
    killed, last = 0, None
    for struck in strike(DEED, data, data, at=[*range(1, 9), *range(10, 100, 9), 5000]):
        killed += struck
        with duckdb.connect(str(data / "published/registry.duckdb"), read_only=True) as con:
            assert con.execute("select count(*) from marts.person").fetchone() in ((11,), (12,))
        journal.finish(data)
        kept = {
            str(path.relative_to(data)): path.stat().st_size
            for path in data.rglob("*")
            if path.is_file()
        }
        assert last in (None, kept)
        last = kept
        assert not (data / journal.HOME).exists()
        assert bool(keep) == (data / "forgotten" / "receipt" / journal.MOVES).exists()
        shutil.rmtree(data)
        shutil.copytree(whole, data, symlinks=True)
    assert killed > 5


def test_what_was_not_decided_never_was(two_nights: Path, tmp_path: Path) -> None:
    project = copy(two_nights, tmp_path / "registry")
    (project.data / journal.HOME / "new").mkdir(parents=True)
    (project.data / journal.HOME / "new" / "half").write_text("half")
    assert wrong(verify(project)) == {}
    assert not (project.data / journal.HOME).exists()


def test_it_can_be_undone_while_it_is_kept(begun: tuple[Path, str], tmp_path: Path) -> None:
    project = copy(begun[0], tmp_path / "registry")
    with locked(project.data):
        pass
    (entry,) = forgotten.entries(project.data)
    kept = project.data / "forgotten" / entry.id
    found = traces(project.data, GONE, begun[1])
    assert {Path(name).parts[:2] for name in found} == {("forgotten", entry.id)}
    assert kept.stat().st_mode & 0o077 == 0
    with pytest.raises(ConfigError, match="no copy is kept"):
        undo(project, "0000")
    assert len(undo(project, entry.id)) == 2
    assert traces(project.data, GONE).keys() == traces(begun[0] / "data", GONE).keys()
    assert forgotten.entries(project.data) == []
    assert not kept.exists()
    assert wrong(verify(project)) == {}
    assert key_of(project, GONE) == begun[1]
    assert refresh(project, as_of=AS_OF).published
    (findings,) = [line for line in verify(project) if line.what == "findings"]
    assert findings.well, findings.found


def test_an_older_backup_brings_nobody_back(
    two_nights: Path, project: Project, tmp_path: Path
) -> None:
    backup(copy(two_nights, tmp_path / "before"), tmp_path / "backup")
    done = restore(tmp_path / "backup", project.root, replace=True)
    assert done.notes == ["who was forgotten since the backup was removed from 2 runs"]
    assert traces(project.data, GONE) == {}
    assert traces(project.data, STAYS) != {}
    assert len(forgotten.entries(project.data)) == 1
    assert wrong(verify(project)) == {}


def test_what_is_kept_goes_when_its_time_is_over(begun: tuple[Path, str], tmp_path: Path) -> None:
    project = copy(begun[0], tmp_path / "registry")
    with locked(project.data):
        pass
    endings.make_up(project)
    (entry,) = forgotten.entries(project.data)
    forgotten.expire(project)
    kept = project.data / "forgotten" / entry.id
    receipt = json.loads(kept.with_suffix(".json").read_text())
    assert project.data / receipt["copies"] == kept
    assert kept.is_dir()
    assert health.look(project).well
    listed = project.data / forgotten.NAME
    listed.write_text(listed.read_text().replace(entry.until, "2020-01-01T00:00:00+00:00"))
    said = f"copies of forgotten records are kept longer than they should be: forgotten/{entry.id}"
    assert health.look(project).problems == [f"{said}; the next refresh removes them"]
    assert wrong(verify(project)) == {"forgotten": said}
    assert said in {check.detail.split("\n")[0] for check in examine(project.root, None, None)}
    with pytest.raises(ConfigError, match="no copy is kept"):
        undo(project, entry.id)
    forgotten.expire(project)
    assert traces(project.data, GONE) == {}
    assert health.look(project).well
    assert wrong(verify(project)) == {}


def test_copies_of_what_was_removed_are_for_this_user_alone(
    begun: tuple[Path, str], tmp_path: Path
) -> None:
    project = copy(begun[0], tmp_path / "registry")
    with locked(project.data):
        pass
    (entry,) = forgotten.entries(project.data)
    kept = project.data / "forgotten" / entry.id
    assert kept.stat().st_mode & 0o777 == 0o700
    for path in kept.rglob("*"):
        mode = path.lstat().st_mode & 0o777
        assert path.is_symlink() or mode in (0o600, 0o700, publish.READ_ONLY), path


def test_another_key_needs_the_former_one(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    import os

    former = os.environ["CYTOREG_PSEUDONYM_KEY"]
    monkeypatch.setenv("CYTOREG_PSEUDONYM_KEY", former[::-1])
    with pytest.raises(ConfigError, match=r"known by the key .* which is not set") as caught:
        refresh(project)
    assert "CYTOREG_PSEUDONYM_KEY_FORMER" in caught.value.remedy
    monkeypatch.setenv("CYTOREG_PSEUDONYM_KEY_FORMER", former)
    assert len(forgotten.check(project)) == 1


def test_a_damaged_list_lets_nobody_back(project: Project) -> None:
    (project.data / forgotten.NAME).write_text("[{")
    with pytest.raises(ConfigError, match="list of forgotten persons, cannot be read"):
        refresh(project)


def test_who_is_nobody_is_not_forgotten(two_nights: Path, tmp_path: Path) -> None:
    project = copy(two_nights, tmp_path / "registry")
    with pytest.raises(ConfigError, match=r"1 of 1 keys belong to nobody in what is kept: P0{16}"):
        forget(project, ["P0000000000000000"])
    with pytest.raises(ConfigError, match="1 of 1 keys belong to nobody in what is kept\n"):
        forget(project, ["123456"])  # no number is told again
    with pytest.raises(ConfigError, match="nobody is named"):
        forget(project, [" "])
    with locked(project.data), pytest.raises(Busy):
        forget(project, [GONE.chart])
    with (project.root / "sql/marts/person.sql").open("a") as file:
        file.write("-- another project\n")
    with pytest.raises(ConfigError, match="the project has changed since"):
        forget(project, [GONE.chart])
    assert wrong(verify(project)) == {}


def test_who_stands_in_their_row_of_another_delivery_stays(tmp_path: Path) -> None:
    root = kept_registry.write(tmp_path / "registry")
    assert refresh(load_project(root), as_of=AS_OF).published
    for file in (root / "extracts").rglob("*.csv"):
        head, *rows = file.read_text().splitlines()
        file.write_text("\n".join([head, *reversed(rows)]) + "\n")
    project = load_project(root)
    assert refresh(project, as_of=AS_OF).published
    charts = "select chart from registry.person"
    before = set(query(project, charts, private=True)["chart"].to_pylist())
    forget(project, [key_of(project, GONE)])
    after = set(query(project, charts, private=True)["chart"].to_pylist())
    assert before - after == {GONE.chart}
    assert traces(project.data, GONE) == {}
    assert wrong(verify(project)) == {}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[list[str]]]:
    """Whom the command would forget."""
    seen: list[list[str]] = []

    def note(_: Project, persons: list[str], **__: object) -> None:
        seen.append(persons)
        raise ConfigError("asked")

    monkeypatch.setattr("cytoreg.keeping.forget.forget", note)
    return seen


def test_no_number_stands_in_a_command(
    two_nights: Path, tmp_path: Path, asked: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    load_commands()

    def run(*arguments: str) -> str:
        monkeypatch.setattr("sys.stdin", io.StringIO(f"{GONE.chart}\n\n"))
        done = CliRunner().invoke(
            app, ["forget", "--project", str(two_nights), *arguments], input=f"{GONE.chart}\n"
        )
        return str(done.exception)

    assert "--patient takes a key as the marts show it" in run("--patient", GONE.chart)
    assert GONE.chart not in run("--patient", GONE.chart)
    assert "is not a length of time" in run("--from", "-", "--keep-for", "soon")
    listed = tmp_path / "who"
    listed.write_text(f"{GONE.chart}\n{STAYS.chart}\n")
    run("--from", str(listed))
    run("--from", "-")
    run("--patient", "P0123456789ABCDEF", "--keep-for", "30d")
    assert asked == [[GONE.chart, STAYS.chart], [GONE.chart], ["P0123456789ABCDEF"]]

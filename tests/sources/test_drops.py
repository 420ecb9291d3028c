"""Files on an SFTP server or in S3 are read as those below the extracts are."""

from __future__ import annotations

import io
import json
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncssh
import drop_servers
import pytest
from drop_servers import PASSWORD, S3, Sftp
from test_archive import delivered
from typer.testing import CliRunner

from cytoreg.cli.app import app, load_commands
from cytoreg.errors import ConfigError, SourceError
from cytoreg.landing.check import check
from cytoreg.landing.deliveries import missing, overlooked
from cytoreg.landing.kept import landing_of
from cytoreg.landing.land import land
from cytoreg.manifest import Landing
from cytoreg.nights import audit
from cytoreg.nights.archive import archive
from cytoreg.nights.run_folder import fingerprint
from cytoreg.project.load import Project, load_project
from cytoreg.sources.drops.address import matches, parse
from cytoreg.sources.drops.server import Remote, Server

Make = Callable[[str], Project]
Landed = Callable[..., tuple[Landing, list[tuple], list[tuple]]]
Drop = Sftp | S3
TEXT = "NO,NAME\n1,a\n2,b\n"


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Drop]]:
    with drop_servers.sftp(tmp_path_factory.mktemp("sftp")) as sftp, drop_servers.s3() as s3:
        yield {"sftp": sftp, "s3": s3}


@pytest.fixture
def sftp(servers: dict[str, Drop], monkeypatch: pytest.MonkeyPatch) -> Sftp:
    monkeypatch.setenv("DROP_PASSWORD", PASSWORD)
    found = servers["sftp"]
    assert isinstance(found, Sftp)
    found.clear()
    return found


@pytest.fixture(params=["sftp", "s3"])
def drop(
    servers: dict[str, Drop], request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Drop:
    monkeypatch.setenv("DROP_PASSWORD", PASSWORD)
    found = servers[request.param]
    found.clear()
    return found


def section(
    drop: Drop, path: str = "inbox/*.csv", more: str = "", declared: str = "", kind: str = "csv"
) -> str:
    return f"""
[sources.log]
kind = "{kind}"
path = "{drop.url}/{path}"
tables = {{ cases = "procedure" }}
server = {{ {declared or drop.declared} }}
{more}
[sources.log.columns]
number = ["NO"]
name = ["NAME"]
"""


def failure(project: Project) -> SourceError:
    with pytest.raises(SourceError) as caught:
        land(project, "log")
    assert PASSWORD not in str(caught.value)
    return caught.value


def test_files_on_a_server_land_as_files_below_the_extracts_do(
    project: Make, drop: Drop, landed: Landed
) -> None:
    drop.put("inbox/a.csv", TEXT)
    drop.put("inbox/b.csv", "NO,NAME\n3\n4,d\n")
    drop.put("other/c.csv", TEXT)
    log = project(section(drop))
    landing, rows, rejects = landed(log, "log", "number, name, _file, _row")
    names = [f"{drop.url}/inbox/{name}.csv" for name in "ab"]
    assert rows == [("1", "a", names[0], 1), ("2", "b", names[0], 2), ("4", "d", names[1], 2)]
    assert [row[3] for row in rejects] == ["1 fields instead of 2"]
    assert [file.name for file in landing.files] == names
    assert [file.bytes for file in landing.files] == [16, 14]
    now = time.strftime("%Y-%m-%d", time.gmtime(time.time() - 60))
    assert all(file.written >= now for file in landing.files)
    assert all(bool(file.etag) == isinstance(drop, S3) for file in landing.files)
    assert landing.origin == f"{drop.url}/inbox/*.csv"


def test_what_is_fetched_is_private_and_goes_again(project: Make, drop: Drop) -> None:
    drop.put("inbox/a.csv", TEXT)
    log = project(section(drop))
    modes: set[tuple[bool, int]] = set()

    def progress(*_: object) -> None:
        for path in (log.landing / "log").glob(".*.tmp/s*:/**/*"):
            modes.add((path.is_file(), path.stat().st_mode & 0o777))

    landing = land(log, "log", progress=progress)
    assert modes == {(True, 0o600), (False, 0o700)}
    assert list((log.landing / "log").iterdir()) == [landing.folder]
    kept = b"".join(path.read_bytes() for path in log.landing.rglob("*") if path.is_file())
    assert PASSWORD.encode() not in kept
    assert PASSWORD not in json.dumps(kept.decode("latin-1")) + repr(log.config)
    assert land(log, "log").reused


@pytest.mark.parametrize("hosts", ["another key", "another host", "", None])
def test_a_host_whose_key_is_not_known_is_not_asked_for_anything(
    project: Make, sftp: Sftp, tmp_path: Path, hosts: str | None
) -> None:
    sftp.put("inbox/a.csv", TEXT)
    known = tmp_path / "known_hosts"
    key = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
    if hosts is not None:
        where = {"another key": f"[127.0.0.1]:{sftp.port}", "another host": "example.org"}
        known.write_text(f"{where[hosts]} {key}" if hosts else "", encoding="utf-8")
    declared = f'user = "lab", password = "${{DROP_PASSWORD}}", known_hosts = "{known}"'
    error = failure(project(section(sftp, declared=declared)))
    assert "is not known" in error.message
    assert f"ssh-keyscan -p {sftp.port} 127.0.0.1" in error.remedy
    assert error.away
    assert sftp.asked == []


def test_without_known_hosts_those_of_the_user_decide(
    project: Make, sftp: Sftp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    sftp.put("inbox/a.csv", TEXT)
    declared = 'user = "lab", password = "${DROP_PASSWORD}"'
    log = project(section(sftp, declared=declared))
    assert "is not known" in failure(log).message
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh" / "known_hosts").write_bytes(sftp.known_hosts.read_bytes())
    assert land(log, "log").tables[0].rows == 2


def test_a_wrong_password_is_told_without_it(
    project: Make, sftp: Sftp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DROP_PASSWORD", "Geheim-und-falsch")
    error = failure(project(section(sftp)))
    assert "may not be read" in error.message
    assert error.away
    assert "Geheim" not in str(error)


@pytest.mark.parametrize(("passphrase", "well"), [("", True), ("Schlüssel 7", True), ("no", False)])
def test_a_key_opens_with_its_passphrase(
    project: Make, sftp: Sftp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    passphrase: str, well: bool,
) -> None:  # fmt: skip
    key = asyncssh.generate_private_key("ssh-ed25519")
    sftp.users_key = key.export_public_key()
    sealed = "Schlüssel 7" if passphrase else None
    key.write_private_key(tmp_path / "key", passphrase=sealed, rounds=50)
    monkeypatch.setenv("DROP_PASSWORD", passphrase)
    sftp.put("inbox/a.csv", TEXT)
    declared = f'{sftp.declared}, key_file = "{tmp_path / "key"}"'
    log = project(section(sftp, declared=declared))
    if well:
        assert land(log, "log").tables[0].rows == 2
    else:
        assert "may not be read" in failure(log).message


def test_a_server_that_is_down_is_waited_for_as_others_are(project: Make, sftp: Sftp) -> None:
    log = project(section(sftp).replace(f":{sftp.port}/", ":1/"))
    error = failure(log)
    assert "sftp://127.0.0.1:1 cannot be reached (ConnectionRefusedError)" in error.message
    assert error.transient


def test_a_bucket_that_is_not_there_or_closed_is_away(project: Make, servers: dict[str, Drop],
    monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    monkeypatch.setenv("DROP_PASSWORD", PASSWORD)
    text = section(servers["s3"]).replace("s3://deliveries", "s3://elsewhere")
    error = failure(project(text))
    assert error.away
    assert "s3://elsewhere" in error.message


def test_no_file_that_matches_is_away(project: Make, drop: Drop) -> None:
    drop.put("inbox/a.txt", TEXT)
    error = failure(project(section(drop)))
    assert error.message == f"source log: no file matches {drop.url}/inbox/*.csv"
    assert error.away


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize(
    ("drop", "then"),
    [
        ("sftp", TEXT + "3,c\n"), ("sftp", TEXT[:-4]), ("sftp", TEXT.replace("a", "A")),
        ("sftp", None), ("sftp", "more"), ("s3", TEXT.replace("a", "A")),
    ],
    indirect=["drop"],
)  # fmt: skip
def test_a_file_that_changes_while_it_is_fetched_is_fetched_again(
    project: Make, drop: Drop, monkeypatch: pytest.MonkeyPatch, then: str | None
) -> None:
    drop.put("inbox/a.csv", TEXT, written=1_000_000_000)
    drop.put("inbox/b.csv", TEXT)
    fetch, times = Server.fetch, []

    def fetched(self: Server, file: Remote, out: Path) -> None:
        fetch(self, file, out)
        if not times:
            if then is None:
                drop.remove("inbox/a.csv")
            elif then == "more":
                drop.put("inbox/c.csv", TEXT)
            else:
                drop.put("inbox/a.csv", then)
        times.append(file.where)

    monkeypatch.setattr(Server, "fetch", fetched)
    landing = land(project(section(drop)), "log")
    now = {None: 2, "more": 6}.get(then, 2 + (then or "").count("\n") - 1)
    assert landing.tables[0].rows == now
    assert len(times) > 2


def test_a_file_that_grows_under_the_reader_is_noticed(project: Make, sftp: Sftp) -> None:
    sftp.put("inbox/a.csv", TEXT)
    read: list[int] = []

    def grow(self: object, at: int) -> None:
        read.append(at)
        sftp.put("inbox/a.csv", TEXT + "3,c\n" * len(read))

    sftp.faults["read"] = grow
    error = failure(project(section(sftp)))
    assert "changed while they were fetched" in error.message
    assert error.transient


def test_a_connection_that_breaks_in_a_file_is_tried_again(
    project: Make, sftp: Sftp, patient: None
) -> None:
    sftp.put("inbox/a.csv", TEXT * 1000)

    def cut(self: object, at: int) -> None:
        sftp.faults.clear()
        self.channel.get_connection().abort()  # type: ignore[attr-defined]

    sftp.faults["read"] = cut
    assert land(project(section(sftp)), "log").files[0].bytes == 16_000


def test_a_server_that_falls_silent_is_left_at_the_deadline(project: Make, sftp: Sftp) -> None:
    sftp.put("inbox/a.csv", TEXT)
    sftp.faults["open"] = lambda self, path: time.sleep(1.5)
    error = failure(project(section(sftp, more="deadline_minutes = 0.01")))
    assert "is so slow that the deadline passed" in error.message
    time.sleep(1)  # the server is that of other tests too


@pytest.mark.parametrize(
    ("drop", "done"),
    [("sftp", "*.ok"), ("sftp", "{name}.ok"), ("s3", "{stem}.ok")],
    indirect=["drop"],
)
def test_a_delivery_on_a_server_has_its_marker(project: Make, drop: Drop, done: str) -> None:
    drop.put("inbox/a.csv", TEXT)
    log = project(section(drop, more=f'expect = {{ done = "{done}" }}'))
    error = failure(log)
    assert error.away
    assert f"{drop.url}/inbox/a.csv is there, its marker" in error.message
    drop.put("inbox/" + done.format(name="a.csv", stem="a").replace("*", "x"), "")
    assert land(log, "log").tables[0].rows == 2


def test_a_delivery_on_a_server_rests_before_it_is_read(project: Make, sftp: Sftp) -> None:
    log = project(section(sftp, more='expect = { settle = "2s" }'))
    sftp.put("inbox/a.csv", TEXT)
    land(log, "log")
    written = (sftp.root / "inbox" / "a.csv").stat().st_mtime
    assert time.time() - written >= 2


def test_files_that_are_expected_or_overlooked_on_a_server_are_told(
    project: Make, drop: Drop
) -> None:
    for name in ("log_2010.csv", "log_2012.csv", "LOG_2013.CSV", "log_2014.csv.part", "x.txt"):
        drop.put(f"inbox/{name}", TEXT)
    log = project(section(drop, "inbox/log_*.csv", 'expect = { files = "log_{year}.csv" }'))
    landing = land(log, "log")
    assert [each.reason for each in missing(log, landing)] == [
        "file log_2011.csv is expected and not there"
    ]
    left = [f"{drop.url}/inbox/{name}" for name in ("LOG_2013.CSV", "log_2014.csv.part")]
    assert [each.reason for each in overlooked(log, "log")] == [
        f"files {left[0]}, {left[1]} lie beside those of the source, which misses it"
    ]


def test_archives_and_workbooks_on_a_server_are_read_as_elsewhere(
    project: Make, drop: Drop, landed: Landed
) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("one.csv", TEXT)
        archive.writestr("two.csv", TEXT)
        archive.writestr("readme.txt", "no")
    drop.put("inbox/night.zip", packed.getvalue())
    _, rows, _ = landed(project(section(drop, "inbox/*.zip/*.csv")), "log", "distinct _file")
    assert sorted(rows) == [(f"{drop.url}/inbox/night.zip/{name}.csv",) for name in ("one", "two")]


@pytest.mark.parametrize(
    ("drop", "pattern", "found"),
    [
        ("sftp", "top/**/*.csv", ["a.csv", "x/b [1] ü%41#?.csv", "x/y/c.csv"]),
        ("s3", "top/**/*.csv", ["a.csv", "x/b [1] ü%41#?.csv", "x/y/c.csv"]),
        ("sftp", "top/*/*.csv", ["x/b [1] ü%41#?.csv"]),
        ("s3", "top/x/b*[[]1]*.csv", ["x/b [1] ü%41#?.csv"]),
        ("sftp", "top/x/.*.csv", ["x/.e.csv"]),
    ],
    indirect=["drop"],
)
def test_folders_and_names_are_matched_as_below_the_extracts(
    project: Make, drop: Drop, pattern: str, found: list[str]
) -> None:
    names = "a.csv", "x/b [1] ü%41#?.csv", "x/y/c.csv", ".hidden/d.csv", "x/.e.csv", "x/f.txt"
    for name in names:
        drop.put(f"top/{name}", TEXT)
    landing = land(project(section(drop, pattern)), "log")
    assert [file.name for file in landing.files] == sorted(f"{drop.url}/top/{f}" for f in found)


def test_links_on_a_server_are_followed_and_dead_ones_passed_over(
    project: Make, sftp: Sftp
) -> None:
    sftp.put("other/a.csv", TEXT)
    inbox = sftp.root / "inbox"
    inbox.mkdir()
    (inbox / "l.csv").symlink_to("../other/a.csv")
    (inbox / "dead.csv").symlink_to("nowhere.csv")
    landing = land(project(section(sftp)), "log")
    assert [file.name for file in landing.files] == [f"{sftp.url}/inbox/l.csv"]


def test_doctor_says_whether_a_server_is_reached(project: Make, sftp: Sftp) -> None:
    sftp.put("inbox/a.csv", TEXT)
    sftp.put("inbox/b.csv", TEXT * 100_000)
    log = project(section(sftp))
    (what, well, detail), (table, fine, shape) = check(log, "log")
    assert (what, well, table, fine) == ("files", True, "table cases", True)
    assert detail == f"{sftp.url}/inbox/*.csv: 2 files, 1.6 MB"
    assert shape.startswith("2 columns; first 2 rows")
    assert sftp.asked.count("open") == 1
    sftp.known_hosts.rename(sftp.known_hosts.with_name("aside"))
    try:
        [(what, well, detail)] = check(log, "log")
    finally:
        sftp.known_hosts.with_name("aside").rename(sftp.known_hosts)
    assert (what, well) == ("files", False)
    assert "is not known" in detail


@pytest.mark.parametrize(
    ("path", "server", "why"),
    [
        ("sftp://lab:Geheim77@host/a.csv", "", "an address holds no user and no password"),
        ("s3://key:Geheim77@bucket/a.csv", "", "an address holds no user and no password"),
        ("sftp://host/a/../Geheim77.csv", "", "an address has no `.` and no `..`"),
        ("https://host/Geheim77.csv", "", "files on a server are sftp://"),
        ("sftp://host", "", "files on a server are sftp://"),
        ("s3://bucket:99/a.csv", "", "a bucket has no port"),
        ("a.csv", 'user = "lab"', "`server` is for files at an address"),
        ("sftp://host/a.csv", 'known_hosts = "hosts"', "`known_hosts` is an absolute path"),
        ("sftp://host/a.csv", 'key_file = "key"', "`key_file` is an absolute path"),
        (
            "sftp://host/a.csv",
            'password = "Geheim77"',
            r"log\.server\.password holds the password its",
        ),
        (
            "sftp://host/a.csv",
            'password = "${A:-Geheim77}"',
            r"log\.server\.password holds the passw",
        ),
    ],
)
def test_what_cannot_be_an_address_or_holds_a_secret_is_refused(
    project: Make, path: str, server: str, why: str
) -> None:
    with pytest.raises(ConfigError, match=why) as caught:
        project(
            f'[sources.log]\nkind = "csv"\npath = "{path}"\ntables = {{ a = "b" }}\n'
            f'columns = "all"\nserver = {{ {server} }}\n'
        )
    assert "Geheim77" not in str(caught.value)


@pytest.mark.parametrize(("module", "drop"), [("sshfs", "sftp"), ("s3fs", "s3")], indirect=["drop"])
def test_an_extra_that_is_not_installed_is_named(
    project: Make, drop: Drop, monkeypatch: pytest.MonkeyPatch, module: str
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    error = failure(project(section(drop)))
    assert "needs packages that are not installed" in error.message
    assert error.remedy == f"pip install 'cytoreg[{drop.url.partition(':')[0]}]'"


@pytest.mark.parametrize(
    ("pattern", "name", "fits"),
    [
        ("sftp://h/in/*.csv", "sftp://h/in/a.csv", True),
        ("sftp://h/in/*.csv", "sftp://h:23/in/a.csv", False),
        ("sftp://h/in/*.csv", "sftp://h/in/x/a.csv", False),
        ("sftp://h/**/*.csv", "sftp://h/a.csv", True),
        ("sftp://h/**/*.csv", "sftp://h/in/x/a.csv", True),
        ("sftp://h/in/*.csv", "sftp://h/in/.a.csv", False),
        ("sftp://h/in/*.csv", "in/a.csv", False),
        ("s3://b/in/[ab].csv", "s3://b/in/b.csv", True),
    ],
)
def test_an_address_matches_as_a_path_does(pattern: str, name: str, fits: bool) -> None:
    assert matches(parse(pattern), name) is fits


def test_a_file_that_the_user_may_not_read_is_away(project: Make, sftp: Sftp) -> None:
    sftp.put("inbox/a.csv", TEXT)

    def no(self: object, path: bytes) -> None:
        raise asyncssh.SFTPPermissionDenied("")

    for what in ("open", "scandir"):
        sftp.faults = {what: no}
        error = failure(project(section(sftp)))
        assert error.away
        assert f"{sftp.url}/inbox/" in error.message


def test_sources_add_looks_at_a_server_and_writes_a_start(
    project: Make, drop: Drop, tmp_path: Path
) -> None:
    drop.put("inbox/a.csv", "# night\nMRN,Result Date\n1,2010-01-01\n")
    load_commands()
    project("")
    given = dict(part.strip().split(" = ") for part in drop.declared.split(","))
    options = [f"--server={key}={value.strip(chr(34))}" for key, value in given.items()]
    where = f"{drop.url}/inbox/*.csv"
    command = ["sources", "add", "lab", where, "--table", "lab=result", f"--project={tmp_path}"]
    result = CliRunner().invoke(app, [*command, *options])
    assert result.exit_code == 0, result.output
    text = (tmp_path / "cytoreg.toml").read_text(encoding="utf-8")
    assert 'password = "${DROP_PASSWORD}"' in text
    assert PASSWORD not in text + result.output
    landing = land(load_project(tmp_path), "lab")
    assert landing.files[0].name == f"{drop.url}/inbox/a.csv"
    assert landing.tables[0].rows == 1
    assert {"mrn", "result_date"} <= landing.tables[0].columns.keys()


def test_sources_add_takes_no_password_itself(project: Make, sftp: Sftp, tmp_path: Path) -> None:
    load_commands()
    project("")
    command = ["sources", "add", "lab", f"{sftp.url}/a.csv", f"--project={tmp_path}"]
    for option in (f"--server=password={PASSWORD}", "--server=user"):
        result = CliRunner().invoke(app, [*command, option])
        assert isinstance(result.exception, ConfigError)
        assert PASSWORD not in str(result.exception) + result.output
    assert sftp.asked == []


def test_what_was_read_on_a_server_is_archived_there(project: Make, drop: Drop) -> None:
    for name in ("a.csv", "b.csv", "c.csv", "done/c.csv"):
        drop.put(f"inbox/{name}", TEXT)
    log = project(section(drop, more='archive = "done"'))
    run = delivered(log, "log")
    drop.put("inbox/b.csv", TEXT + "3,c\n")
    drop.put("inbox/d.csv", TEXT)
    where = f"log: {drop.url}/inbox"
    assert archive(run) == [
        f"{where}/b.csv stays, because it has changed since",
        f"{where}/c.csv stays, because a file of its name is there",
    ]
    kept = ["b.csv", "c.csv", "d.csv", "done/a.csv", "done/c.csv"]
    assert drop.names() == [f"inbox/{name}" for name in kept]


def test_an_archive_from_the_root_of_a_server(project: Make, drop: Drop) -> None:
    drop.put("inbox/a.csv", TEXT)
    log = project(section(drop, more='archive = "/kept/log"'))
    run = delivered(log, "log")
    assert archive(run) == []
    assert drop.names() == ["kept/log/a.csv"]


def test_a_server_that_is_away_at_the_end_is_archived_later(project: Make, sftp: Sftp) -> None:
    sftp.put("inbox/a.csv", TEXT)
    log = project(section(sftp, more='archive = "done"'))
    run = delivered(log, "log")
    hosts = sftp.known_hosts.read_bytes()
    sftp.known_hosts.write_bytes(b"")
    try:
        with pytest.raises(SourceError, match="is not known"):
            archive(run)
    finally:
        sftp.known_hosts.write_bytes(hosts)
    assert sftp.names() == ["inbox/a.csv"]
    assert archive(run) == []
    assert sftp.names() == ["inbox/done/a.csv"]


class Killed(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("what", ["move", "remove", "record"])
def test_a_night_that_is_killed_while_it_archives_neither_loses_a_file_nor_reads_it_twice(
    project: Make, drop: Drop, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    for name in ("a.csv", "b.csv", "c.csv"):
        drop.put(f"inbox/{name}", TEXT)
    drop.put("inbox/done/c.csv", TEXT)
    log = project(section(drop, more='archive = "done"'))
    run = delivered(log, "log")

    def killed(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(audit if what == "record" else Server, what, killed)
        if what == "remove" and not isinstance(drop, S3):
            patched.setattr(Server, "move", killed)
        with pytest.raises(Killed):
            archive(run)
    expected = [f"log: {drop.url}/inbox/c.csv stays, because a file of its name is there"]
    drop.put("inbox/d.csv", TEXT + "3,c\n")
    assert archive(run) == expected  # as the next night begins
    (entry,) = audit.entries(log)
    assert [entry.detail.count(f"/inbox/done/{name}.csv") for name in "abc"] == [1, 1, 0]
    assert drop.names() == [
        f"inbox/{name}.csv" for name in ("c", "d", "done/a", "done/b", "done/c")
    ]
    again = delivered(log, "log")
    files = landing_of(log, "log", fingerprint(again, "log")).files
    assert [file.name.rpartition("/")[2] for file in files] == ["c.csv", "d.csv"]

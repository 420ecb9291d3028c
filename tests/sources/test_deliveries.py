"""A file that is gone, shrunk or just missed is told; one gone with its rows closes the gate."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from test_csv_files import LOG, write
from test_packed import zipped
from test_standing import night

from cytoreg.landing.deliveries import files, named_in
from cytoreg.landing.kept import landing_of
from cytoreg.landing.land import land
from cytoreg.manifest import Landing
from cytoreg.nights.run_folder import fingerprint
from cytoreg.nights.source_status import judge
from cytoreg.nights.stages import land_source
from cytoreg.project.load import Project
from cytoreg.warehouse.connection import open_build

Make = Callable[[str], Project]
Told = list[tuple[str, str, str]]


def cases(first: int, last: int, head: bytes = b"CASE NO,MRN\n") -> bytes:
    return head + b"".join(b"%d,%07d\n" % (n, 7 * n) for n in range(first, last))


YEARS = {"log_2009": cases(0, 400), "log_2010": cases(400, 439), "log_2011": cases(439, 991)}


def told(project: Project, before: dict[str, bytes], now: dict[str, bytes]) -> Told:
    """What differs between two deliveries, of which the first was published."""
    landings = []
    for delivered in (before, now):
        for path in project.extracts.iterdir():
            path.unlink()
        write(project, **delivered)
        landings.append(land(project, "log"))
    return [(each.what, each.severity, each.reason) for each in files(*landings)]


def without(name: str) -> dict[str, bytes]:
    return {file: text for file, text in YEARS.items() if file != name}


def test_a_file_that_is_gone_with_its_rows_is_critical(project: Make) -> None:
    reason = "file log_2010.csv is gone; 39 of 39 rows are in no other file"
    assert told(project(LOG), YEARS, without("log_2010")) == [("gone", "critical", reason)]


def test_growth_elsewhere_does_not_hide_a_file_that_is_gone(project: Make) -> None:
    grown = without("log_2010") | {"log_2011": cases(439, 1200)}
    ((what, severity, _),) = told(project(LOG), YEARS, grown)
    assert (what, severity) == ("gone", "critical")


REPLACED = {
    "under another name": without("log_2010") | {"log_MMX": YEARS["log_2010"]},
    "merged into another": without("log_2010") | {"log_2009": cases(0, 439)},
    "under another heading": without("log_2010")
    | {"log_MMX": cases(400, 439, b"Case Number,Patient MRN\n")},
    "by a new file with other rows": without("log_2010") | {"log_2012": cases(2000, 2050)},
}


@pytest.mark.parametrize("how", REPLACED)
def test_a_file_whose_rows_are_elsewhere_is_said_and_no_more(project: Make, how: str) -> None:
    reason = "file log_2010.csv is gone; as many rows are in other files"
    assert told(project(LOG), YEARS, REPLACED[how]) == [("gone", "info", reason)]


def test_a_renamed_file_does_not_hide_another_that_is_gone(project: Make) -> None:
    now = without("log_2010") | {"log_IX": YEARS["log_2009"]}
    del now["log_2009"]
    ((what, severity, reason),) = told(project(LOG), YEARS, now)
    assert (what, severity) == ("gone", "critical")
    assert "39 of 39 rows are in no other file" in reason


def test_a_file_that_was_cut_off_is_critical_and_a_small_loss_a_warning(project: Make) -> None:
    log = project(LOG)
    assert told(log, YEARS, YEARS | {"log_2009": cases(0, 100)}) == [
        ("shrunk", "critical", "file log_2009.csv has lost 300 of 400 rows")
    ]
    ((what, severity, _),) = told(log, YEARS, YEARS | {"log_2009": cases(0, 340)})
    assert (what, severity) == ("shrunk", "warning")


def test_ordinary_nights_say_nothing(project: Make) -> None:
    log = project(LOG)
    assert told(log, YEARS, YEARS) == []
    assert told(log, YEARS, YEARS | {"log_2012": cases(991, 1000)}) == []
    assert told(log, YEARS, YEARS | {"log_2011": cases(445, 985)}) == []
    window = {"log_2009": cases(0, 200), "log_2010": cases(200, 500)}
    assert told(log, window, {"log_2009": cases(500, 580), "log_2010": cases(0, 300)}) == []


def test_a_member_that_is_gone_from_an_archive_is_told(project: Make) -> None:
    log = project(LOG.replace("*.csv", "*.zip"))
    landings = []
    for members in (YEARS, without("log_2010")):
        packed = zipped(**{f"{name}.csv": text for name, text in members.items()})
        (log.extracts / "night.zip").write_bytes(packed)
        landings.append(land(log, "log"))
    (found,) = files(*landings)
    assert (found.what, found.severity) == ("gone", "critical")
    assert "night.zip/log_2010.csv" in found.reason


@pytest.fixture
def judged() -> Callable[..., Told]:
    """What a night says of its source; the first is the published one."""
    published: dict[str, Landing] = {}

    def judged(project: Project, accept: tuple[str, ...] = ()) -> Told:
        with night(project, accept=accept) as run:
            land_source(run, "log")
            landing = landing_of(project, "log", fingerprint(run, "log"))
            with open_build(run.folder / "build.duckdb") as con:
                judge(con, run, [landing], published, {})
                published.setdefault("log", landing)
                return con.execute("select what, severity, reason from quality.drift").fetchall()

    return judged


def test_somebody_who_looked_accepts_that_a_file_is_gone(
    project: Make, judged: Callable[..., Told]
) -> None:
    log = project(LOG)
    write(log, **YEARS)
    assert judged(log) == []
    (log.extracts / "log_2010.csv").unlink()
    assert [severity for _, severity, _ in judged(log)] == ["critical"]
    assert [severity for _, severity, _ in judged(log, accept=("log",))] == ["warning"]


MISSED = ["B.CSV", "c.csv.part", "c.csv.gz", "c.csv.gz.filepart", ".c.csv.Ab12Cd", "c.csv~"]


@pytest.mark.parametrize("name", MISSED)
def test_a_neighbour_that_the_pattern_just_misses_is_told_each_night(
    project: Make, judged: Callable[..., Told], name: str
) -> None:
    log = project(LOG)
    write(log, **YEARS)
    (log.extracts / name).write_bytes(cases(0, 3))
    reason = f"file {name} lies beside those of the source, which misses it"
    assert judged(log) == judged(log) == [("overlooked", "warning", reason)]


def test_what_belongs_to_others_or_to_nobody_is_no_neighbour(
    project: Make, judged: Callable[..., Told]
) -> None:
    log = project(LOG + LOG.replace("log", "packed").replace("*.csv", "*.csv.gz"))
    write(log, **YEARS)
    for name in ("d.csv.gz", "e.txt", "log_2009.csv.md5", "night.ok"):
        (log.extracts / name).write_bytes(b"1")
    assert judged(log) == []


@pytest.mark.parametrize(
    ("reason", "names"),
    [
        ("file a b.csv is gone; 1 of 1 rows are in no other file", ["a b.csv"]),
        ("files a.csv, b.csv and 3 more are gone; as many rows are in other files",
         ["a.csv", "b.csv"]),
        ("file a.csv has lost 3 of 4 rows", ["a.csv"]),
        ("file B.CSV lies beside those of the source, which misses it", ["B.CSV"]),
        ("files a.csv, b.csv are expected and not there", ["a.csv", "b.csv"]),
        ("another reason", []),
    ],
)  # fmt: skip
def test_files_that_a_reason_names_are_known_to_who_hashes_them(
    reason: str, names: list[str]
) -> None:
    assert named_in(reason) == names

"""What a delivery must bring and hold: marker, rest, trailer, names without a gap."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

import pytest
from test_csv_files import LOG, write
from test_deliveries import cases

from cytoreg.errors import ConfigError, SourceError
from cytoreg.landing.deliveries import missing
from cytoreg.landing.land import land
from cytoreg.project.load import Project
from cytoreg.sources import expect

Make = Callable[[str], Project]
YEARS = {f"log_{year}": cases(year, year + 3) for year in range(2008, 2013)}


def expecting(text: str) -> str:
    return LOG.replace('optional = ["room"]', f'optional = ["room"]\nexpect = {{ {text} }}')


def absent(project: Project) -> list[str]:
    return [each.reason for each in missing(project, land(project, "log"))]


def test_names_without_a_gap_are_expected(project: Make) -> None:
    log = project(expecting('files = "log_{year}.csv"'))
    write(log, **YEARS)
    assert absent(log) == []
    (log.extracts / "log_2010.csv").unlink()
    assert absent(log) == ["file log_2010.csv is expected and not there"]
    for path in log.extracts.iterdir():
        path.rename(path.with_name(f"x{path.name}"))
    assert absent(log) == ["file log_{year}.csv is expected and not there"]


@pytest.mark.parametrize(
    ("pattern", "names", "gone"),
    [
        ("a{year}-{month}*.csv", ["a2019-11x", "a2019-12", "a2020-02"], "a2020-01*.csv"),
        ("a{year}{month}{day}.csv", ["a20240228", "a20240301", "a20249999"], "a20240229.csv"),
        ("patients.csv", ["visits"], "patients.csv"),
    ],
)
def test_months_days_and_names_are_expected(
    project: Make, pattern: str, names: list[str], gone: str
) -> None:
    log = project(expecting(f'files = ["{pattern}", "*.csv"]'))
    write(log, **dict.fromkeys(names, cases(0, 1)))
    assert absent(log) == [f"file {gone} is expected and not there"]


@pytest.mark.parametrize("done", ["*.ok", "{name}.ok", "{stem}.ok"])
def test_a_delivery_without_its_marker_is_away(project: Make, done: str) -> None:
    log = project(expecting(f'done = "{done}"'))
    write(log, a=cases(0, 3))
    with pytest.raises(
        SourceError, match=r"not complete: a.csv is there, its marker .* not there"
    ) as e:
        land(log, "log")
    assert e.value.away
    marker = log.extracts / done.format(name="a.csv", stem="a").replace("*", "night")
    marker.touch()
    assert land(log, "log").tables[0].rows == 3
    os.utime(marker, (1, 1))
    with pytest.raises(SourceError, match="is older than it"):
        land(log, "log")


def test_files_that_are_still_written_are_waited_for(
    project: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = project(expecting('settle = "1h"'))
    write(log, a=cases(0, 3))
    looks: list[float] = []

    def look(seconds: float) -> None:
        looks.append(seconds)
        if len(looks) == 2:  # the sender ends
            write(log, a=cases(0, 5))
            os.utime(log.extracts / "a.csv", (time.time() - 7200,) * 2)

    monkeypatch.setattr(expect, "wait", look)
    assert land(log, "log").tables[0].rows == 5
    assert len(looks) == 2


TRAILERS = {
    "of one field": (b"TRAILER 2\n", r"TRAILER (\\d+)"),
    "that looks like a record": (b"T,2\n\n", r"T,(\\d+)"),
    "without a number": (b"end", "end"),
}


@pytest.mark.parametrize("kind", TRAILERS)
def test_a_trailer_is_no_record_and_its_number_is_held_to(
    project: Make, landed: Callable, kind: str
) -> None:
    trailer, pattern = TRAILERS[kind]
    log = project(expecting(f'trailer = "{pattern}"'))
    write(log, a=cases(0, 2) + trailer, b=cases(2, 4) + trailer)
    landing, rows, rejects = landed(log, "log", "case_number, _file")
    assert (rows, rejects) == (
        [("0", "a.csv"), ("1", "a.csv"), ("2", "b.csv"), ("3", "b.csv")],
        [],
    )
    assert landing.tables[0].rejects == 0
    write(log, b=cases(2, 4))
    with pytest.raises(SourceError, match=r"b\.csv does not end in its trailer") as error:
        land(log, "log")
    assert not error.value.away
    if b"2" in trailer:
        write(log, b=cases(2, 3) + trailer)
        with pytest.raises(SourceError, match=r"b\.csv holds 1 records, and its trailer says 2"):
            land(log, "log")


def test_records_that_are_none_count_for_the_trailer(project: Make, landed: Callable) -> None:
    log = project(expecting(r'trailer = "TRAILER (\\d+)"'))
    write(log, a=cases(0, 1) + b"1,2,3,4\n2,c\n3,4,5,6\nTRAILER 4\n")
    _, rows, rejects = landed(log, "log", "case_number")
    assert (rows, [row for _, row, *_ in rejects]) == ([("0",), ("2",)], [2, 4])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('files = "log_{week}.csv"', r"knows \{year\}, \{month\}, \{day\}, not \{week\}"),
        ('trailer = "("', "not a regular expression"),
        ('trailer = "(a)(b)"', "more than one group"),
        ('settle = "soon"', "settle"),
        ('marker = "x"', "marker"),
    ],
)
def test_an_expectation_that_cannot_work_is_refused(project: Make, text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        project(expecting(text))


def test_a_server_delivers_no_files(project: Make) -> None:
    server = '[sources.ehr]\nkind = "fhir"\nurl = "https://ehr.example/fhir"\n'
    tables = 'tables = { patient = "patient" }\nviews = { patient = "mcode/cancer_patient" }\n'
    with pytest.raises(ConfigError, match="for sources in files"):
        project(server + tables + 'expect = { done = "*.ok" }')

"""NAACCR fixed width: where items stand in each version, and lines that no layout fits."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import pytest

from cytoreg.errors import ConfigError
from cytoreg.landing.land import land
from cytoreg.project.load import Project
from cytoreg.sources.naaccr.items import LENGTHS, gaps, layout, levels, numbers

Make = Callable[[str], Project]

FLAT = """
[sources.registry]
kind = "naaccr_flat"
path = "*.txt"
tables = { abstract = "tumor" }
items = ["patientIdNumber", "sex", "primarySite", "ki67", "medicalRecordNumber"]
"""

ITEMS = FLAT[FLAT.index("items") :]


def line(version: int, kind: str = "I", **items: str) -> str:
    """A line of this version and type with these items, blank elsewhere."""
    text = [" "] * LENGTHS[version][kind]
    places = {place.item: place for place in layout(version)}
    given = {"recordType": kind, "naaccrRecordVersion": str(version)} | items
    for item, value in given.items():
        start = places[item].start - 1
        assert len(value) <= places[item].width
        text[start : start + len(value)] = value
    return "".join(text)


@pytest.mark.parametrize("version", LENGTHS)
def test_items_and_reserved_columns_fill_the_line_without_overlap(version: int) -> None:
    spans = [(place.start, place.end - 1) for place in layout(version)] + gaps(version)
    spans.sort()
    assert spans[0][0] == 1
    assert all(last + 1 == first for (_, last), (first, _) in pairwise(spans))
    assert spans[-1][1] == LENGTHS[version]["A"]
    ends = {last for _, last in spans}
    assert set(LENGTHS[version].values()) <= ends  # no item goes past the end of a record type


def test_layouts_are_those_that_were_published() -> None:
    """Columns that anyone can look up, of items at the seams of the layouts."""
    starts = {
        version: {place.item: (place.start, place.width) for place in layout(version)}
        for version in LENGTHS
    }
    assert {version: len(items) for version, items in starts.items()} == {
        140: 529, 150: 536, 160: 566, 180: 774
    }  # fmt: skip
    for item, places in {
        "primarySite": {140: (540, 4), 150: (540, 4), 160: (540, 4), 180: (554, 4)},
        "dateOfBirth": {140: (196, 8), 150: (196, 8), 160: (196, 8), 180: (226, 8)},
        "tnmPathStagedBy": {140: (957, 1), 150: (957, 1), 160: (834, 2), 180: (866, 2)},
        "survDateDxRecode": {150: (2318, 8), 160: (2318, 8), 180: (2991, 8)},
        "nameLast": {140: (3340, 40), 150: (3340, 40), 160: (3340, 40), 180: (4049, 40)},
        "textRemarks": {140: (19765, 1000), 150: (19765, 1000), 160: (19765, 1000),
                        180: (21135, 1000)},
        "ki67": {180: (1771, 5)},
    }.items():  # fmt: skip
        assert {v: items[item] for v, items in starts.items() if item in items} == places


def test_an_item_has_one_id_one_number_and_one_level() -> None:
    assert len(numbers()) == len(levels()) == len({name.casefold() for name in levels()})
    assert set(levels().values()) == {"root", "patient", "tumor"}
    assert (numbers()["400"], levels()["primarySite"], levels()["sex"]) == (
        "primarySite", "tumor", "patient",
    )  # fmt: skip


def test_each_line_is_read_by_its_own_version(project: Make, landed: Callable) -> None:
    registry = project(FLAT)
    lines = [
        line(140, primarySite="C170", sex="1"),
        line(180, "A", primarySite="C250", ki67=" 2.5", medicalRecordNumber="    1234567"),
        line(160, "C", patientIdNumber="00000003", medicalRecordNumber="9"),
        line(180, "I", primarySite="C259", patientIdNumber="00000004"),
        line(150, "M", primarySite="C180"),
        line(180, "A", primarySite="C181"),
    ]
    (registry.extracts / "a.txt").write_text("\n".join(lines) + "\n")
    (registry.extracts / "b.txt").write_bytes(b"\r\n".join(text.encode() for text in lines[:1]))
    columns = '"patientIdNumber", sex, "primarySite", ki67, "medicalRecordNumber", _file, _row'
    landing, rows, rejects = landed(registry, "registry", columns)
    assert rows == [
        ("", "1", "C170", None, None, "a.txt", 1),
        ("", "", "C250", " 2.5", "    1234567", "a.txt", 2),
        ("00000003", "", "", None, "9", "a.txt", 3),
        ("00000004", "", "C259", "", None, "a.txt", 4),
        ("", "", "C180", None, "", "a.txt", 5),
        ("", "", "C181", "", "", "a.txt", 6),
        ("", "1", "C170", None, None, "b.txt", 1),
    ]
    assert (rejects, landing.unexpected) == ([], {})


def test_a_line_that_no_layout_fits_is_a_reject(project: Make, landed: Callable) -> None:
    registry = project(FLAT)
    good = line(180, sex="2")
    bad = [
        good[:-1], good + " ", good.replace("180", "170"), "X" + good[1:], "I", "",
        line(160)[:1000], good.replace("180", "²80"),
    ]  # fmt: skip
    (registry.extracts / "a.txt").write_text("\n".join([good, *bad, good]), encoding="utf-8")
    _, rows, rejects = landed(registry, "registry", "sex, _row")
    assert rows == [("2", 1), ("2", 10)]
    assert [(row, number, reason) for _, row, number, reason, _ in rejects] == [
        (2, 2, "4047 characters instead of 4048, version 180 type I"),
        (3, 3, "4049 characters instead of 4048, version 180 type I"),
        (4, 4, "no version 140, 150, 160 or 180 in columns 17 to 19"),
        (5, 5, "no record type A, M, C or I in column 1"),
        (6, 6, "no version 140, 150, 160 or 180 in columns 17 to 19"),
        (7, 7, "a blank line"),
        (8, 8, "1000 characters instead of 3339, version 160 type I"),
        (9, 9, "no version 140, 150, 160 or 180 in columns 17 to 19"),
    ]
    assert [raw for *_, raw in rejects] == bad


def test_blanks_that_a_program_cut_off_are_given_back(project: Make, landed: Callable) -> None:
    registry = project(FLAT + "trimmed = true\n")
    lines = [line(180, "A", primarySite="C250").rstrip(), line(160, sex="1").rstrip()]
    (registry.extracts / "a.txt").write_text("\n".join([*lines, line(180) + "x"]))
    _, rows, rejects = landed(registry, "registry", '"primarySite", sex, ki67')
    assert rows == [("C250", "", ""), ("", "1", None)]
    assert [reject[3] for reject in rejects] == [
        "4049 characters instead of 4048, version 180 type I"
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_columns_are_counted_in_characters(project: Make, landed: Callable, encoding: str) -> None:
    registry = project(
        FLAT.replace('"sex"', '"nameLast", "nameFirst"') + f'encoding = "{encoding}"\n'
    )
    text = line(180, "C", nameLast="Søren", nameFirst="Åsa", primarySite="C170")
    (registry.extracts / "a.txt").write_bytes(f"{text}\n{line(180, 'C')}".encode(encoding))
    _, rows, _ = landed(registry, "registry", '"nameLast", "nameFirst", "primarySite", _row')
    assert rows == [("Søren", "Åsa", "C170", 1), ("", "", "", 2)]


def test_all_items_of_all_versions_can_be_landed(project: Make, landed: Callable) -> None:
    registry = project(FLAT.replace(ITEMS, 'items = "all"'))
    (registry.extracts / "a.txt").write_text(line(140, birthplace="101") + "\n" + line(180))
    landing, rows, _ = landed(registry, "registry", 'birthplace, "ajccId", "csPrerxMetsEval"')
    assert rows == [("101", None, ""), ("", "", None)]
    every = {place.item for version in LENGTHS for place in layout(version)}
    assert set(landing.tables[0].columns) == every | {"_file", "_row", "_line"}


def test_text_in_reserved_columns_is_counted_and_can_be_named(
    project: Make, landed: Callable
) -> None:
    text = line(180)
    text = text[:490] + " abc" + text[495:].ljust(len(text) - 494)
    assert len(text) == 4048
    registry = project(FLAT)
    (registry.extracts / "a.txt").write_text(f"{text}\n{line(180)}\n{text}")
    landing, _, _ = landed(registry, "registry", "sex")
    assert landing.unexpected == {"text in reserved columns 492-541 of version 180": 2}
    named = project(FLAT + "columns = { center = { start = 492, width = 3 } }\n")
    landing, rows, _ = landed(named, "registry", "center")
    assert (rows, landing.unexpected) == ([("abc",), ("",), ("abc",)], {})


def test_the_record_type_can_be_declared(project: Make, landed: Callable) -> None:
    registry = project(FLAT + 'record_type = "I"\n')
    (registry.extracts / "a.txt").write_text(f"{line(180)}\n{line(180, 'C')}")
    _, rows, rejects = landed(registry, "registry", "_row")
    assert rows == [(1,)]
    assert [reject[3] for reject in rejects] == ["record type C instead of I"]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"sex"', '"sexx"', r"have no item sexx\n.*perhaps sex"),
        ('"sex"', '"sex", "SEX"', "names sex twice"),
        ("items", "columns = { sex = { start = 1, width = 1 } }\nitems", "names sex twice"),
        (ITEMS, 'items = "all"\ncolumns = { grade = { start = 3, width = 1 } }', "grade, which is"),
        ('abstract = "tumor"', 'a = "a", b = "b"', "lands one table"),
    ],
)
def test_a_declaration_that_cannot_work_is_refused(
    project: Make, old: str, new: str, message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        registry = project(FLAT.replace(old, new))
        (registry.extracts / "a.txt").write_text(line(180))
        land(registry, "registry")

"""CDISC Dataset-JSON: rows however they are arranged, and never fewer than the file says."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Callable

import pytest

from cytoreg.errors import SourceError
from cytoreg.landing.land import land
from cytoreg.project.load import Project
from cytoreg.sources import blocks
from cytoreg.sources.cdisc import outline
from cytoreg.sources.items import Item, Reject, Rows
from cytoreg.sources.kinds import kind_of

Make = Callable[[str], Project]
LAB = """
[sources.lab]
kind = "dataset_json"
path = "*json*"
tables = { lb = "laboratory" }
columns = "all"
"""
HEAD = {
    "datasetJSONCreationDateTime": "2026-01-02T03:04:05",
    "datasetJSONVersion": "1.1.0",
    "itemGroupOID": "IG.LB",
    "records": 3,
    "name": "LB",
    "label": 'Laboratory, with "rows": [1] in its label',
    "columns": [
        {"itemOID": "IT.ID", "name": "USUBJID", "label": "Subject", "dataType": "string"},
        {"itemOID": "IT.V", "name": "LBSTRESN", "label": "Value", "dataType": "decimal"},
        {"itemOID": "IT.D", "name": "LBDTC", "dataType": "date", "targetDataType": "integer"},
    ],
}
NO_COUNT = {key: value for key, value in HEAD.items() if key != "records"}
ROWS = '["1", 5.10, "2016-01-02"]', '["a, [b] \\"{c}", "0.1", ""]', '["\\u00e9\\n", null, null]'
LANDED = [
    ("1", "5.10", "2016-01-02", 1),
    ('a, [b] "{c}', "0.1", "", 2),
    ("é\n", None, None, 3),
]


def document(head: dict[str, object] = HEAD, rows: tuple[str, ...] = ROWS, at: int = 99) -> str:
    """A file of JSON whose rows are its member number `at`."""
    members = [f"{json.dumps(key)}: {json.dumps(value)}" for key, value in head.items()]
    members.insert(at, f'"rows": [{", ".join(rows)}]')
    return "{" + ", ".join(members) + "}"


def lines(head: dict[str, object] = HEAD, rows: tuple[str, ...] = ROWS) -> str:
    return "\n".join((json.dumps(head), *rows))


def write(project: Project, *contents: str | bytes) -> None:
    for number, content in enumerate(contents):
        data = content.encode() if isinstance(content, str) else content
        (project.extracts / f"{number}.json").write_bytes(data)


def read(project: Project) -> list[Item]:
    config = project.config.sources["lab"]
    return list(kind_of(config).read("lab", config, project.extracts))


@pytest.mark.parametrize(
    "content",
    [
        document(),
        document(at=0),
        document(at=3),
        document(dict(reversed(HEAD.items())), at=2),
        json.dumps(json.loads(document(), parse_float=str), indent=2).replace('"5.10"', "5.10"),
        document().replace("], [", "],\r\n\t["),
        document().replace('"rows"', '"\\u0072ows"'),
        "\n \n" + document() + "\n\n",
        document().encode("utf-8-sig"),
        document().encode("utf-16"),
        gzip.compress(document().encode()),
        document(HEAD | {"sponsor": {"rows": [[1, 2], {"columns": []}]}, "version": [1]}, at=1),
        document(HEAD | {"datasetJSONVersion": "1.1"}),
        lines(),
        lines() + "\n",
        lines().replace("\n", "\r\n") + "\r\n\r\n",
        lines().encode("utf-8-sig"),
        json.dumps(HEAD, indent=1) + "\n" + "\n\n".join(ROWS),
        gzip.compress(lines().encode()),
    ],
)
def test_rows_land_however_the_file_is_arranged(
    project: Make, landed: Callable, content: str | bytes
) -> None:
    lab = project(LAB)
    write(lab, content)
    landing, rows, rejects = landed(lab, "lab", "USUBJID, LBSTRESN, LBDTC, _row")
    assert rows == LANDED
    assert rejects == []
    assert landing.unexpected == {}
    assert landing.files[0].headings == ["USUBJID", "LBSTRESN", "LBDTC"]


@pytest.mark.parametrize("size", [1, 7, 64])
def test_pieces_of_any_size_give_the_same_rows(
    project: Make, landed: Callable, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(outline, "_CHUNK", size)
    monkeypatch.setattr(blocks, "SIZE", 4 * size)
    lab = project(LAB)
    write(lab, document(at=1), lines(), json.dumps(json.loads(document()), indent=2))
    _, rows, _ = landed(lab, "lab", "count(*), count(distinct (USUBJID, LBDTC))")
    assert rows == [(9, 3)]


def test_a_dataset_without_rows_lands_as_none(project: Make, landed: Callable) -> None:
    lab = project(LAB)
    head = HEAD | {"records": 0}
    write(lab, json.dumps(head), document(head, ()), document(head).replace('"rows": [', '"x": ['))
    landing, rows, rejects = landed(lab, "lab")
    assert (rows, rejects) == ([], [])
    assert {"USUBJID", "LBSTRESN", "LBDTC"} <= landing.tables[0].columns.keys()


@pytest.mark.parametrize("arrange", [document, lines])
@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ('["1", 2]', "2 values instead of 3"),
        ('["1", 2, "3", null]', "4 values instead of 3"),
        ("[]", "0 values instead of 3"),
        ('["1", [2], "3"]', "a list or an object instead of a value"),
        ('["1", {"a": 2}, "3"]', "a list or an object instead of a value"),
        ('{"USUBJID": "1"}', "no JSON list"),
        ("12", "no JSON list"),
        ('["1", NaN, "3"]', "no JSON at its byte 7"),
        ('["1", 2, "\\ud800"]', "half of a surrogate pair"),
    ],
)
def test_a_row_that_is_none_costs_itself_alone(
    project: Make, landed: Callable, arrange: Callable, bad: str, reason: str
) -> None:
    lab = project(LAB)
    write(lab, arrange(rows=(ROWS[0], bad, ROWS[2])))
    landing, rows, rejects = landed(lab, "lab", "USUBJID, LBSTRESN, LBDTC, _row")
    assert rows == [LANDED[0], LANDED[2]]
    line = 3 if arrange is lines else 1
    assert rejects == [("lb", 2, line, reason, bad)]
    assert (landing.tables[0].rows, landing.tables[0].rejects) == (2, 1)


def test_bytes_that_are_no_text_are_kept_raw(project: Make, landed: Callable) -> None:
    lab = project(LAB)
    write(lab, document().encode().replace(b"a, [b]", b"\xe9 [b]"))
    _, rows, rejects = landed(lab, "lab", "_row")
    assert rows == [(1,), (3,)]
    assert "\\xe9" in rejects[0][4]


@pytest.mark.parametrize("arrange", [document, lines])
@pytest.mark.parametrize("many", [0, 2, 4])
def test_another_number_of_rows_than_stated_is_refused(
    project: Make, arrange: Callable, many: int
) -> None:
    lab = project(LAB)
    write(lab, arrange(rows=(ROWS * 2)[:many]))
    with pytest.raises(SourceError, match=rf"0\.json holds {many} rows, and says it has 3"):
        land(lab, "lab")


def test_a_file_that_does_not_state_its_rows_is_counted(project: Make, landed: Callable) -> None:
    lab = project(LAB)
    write(lab, lines(NO_COUNT))
    landing, rows, _ = landed(lab, "lab")
    assert len(rows) == 3
    assert landing.unexpected == {"file that does not say how many `records` it has": 1}


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (document(HEAD | {"datasetJSONVersion": "1.0.0"}), "is Dataset-JSON of version '1.0.0'"),
        (document(HEAD | {"datasetJSONVersion": "2.1"}), "is Dataset-JSON of version '2.1'"),
        (document({"columns": HEAD["columns"]}), "`datasetJSONVersion` is missing"),
        ('{"resourceType": "Patient"}', "is not Dataset-JSON"),
        ("[1, 2]", "does not begin with an object"),
        ("x" + document(), "does not begin with an object"),
        ("name,age\nSimbo,5\n", "does not begin with an object"),
        (document()[:-1], "is cut off"),
        (document()[: document().index("5.10")], "is cut off"),
        (document(at=0)[:-40], "is cut off"),
        (document() + document(), "has something after the end"),
        (lines(NO_COUNT).replace("\n", " ", 1), "has something after the object on its line"),
        (" \n\n", "is not JSON"),
        (document(HEAD | {"columns": []}), "has columns without a `name`"),
        (document(HEAD | {"columns": [{"name": " "}]}), "has columns without a `name`"),
        (document(HEAD | {"columns": {"name": "a"}}), "has no list of `columns`"),
        (document(HEAD | {"records": "3"}), "has `records` that is not a number"),
        (document(HEAD | {"records": True}), "has `records` that is not a number"),
        (document().replace('"label"', '"name"', 1), "has a key that is given twice"),
        (document().replace('"label"', '"rows"', 1), "has a key that is given twice"),
        (document().replace("]}", "}}"), "without an opening one"),
        (document().replace('"itemOID"', "itemOID", 1), "is not JSON outside its rows"),
        (document().replace('"LBDTC"', '"lbstresn"'), "more than one heading"),
        (document().replace('"LBDTC"', '"_row"'), "a name reserved"),
    ],
)
def test_what_is_no_whole_dataset_is_refused(project: Make, content: str, why: str) -> None:
    lab = project(LAB)
    write(lab, content)
    with pytest.raises(SourceError, match=why) as told:
        land(lab, "lab")
    assert "Simbo" not in str(told.value)


def test_two_datasets_are_not_one_table(project: Make) -> None:
    lab = project(LAB)
    write(lab, document(), lines(HEAD | {"name": "AE"}))
    with pytest.raises(SourceError, match="hold two datasets, LB and AE"):
        land(lab, "lab")


def test_columns_are_found_by_their_names_in_any_order(project: Make, landed: Callable) -> None:
    section = LAB.replace(
        'columns = "all"',
        'optional = ["unit"]\n[sources.lab.columns]\n'
        'value = ["LBSTRESN"]\nsubject = ["SUBJ", "USUBJID"]\nunit = ["LBSTRESU"]',
    )
    lab = project(section)
    turned = HEAD | {"columns": list(reversed(HEAD["columns"])), "records": 1}  # type: ignore[call-overload]
    write(lab, document(), lines(turned, ('["2016-01-03", 7, "4"]',)))
    landing, rows, _ = landed(lab, "lab", "subject, value, unit, _file")
    assert rows[0] == ("1", "5.10", None, "0.json")
    assert rows[3] == ("4", "7", None, "1.json")
    assert landing.unexpected == {"column LBDTC": 2}
    write(lab, document().replace('"LBSTRESN"', '"LBORRES"'))
    with pytest.raises(SourceError, match="no heading for column value"):
        land(lab, "lab")


@pytest.mark.parametrize("arrange", [document, lines])
def test_changed_bytes_are_refused_or_told_or_read(project: Make, arrange: Callable) -> None:
    lab = project(LAB)
    whole = bytearray(arrange().encode())
    dice = random.Random(9)
    for _ in range(300):
        changed = bytearray(whole)
        changed[dice.randrange(len(whole))] = dice.choice(b'"[]{},:\n\\ a0\xff')
        write(lab, bytes(changed))
        try:
            items = read(lab)
        except SourceError:
            continue
        rows = sum(len(item.rows) for item in items if isinstance(item, Rows))
        rejects = sum(isinstance(item, Reject) for item in items)
        assert rows + rejects == 3

"""`cytoreg worklist`: a workbook goes out, is filled in, and the decisions come back."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from command_line import Ran, run
from lives_registry import Stays
from openpyxl import Workbook, load_workbook

from cytoreg.nights import audit, decisions
from cytoreg.nights.decision import Decision

FORMULA = '=HYPERLINK("http://x.example","y")'
Fill = Callable[[dict[str, Any], int], None]


@pytest.fixture
def stays(tmp_path: Path) -> Stays:
    made = Stays.begin(tmp_path / "registry")
    made.night(("W3", "-4711", "north"), ("W4", "2", "SECRET"), ("W5", "2", "=1+1"))
    return made


def export(stays: Stays, *arguments: object) -> Path:
    path = stays.root / "list.xlsx"
    done = run("worklist", "export", path, *arguments, cwd=stays.root)
    assert done.code == 0, done.err
    return path


def fill(path: Path, *rows: dict[str, object]) -> Path:
    """Type into the findings' rows, the first ones first, and save."""
    book = load_workbook(path)
    sheet = book["worklist"]
    heads = [cell.value for cell in sheet[1]]
    for number, row in enumerate(rows, start=2):
        for name, value in row.items():
            sheet.cell(number, heads.index(name) + 1).value = value  # type: ignore[union-attr]
    book.save(path)
    return path


def take(stays: Stays, path: Path, *arguments: object) -> tuple[dict[str, Any], Ran]:
    done = run("worklist", "import", path, "--who", "ann", "--json", *arguments, cwd=stays.root)
    return json.loads(done.out) if done.out else {}, done


def rows(path: Path) -> list[dict[str, object]]:
    lines = list(load_workbook(path)["worklist"].iter_rows(values_only=True))
    return [dict(zip(map(str, lines[0]), line, strict=True)) for line in lines[1:]]


def test_decisions_come_back_as_they_were_filled_in(stays: Stays) -> None:
    path = fill(
        export(stays),
        {"decision": "Assign", "to": "bob", "until": date(2026, 12, 24)},
        {},
        {"decision": "close", "closed as": "not an error", "comment": FORMULA.removeprefix("=")},
    )
    first, _, third = (row["finding"] for row in rows(path))
    taken, done = take(stays, path)
    assert (done.code, taken) == (0, {"decided": 2, "before": 0, "empty": 1, "refused": []})
    told = decisions.history(stays.project.ledger_url)
    assert [(one.finding, one.who, one.act, one.assignee, one.due) for one in told] == [
        (third, "ann", "close", None, None),
        (first, "ann", "assign", "bob", date(2026, 12, 24)),
    ]
    assert told[0].outcome == "not an error"


def test_the_same_workbook_can_be_imported_again(stays: Stays) -> None:
    path = fill(export(stays), {"decision": "answer", "comment": "the chart says 4"})
    take(stays, path)
    taken, done = take(stays, path)
    assert (done.code, taken["decided"], taken["before"]) == (0, 0, 1)
    assert len(decisions.history(stays.project.ledger_url)) == 1


def test_of_a_workbook_with_faults_each_row_is_told_and_the_sound_ones_are_taken(
    stays: Stays,
) -> None:
    path = fill(
        export(stays),
        {"decision": "comment", "comment": "well"},
        {"decision": "close"},
        {"comment": "SECRET of a patient"},
    )
    taken, done = take(stays, path)
    assert done.code == 2
    assert taken["decided"] == 1
    told = [(one["row"], one["why"].split(";")[0]) for one in taken["refused"]]
    assert told == [(3, "no outcome '' of close"), (4, "no decision is chosen")]
    assert "SECRET" not in done.out + done.err


@pytest.mark.parametrize("column", ["finding", "rule", "key", "seen", "check"])
def test_an_edited_key_is_told(stays: Stays, column: str) -> None:
    path = export(stays)
    other = "F0123456789ABCDEF" if column == "finding" else 7
    fill(path, {"decision": "reopen", column: other}, {"decision": "comment", "comment": "x"})
    taken, done = take(stays, path)
    assert (done.code, taken["decided"]) == (2, 1)
    (refused,) = taken["refused"]
    assert refused["row"] == 2
    assert refused["why"].startswith("edited: ")


def test_a_key_that_no_sheet_can_hold_as_it_is_can_be_decided_about(stays: Stays) -> None:
    stays.night(("x" * 40_000, "-1", "north"), ('" _x0041_\x0b  y"', "-1", "north"))
    fill(export(stays, "--private"), *[{"decision": "comment", "comment": "odd"}] * 2)
    taken, done = take(stays, stays.root / "list.xlsx")
    assert (done.code, taken["decided"]) == (0, 2)


def test_a_column_sorted_alone_moves_no_decision_to_another_finding(stays: Stays) -> None:
    path = export(stays)
    names = [row["finding"] for row in rows(path)]
    assert len(set(names)) == 3
    fill(path, *({"finding": name, "decision": "comment", "comment": "x"} for name in names[::-1]))
    taken, _ = take(stays, path)
    assert (taken["decided"], len(taken["refused"])) == (1, 2)  # the one in the middle stayed


def test_another_stewards_decision_meanwhile_is_not_overwritten(stays: Stays) -> None:
    path = export(stays)
    one, *_ = (str(row["finding"]) for row in rows(path))
    decisions.decide(stays.project.ledger_url, [one], Decision("assign", assignee="eve"), "eve")
    fill(path, {"decision": "assign", "to": "bob"}, {"decision": "assign", "to": "bob"})
    taken, done = take(stays, path)
    assert (done.code, taken["decided"]) == (2, 1)
    assert taken["refused"][0]["finding"] == one
    assert taken["refused"][0]["why"].startswith("decided meanwhile by eve")


def test_a_workbook_that_knows_later_decisions_than_the_ledger_is_refused(stays: Stays) -> None:
    one, *_ = (str(row["finding"]) for row in rows(export(stays)))
    decisions.decide(stays.project.ledger_url, [one], Decision("comment", "x"), "eve")
    path = fill(export(stays), {"decision": "reopen"})
    (stays.root / "data/ledger.sqlite").unlink()
    stays.night()
    taken, _ = take(stays, path)
    assert taken["refused"][0]["why"].startswith("written from another ledger")


def test_a_finding_twice_and_one_that_is_gone_are_told(stays: Stays) -> None:
    path = export(stays)
    book = load_workbook(path)
    sheet = book["worklist"]
    sheet.append([cell.value for cell in sheet[2]])
    book.save(path)
    fill(path, *[{"decision": "answer", "comment": "x"}] * 4)
    stays.night(("W4", "2", "north"))
    taken, _ = take(stays, path)
    assert taken["decided"] == 0
    whys = [one["why"] for one in taken["refused"]]
    assert [why.split(":")[0].split(";")[0] for why in whys] == [
        "gone already", "gone already", "gone already", "row 2 is about the same finding",
    ]  # fmt: skip


def test_formulas_are_text_on_the_way_out_and_are_not_calculated_on_the_way_in(
    stays: Stays,
) -> None:
    one, *_ = (str(row["finding"]) for row in rows(export(stays)))
    decisions.decide(stays.project.ledger_url, [one], Decision("comment", FORMULA), "eve")
    path = export(stays, "--private")
    sheet = load_workbook(path)["worklist"]
    formulas = [cell for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]
    assert not formulas
    assert {"=1+1", FORMULA} <= {cell.value for row in sheet.iter_rows() for cell in row}
    fill(path, {"decision": "comment", "comment": "=1+1"})  # openpyxl saves it as a formula
    assert take(stays, path)[1].code == 0
    assert decisions.history(stays.project.ledger_url)[0].comment == "=1+1"


def test_in_csv_what_would_be_a_formula_has_an_apostrophe_and_numbers_have_none(
    stays: Stays,
) -> None:
    done = run("findings", "--private", "--format", "csv", cwd=stays.root)
    values = {row["value"] for row in csv.DictReader(io.StringIO(done.out))}
    assert values == {"-4711", "SECRET", "'=1+1"}
    done = run("findings", "--private", "--format", "json", cwd=stays.root)
    assert {row["value"] for row in json.loads(done.out)} == {"-4711", "SECRET", "=1+1"}


def test_values_and_keys_need_private_which_is_audited(stays: Stays) -> None:
    def text() -> str:
        book = load_workbook(stays.root / "list.xlsx")
        return str([[cell.value for cell in row] for sheet in book for row in sheet.iter_rows()])

    export(stays)
    assert not [word for word in ("W3", "SECRET", "-4711", "stays.csv") if word in text()]
    before = len(audit.entries(stays.project))
    export(stays, "--private")
    assert all(word in text() for word in ("W3", "SECRET", "-4711", "stays.csv"))
    assert "list.xlsx" in audit.entries(stays.project)[before].detail


def test_protected_are_all_cells_but_those_to_fill_in(stays: Stays) -> None:
    sheet = load_workbook(export(stays))["worklist"]
    assert sheet.protection.sheet
    heads = [cell.value for cell in sheet[1]]
    free = [head for head, cell in zip(heads, sheet[2], strict=True) if not cell.protection.locked]
    assert free == ["decision", "closed as", "to", "until", "comment"]
    lists = {each.formula1 for each in sheet.data_validations.dataValidation if each.type == "list"}
    assert lists == {
        '"assign,answer,close,reopen,comment"', '"corrected,confirmed,not an error"',
    }  # fmt: skip


def test_another_file_is_refused_with_what_to_do(stays: Stays) -> None:
    path = stays.root / "other.xlsx"
    book = Workbook()
    book.save(path)
    _, done = take(stays, path)
    assert (done.code, "has no sheet worklist" in done.err) == (2, True)
    assert book.active
    book.active.title = "worklist"
    book.save(path)
    assert "lacks check, closed as" in take(stays, path)[1].err
    path.write_bytes(b"PK\x03\x04 no zip")
    assert "not a complete workbook" in take(stays, path)[1].err
    _, done = take(stays, stays.root / "nowhere.xlsx")
    assert (done.code, "cannot be read" in done.err) == (2, True)

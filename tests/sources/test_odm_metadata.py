"""CDISC ODM: what the metadata say of codes, units and files, and values without one."""

from __future__ import annotations

import gc
import json
from collections.abc import Callable

import pytest
from test_odm import METADATA, TRIAL, item, odm, put, subject, vitals

from cytoreg.errors import SourceError
from cytoreg.landing.land import land
from cytoreg.project.load import Project
from cytoreg.sources.cdisc import elements, pieces
from cytoreg.sources.cdisc.levels import Frame, OpenItem

Make = Callable[[str], Project]
LABELS = TRIAL.replace("[sources.trial.g", "labels = true\n[sources.trial.g")
CODES = METADATA[METADATA.index("<CodeListItem") : METADATA.index("</CodeList>")]


@pytest.mark.parametrize(
    ("codes", "values", "unknown"),
    [
        ('<EnumeratedItem CodedValue="1"/><EnumeratedItem CodedValue="2"/>', ["1", "9"], 1),
        ('<CodeListItem CodedValue="1"/>', ["1", "9"], 1),
        ('<ExternalCodeList Dictionary="MedDRA" Version="27.0"/>', ["1", "9"], 0),
    ],
)
def test_a_code_without_a_decode_is_its_own_label(
    project: Make, landed: Callable, codes: str, values: list[str], unknown: int
) -> None:
    trial = project(LABELS)
    data = subject("".join(vitals(item("I_ARM", v), v) for v in values))
    put(trial, odm(data, METADATA.replace(CODES, codes)))
    landing, rows, _ = landed(trial, "trial", '"I_ARM"')
    assert [value for (value,) in rows] == values
    told = {"value of I_ARM that its code list does not have": unknown}
    assert landing.unexpected == (told if unknown else {})


def test_two_decodes_of_a_code_in_one_version_are_counted_and_refused_with_labels(
    project: Make, landed: Callable
) -> None:
    other = METADATA.replace("left", "experimental")
    for said, registry in ((TRIAL, project(TRIAL)), (LABELS, project(LABELS))):
        put(registry, odm(subject(vitals(item("I_ARM", "1")))), odm("", other))
        if said == TRIAL:
            told = {"code with two decodes in code list CL_ARM of V1": 1}
            assert landed(registry, "trial", '"I_ARM"')[0].unexpected == told
        else:
            with pytest.raises(SourceError, match="decodes of code list CL_ARM of V1"):
                land(registry, "trial")
    put(registry, odm(subject(vitals(item("I_ARM", "1")))), odm("", METADATA.replace("t<", "t <")))
    assert landed(registry, "trial", '"I_ARM"')[1] == [("left",)]


def test_units_come_with_the_definitions_of_another_study(project: Make, landed: Callable) -> None:
    trial = project(TRIAL)
    study = """<Study OID="T"><MetaDataVersion OID="W" Name="1">
      <Include StudyOID="S" MetaDataVersionOID="V1"/></MetaDataVersion></Study>"""
    data = '<ClinicalData StudyOID="{}" MetaDataVersionOID="{}">' + subject(
        vitals(item("I_WEIGHT", "70"))
        + vitals(item("I_WEIGHT", "150", 'MeasurementUnitOID="MU_LB"'), "2")
    )
    put(
        trial,
        odm(
            "".join(data.format(*of) + "</ClinicalData>" for of in (("T", "W"), ("U", "X"))),
            METADATA + study,
        ),
    )
    rows = landed(trial, "trial", '"StudyOID", "I_WEIGHT@unit"')[1]
    assert rows == [("T", "kg"), ("T", "lb"), ("U", "kg"), ("U", "lb")]


def test_an_empty_value_has_no_unit(project: Make, landed: Callable) -> None:
    trial = project(TRIAL)
    put(trial, odm(subject(vitals(item("I_WEIGHT", "")) + vitals(item("I_WEIGHT", "0"), "2"))))
    rows = landed(trial, "trial", '"I_WEIGHT", "I_WEIGHT@unit"')[1]
    assert rows == [("", None), ("0", "kg")]


@pytest.mark.parametrize("kind", ["String", "Float"])
def test_an_item_that_is_nil_is_null(project: Make, landed: Callable, kind: str) -> None:
    trial = project(TRIAL)
    nil = (
        f'<ItemData{kind} ItemOID="I_WEIGHT" x:nil="{{}}"'
        f' xmlns:x="http://www.w3.org/2001/XMLSchema-instance">{{}}</ItemData{kind}>'
    )
    told = [nil.format("true", ""), nil.format("1", ""), nil.format("false", "7")]
    put(trial, odm(subject("".join(vitals(each, str(n)) for n, each in enumerate(told)))))
    rows = landed(trial, "trial", '"I_WEIGHT", "I_WEIGHT@unit", _items')[1]
    null = (None, None, json.dumps({"I_WEIGHT@IsNull": "Yes"}))
    assert rows == [null, null, ("7", "kg", None)]


def test_a_file_says_in_any_case_what_it_is(project: Make) -> None:
    trial = project(TRIAL)
    put(trial, odm(subject(vitals(item("I_ARM", "1"))), kind="Archive"))
    with pytest.raises(SourceError, match=r"0\.xml has a FileType other than"):
        land(trial, "trial")


def test_data_without_a_study_are_counted(project: Make, landed: Callable) -> None:
    trial = project(TRIAL)
    data = subject(vitals(item("I_WEIGHT", "1")))
    put(trial, odm(f"<ClinicalData>{data}</ClinicalData>"))
    landing, rows, _ = landed(trial, "trial", '"StudyOID", "I_WEIGHT", "I_WEIGHT@unit"')
    assert rows == [(None, "1", "kg")]
    assert landing.unexpected == {"ClinicalData without a StudyOID": 1}


def test_a_file_of_any_size_is_read_in_pieces(
    project: Make, landed: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(elements, "_CHUNK", 500)
    monkeypatch.setattr(pieces, "_ROWS", 20)
    held, alive = [], []
    flush = pieces.Pieces.flush

    def watched(some: pieces.Pieces) -> None:
        held.append(len(some._waiting) + len(some._told))
        alive.append(sum(isinstance(its, Frame | OpenItem) for its in gc.get_objects()))
        flush(some)

    monkeypatch.setattr(pieces.Pieces, "flush", watched)
    trial = project(TRIAL)
    put(trial, odm("".join(subject(vitals(item("I_ARM", str(n))), str(n)) for n in range(60))))
    gc.collect()
    gc.freeze()  # so that what is there already is not looked through each time
    try:
        assert len(landed(trial, "trial")[1]) == 60
    finally:
        gc.unfreeze()
    assert len(held) > 20
    assert max(held) < 20 + 500 / len("<FormData>")
    assert max(alive) <= 8  # the root, five levels, an item, and one that was just closed

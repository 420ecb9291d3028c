"""Defects of workbooks filled in by hand."""

from __future__ import annotations

from functools import partial

from cytoreg.demo.defects.defect import RARE, Defect

_result = partial(Defect, "biomarkers", "result")
DEFECTS: tuple[Defect, ...] = (
    _result(
        "laboratory.hospital_number.str_matches",
        "a note among the rows",
        action="repeat",
        changes={
            "mrn": "'continued in the second book'",
            **dict.fromkeys(("_day", "_day_text", "_number", "_number_text"), "null"),
            **dict.fromkeys(("normal_below", "assay", "laboratory"), "null"),
        },
        weight=RARE,
    ),
    _result(
        "laboratory.hospital_number.str_matches",
        "hospital number has a digit too many",
        changes={"mrn": "'7' || x.mrn"},
        weight=RARE,
    ),
    _result("laboratory.given_once", "row typed twice", action="repeat"),
    _result(
        "laboratory.specimen_date.type",
        "day and month swapped",
        changes={"_day_text": "strftime(x._day, '%d/%m/%Y')"},
        where="day(x._day) > 12",
    ),
    _result(
        "laboratory.specimen_date.required",
        "day not typed",
        changes={"_day": "null", "_day_text": "null"},
    ),
    _result(
        "laboratory.after_birth",
        "year a century early",
        changes={"_day_text": "strftime(x._day, '%m/%d/18%y')"},
    ),
    _result(
        "laboratory.value.type",
        "comma between thousands",
        changes={"_number_text": "'1,250'"},
        where="x._analyte = 0",
    ),
    _result(
        "laboratory.limit_of_detection_below_normal",
        "detection limit of another dilution",
        changes={"_number_text": "'<' || 4 * x.normal_below"},
    ),
)

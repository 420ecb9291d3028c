"""Defects of the operating-room log."""

from __future__ import annotations

from functools import partial

from cytoreg.demo.defects.defect import AS_OF, NO_PATIENT, RARE, Defect

_case = partial(Defect, "or_log", "cases", prefer="x._number > 1")
DEFECTS: tuple[Defect, ...] = (
    _case("procedure.unparsable", "line cut short", action="cut", weight=RARE),
    _case("procedure.unparsable", "bytes that are not UTF-8", action="bytes", weight=RARE),
    _case("procedure.unique", "case entered twice", action="repeat"),
    _case(
        "procedure.case_number.required",
        "case number missing",
        changes={"case_number": "''"},
        weight=RARE,
    ),
    _case(
        "procedure.has_hospital_number",
        "hospital number missing",
        changes={"hospital_number": "''"},
        weight=RARE,
    ),
    _case(
        "procedure.patient_exists",
        "operation on nobody",
        changes={"hospital_number": NO_PATIENT.format("hospital_number")},
        weight=RARE,
    ),
    _case(
        "procedure.operation_date.type",
        "operated on a 30 February",
        changes={"_date_text": "if(x._year < 2004, '02/30/' || x._year, x._year || '-02-30')"},
    ),
    _case(
        "procedure.operation_by_extract",
        "operated in the future",
        changes={"_day": "make_date(2092, month(x._day), day(x._day))"},
    ),
    _case(
        "procedure.duration_minutes.in_range",
        "hours instead of minutes",
        changes={"duration_minutes": "round(x.duration_minutes::integer / 60.0)::integer::varchar"},
        where="x.duration_minutes::integer < 1100",
    ),
    _case(
        "procedure.duration_matches_times",
        "duration differs from the clock",
        changes={"duration_minutes": "(x.duration_minutes::integer + 60)::varchar"},
        where="x.duration_minutes::integer < 1100",
    ),
    _case(
        "procedure.operation_after_birth",
        "operated before birth",
        changes={"_day": "p.birth - 400"},
    ),
    _case(
        "procedure.operation_before_death",
        "operated after death",
        changes={"_day": "p.last + 20"},
        where=f"p.dead and p.last + 20 <= {AS_OF}",
    ),
    _case(
        "procedure.asa_class.in_range",
        "ASA class that does not exist",
        changes={"asa_class": "'7'"},
    ),
    _case(
        "procedure.blood_loss_ml.in_range",
        "negative blood loss",
        changes={"blood_loss_ml": "'-' || x.blood_loss_ml"},
    ),
)

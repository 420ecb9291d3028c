"""Defects of the laboratory's results."""

from __future__ import annotations

from functools import partial

from cytoreg.demo.defects.defect import AS_OF, NO_PATIENT, RARE, Defect, in_2092

_result = partial(Defect, "laboratory", "observation")
DEFECTS: tuple[Defect, ...] = (
    _result("laboratory.unparsable", "line cut short", action="cut", weight=RARE),
    _result("laboratory.unique", "result exported twice", action="repeat"),
    _result(
        "laboratory.given_once",
        "result entered under a second id",
        action="repeat",
        changes={"id": "x.id || '-2'"},
    ),
    _result(
        "laboratory.patient_exists",
        "result of nobody",
        changes={"mrn": NO_PATIENT.format("mrn")},
        weight=RARE,
    ),
    _result(
        "laboratory.hospital_number.required",
        "hospital number missing",
        changes={"mrn": "''"},
        weight=RARE,
    ),
    _result(
        "laboratory.status.isin", "status that FHIR does not know", changes={"status": "'done'"}
    ),
    _result("laboratory.analyte.isin", "assay that is no biomarker", changes={"code": "'NA'"}),
    _result("laboratory.has_value", "result without a value", changes={"value": "null"}),
    _result("laboratory.has_upper_limit", "no range of normal", changes={"high": "null"}),
    _result(
        "laboratory.unit_fits_analyte",
        "chromogranin A in the unit of another assay",
        changes={"unit": "'mg/(24.h)'"},
        where="x.code = 'CGA'",
    ),
    _result(
        "laboratory.limit_fits_unit",
        "micromoles that call themselves milligrams",
        changes={"unit": "'mg/(24.h)'"},
        where="x.unit = 'umol/(24.h)'",
    ),
    _result(
        "laboratory.magnitude_plausible",
        "a thousand times too high",
        changes={"value": "(x.value::double * 1000)::bigint::varchar"},
        where="x.code = 'HIAA-U' and x.value::double > 10",
    ),
    _result(
        "laboratory.specimen_date.type",
        "specimen of a 30 February",
        changes={"effective": "x.effective[1:4] || '-02-30' || x.effective[11:]"},
    ),
    _result(
        "laboratory.by_extract",
        "specimen of the future",
        changes={"effective": in_2092("effective")},
    ),
    _result(
        "laboratory.not_after_death",
        "specimen taken after death",
        changes={"effective": "strftime(p.last + 30, '%Y-%m-%d') || x.effective[11:]"},
        where=f"p.dead and p.last + 30 <= {AS_OF}",
    ),
)

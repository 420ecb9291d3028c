"""Defects of the pathologists' reports."""

from __future__ import annotations

from functools import partial

from cytoreg.demo.defects.defect import NO_PATIENT, RARE, Defect, in_2092

_report = partial(Defect, "pathology", "report", where="x._version = 1")
_measured = "x._version = 1 and x.ki67 is not null and x.ki67 <> '<1'"
_with_nodes = "x._version = 1 and x.nodes_positive::integer > 0"
DEFECTS: tuple[Defect, ...] = (
    _report(
        "pathology.unparsable", "message header without its separators", action="cut", weight=RARE
    ),
    _report("pathology.unparsable", "bytes that are not UTF-8", action="bytes", weight=RARE),
    _report("pathology.unique", "message sent twice", action="repeat"),
    _report(
        "pathology.correction_marked",
        "correction not marked as one",
        changes={"result_status": "'F'"},
        where="x._version = 2",
    ),
    _report(
        "pathology.patient_exists",
        "report on nobody",
        changes={"mrn": NO_PATIENT.format("mrn")},
        weight=RARE,
    ),
    _report("pathology.has_hospital_number", "hospital number missing", changes={"mrn": "''"}),
    _report(
        "pathology.specimen_date.type",
        "specimen of a 30 February",
        changes={"specimen_date": "x.specimen_date[1:4] || '0230'"},
    ),
    _report(
        "pathology.specimen_by_extract",
        "specimen of the future",
        changes={"specimen_date": in_2092("specimen_date")},
    ),
    _report(
        "pathology.specimen_on_operation",
        "specimen older than its operation",
        changes={
            "specimen_date": "strftime(strptime(x.specimen_date, '%Y%m%d')"
            " - interval 9 day, '%Y%m%d')"
        },
    ),
    _report(
        "pathology.procedure_exists",
        "specimen of no operation",
        changes={"case_number": "x.case_number[1:4] || '-9' || x.case_number[7:]"},
    ),
    _report(
        "pathology.ki67_percent.in_range",
        "Ki-67 beyond 100 %",
        changes={"ki67": "'250'"},
        where=_measured,
    ),
    _report(
        "pathology.ki67_percent.type",
        "Ki-67 in words",
        changes={"ki67": "'see comment'"},
        where=_measured,
    ),
    _report(
        "pathology.grade_fits_ki67",
        "grade 1 with a high Ki-67",
        changes={"grade": "'G1'", "ki67": "'45.0'"},
        where=_measured,
    ),
    _report(
        "pathology.positives_within_examined",
        "more nodes positive than examined",
        changes={"nodes_positive": "(x.nodes_examined::integer + 4)::varchar"},
        where=_with_nodes,
    ),
    _report(
        "pathology.n_fits_nodes",
        "N0 with positive nodes",
        changes={"n": "'pN0'"},
        where=_with_nodes,
    ),
    _report(
        "pathology.m_fits_metastasis",
        "M0 with metastases",
        changes={"m": "'M0'"},
        where="x._version = 1 and x.metastasis <> 'none'",
    ),
    _report("pathology.t.str_matches", "category T that does not exist", changes={"t": "'pT7'"}),
    _report("pathology.edition_fits_date", "edition not yet in force", changes={"edition": "'8'"}),
    _report(
        "pathology.size_mm.type",
        "centimetres instead of millimetres",
        changes={"size_mm": "format('{:.1f}', x.size_mm::integer / 10)"},
        where="x._version = 1 and x.size_mm is not null",
    ),
    _report(
        "pathology.mitoses_unit.isin",
        "mitoses of ten fields of unknown size",
        changes={"_mitoses_unit": "'/10.[HPF]'"},
        where="x._version = 1 and x.mitoses <> '0'",  # zero is zero in fields of any size
    ),
)

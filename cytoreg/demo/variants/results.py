"""Results of pathologists and laboratories, written in other ways."""

from __future__ import annotations

from functools import partial

from cytoreg.demo.defects.defect import Defect
from cytoreg.demo.variants.variant import padded, variant, without_zeros

_report = partial(variant, "pathology", "report")
_result = partial(variant, "laboratory", "observation")
_typed = partial(variant, "biomarkers", "result")

_NO_RESULTS = dict.fromkeys(
    (
        *("site", "histology", "grade", "ki67", "mitoses", "differentiation", "t", "n", "m"),
        *("metastasis", "edition", "nodes_examined", "nodes_positive", "size_mm"),
    ),
    "null",
)
_once = (
    "x._version = 1 and x.report_number not in"
    " (select report_number from extract.pathology_report where _version = 2)"
)
_measured = f"{_once} and x.ki67 is not null and x.ki67 <> '<1'"
_earlier = "strftime(strptime(x.reported, '%Y%m%d%H%M') - interval 6 hour, '%Y%m%d%H%M')"
_PATHOLOGY = (
    _report("hospital number without its zeros", {"mrn": without_zeros("mrn")}),
    _report("white space around the case number", {"case_number": padded("case_number")}),
    _report("Ki-67 with a comma", {"ki67": "replace(x.ki67, '.', ',')"}, where=_measured),
    _report("Ki-67 with its percent sign", {"ki67": "x.ki67 || ' %'"}, where=_measured),
    _report(
        "Ki-67 as a range",
        {"ki67": "floor(x.ki67::double)::integer || '-' || (floor(x.ki67::double) + 1)::integer"},
        where=_measured,
    ),
    _report("Ki-67 as a limit", {"ki67": "'≤2'"}, where=f"{_measured} and x.ki67::double <= 2"),
    _report("size an explicit null", {"size_mm": """'""'"""}),
    _report("category T with a suffix", {"t": "x.t || '(m)'"}),
    _report("category T after treatment", {"t": "'y' || x.t"}),
    _report("category N of micrometastases", {"n": "x.n || 'mi'"}, where="x.n = 'pN1'"),
    _report(
        "grade in words",
        {"grade": "'NET ' || x.grade"},
        where="x.grade is not null and x.grade <> 'G3'",
    ),
    _report("specimen in a month", {"specimen_date": "x.specimen_date[1:6]"}),
    _report("specimen with a time of day", {"specimen_date": "x.specimen_date || '1130'"}),
    _report(
        "withdrawn result before the one that stands",
        {"_segments": "'OBX|17|ST|KI67^Ki-67 index^L||88|%|||||W'"},
        where=_measured,
    ),
    _report(
        "report cancelled",
        {
            **_NO_RESULTS,
            "message_number": "x.message_number || 'X'",
            "report_number": "x.report_number || 'X'",
            "result_status": "'X'",
        },
        where=_once,
        action="repeat",
    ),
    _report(
        "second order in the message, cancelled",
        {
            **_NO_RESULTS,
            "report_number": "x.report_number || 'Y'",
            "result_status": "'X'",
            "_joined": "true",
        },
        where=_once,
        action="repeat",
    ),
    _report(
        "preliminary report beside the final one",
        {
            "message_number": "x.message_number || 'P'",
            "reported": _earlier,
            "result_status": "'P'",
            "size_mm": "'3'",
        },
        where=_once,
        action="repeat",
    ),
)
_LABORATORY = (
    _result("hospital number without its zeros", {"mrn": without_zeros("mrn")}),
    _result("amended result", {"status": "'amended'"}),
    _result("corrected result", {"status": "'corrected'"}),
    _result("collected over a day", {"started": "x.effective[1:10] || 'T00:30:00Z'"}),
    _result("specimen near midnight", {"effective": "x.effective[1:10] || 'T23:50:00Z'"}),
    _result("specimen in a month", {"effective": "x.effective[1:7]"}),
    _result(
        "result as text",
        {"value": "null", "value_text": "x.value || ' ' || x.unit"},
        where="x.comparator is null",
    ),
    _result(
        "limit as text",
        {"value": "null", "value_text": "'≤' || x.value || ' ' || x.unit"},
        where="x.comparator is not null",
    ),
    _result(
        "a range of treatment before that of normal",
        {"other_range": """'{"type":{"coding":[{"code":"treatment"}]},"high":{"value":9}}'"""},
    ),
    _result("performed by a person too", {"person": "'Simulated Technician'"}),
    _result(
        "result entered in error beside the right one",
        {"id": "x.id || '-0'", "status": "'entered-in-error'", "value": "'1.0'"},
        action="repeat",
    ),
)
_BIOMARKERS = (
    _typed("hospital number without its zeros", {"mrn": without_zeros("mrn")}),
    _typed("white space around the number", {"mrn": padded("mrn")}),
    _typed("year of two digits", {"_day_text": "strftime(x._day, '%m/%d/%y')"}),
    _typed("taken in a month", {"_day_text": "strftime(x._day, '%Y-%m')"}),
    _typed(
        "unit beside the number",
        {"_number_text": "x._number || if(x._analyte = 0, ' ng/mL', ' mg/24 h')"},
        where="x._number_text is null",
    ),
    _typed(
        "flag beside the number",
        {"_number_text": "x._number || ' H'"},
        where="x._number_text is null",
    ),
)
VARIANTS: tuple[Defect, ...] = (*_PATHOLOGY, *_LABORATORY, *_BIOMARKERS)

"""Stays, diagnoses, operations, complications and contacts, written in other ways."""

from __future__ import annotations

from functools import partial

from cytoreg.demo.defects.defect import Defect
from cytoreg.demo.variants.variant import (
    FORMER,
    FORMER_CHART,
    SECOND_TUMOUR_UNDER_FORMER,
    TWO_TUMOURS,
    padded,
    variant,
    without_zeros,
)

_encounter = partial(variant, "hospital", "encounters")
_diagnosis = partial(variant, "hospital", "diagnoses")
_case = partial(variant, "or_log", "cases")
_finding = partial(variant, "research", "procedure")
_complication = partial(variant, "research", "complication")
_follow_up = partial(variant, "research", "follow_up")

_TIME = "'%Y-%m-%d %H:%M:%S'"
# The day after the operation's, at noon: a stay of several nights was moved to another ward then.
_MOVED = f"strftime(strptime(x.discharge_time, {_TIME})::date - 1 + interval 12 hour, {_TIME})"
_NIGHTS = (
    f"x.class = 'IMP' and strptime(x.discharge_time, {_TIME})::date"
    f" - strptime(x.admit_time, {_TIME})::date > 3"
)


def _leaves(extra: str) -> tuple[str, ...]:
    """Statements that end the first part of a stay where the second begins, and `extra`."""
    return (
        f"""
update extract.hospital_encounters as x
set discharge_time = strftime(
    strptime(discharge_time, {_TIME})::date - 1 + interval 12 hour + interval {extra}, {_TIME}),
  disposition = 'other'
where rowid in (select id from target)
""",
    )


_HOSPITAL = (
    _encounter(
        "transfer: a stay of two adjoining encounters",
        {"encounter_id": "x.encounter_id || 'T'", "admit_time": _MOVED},
        where=_NIGHTS,
        action="repeat",
        then=_leaves("0 hour"),
    ),
    _encounter(
        "ward change: a stay of two overlapping encounters",
        {"encounter_id": "x.encounter_id || 'W'", "admit_time": _MOVED},
        where=_NIGHTS,
        action="repeat",
        then=_leaves("3 hour"),
    ),
    _encounter("discharged on a day without a time", {"discharge_time": "x.discharge_time[1:10]"}),
    _encounter("times without seconds", {"admit_time": "replace(x.admit_time[1:16], ' ', 'T')"}),
    _encounter(
        "visit as an instant near midnight",
        {
            "admit_time": "x.admit_time[1:10] || 'T23:50:00Z'",
            "discharge_time": "x.admit_time[1:10] || 'T23:58:00Z'",
        },
        where="x._kind = 'visit'",
    ),
    _encounter("class in words", {"class": "if(x.class = 'IMP', 'inpatient', 'ambulatory')"}),
    _encounter("disposition in capitals", {"disposition": "upper(x.disposition)"}),
    _encounter("hospital number without its zeros", {"mrn": without_zeros("mrn")}),
    _encounter(
        "encounter under a former number",
        {"mrn": FORMER},
        where=TWO_TUMOURS,
        then=(SECOND_TUMOUR_UNDER_FORMER, FORMER_CHART),
    ),
    _diagnosis("diagnosed in a month", {"diagnosis_date": "x.diagnosis_date[1:7]"}),
    _diagnosis("code in small letters", {"code": "lower(x.code)"}),
    _diagnosis("white space around the code", {"code": padded("code")}),
    _diagnosis(
        "vocabulary by another name",
        {"code_system": "if(x.code_system = 'ICD9CM', 'ICD-9-CM', 'ICD-10-CM')"},
    ),
)
_OR_LOG = (
    _case(
        "hospital number without its zeros", {"hospital_number": without_zeros("hospital_number")}
    ),
    _case("white space around the case number", {"case_number": padded("case_number")}),
    _case("white space around the minutes", {"duration_minutes": padded("duration_minutes")}),
    _case(
        "operation under a former number",
        {"hospital_number": FORMER},
        where=TWO_TUMOURS,
        then=(SECOND_TUMOUR_UNDER_FORMER, FORMER_CHART),
    ),
    _case("name with a suffix", {"patient_name": "replace(x.patient_name, ', ', ' JR, ')"}),
    _case(
        "name without accents",
        {"patient_name": "strip_accents(x.patient_name)"},
        where="strip_accents(x.patient_name) <> x.patient_name",
    ),
    _case("blood loss not given", {"blood_loss_ml": "''"}),
)
_RESEARCH = (
    _finding("operated in a month", {"proc_date": "x.proc_date[1:7]"}),
    _finding("white space around the case number", {"proc_case_no": padded("proc_case_no")}),
    _finding("share removed not given", {"proc_percent_removed": "''"}),
    _complication("complication in a month", {"comp_date": "x.comp_date[1:7]"}),
    _complication("white space around the grade", {"comp_clavien": padded("comp_clavien")}),
    _follow_up("contact in a month", {"fu_date": "x.fu_date[1:7]"}, where="x.fu_status <> '3'"),
    _follow_up("died in a month", {"fu_date": "x.fu_date[1:7]"}, where="x.fu_status = '3'"),
    _follow_up("cause of death unknown", {"fu_cause": "'9'"}, where="x.fu_status = '3'"),
    _follow_up("white space around the status", {"fu_status": padded("fu_status")}),
)
VARIANTS: tuple[Defect, ...] = (*_HOSPITAL, *_OR_LOG, *_RESEARCH)

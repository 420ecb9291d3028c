"""Defects of the research project."""

from __future__ import annotations

from functools import partial

from cytoreg.demo.defects.defect import AS_OF, RARE, Defect, in_2092

_finding = partial(Defect, "research", "procedure", prefer="p.presenting <> 9")
_complication = partial(Defect, "research", "complication")
_follow_up = partial(Defect, "research", "follow_up")
_no_case = "x.{0}[1:4] || '-9' || x.{0}[7:]"
DEFECTS: tuple[Defect, ...] = (
    Defect(
        "research",
        "enrollment",
        "patient.hospital_number.required",
        "enrolled without a hospital number",
        changes={"mrn": "''"},
        prefer="p.presenting <> 9",
        weight=RARE,
    ),
    _finding(
        "operative_finding.procedure_exists",
        "findings of no operation",
        changes={"proc_case_no": _no_case.format("proc_case_no")},
        weight=RARE,
    ),
    _finding(
        "operative_finding.site_found.isin",
        "site code that does not exist",
        changes={"proc_site_found": "'42'"},
    ),
    _finding(
        "operative_finding.percent_removed.in_range",
        "more removed than there was",
        changes={"proc_percent_removed": "'150'"},
    ),
    _finding(
        "operative_finding.r2_not_complete",
        "R2 though all was removed",
        changes={"proc_percent_removed": "'100'"},
        where="x.proc_r_status = '2'",
    ),
    _finding(
        "operative_finding.date_agrees",
        "operation date differs from the log",
        changes={"proc_date": "(x.proc_date::date + 7)::varchar"},
    ),
    _finding(
        "operative_finding.systolic_low.in_range",
        "kPa instead of mmHg",
        changes={"proc_sbp_low": "'12'"},
        where="x.proc_sbp_low_min = '0'",
    ),
    _complication(
        "complication.grade.isin",
        "grade that does not exist",
        changes={"comp_clavien": "'8'"},
        where="x.comp_clavien <> '7'",
    ),
    _complication(
        "complication.procedure_exists",
        "complication of no operation",
        changes={"comp_case_no": _no_case.format("comp_case_no")},
        where="x.comp_clavien <> '7'",
        weight=RARE,
    ),
    _complication(
        "complication.after_operation",
        "complication before the operation",
        changes={"comp_date": "(x._operated - 20)::varchar"},
        where="x.comp_clavien <> '7'",
    ),
    _complication(
        "complication.grade_v_is_death",
        "grade V survived",
        changes={"comp_clavien": "'7'"},
        where="not p.dead",
    ),
    _complication(
        "complication.complication_date.required",
        "date of complication missing",
        changes={"comp_date": "''"},
        where="x.comp_clavien <> '7'",
    ),
    _follow_up(
        "follow_up.follow_up_date.type",
        "seen on a 30 February",
        changes={"fu_date": "x.fu_date[1:4] || '-02-30'"},
    ),
    _follow_up(
        "follow_up.contact_not_after_death",
        "seen after death",
        changes={"fu_date": "(p.last + 60)::varchar"},
        where=f"p.dead and x.fu_status <> '3' and p.last + 60 <= {AS_OF}",
    ),
    _follow_up(
        "follow_up.status.isin", "status code that does not exist", changes={"fu_status": "'7'"}
    ),
    _follow_up(
        "follow_up.by_extract", "seen in the future", changes={"fu_date": in_2092("fu_date")}
    ),
)

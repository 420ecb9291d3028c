"""Defects of the tumour registry."""

from __future__ import annotations

from functools import partial

from cytoreg.demo.defects.defect import Defect, in_2092

_patient = partial(Defect, "tumor_registry", "patient")
_tumor = partial(Defect, "tumor_registry", "tumor")
_first = "x.tumorRecordNumber = '01'"
# The repeated abstract reports one more tumour, of the skin, which has no record of its own yet.
_ONE_MORE_TUMOUR = """
insert into extract.tumor_registry_tumor
select t.* replace (
  '03' as tumorRecordNumber, '03' as sequenceNumberHospital, 'C445' as primarySite,
  '8720' as histologicTypeIcdO3, '9' as gradePathological, null as ki67, '999' as tumorSizeSummary,
  left(t._record, 9) || '03' as _record, t._sort // 10 * 10 + 9 as _sort
)
from extract.tumor_registry_tumor as t
join extract.tumor_registry_patient as p on p._sort = t._sort // 10
where p.rowid in (select id from target) and t.tumorRecordNumber = '01'
"""
_NO_LONGER_THE_ONLY_ONE = """
update extract.tumor_registry_tumor as t
set sequenceNumberHospital = '01'
from extract.tumor_registry_patient as p
where p._sort = t._sort // 10 and p.rowid in (select id from target)
  and t.sequenceNumberHospital = '00'
"""
DEFECTS: tuple[Defect, ...] = (
    _patient(
        "patient.birth_date.type",
        "born on a 30 February",
        changes={"dateOfBirth": "x.dateOfBirth[1:4] || '0230'"},
    ),
    _patient("patient.sex.isin", "sex code that does not exist", changes={"sex": "'7'"}),
    _patient(
        "patient.unique",
        "abstract sent twice",
        action="repeat",
        then=(_ONE_MORE_TUMOUR, _NO_LONGER_THE_ONLY_ONE),
    ),
    _patient("patient.family_name_given", "family name missing", changes={"nameLast": "null"}),
    _patient(
        "patient.dead_has_death_date",
        "dead without a date",
        changes={"dateOfLastContact": "null"},
        where="p.dead",
    ),
    _tumor(
        "tumor.primary_site.str_matches",
        "site code without its C",
        changes={"primarySite": "'Z' || x.primarySite[2:]"},
    ),
    _tumor(
        "tumor.histology.in_range",
        "histology outside ICD-O-3",
        changes={"histologicTypeIcdO3": "'7' || x.histologicTypeIcdO3[2:]"},
    ),
    _tumor(
        "tumor.behavior.isin",
        "behaviour code that does not exist",
        changes={"behaviorCodeIcdO3": "'7'"},
    ),
    _tumor(
        "tumor.ki67_percent.in_range",
        "Ki-67 beyond 100 %",
        changes={"ki67": "'250.0'"},
        where=_first,
    ),
    _tumor(
        "tumor.diagnosis_after_birth",
        "diagnosed before birth",
        changes={"dateOfDiagnosis": "strftime(p.birth - 900, '%Y%m%d')"},
    ),
    _tumor(
        "tumor.diagnosis_by_extract",
        "diagnosed in the future",
        changes={"dateOfDiagnosis": in_2092("dateOfDiagnosis")},
    ),
    _tumor(
        "tumor.grade_fits_ki67",
        "grade 1 with a high Ki-67",
        changes={"gradePathological": "'1'", "ki67": "'45.0'"},
        where=_first,
    ),
    _tumor("tumor.tumor_key.unique", "tumour given twice", action="repeat"),
    _tumor(
        "tumor.site_fits_sex",
        "tumour of the other sex's organ",
        changes={"primarySite": "if(p.female, 'C619', 'C569')"},
        where=f"not {_first}",
    ),
    _tumor(
        "tumor.size_mm.in_range",
        "size with a slipped digit",
        changes={"tumorSizeSummary": "'850'"},
    ),
)

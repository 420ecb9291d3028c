"""The catalogue of planted defects: what goes wrong in which system, and the rule that finds it.

Each defect is SQL over one table of an extract: `where` picks records that can carry it, `set`
gives the changed columns. In both, `x` is the extract's record and `p` the person (all null for
strangers). `prefer` names those among which it does least harm to the published figures.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

RATE = 0.0005
"""Share of a table's records that each kind of defect is planted on, at least one."""

Action = Literal["change", "repeat", "resend", "cut", "bytes"]


@dataclass(frozen=True)
class Defect:
    """One kind of defect.

    `action`: change columns as `set` says; repeat the record as it is; resend a patient's abstract
    with one more tumour; cut the line short; put bytes into it that are not UTF-8.
    """

    rule: str
    source: str
    table: str
    description: str
    set: Mapping[str, str] = field(default_factory=dict)
    where: str = "true"
    prefer: str = "true"
    action: Action = "change"
    rate: float = RATE


_AS_OF = "date '2016-12-31'"
# No patient has such a hospital number: real ones end far below.
_NO_PATIENT = "'99' || right(x.{0}, 5)"


def _in_2092(column: str) -> str:
    """The date text of `column` with its year mistyped as one far ahead (a leap year)."""
    return f"'2092' || x.{column}[5:]"


def _tumor_registry() -> tuple[Defect, ...]:
    def patient(rule: str, description: str, **more: object) -> Defect:
        return Defect(rule, "tumor_registry", "patient", description, **more)  # type: ignore[arg-type]

    def tumor(rule: str, description: str, **more: object) -> Defect:
        return Defect(rule, "tumor_registry", "tumor", description, **more)  # type: ignore[arg-type]

    first = "x.tumorRecordNumber = '01'"
    return (
        patient("patient.birth_date.type", "born on a 30 February",
                set={"dateOfBirth": "x.dateOfBirth[1:4] || '0230'"}),
        patient("patient.sex.isin", "sex code that does not exist", set={"sex": "'5'"}),
        patient("patient.unique", "abstract sent twice", action="resend"),
        patient("patient.family_name_given", "family name missing", set={"nameLast": "null"}),
        patient("patient.dead_has_death_date", "dead without a date",
                set={"dateOfLastContact": "null"}, where="p.dead"),
        tumor("tumor.primary_site.str_matches", "site code without its C",
              set={"primarySite": "'Z' || x.primarySite[2:]"}),
        tumor("tumor.histology.in_range", "histology outside ICD-O-3",
              set={"histologicTypeIcdO3": "'7' || x.histologicTypeIcdO3[2:]"}),
        tumor("tumor.behavior.isin", "behaviour code that does not exist",
              set={"behaviorCodeIcdO3": "'7'"}),
        tumor("tumor.ki67_percent.in_range", "Ki-67 beyond 100 %", set={"ki67": "'250.0'"},
              where=first),
        tumor("tumor.diagnosis_after_birth", "diagnosed before birth",
              set={"dateOfDiagnosis": "strftime(p.birth - 900, '%Y%m%d')"}),
        tumor("tumor.diagnosis_by_extract", "diagnosed in the future",
              set={"dateOfDiagnosis": _in_2092("dateOfDiagnosis")}),
        tumor("tumor.grade_fits_ki67", "grade 1 with a high Ki-67",
              set={"gradePathological": "'1'", "ki67": "'45.0'"}, where=first),
        tumor("tumor.tumor_key.unique", "tumour given twice", action="repeat"),
        tumor("tumor.site_fits_sex", "tumour of the other sex's organ",
              set={"primarySite": "if(p.female, 'C619', 'C569')"}, where=f"not {first}"),
        tumor("tumor.size_mm.in_range", "size with a slipped digit",
              set={"tumorSizeSummary": "'850'"}),
    )  # fmt: skip


def _hospital() -> tuple[Defect, ...]:
    def patient(rule: str, description: str, **more: object) -> Defect:
        return Defect(rule, "hospital", "patients", description, **more)  # type: ignore[arg-type]

    def encounter(rule: str, description: str, **more: object) -> Defect:
        return Defect(rule, "hospital", "encounters", description, **more)  # type: ignore[arg-type]

    def diagnosis(rule: str, description: str, **more: object) -> Defect:
        return Defect(rule, "hospital", "diagnoses", description, **more)  # type: ignore[arg-type]

    uncoded = "x._kind in ('visit', 'contact')"  # no diagnosis hangs on it
    admitted = "strptime(x.admit_time, '%Y-%m-%d %H:%M:%S')"
    return (
        patient("patient.birth_date.in_range", "birth year a century early",
                set={"birth_date": "'185' || x.birth_date[4:]"}, where="x.birth_date[6:] <> '02-29'"),
        patient("patient.death_after_birth", "died before birth",
                set={"death_date": "(p.birth - 800)::varchar"}, where="p.dead"),
        patient("patient.hospital_number.str_matches", "hospital number lost its leading zero",
                set={"mrn": "x.mrn[2:]"}, where="x.mrn like '0%'"),
        patient("patient.ssn_last4.str_matches", "letter among the last four digits",
                set={"ssn_last4": "x.ssn_last4[1:3] || 'O'"}),
        patient("patient.death_by_extract", "dies in the future",
                set={"death_date": _in_2092("death_date")}, where="p.dead"),
        patient("patient.sex_agrees", "sex differs from the other systems",
                set={"sex": "if(x.sex = 'F', 'M', 'F')"}),
        patient("patient.birth_date_agrees", "birth date differs from the other systems",
                set={"birth_date": "(p.birth + 31)::varchar"}, where="p.birth + 400 < p.diagnosis"),
        patient("patient.death_date_agrees", "death date differs from the other systems",
                set={"death_date": "(p.last + 40)::varchar"},
                where=f"p.dead and p.last + 40 <= {_AS_OF}"),
        patient("patient.alive_has_no_death_date", "alive with a death date",
                set={"deceased": "'N'"}, where="p.dead"),
        encounter("encounter.discharge_after_admission", "discharged before admission",
                  set={"discharge_time": f"strftime({admitted} - interval 3 day, '%Y-%m-%d %H:%M:%S')"},
                  where=uncoded),
        encounter("encounter.patient_exists", "encounter of nobody",
                  set={"mrn": _NO_PATIENT.format("mrn")}, where=uncoded),
        encounter("encounter.encounter_number.unique", "encounter entered twice",
                  where=uncoded, action="repeat"),
        encounter("encounter.stay_plausible", "stay of more than half a year",
                  set={"discharge_time":
                       f"strftime({admitted} + interval 200 day, '%Y-%m-%d %H:%M:%S')"},
                  where=f"x._kind = 'medical' and {admitted}::date + 200 < p.last"),
        encounter("encounter.admission_time.type", "admitted in a thirteenth month",
                  set={"admit_time": "x.admit_time[1:4] || '-13-45 08:00:00'"}, where=uncoded),
        encounter("encounter.admission_time.required", "admission time missing",
                  set={"admit_time": "null"}, where=uncoded),
        diagnosis("diagnosis.code.str_matches", "code that no vocabulary has",
                  set={"code": "'#N/A'"}),
        diagnosis("diagnosis.encounter_exists", "diagnosis of no encounter",
                  set={"encounter_id": "'E99' || right(x.encounter_id, 7)"}),
        diagnosis("diagnosis.not_merkel", "Merkel cell carcinoma coded",
                  set={"code": "'C7B.1'"}, where="x.code_system = 'ICD10CM'"),
        diagnosis("diagnosis.code_system.isin", "unknown vocabulary",
                  set={"code_system": "'ICD11'"}),
    )  # fmt: skip


def _or_log() -> tuple[Defect, ...]:
    def case(rule: str, description: str, **more: object) -> Defect:
        more = {"prefer": "x._number > 1", **more}
        return Defect(f"procedure.{rule}", "or_log", "cases", description, **more)  # type: ignore[arg-type]

    return (
        case("unparsable", "line cut short", action="cut"),
        case("unparsable", "bytes that are not UTF-8", action="bytes"),
        case("case_number.unique", "case entered twice", action="repeat"),
        case("case_number.required", "case number missing", set={"case_number": "''"}),
        case("hospital_number.required", "hospital number missing", set={"hospital_number": "''"}),
        case("patient_exists", "operation on nobody",
             set={"hospital_number": _NO_PATIENT.format("hospital_number")}),
        case("operation_date.type", "operated on a 30 February",
             set={"_date_text": "if(x._year < 2004, '02/30/' || x._year, x._year || '-02-30')"}),
        case("operation_by_extract", "operated in the future",
             set={"_day": "make_date(2092, month(x._day), day(x._day))"}),
        case("duration_minutes.in_range", "hours instead of minutes",
             set={"duration_minutes": "round(x.duration_minutes::integer / 60.0)::integer::varchar"},
             where="x.duration_minutes::integer < 1100"),
        case("duration_matches_times", "duration differs from the clock",
             set={"duration_minutes": "(x.duration_minutes::integer + 60)::varchar"},
             where="x.duration_minutes::integer < 1100"),
        case("operation_after_birth", "operated before birth", set={"_day": "p.birth - 400"}),
        case("operation_before_death", "operated after death", set={"_day": "p.last + 20"},
             where=f"p.dead and p.last + 20 <= {_AS_OF}"),
        case("asa_class.in_range", "ASA class that does not exist", set={"asa_class": "'7'"}),
        case("blood_loss_ml.in_range", "negative blood loss",
             set={"blood_loss_ml": "'-' || x.blood_loss_ml"}),
    )  # fmt: skip


def _research() -> tuple[Defect, ...]:
    def finding(rule: str, description: str, **more: object) -> Defect:
        more = {"prefer": "p.presenting <> 9", **more}
        return Defect(f"operative_finding.{rule}", "research", "procedure", description, **more)  # type: ignore[arg-type]

    def complication(rule: str, description: str, **more: object) -> Defect:
        return Defect(f"complication.{rule}", "research", "complication", description, **more)  # type: ignore[arg-type]

    def follow_up(rule: str, description: str, **more: object) -> Defect:
        return Defect(f"follow_up.{rule}", "research", "follow_up", description, **more)  # type: ignore[arg-type]

    no_case = "x.{0}[1:4] || '-9' || x.{0}[7:]"
    return (
        Defect("patient.hospital_number.required", "research", "enrollment",
               "enrolled without a hospital number", set={"mrn": "''"}, prefer="p.presenting <> 9"),
        finding("procedure_exists", "findings of no operation",
                set={"proc_case_no": no_case.format("proc_case_no")}),
        finding("site_found.isin", "site code that does not exist", set={"proc_site_found": "'42'"}),
        finding("percent_removed.in_range", "more removed than there was",
                set={"proc_percent_removed": "'150'"}),
        finding("r2_not_complete", "R2 though all was removed", set={"proc_percent_removed": "'100'"},
                where="x.proc_r_status = '2'"),
        finding("date_agrees", "operation date differs from the log",
                set={"proc_date": "(x.proc_date::date + 7)::varchar"}),
        finding("systolic_low.in_range", "kPa instead of mmHg", set={"proc_sbp_low": "'12'"},
                where="x.proc_sbp_low_min = '0'"),
        complication("grade.isin", "grade that does not exist", set={"comp_clavien": "'8'"},
                     where="x.comp_clavien <> '7'"),
        complication("procedure_exists", "complication of no operation",
                     set={"comp_case_no": no_case.format("comp_case_no")},
                     where="x.comp_clavien <> '7'"),
        complication("after_operation", "complication before the operation",
                     set={"comp_date": "(x._operated - 20)::varchar"},
                     where="x.comp_clavien <> '7'"),
        complication("grade_v_is_death", "grade V survived", set={"comp_clavien": "'7'"},
                     where="not p.dead"),
        complication("complication_date.required", "date of complication missing",
                     set={"comp_date": "''"}, where="x.comp_clavien <> '7'"),
        follow_up("follow_up_date.type", "seen on a 30 February",
                  set={"fu_date": "x.fu_date[1:4] || '-02-30'"}),
        follow_up("contact_not_after_death", "seen after death",
                  set={"fu_date": "(p.last + 60)::varchar"},
                  where=f"p.dead and x.fu_status <> '3' and p.last + 60 <= {_AS_OF}"),
        follow_up("status.isin", "status code that does not exist", set={"fu_status": "'7'"}),
        follow_up("by_extract", "seen in the future", set={"fu_date": _in_2092("fu_date")}),
    )  # fmt: skip


def _death_index() -> tuple[Defect, ...]:
    def death(rule: str, description: str, **more: object) -> Defect:
        return Defect(f"death.{rule}", "death_index", "deaths", description, **more)  # type: ignore[arg-type]

    return (
        death("unparsable", "line cut short", action="cut"),
        death("death_after_birth", "died before birth",
              set={"death_date": "(x.birth_date[1:4]::integer - 3) || '0615'"}),
        death("certificate_number.unique", "certificate listed twice", action="repeat",
              where="x._pid is not null"),
        death("death_date.type", "died on a 30 February",
              set={"death_date": "x.death_date[1:4] || '0230'"}),
        death("sex.isin", "sex code that does not exist", set={"sex": "'X'"}),
        death("ssn_last4.str_matches", "letter among the last four digits",
              set={"ssn_last4": "x.ssn_last4[1:3] || 'O'"}),
    )  # fmt: skip


DEFECTS: tuple[Defect, ...] = (
    *_tumor_registry(),
    *_hospital(),
    *_or_log(),
    *_research(),
    *_death_index(),
)
"""Every kind, in the order in which they are planted."""

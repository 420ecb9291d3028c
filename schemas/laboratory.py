"""Results of laboratories."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from cytoreg.rules import Entity, PartialDate, compare, field, newest_by, references, rule

from .codes import ANALYTES, CLOCK, HOSPITAL_NUMBER, LABORATORY_STATUS


def _replaced_by(this: str, that: str) -> str:
    """SQL: whether `that` is a newer version of the same resource (FHIR R4, Resource.meta).

    Two servers may have one id; a resource that was corrected keeps its laboratory.
    """
    return f"""(
        coalesce({this}laboratory, '') = coalesce({that}laboratory, '')
        and case
          when {this}version is null and {that}version is null
            then coalesce({this}last_updated < {that}last_updated, false)
          else coalesce({this}version < {that}version, false)
            and coalesce({this}last_updated <= {that}last_updated, true)
        end
    )"""


class Laboratory(Entity):
    """A measured biomarker: from the laboratory's system, or typed from the books before 1998.

    Units are as reported; registry.laboratory has the analyte's own unit beside them. Results of
    different assays are not comparable, even in one unit.
    """

    result_key: str = field(
        "The laboratory's id of the result; of the books, workbook, sheet and row.",
        key=True,
        reasons={"required": "A result without its id cannot be found again."},
    )
    status: str = field(
        "FHIR status: registered, preliminary, final, amended, corrected, cancelled, …",
        isin=LABORATORY_STATUS,
        reasons={
            "required": "Nobody knows whether this result stands.",
            "isin": "FHIR has no such status of an observation.",
        },
    )
    hospital_number: str = field(
        "Number of the patient in the hospital.",
        identity=True,
        str_matches=HOSPITAL_NUMBER,
        reasons={
            "required": "Nobody knows whose result this is.",
            "str_matches": "A hospital number has seven digits; leading zeros count.",
        },
    )
    hospital_number_given: str = field(
        "The number as it stands; where it is unreadable, the reference says whose it is.",
        nullable=True,
        str_matches=HOSPITAL_NUMBER,
        reasons={"str_matches": "No seven digits; the reference says whose it is."},
    )
    analyte: str = field(
        "chromogranin_a, pancreastatin, serotonin, neurokinin_a or hiaa_urine (5-HIAA in 24 h).",
        isin=ANALYTES,
        reasons={
            "required": "What was measured is missing.",
            "isin": "The registry has no such biomarker.",
        },
    )
    value: float = field(
        "The result, or the limit below which (above which) it lies.",
        nullable=True,
        ge=0,
        reasons={
            "type": "The result is not a number; words, or a comma between thousands?",
            "ge": "No concentration is negative.",
        },
    )
    comparator: str = field(
        "<, <=, > or >= before a value that is a limit only.",
        nullable=True,
        isin=("<", "<=", ">", ">="),
        reasons={"isin": "Only <, <=, > and >= stand before a limit."},
    )
    absent_reason: str = field(
        "Why there is no value: a code of FHIR's dataAbsentReason, or the laboratory's words.",
        nullable=True,
    )
    unit: str = field("Unit of value and limit, UCUM.", nullable=True)
    upper_limit: float = field(
        "Upper limit of the normal range, in the result's unit.",
        nullable=True,
        gt=0,
        reasons={
            "type": "The upper limit is not a number.",
            "gt": "An upper limit is above zero.",
        },
    )
    assay: str = field(
        "Method, as the laboratory calls it.",
        reasons={"required": "Without its assay a result can be compared with no other."},
    )
    laboratory: str = field("Who measured.", nullable=True)
    specimen_date: PartialDate = field(
        "Day on which the specimen was taken, or its collection ended.",
        reasons={
            "type": "The day of the specimen is no calendar date; day and month swapped?",
            "required": "Without its day a result is neither before nor after an operation.",
        },
    )
    specimen_clock: str = field(
        "Time of that day, HH:MM.",
        nullable=True,
        str_matches=CLOCK,
        reasons={"str_matches": "Not a time of day as HH:MM."},
    )

    last_updated: datetime = field(
        "When the laboratory last changed this record, UTC.",
        nullable=True,
        reasons={"type": "This is no moment; which version is the newest is not known."},
    )
    version: int = field(
        "Number of this version of the record.",
        nullable=True,
        reasons={"type": "A version that counts is a whole number."},
    )

    latest = newest_by(
        "last_updated",
        "version",
        """case status when 'entered-in-error' then 3 when 'corrected' then 2
           when 'amended' then 2 when 'final' then 1 else 0 end""",
    )
    has_value = rule(
        """
        value is not null
        or absent_reason is not null
        or status in ('registered', 'preliminary', 'cancelled', 'entered-in-error')
        """,
        "A result without its value, and without a reason why there is none.",
        severity="warning",
    )
    has_unit = rule(
        "unit is not null or value is null",
        "A number without its unit says nothing.",
        severity="warning",
    )
    has_upper_limit = rule(
        "upper_limit is not null or value is null",
        "Without the upper limit nobody knows whether the result is raised.",
        severity="warning",
    )
    by_extract = rule(
        "specimen_date <= $as_of",
        "The specimen was taken after the day the extract was made.",
        refuses="specimen_date",
    )
    has_hospital_number = rule(
        """
        hospital_number_given is not null
        or hospital_number is null
        or not regexp_matches(hospital_number, '^[0-9]{7}$')
        """,
        "The hospital number is missing; the reference says whose it is.",
        severity="warning",
    )
    patient_exists = references(
        "patient",
        on="hospital_number",
        reason="No accepted patient of any source has this hospital number.",
    )
    number_of_one = compare(
        "laboratory",
        on="result_key",
        holds=f"""
            hospital_number = laboratory.hospital_number
            or {_replaced_by("laboratory.", "")}
            or {_replaced_by("", "laboratory.")}
        """,
        reason="Another patient has a result of this id too; each keeps the own one.",
        severity="warning",
    )
    given_to_another = compare(
        "laboratory",
        on=("_source", "result_key"),
        holds=f"""
            hospital_number = laboratory.hospital_number
            or not {_replaced_by("", "laboratory.")}
        """,
        reason="A newer version of this result names another patient; the newer one is kept.",
    )
    after_birth = compare(
        "patient",
        on="hospital_number",
        holds="specimen_date >= patient.birth_date",
        reason="The specimen was taken before birth.",
        refuses="specimen_date",
    )
    not_after_death = compare(
        "patient",
        on="hospital_number",
        holds="specimen_date <= patient.death_date",
        reason="The specimen was taken after death.",
        severity="warning",
    )
    unit_fits_analyte = rule(
        """
        case analyte
          when 'chromogranin_a' then unit in ('ng/mL', 'ug/L', 'U/L', 'nmol/L')
          when 'pancreastatin' then unit in ('pg/mL', 'ng/L', 'pmol/L')
          when 'serotonin' then unit in ('ng/mL', 'ug/L', 'umol/L', 'nmol/L')
          when 'neurokinin_a' then unit in ('ng/L', 'pg/mL', 'pmol/L')
          when 'hiaa_urine' then unit in ('mg/(24.h)', 'umol/(24.h)')
        end
        """,
        "This analyte is not measured in this unit.",
        refuses="unit",
    )
    magnitude_plausible = rule(
        """
        case
          when comparator in ('<', '<=') then value <= 500000
          when analyte = 'chromogranin_a' and unit in ('ng/mL', 'ug/L')
            then value between 1 and 100000
          when analyte = 'chromogranin_a' and unit = 'U/L' then value between 0.5 and 50000
          when analyte = 'pancreastatin' and unit in ('pg/mL', 'ng/L')
            then value between 5 and 500000
          when analyte = 'serotonin' and unit in ('ng/mL', 'ug/L') then value between 5 and 20000
          when analyte = 'neurokinin_a' and unit in ('ng/L', 'pg/mL') then value between 1 and 5000
          when analyte = 'hiaa_urine' and unit = 'mg/(24.h)' then value between 0.1 and 1500
          when analyte = 'hiaa_urine' and unit = 'umol/(24.h)' then value between 0.5 and 8000
        end
        """,
        "Not a plausible magnitude in this unit; another unit, or a slipped digit?",
        severity="warning",
    )
    limit_fits_unit = rule(
        """
        case
          when analyte = 'chromogranin_a' and unit in ('ng/mL', 'ug/L')
            then upper_limit between 10 and 500
          when analyte = 'hiaa_urine' and unit = 'mg/(24.h)' then upper_limit between 2 and 20
          when analyte = 'hiaa_urine' and unit = 'umol/(24.h)' then upper_limit between 20 and 100
        end
        """,
        "The upper limit of normal is that of another unit.",
        severity="warning",
    )
    limit_of_detection_below_normal = rule(
        "comparator not in ('<', '<=') or value <= upper_limit",
        "Below a limit that is above normal: the result says nothing.",
        severity="warning",
    )
    given_once = compare(
        "laboratory",
        on=("hospital_number", "analyte", "specimen_date", "assay"),
        holds="""
          result_key = laboratory.result_key
          or coalesce(specimen_clock, '') <> coalesce(laboratory.specimen_clock, '')
          or status in ('cancelled', 'entered-in-error')
          or laboratory.status in ('cancelled', 'entered-in-error')
        """,
        reason="Another result of this analyte at this time: entered twice, or one is wrong.",
        severity="warning",
    )
    stands = rule(
        "status not in ('cancelled', 'entered-in-error')",
        "The laboratory took this result back; it is not used.",
        severity="info",
    )

    class Config:
        """A patient has an id once; of several versions the best is taken."""

        unique: ClassVar[list[str]] = ["result_key", "hospital_number"]
        metadata: ClassVar[dict[str, dict[str, str]]] = {
            "unique": {"reason": "The export holds this result twice; the best version is kept."}
        }

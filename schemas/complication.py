"""Postoperative complications of the research project."""

from __future__ import annotations

from cytoreg.rules import Entity, PartialDate, compare, field, references, rule

from .codes import CLAVIEN, COMPLICATIONS, HOSPITAL_NUMBER


class Complication(Entity):
    """A postoperative complication, every event, with its Clavien-Dindo grade.

    Complications during the operation belong to the operative finding.
    """

    complication_key: str = field(
        "record_id and instance, joined by a dash.",
        key=True,
        unique=True,
        reasons={
            "required": "The record or its instance is missing, so it can't be named.",
            "unique": "The export holds this instance twice; the best version is kept.",
        },
    )
    record_id: str = field(
        "Record of the research project.",
        reasons={"required": "Nobody knows whose record this is."},
    )
    instance: int = field(
        "Number of the instance in the record, from 1.",
        ge=1,
        reasons={
            "type": "The instance is not a number.",
            "required": "The instance of the repeating form is missing.",
            "ge": "Instances are numbered from 1.",
        },
    )
    hospital_number: str = field(
        "Hospital number of the record's enrolment.",
        nullable=True,
        str_matches=HOSPITAL_NUMBER,
        reasons={"str_matches": "A hospital number has seven digits; leading zeros count."},
    )
    case_number: str = field(
        "Case of the operating-room log that it followed.",
        reasons={"required": "Nobody knows which operation this followed."},
    )
    complication_date: PartialDate = field(
        "Day of onset.",
        reasons={
            "type": "The day of onset is no calendar date.",
            "required": "Without the day of onset nobody knows whether it was within 30 days.",
        },
    )
    type: str = field(
        "Kind of complication.",
        isin=COMPLICATIONS,
        reasons={
            "required": "The kind of complication is missing.",
            "isin": "The research project has no such code for a complication.",
        },
    )
    grade: str = field(
        "Clavien-Dindo grade: I, II (minor), IIIa, IIIb, IVa, IVb, V (major); III, IV: a or b.",
        isin=CLAVIEN,
        reasons={
            "required": "Without a grade the complication is neither minor nor major.",
            "isin": "Clavien-Dindo grades are coded 1 (I) to 7 (V).",
        },
    )

    by_extract = rule(
        "complication_date <= $as_of",
        "The complication lies after the day the extract was made.",
        refuses="complication_date",
    )
    procedure_exists = references(
        "procedure",
        on="case_number",
        reason="No accepted case of the operating-room log has this number.",
        refuses="case_number",
    )
    after_operation = compare(
        "procedure",
        on=("case_number", "hospital_number"),
        holds="complication_date >= procedure.operation_date",
        reason="A postoperative complication before the operation.",
        refuses="complication_date",
    )
    same_patient = references(
        "procedure",
        on=("case_number", "hospital_number"),
        reason="The case is another patient's than the record.",
        severity="warning",
    )
    not_after_death = compare(
        "patient",
        on="hospital_number",
        holds="complication_date <= patient.death_date",
        reason="The complication lies after the day of death.",
        severity="warning",
    )
    grade_v_is_death = compare(
        "patient",
        on="hospital_number",
        holds="""
            grade <> 'V'
            or (
              coalesce(patient.vital_status, 'dead') = 'dead'
              and coalesce(patient.death_date - complication_date, 0) <= 90
            )
        """,
        reason="Grade V is death by the complication, but the patient is alive or died long after.",
        severity="warning",
    )
    entered_once = compare(
        "complication",
        on=("hospital_number", "case_number", "complication_date", "type", "grade"),
        holds="type = 'other' or complication_key = complication.complication_key",
        reason="Another complication of the case has this day, kind and grade: entered twice?",
        severity="warning",
    )
    death_is_grade_v = rule(
        "(type = 'death') = (grade = 'V')",
        "A complication of kind death has grade V, and grade V is a death.",
        severity="warning",
    )

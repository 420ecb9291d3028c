"""Follow-up contacts of the research project."""

from __future__ import annotations

from cytoreg.rules import Entity, PartialDate, compare, field, references, rule

from .codes import HOSPITAL_NUMBER


class FollowUp(Entity):
    """A contact with the patient after enrolment, or the news of the patient's death."""

    follow_up_key: str = field(
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
        identity=True,
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
        identity=True,
        str_matches=HOSPITAL_NUMBER,
        reasons={
            "required": "The record has no enrolment with a hospital number, or two persons':"
            " nobody knows whose contact this is.",
            "str_matches": "A hospital number has seven digits; leading zeros count.",
        },
    )
    follow_up_date: PartialDate = field(
        "Day of contact; of death, if the patient is dead.",
        reasons={
            "type": "The day of contact is no calendar date.",
            "required": "A contact without its day says nothing about survival.",
        },
    )
    status: str = field(
        "no_disease, with_disease (both alive) or dead.",
        isin=("no_disease", "with_disease", "dead"),
        reasons={
            "required": "Whether the patient was alive is missing.",
            "isin": "The research project has no such code for the status.",
        },
    )
    cause: str = field(
        "Cause of death: tumour, other or unknown; of the dead only.",
        nullable=True,
        isin=("tumour", "other", "unknown"),
        reasons={"isin": "The research project has no such code for the cause of death."},
    )

    by_extract = rule(
        "follow_up_date <= $as_of",
        "The contact lies after the day the extract was made.",
        refuses="follow_up_date",
    )
    cause_only_of_dead = rule(
        "status = 'dead' or cause is null",
        "A cause of death, yet the patient is alive.",
        severity="warning",
    )
    dead_has_cause = rule(
        "status <> 'dead' or cause is not null",
        "The cause of death is missing; if it is not known, it has a code for that.",
        severity="warning",
    )
    patient_exists = references(
        "patient",
        on="hospital_number",
        reason="No accepted patient of any source has the record's hospital number.",
    )
    after_birth = compare(
        "patient",
        on="hospital_number",
        holds="follow_up_date >= patient.birth_date",
        reason="Seen before birth.",
        refuses="follow_up_date",
    )
    contact_not_after_death = compare(
        "patient",
        on="hospital_number",
        holds="status = 'dead' or follow_up_date <= patient.death_date",
        reason="Seen alive after the day of death.",
        refuses="follow_up_date",
    )
    death_date_agrees = compare(
        "patient",
        on="hospital_number",
        holds="status <> 'dead' or follow_up_date = patient.death_date",
        reason="Another source gives this patient another day of death.",
        severity="warning",
    )

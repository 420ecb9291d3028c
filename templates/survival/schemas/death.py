"""Rules about deaths."""

from __future__ import annotations

from datetime import date

from cytoreg.rules import Entity, compare, field, references, rule


class Death(Entity):
    """The death of a patient."""

    patient_number: str = field(
        "Number of the patient.",
        key=True,
        unique=True,
        reasons={"unique": "The death of this patient is there twice."},
    )
    death_date: date = field("Day of death.", reasons={"type": "This is no calendar date."})

    patient_exists = references(
        "patient", on="patient_number", reason="The patient list has no such patient."
    )
    by_extract = rule(
        "death_date <= $as_of", "Died after the day the extract was made.", refuses="death_date"
    )
    after_diagnosis = compare(
        "diagnosis",
        on="patient_number",
        holds="death_date >= diagnosis.diagnosis_date",
        reason="Died before the diagnosis; one of the two dates is wrong.",
        severity="warning",
    )
    after_last_contact = compare(
        "patient",
        on="patient_number",
        holds="death_date >= patient.last_contact_date",
        reason="Seen alive after the day of death; one of the two dates is wrong.",
        severity="warning",
    )

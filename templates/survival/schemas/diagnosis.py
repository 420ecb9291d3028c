"""Rules about diagnoses."""

from __future__ import annotations

from datetime import date

from cytoreg.rules import Entity, compare, field, references, rule

STAGES = ("I", "II", "III", "IV")


class Diagnosis(Entity):
    """A diagnosis of the disease that the registry is about; a patient may have several."""

    diagnosis_number: str = field(
        "Number of the diagnosis.",
        key=True,
        unique=True,
        reasons={"unique": "This diagnosis is there twice."},
    )
    patient_number: str = field("Number of the patient.", identity=True)
    diagnosis_date: date = field(
        "Day of the diagnosis.", reasons={"type": "This is no calendar date."}
    )
    stage: str = field(
        "Stage I to IV; empty if not known.",
        nullable=True,
        isin=STAGES,
        reasons={"isin": "sql/staging/diagnosis.sql does not know this stage."},
    )

    patient_exists = references(
        "patient", on="patient_number", reason="The patient list has no such patient."
    )
    by_extract = rule(
        "diagnosis_date <= $as_of",
        "Diagnosed after the day the extract was made.",
        refuses="diagnosis_date",
    )
    after_birth = compare(
        "patient",
        on="patient_number",
        holds="diagnosis_date >= patient.birth_date",
        reason="Diagnosed before birth.",
        refuses="diagnosis_date",
    )

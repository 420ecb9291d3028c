"""Rules about patients."""

from __future__ import annotations

from datetime import date

from cytoreg.rules import Entity, field, rule


class Patient(Entity):
    """A patient, as the patient list has them: one row each."""

    patient_number: str = field(
        "Number of the patient, which all files share.",
        key=True,
        unique=True,
        reasons={"unique": "The list has this patient twice."},
    )
    birth_date: date = field(
        "Day of birth.",
        in_range={"min_value": date(1900, 1, 1), "max_value": date(2100, 1, 1)},
        reasons={
            "type": "This is no calendar date.",
            "in_range": "Nobody in this registry was born before 1900; look for a slipped digit.",
        },
    )
    sex: str = field(
        "male, female, other or unknown.",
        isin=("male", "female", "other", "unknown"),
        reasons={"isin": "sql/staging/patient.sql does not know this code for sex."},
    )
    last_contact_date: date = field(
        "Last day on which the patient is known to have been alive.",
        nullable=True,
        reasons={"type": "This is no calendar date."},
    )

    birth_by_extract = rule(
        "birth_date <= $as_of", "Born after the extract was made.", refuses="birth_date"
    )
    contact_by_extract = rule(
        "last_contact_date <= $as_of",
        "The last contact lies after the day the extract was made.",
        refuses="last_contact_date",
    )
    contact_after_birth = rule(
        "last_contact_date >= birth_date",
        "Last seen before birth; one of the two dates is wrong.",
        refuses="last_contact_date",
    )

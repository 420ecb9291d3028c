"""Certificates of the death index."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from cytoreg.rules import Entity, PartialDate, compare, field, newest_by, rule

from .codes import NAME, SSN_LAST4


class Death(Entity):
    """A death certificate of the index; most are of people who never were patients.

    The index has no hospital number: names, birth date, sex and the last four digits link it. Each
    state numbers its certificates anew each year, so that a number alone identifies none. Under one
    number two names are two deaths: a slip in a number costs nobody's death.
    """

    certificate_number: str = field(
        "Number of the certificate within its state and year; without one, its file and row.",
        key=True,
        reasons={"required": "A certificate without its number cannot be found again."},
    )
    family_name: str = field(
        "Family name, in capitals; at most 20 letters.",
        str_matches=NAME,
        reasons={
            "required": "Without the name the certificate is linked only if all the rest fits.",
            "str_matches": "No name: there is no letter in it.",
        },
    )
    given_name: str = field(
        "Given name, in capitals; at most 15 letters.",
        str_matches=NAME,
        reasons={
            "required": "Without the name the certificate is linked only if all the rest fits.",
            "str_matches": "No name: there is no letter in it.",
        },
    )
    middle_initial: str = field("First letter of the middle name.", nullable=True)
    birth_date: PartialDate = field(
        "Day of birth.",
        in_range={"min_value": date(1850, 1, 1), "max_value": date(2100, 1, 1)},
        reasons={
            "type": "The day of birth is no calendar date.",
            "required": "Without the day of birth it is linked only if all the rest fits.",
            "in_range": "Nobody whose death the index reports was born before 1850.",
        },
    )
    sex: str = field(
        "male, female or unknown.",
        isin=("male", "female", "unknown"),
        reasons={
            "required": "The sex is missing.",
            "isin": "The index codes sex M, F or U.",
        },
    )
    ssn_last4: str = field(
        "Last four digits of the social security number.",
        nullable=True,
        str_matches=SSN_LAST4,
        reasons={"str_matches": "Not four digits; the certificate can't be linked by it."},
    )
    death_date: PartialDate = field(
        "Day of death.",
        reasons={
            "type": "The day of death is no calendar date.",
            "required": "The day of death is missing: dead, but nobody knows since when.",
        },
    )
    death_year: str = field(
        "Year of death, as far as the day of death is legible: four digits.", nullable=True
    )
    state: str = field(
        "State that issued the certificate, two letters.",
        nullable=True,
        str_matches="^[A-Z]{2}$",
        reasons={"str_matches": "A state has two letters."},
    )
    cause_of_death: str = field(
        "ICD code of the underlying cause, without its dot: ICD-10 from 1999, ICD-9 before.",
        nullable=True,
        str_matches=r"^[A-Z0-9][0-9A-Z]{2,4}$",
        reasons={"str_matches": "Not shaped like an ICD code without its dot."},
    )

    # A pending cause is amended, a known one never made unknown; causes as in vital_status.sql.
    latest = newest_by(
        "coalesce(not regexp_matches(cause_of_death, '^(R9[6-9]|79[89]|7777|7797)'), true)"
    )
    has_number = rule(
        "certificate_number <> _file || '-' || cast(_row as varchar)",
        "The certificate has no number; its place in the file stands for it.",
        severity="warning",
    )
    death_after_birth = rule("death_date >= birth_date", "Died before birth.", refuses="death_date")
    by_extract = rule(
        "death_date <= $as_of", "Died after the day the extract was made.", refuses="death_date"
    )
    number_of_one = compare(
        "death",
        on=("state", "death_year", "certificate_number"),
        holds="family_name = death.family_name and given_name = death.given_name",
        reason="The certificate's number stands on another one with another name.",
        severity="warning",
    )

    class Config:
        """One name has a number of a state and year once; of several versions the best is taken."""

        unique: ClassVar[list[str]] = [
            *("state", "death_year", "certificate_number", "family_name", "given_name"),
        ]
        metadata: ClassVar[dict[str, dict[str, str]]] = {
            "unique": {
                "reason": "The index lists this certificate twice; the best version is kept."
            }
        }

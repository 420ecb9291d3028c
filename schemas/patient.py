"""Patients, as the tumour registry, the hospital and the research project each know them."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from cytoreg.rules import Entity, PartialDate, compare, field, has, rule

from .codes import HOSPITAL_NUMBER, HOSPITAL_NUMBERS, NAME, SEX, SITES, SSN_LAST4

NOT_A_DATE = "This is no calendar date: its day, its month or its year cannot be."

NOT_TICKED = "A checkbox is ticked (1) or not (0)."


class Patient(Entity):
    """A patient as one source knows them; who is who across sources is decided by linkage.

    The research project keeps no names and learns of deaths at follow-up only; the hospital does
    not record causes of death.
    """

    source_patient_number: str = field(
        "The source's own number: patientIdNumber, mrn or record_id; without one, file and row.",
        key=True,
        reasons={"required": "A record without the source's number cannot be found again there."},
    )
    hospital_number: str = field(
        "Number of the patient in the hospital, seven digits; the systems share it. The tumour"
        " registry gives the smallest medicalRecordNumber of the patient's tumours.",
        str_matches=HOSPITAL_NUMBER,
        reasons={
            "required": "Without the hospital number the record is linked by names and dates only.",
            "str_matches": "A hospital number has seven digits; leading zeros count.",
        },
    )
    other_hospital_numbers: str = field(
        "Further hospital numbers that the source has for the same patient, between blanks: former"
        " ones, merged charts, those of other tumours; of research also the number of its cases,"
        " where the enrolment's cannot be read.",
        nullable=True,
        str_matches=HOSPITAL_NUMBERS,
        reasons={"str_matches": "Hospital numbers have seven digits, with one blank between two."},
    )
    family_name: str = field(
        "Family name, in capitals (not from research).",
        nullable=True,
        str_matches=NAME,
        reasons={"str_matches": "No name: there is no letter in it."},
    )
    given_name: str = field(
        "Given name, in capitals (not from research).",
        nullable=True,
        str_matches=NAME,
        reasons={"str_matches": "No name: there is no letter in it."},
    )
    middle_name: str = field("Middle name, in capitals (not from research).", nullable=True)
    birth_date: PartialDate = field(
        "Day of birth.",
        in_range={"min_value": date(1890, 1, 1), "max_value": date(2100, 1, 1)},
        reasons={
            "type": NOT_A_DATE,
            "required": "Age, linkage and expected survival need the day of birth.",
            "in_range": "Nobody in this registry was born before 1890; look for a slipped digit.",
        },
    )
    sex: str = field(
        "Sex as recorded: male, female, other or unknown.",
        isin=SEX,
        reasons={
            "required": "Sex is missing; if the source does not know it, it has a code for that.",
            "isin": "The source has no such code for sex.",
        },
    )
    ssn_last4: str = field(
        "Last four digits of the social security number (tumour registry, hospital).",
        nullable=True,
        str_matches=SSN_LAST4,
        reasons={"str_matches": "Not four digits; the death index can't be linked by it."},
    )
    race: str = field("Race code of the source (tumour registry, hospital).", nullable=True)
    vital_status: str = field(
        "Alive or dead, as last known to the source (not from research).",
        nullable=True,
        isin=("alive", "dead"),
        reasons={"isin": "The source has no such code for the vital status."},
    )
    death_date: PartialDate = field(
        "Day of death (not from research).", nullable=True, reasons={"type": NOT_A_DATE}
    )
    last_contact_date: PartialDate = field(
        "Day on which the source last knew the patient's status; of the dead in the tumour"
        " registry, the day of death.",
        nullable=True,
        reasons={"type": NOT_A_DATE},
    )
    cause_of_death: str = field(
        "ICD code of the underlying cause, without its dot (tumour registry): ICD-10 from 1999,"
        " ICD-9 before.",
        nullable=True,
        str_matches=r"^[A-Z0-9][0-9A-Z]{2,4}$",
        reasons={"str_matches": "Not shaped like an ICD code without its dot."},
    )
    presenting_site: str = field(
        "Primary site known when the patient presented (research).",
        nullable=True,
        isin=SITES,
        reasons={"isin": "The research project has no such code for a site."},
    )
    flushing: bool = field(
        "Flushing at presentation (research).",
        nullable=True,
        reasons={"type": NOT_TICKED},
    )
    diarrhoea: bool = field(
        "Diarrhoea at presentation (research).",
        nullable=True,
        reasons={"type": NOT_TICKED},
    )
    wheezing: bool = field(
        "Wheezing at presentation (research).",
        nullable=True,
        reasons={"type": NOT_TICKED},
    )
    without_symptoms: bool = field(
        "None of these symptoms at presentation (research).",
        nullable=True,
        reasons={"type": NOT_TICKED},
    )
    consent_date: PartialDate = field(
        "Day of consent to the research project.", nullable=True, reasons={"type": NOT_A_DATE}
    )

    has_own_number = rule(
        "source_patient_number <> _file || '-' || cast(_row as varchar)",
        "The source gives the patient no number; the place in its file stands for it.",
        severity="warning",
    )
    family_name_given = rule(
        "_source = 'research' or family_name is not null",
        "The family name is missing; death certificates are linked by name.",
        severity="warning",
    )
    given_name_given = rule(
        "_source = 'research' or given_name is not null",
        "The given name is missing; death certificates are linked by name.",
        severity="warning",
    )
    birth_is_known = rule(
        "birth_date <> date '1900-01-01'",
        "Many systems write 1 January 1900 for a date that they do not have.",
        refuses="birth_date",
    )
    birth_by_extract = rule(
        "birth_date <= $as_of", "Born after the extract was made.", refuses="birth_date"
    )
    death_after_birth = rule("death_date >= birth_date", "Died before birth.", refuses="death_date")
    death_by_extract = rule(
        "death_date <= $as_of",
        "The day of death lies after the day the extract was made.",
        refuses="death_date",
    )
    last_contact_by_extract = rule(
        "last_contact_date <= $as_of",
        "The last contact lies after the day the extract was made.",
        severity="warning",
    )
    last_contact_after_birth = rule(
        "last_contact_date >= birth_date", "Last seen before birth.", severity="warning"
    )
    last_contact_by_death = rule(
        "last_contact_date <= death_date",
        "Last seen after the day of death; one of the two dates is wrong.",
        severity="warning",
    )
    consent_by_extract = rule(
        "consent_date <= $as_of",
        "The consent lies after the day the extract was made.",
        severity="warning",
    )
    dead_has_death_date = rule(
        "vital_status <> 'dead' or death_date is not null",
        "Recorded as dead, but without a day of death; survival needs it.",
        severity="warning",
    )
    alive_has_no_death_date = rule(
        "vital_status <> 'alive' or death_date is null",
        "Recorded as alive, but with a day of death.",
        severity="warning",
    )
    age_plausible = rule(
        "coalesce(death_date, last_contact_date) - birth_date <= 42004",
        "Older than 115 years at death or at the last contact.",
        severity="warning",
    )
    symptoms_agree = rule(
        "not (without_symptoms and (flushing or diarrhoea or wheezing))",
        "Ticked as without symptoms and with one.",
        severity="warning",
    )
    number_of_one = rule(
        """
        _source not in ('tumor_registry', 'research')
        or not regexp_matches(source_patient_number, '/[0-9]{7}$')
        """,
        "The source has this number for another person too; the hospital number tells whose.",
        severity="warning",
    )
    one_record_a_source = compare(
        "patient",
        on=("_source", "hospital_number"),
        holds="source_patient_number = patient.source_patient_number",
        reason="The source has this hospital number under another of its own numbers too.",
        severity="warning",
    )
    has_tumor = has(
        "tumor",
        on="hospital_number",
        when="_source = 'hospital'",
        reason="The tumour registry has no tumour of this patient: it is still to be abstracted.",
        severity="info",
    )

    class Config:
        """A source knows a patient once; of several versions the best is taken."""

        unique: ClassVar[list[str]] = ["_source", "source_patient_number"]
        metadata: ClassVar[dict[str, dict[str, str]]] = {
            "unique": {"reason": "The source gives this patient twice; the best version is kept."}
        }

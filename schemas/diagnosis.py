"""Coded hospital diagnoses."""

from __future__ import annotations

from typing import ClassVar

from cytoreg.rules import Entity, PartialDate, compare, field, listed, references, rule

from .codes import HOSPITAL_NUMBER, ICD_CM

# Pregnancy, birth, and the organs of one sex, in either revision of ICD.
OF_WOMEN = (
    "O|Z3[3479A]|C5[1-8]|D06|D2[5-8]|D39|N7[0-7]|N8|N9[0-8]",
    "6[3-7]|V2[2347]|179|18[0-4]|21[89]|22[01]|61[4-9]|62",
)
OF_MEN = ("C6[0-3]|D29|D40|N4|N5[0-3]", "18[5-7]|222|60[0-8]")


def of_one_sex(codes: tuple[str, str]) -> str:
    """SQL: whether the code begins like one of these, of ICD-10-CM and ICD-9-CM."""
    tenth, ninth = codes
    return (
        f"case code_system when 'icd10cm' then regexp_matches(code, '^({tenth})')"
        f" when 'icd9cm' then regexp_matches(code, '^({ninth})') end"
    )


class Diagnosis(Entity):
    """A diagnosis that the hospital coded for an encounter, for billing rather than research."""

    diagnosis_number: str = field(
        "The hospital's number of the diagnosis.",
        key=True,
        reasons={"required": "A diagnosis without its number cannot be found again."},
    )
    encounter_number: str = field(
        "Number of the encounter it was coded for.",
        reasons={"required": "Nobody knows which encounter this was coded for."},
    )
    hospital_number: str = field(
        "Number of the patient in the hospital.",
        identity=True,
        str_matches=HOSPITAL_NUMBER,
        reasons={
            "required": "Nobody knows whose diagnosis this is.",
            "str_matches": "A hospital number has seven digits; leading zeros count.",
        },
    )
    hospital_number_given: str = field(
        "The number as it stands; where it is unreadable, the encounter says whose it is.",
        nullable=True,
        str_matches=HOSPITAL_NUMBER,
        reasons={"str_matches": "No seven digits; the encounter says whose it is."},
    )
    code_system: str = field(
        "icd9cm or icd10cm.",
        isin=("icd9cm", "icd10cm"),
        reasons={
            "required": "Without its code system a code means nothing.",
            "isin": "The hospital codes in ICD9CM and ICD10CM.",
        },
    )
    code: str = field(
        "ICD code with its dot.",
        str_matches=ICD_CM,
        reasons={
            "required": "The code is missing.",
            "str_matches": "Not shaped like a code of ICD-9-CM or ICD-10-CM with its dot.",
        },
    )
    diagnosis_date: PartialDate = field(
        "Day that the diagnosis was coded for.",
        reasons={
            "type": "This is no calendar date.",
            "required": "The day of the diagnosis is missing.",
        },
    )

    by_extract = rule(
        "diagnosis_date <= $as_of",
        "The diagnosis lies after the day the extract was made.",
        refuses="diagnosis_date",
    )
    code_fits_system = rule(
        """
        case code_system
          when 'icd9cm' then not regexp_matches(code, '^[A-DF-UW-Z]')
          when 'icd10cm' then not regexp_matches(code, '^[0-9]')
        end
        """,
        "A code of the other revision of ICD.",
        severity="warning",
    )
    code_exists = listed(
        ("code_system", "code"),
        "lists/icd_cm_neoplasms.csv",
        "No code of ICD-9-CM or ICD-10-CM: looked up are those of neoplasms.",
        when="""
        case code_system
          when 'icd9cm' then regexp_matches(code, '^(1[4-9]|2[0-3])')
          when 'icd10cm' then regexp_matches(code, '^(C|D[0-4])')
        end
        """,
    )
    not_merkel = rule(
        "not regexp_matches(code, '^C4A|^C7B[.]1|^209[.]3[1-6]|^209[.]75')",
        "A Merkel cell carcinoma, which is not in this registry's scope.",
        severity="warning",
    )
    has_hospital_number = rule(
        """
        hospital_number_given is not null
        or hospital_number is null
        or not regexp_matches(hospital_number, '^[0-9]{7}$')
        """,
        "The hospital number is missing; the encounter says whose it is.",
        severity="warning",
    )
    encounter_exists = references(
        "encounter",
        on="encounter_number",
        reason="No accepted encounter has this number.",
        refuses="encounter_number",
    )
    number_of_one = compare(
        "diagnosis",
        on="diagnosis_number",
        holds="hospital_number = diagnosis.hospital_number",
        reason="Another patient has a diagnosis of this number too; each keeps the own one.",
        severity="warning",
    )
    fits_sex = compare(
        "patient",
        on="hospital_number",
        holds=f"""
            not (patient.sex = 'male' and {of_one_sex(OF_WOMEN)})
            and not (patient.sex = 'female' and {of_one_sex(OF_MEN)})
        """,
        reason="A diagnosis that only the other sex can have.",
        severity="warning",
    )
    system_fits_date = compare(
        "encounter",
        on=("encounter_number", "hospital_number"),
        holds="""
        case
          when encounter.class <> 'inpatient' and code_system = 'icd9cm'
            then diagnosis_date < date '2015-10-01'
          when encounter.class <> 'inpatient' and code_system = 'icd10cm'
            then diagnosis_date >= date '2015-10-01'
          when encounter.stay_discharge_time is not null and code_system = 'icd9cm'
            then cast(encounter.stay_discharge_time as date) < date '2015-10-01'
          when encounter.stay_discharge_time is not null and code_system = 'icd10cm'
            then cast(encounter.stay_discharge_time as date) >= date '2015-10-01'
          when encounter.discharge_time is not null and code_system = 'icd9cm'
            then cast(encounter.discharge_time as date) < date '2015-10-01'
          when encounter.discharge_time is not null and code_system = 'icd10cm'
            then cast(encounter.discharge_time as date) >= date '2015-10-01'
          when code_system = 'icd9cm' then diagnosis_date < date '2015-10-01'
        end
        """,
        reason="ICD-10-CM replaced ICD-9-CM on 1 October 2015: for stays by their last discharge,"
        " for visits by their own day (45 CFR 162.1002).",
        severity="warning",
    )
    same_patient = references(
        "encounter",
        on=("encounter_number", "hospital_number"),
        reason="The encounter is another patient's.",
        severity="warning",
    )
    in_encounter = compare(
        "encounter",
        on=("encounter_number", "hospital_number"),
        holds="""
            diagnosis_date >= cast(encounter.admission_time as date)
            and case
              when encounter.stay_discharge_time is not null
                then diagnosis_date <= cast(encounter.stay_discharge_time as date)
              else diagnosis_date <= cast(encounter.discharge_time as date)
            end
        """,
        reason="The day of the diagnosis lies outside its encounter.",
        severity="warning",
    )

    class Config:
        """A patient has a number once; of several versions the best is taken."""

        unique: ClassVar[list[str]] = ["diagnosis_number", "hospital_number"]
        metadata: ClassVar[dict[str, dict[str, str]]] = {
            "unique": {"reason": "The hospital gives it twice; the best version is kept."}
        }

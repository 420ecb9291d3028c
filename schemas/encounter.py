"""Hospital encounters."""

from __future__ import annotations

from typing import ClassVar

from cytoreg.rules import Entity, PartialDatetime, compare, field, references, rule

from .codes import HOSPITAL_NUMBER

NOT_A_TIME = "This is no time: its day, its month or its hour cannot be."


class Encounter(Entity):
    """A stay in the hospital or a visit to one of its clinics.

    Care elsewhere is not in it: a patient without encounters may have been seen by others.
    """

    encounter_number: str = field(
        "The hospital's number of the encounter.",
        key=True,
        reasons={"required": "An encounter without its number cannot be found again."},
    )
    hospital_number: str = field(
        "Number of the patient in the hospital.",
        identity=True,
        str_matches=HOSPITAL_NUMBER,
        reasons={
            "required": "Nobody knows whose encounter this is.",
            "str_matches": "A hospital number has seven digits; leading zeros count.",
        },
    )
    hospital_number_given: str = field(
        "The number as it stands; where it is unreadable, its diagnoses say whose it is.",
        nullable=True,
        str_matches=HOSPITAL_NUMBER,
        reasons={"str_matches": "No seven digits; its diagnoses say whose it is."},
    )
    class_: str = field(
        "inpatient, observation, emergency or ambulatory.",
        alias="class",
        isin=("inpatient", "observation", "emergency", "ambulatory"),
        reasons={
            "required": "Whether the patient stayed is missing.",
            "isin": "No class of HL7's ActEncounterCode: IMP is inpatient, AMB ambulatory.",
        },
    )
    admission_time: PartialDatetime = field(
        "Admission or begin of the visit.",
        reasons={
            "type": NOT_A_TIME,
            "required": "Without an admission the stay has no length and no operation finds it.",
        },
    )
    discharge_time: PartialDatetime = field(
        "Discharge or end of the visit; empty while the patient is in hospital.",
        nullable=True,
        reasons={"type": NOT_A_TIME},
    )
    stay_discharge_time: PartialDatetime = field(
        "End of the whole stay, where the patient was moved and this is a piece of it.",
        nullable=True,
        reasons={"type": NOT_A_TIME},
    )
    disposition: str = field(
        "Where the patient went: home, snf (skilled nursing facility), rehab, expired, other.",
        nullable=True,
        isin=("home", "snf", "rehab", "expired", "other"),
        reasons={"isin": "The hospital has no such code for the disposition."},
    )

    discharge_after_admission = rule(
        "discharge_time >= admission_time",
        "Discharged before admission.",
        refuses="discharge_time",
    )
    by_extract = rule(
        "cast(admission_time as date) <= $as_of",
        "Admitted after the day the extract was made.",
        refuses="admission_time",
    )
    discharge_by_extract = rule(
        "cast(discharge_time as date) <= $as_of",
        "Discharged after the day the extract was made.",
        refuses="discharge_time",
    )
    stay_plausible = rule(
        "cast(discharge_time as date) - cast(admission_time as date) <= 180",
        "A stay of more than 180 days; check both dates.",
        severity="warning",
    )
    stay_ended = rule(
        "discharge_time is not null or $as_of - cast(admission_time as date) <= 180",
        "Admitted more than 180 days before the extract and never discharged.",
        severity="warning",
    )
    has_hospital_number = rule(
        """
        hospital_number_given is not null
        or hospital_number is null
        or not regexp_matches(hospital_number, '^[0-9]{7}$')
        """,
        "The hospital number is missing; its diagnoses say whose it is.",
        severity="warning",
    )
    patient_exists = references(
        "patient",
        on="hospital_number",
        reason="No accepted patient of any source has this hospital number.",
    )
    number_of_one = compare(
        "encounter",
        on="encounter_number",
        holds="hospital_number = encounter.hospital_number",
        reason="Another patient has an encounter of this number too; each keeps the own one.",
        severity="warning",
    )
    after_birth = compare(
        "patient",
        on="hospital_number",
        holds="cast(admission_time as date) >= patient.birth_date",
        reason="Admitted before birth.",
        severity="warning",
    )
    not_after_death = compare(
        "patient",
        on="hospital_number",
        holds="cast(admission_time as date) <= patient.death_date",
        reason="Admitted after death.",
        severity="warning",
    )
    discharged_by_death = compare(
        "patient",
        on="hospital_number",
        holds="""
            class = 'ambulatory'
            or cast(admission_time as date) > patient.death_date
            or cast(discharge_time as date) - patient.death_date
              <= case when coalesce(disposition, 'expired') = 'expired' then 2 else 0 end
        """,
        reason="Discharged after death; who died here leaves the records within two days.",
        severity="warning",
    )
    expired_is_dead = compare(
        "patient",
        on="hospital_number",
        holds="disposition <> 'expired' or patient.vital_status = 'dead'",
        reason="Died in hospital, but a source has the patient alive.",
        severity="warning",
    )

    class Config:
        """A patient has a number once; of several versions the best is taken."""

        unique: ClassVar[list[str]] = ["encounter_number", "hospital_number"]
        metadata: ClassVar[dict[str, dict[str, str]]] = {
            "unique": {"reason": "The hospital gives it twice; the best version is kept."}
        }

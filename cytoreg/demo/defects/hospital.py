"""Defects of the hospital's record."""

from __future__ import annotations

from functools import partial

from cytoreg.demo.defects.defect import AS_OF, NO_PATIENT, RARE, Defect, in_2092

_patient = partial(Defect, "hospital", "patients")
_encounter = partial(Defect, "hospital", "encounters")
_diagnosis = partial(Defect, "hospital", "diagnoses")
_uncoded = "x._kind in ('visit', 'contact')"  # no diagnosis belongs to it
_admitted = "strptime(x.admit_time, '%Y-%m-%d %H:%M:%S')"
DEFECTS: tuple[Defect, ...] = (
    _patient(
        "patient.birth_date.in_range",
        "birth year a century early",
        changes={"birth_date": "'185' || x.birth_date[4:]"},
        where="x.birth_date[6:] <> '02-29'",
    ),
    _patient(
        "patient.death_after_birth",
        "died before birth",
        changes={"death_date": "(p.birth - 800)::varchar"},
        where="p.dead",
    ),
    _patient(
        "patient.hospital_number.str_matches",
        "hospital number has a digit too many",
        changes={"mrn": "'7' || x.mrn"},
    ),
    _patient(
        "patient.ssn_last4.str_matches",
        "letter among the last four digits",
        changes={"ssn_last4": "x.ssn_last4[1:3] || 'O'"},
    ),
    _patient(
        "patient.death_by_extract",
        "dies in the future",
        changes={"death_date": in_2092("death_date")},
        where="p.dead",
    ),
    _patient(
        "patient.sex_agrees",
        "sex differs from the other systems",
        changes={"sex": "if(x.sex = 'F', 'M', 'F')"},
    ),
    _patient(
        "patient.birth_date_agrees",
        "birth date differs from the other systems",
        changes={"birth_date": "(p.birth + 31)::varchar"},
        where="p.birth + 400 < p.diagnosis",
    ),
    _patient(
        "patient.death_date_agrees",
        "death date differs from the other systems",
        changes={"death_date": "(p.last + 40)::varchar"},
        where=f"p.dead and p.last + 40 <= {AS_OF}",
    ),
    _patient(
        "patient.alive_has_no_death_date",
        "alive with a death date",
        changes={"deceased": "'N'"},
        where="p.dead",
    ),
    _encounter(
        "encounter.discharge_after_admission",
        "discharged before admission",
        changes={"discharge_time": f"strftime({_admitted} - interval 3 day, '%Y-%m-%d %H:%M:%S')"},
        where=_uncoded,
    ),
    _encounter(
        "encounter.patient_exists",
        "encounter of nobody",
        changes={"mrn": NO_PATIENT.format("mrn")},
        where=_uncoded,
        weight=RARE,
    ),
    _encounter(
        "encounter.unique",
        "encounter entered twice",
        where=_uncoded,
        action="repeat",
    ),
    _encounter(
        "encounter.stay_plausible",
        "stay of more than half a year",
        changes={
            "discharge_time": f"strftime({_admitted} + interval 200 day, '%Y-%m-%d %H:%M:%S')"
        },
        where=f"x._kind = 'medical' and {_admitted}::date + 200 < p.last",
    ),
    _encounter(
        "encounter.admission_time.type",
        "admitted in a thirteenth month",
        changes={"admit_time": "x.admit_time[1:4] || '-13-45 08:00:00'"},
        where=_uncoded,
    ),
    _encounter(
        "encounter.admission_time.required",
        "admission time missing",
        changes={"admit_time": "null"},
        where=_uncoded,
    ),
    _diagnosis(
        "diagnosis.code.str_matches", "code that no vocabulary has", changes={"code": "'#N/A'"}
    ),
    _diagnosis(
        "diagnosis.encounter_exists",
        "diagnosis of no encounter",
        changes={"encounter_id": "'E99' || right(x.encounter_id, 7)"},
    ),
    _diagnosis(
        "diagnosis.not_merkel",
        "Merkel cell carcinoma coded",
        changes={"code": "'C7B.1'"},
        where="x.code_system = 'ICD10CM'",
    ),
    _diagnosis(
        "diagnosis.code_system.isin", "unknown vocabulary", changes={"code_system": "'ICD11'"}
    ),
)

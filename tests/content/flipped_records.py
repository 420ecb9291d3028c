"""Persons who exist in all eight sources, made up row by row, so that one cell can be flipped.

`landed(place, way)` gives a person's rows by landed table. Nobody here is real: names are syllables
that count. Persons differ in every number, name and day of birth; else they are alike: operated on
once, with a stay, a complication, a report, results of two laboratories, a tumour and a contact.
They differ in who knows that they died (WAYS).
"""

from __future__ import annotations

from datetime import date, timedelta

Row = dict[str, str | int | None]
Rows = dict[str, list[Row]]

WAYS = ("alive", "death_index", "hospital", "tumor_registry", "expired_stay", "follow_up")
"""Who alone knows of the death: nobody, for there was none, or one source."""

FAMILY = ("bak", "dem", "fir", "gol", "hun", "kaz", "lep", "mis", "nov", "tur")
GIVEN = ("Abo", "Ere", "Ili", "Oto", "Udu")
DIED = "2012-05-20"

PARENT = {"tumor_registry_tumor", "pathology_report"}
"""Tables whose rows stand below another one."""


def landed(place: int, way: str) -> Rows:
    """The rows of person `place`, by landed table."""
    number = f"{1_000_000 + place}"
    family = "".join(FAMILY[int(digit)] for digit in f"{place:04d}").capitalize()
    given = GIVEN[place % len(GIVEN)]
    born = (date(1928, 1, 1) + timedelta(days=7 * place)).isoformat()
    ssn = f"{1000 + place % 8999}"
    case = f"2010-{place:05d}"
    record = f"{place + 1}"
    return {
        "hospital_patients": [
            {
                "mrn": number,
                "last_name": family,
                "first_name": given,
                "middle_name": "Q",
                "birth_date": born,
                "sex": "F",
                "ssn_last4": ssn,
                "race_code": "01",
                "deceased": "Y" if way == "hospital" else "N",
                "death_date": DIED if way == "hospital" else None,
                "last_seen_date": "2011-09-01" if way != "alive" else "2016-06-01",
            }
        ],
        "hospital_encounters": [
            _stay(f"{number}1", number, "2010-01-03 09:00", "2010-01-14 12:00", "home"),
            *(
                [_stay(f"{number}2", number, "2012-05-10 09:00", f"{DIED} 04:00", "expired")]
                if way == "expired_stay"
                else []
            ),
        ],
        "hospital_diagnoses": [
            {
                "diagnosis_id": f"{number}1",
                "encounter_id": f"{number}1",
                "mrn": number,
                "code_system": "ICD9CM",
                "code": "209.00",
                "diagnosis_date": "2010-01-14",
            }
        ],
        "or_log_cases": [
            {
                "case_number": case,
                "hospital_number": number,
                "patient_name": f"{family}, {given}".upper(),
                "operation_date": "2010-01-05",
                "incision_time": "08:00",
                "closure_time": "11:00",
                "duration_minutes": "180",
                "asa_class": "2",
                "blood_loss_ml": "100",
                "procedure_code": "CYTO-SB",
                "room": "3",
            }
        ],
        "research_enrollment": [
            {
                "record_id": record,
                "mrn": number,
                "consent_date": "2010-01-02",
                "enr_birth_date": born,
                "enr_sex": "2",
                "presenting_site": "1",
                "symptoms___1": "1",
                "symptoms___2": "0",
                "symptoms___3": "0",
                "symptoms___4": "0",
            }
        ],
        "research_procedure": [_finding(record, case)],
        "research_complication": [
            {
                "record_id": record,
                "redcap_repeat_instance": "1",
                "comp_case_no": case,
                "comp_date": "2010-01-08",
                "comp_type": "1",
                "comp_clavien": "2",
            }
        ],
        "research_follow_up": [
            _contact(record, "1", "2011-02-01", "1", None),
            *([_contact(record, "2", DIED, "3", "1")] if way == "follow_up" else []),
        ],
        "tumor_registry_patient": [
            {
                "patientIdNumber": f"{70_000_000 + place}",
                "nameLast": family,
                "nameFirst": given,
                "nameMiddle": "Q",
                "sex": "2",
                "sexAssignedAtBirth": "2",
                "dateOfBirth": born.replace("-", ""),
                "socialSecurityNumber": f"90000{ssn}",
                "race1": "01",
                "vitalStatus": "0" if way == "tumor_registry" else "1",
                "dateOfLastContact": "20120520" if way == "tumor_registry" else "20111001",
                "causeOfDeath": "C172" if way == "tumor_registry" else "0000",
            }
        ],
        "tumor_registry_tumor": [
            {
                "tumorRecordNumber": "01",
                "medicalRecordNumber": number,
                "dateOfDiagnosis": "20091201",
                "primarySite": "C172",
                "histologicTypeIcdO3": "8240",
                "behaviorCodeIcdO3": "3",
                "gradePathological": "1",
                "ki67": "2.0",
                "tumorSizeSummary": "020",
                "sequenceNumberHospital": "00",
                "diagnosticConfirmation": "1",
            }
        ],
        "death_index_deaths": [
            {
                "certificate_number": f"{5_000_000 + place}",
                "last_name": family.upper(),
                "first_name": given.upper(),
                "middle_initial": "Q",
                "birth_date": born.replace("-", ""),
                "sex": "F",
                "ssn_last4": ssn,
                "death_date": DIED.replace("-", ""),
                "state": "IA",
                "cause": "C172",
            }
        ]
        if way == "death_index"
        else [],
        "pathology_report": [_report(place, number, case)],
        "laboratory_observation": [
            {
                "result_id": f"r{place}",
                "component": "0",
                "status": "final",
                "mrn": number,
                "patient": number,
                "code": "CGA",
                "value": "100",
                "value_text": None,
                "comparator": ">",
                "absent_reason": None,
                "unit": "ng/mL",
                "upper_limit": "36",
                "method": "ELISA",
                "laboratory": "Central",
                "effective": "2009-12-20T07:30:00Z",
                "version": "1",
                "last_updated": "2009-12-21T07:30:00Z",
            }
        ],
        "biomarkers_result": [
            {
                "hospital_number": number,
                "taken_on": "12/20/2009",
                "result": "100",
                "normal_below": "36",
                "assay": "RIA",
                "laboratory": "Outside",
            }
        ],
    }


def _stay(stay: str, number: str, admitted: str, discharged: str, disposition: str) -> Row:
    return {
        "encounter_id": stay,
        "mrn": number,
        "class": "IMP",
        "admit_time": admitted,
        "discharge_time": discharged,
        "disposition": disposition,
    }


def _contact(record: str, instance: str, day: str, status: str, cause: str | None) -> Row:
    return {
        "record_id": record,
        "redcap_repeat_instance": instance,
        "fu_date": day,
        "fu_status": status,
        "fu_cause": cause,
    }


def _finding(record: str, case: str) -> Row:
    return {
        "record_id": record,
        "redcap_repeat_instance": "1",
        "proc_case_no": case,
        "proc_date": "2010-01-05",
        "proc_preop_site": "1",
        "proc_site_found": "1",
        "proc_path_confirmed": "1",
        "proc_r_status": "2",
        "proc_percent_removed": "80",
        "proc_estimated_by": "1",
        "proc_intraop_comp": "1",
        "proc_intraop_type": "4",
        "proc_crisis": "0",
        "proc_sbp_low": "110",
        "proc_sbp_low_min": "0",
        "proc_bp_change_pct": "10",
        "proc_bp_change_min": "6",
        "proc_octreotide_ug": "300",
        "proc_bp_regress_pct": "10",
        "proc_vasopressor": "0",
        "proc_other_cause": "0",
    }


def _report(place: int, number: str, case: str) -> Row:
    return {
        "sender": "PATH",
        "laboratory": "LAB",
        "sent_time": "201001121700",
        "event": "R01",
        "message_number": f"M{place}",
        "order_control": "RE",
        "order_status": "CM",
        "filler_number": f"S10-{place}",
        "order_place": "1",
        "sub_ids": "1",
        "report_number": f"S10-{place}",
        "result_status": "F",
        "reported_time": "201001121700",
        "hospital_number": number,
        "hospital_numbers": number,
        "case_number": case,
        "specimen_date": "20100105",
        "collected": "20100105",
        "primary_site": "C17.2",
        "histology": "8240",
        "grade": "G1",
        "ki67": "2.0",
        "mitoses": "1",
        "mitoses_unit": "/2.mm2",
        "differentiation": "well",
        "t": "pT2",
        "n": "pN0",
        "m": "M0",
        "metastasis": "none",
        "edition": "7",
        "nodes_examined": "12",
        "nodes_positive": "0",
        "size_mm": "20",
        "size_unit": "mm",
    }

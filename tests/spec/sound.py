"""A sound record of each entity: what a drawn staging row has in the columns that are not drawn."""

from __future__ import annotations

LINEAGE_OF = {
    "patient": ("hospital", "patients"),
    "tumor": ("tumor_registry", "tumor"),
    "encounter": ("hospital", "encounters"),
    "diagnosis": ("hospital", "diagnoses"),
    "procedure": ("or_log", "cases"),
    "operative_finding": ("research", "procedure"),
    "complication": ("research", "complication"),
    "follow_up": ("research", "follow_up"),
    "death": ("death_index", "deaths"),
}

RECORDS: dict[str, dict[str, str | None]] = {
    "patient": {
        "source_patient_number": "0000001",
        "hospital_number": "0000001",
        "family_name": "SIMULATED",
        "given_name": "SIMULATED",
        "birth_date": "1950-01-31",
        "sex": "female",
    },
    "tumor": {
        "tumor_key": "00000001-01",
        "source_patient_number": "00000001",
        "hospital_number": "0000001",
        "diagnosis_date": "2001-01-01",
        "primary_site": "C17.2",
        "histology": "8240",
        "behavior": "3",
    },
    "encounter": {
        "encounter_number": "E1",
        "hospital_number": "0000001",
        "class": "inpatient",
        "admission_time": "2001-05-09 10:00:00",
        "discharge_time": "2001-05-19 10:00:00",
        "disposition": "home",
    },
    "diagnosis": {
        "diagnosis_number": "D1",
        "encounter_number": "E1",
        "hospital_number": "0000001",
        "code_system": "icd9cm",
        "code": "209.00",
        "diagnosis_date": "2001-05-09",
    },
    "procedure": {
        "case_number": "2001-00001",
        "hospital_number": "0000001",
        "operation_date": "2001-05-10",
        "procedure_code": "CYTO-SB",
    },
    "operative_finding": {
        "finding_key": "1-1",
        "record_id": "1",
        "instance": "1",
        "hospital_number": "0000001",
        "case_number": "2001-00001",
        "operation_date": "2001-05-10",
    },
    "complication": {
        "complication_key": "1-1",
        "record_id": "1",
        "instance": "1",
        "hospital_number": "0000001",
        "case_number": "2001-00001",
        "complication_date": "2001-05-12",
        "type": "ileus",
        "grade": "I",
    },
    "follow_up": {
        "follow_up_key": "1-1",
        "record_id": "1",
        "instance": "1",
        "hospital_number": "0000001",
        "follow_up_date": "2002-05-12",
        "status": "no_disease",
    },
    "death": {
        "certificate_number": "2010000001",
        "family_name": "SIMULATED",
        "given_name": "SIMULATED",
        "birth_date": "1950-01-31",
        "sex": "female",
        "ssn_last4": "1234",
        "death_date": "2010-01-02",
        "state": "LA",
    },
}

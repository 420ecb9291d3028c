"""
The hospital's codes are known in capitals or not, and by the words that they stand for. A time with
an offset is told in the registry's zone (here UTC). Anything else passes for a rule to find.
"""

title = "Codes of the hospital"

given = {
    "landing.hospital_patients": """
        mrn     | sex     | deceased | birth_date
        --------+---------+----------+---------------------
        0000001 | m       | y        | 1950-01-02
        0000002 | Female  | No       | 1950-01-02 00:00:00
        0000003 | UNKNOWN | true     | 1950-01-02T08:00:00Z
        0000004 | ?       | perhaps  | 1950
    """,
    "landing.hospital_encounters": """
        encounter_id | class      | disposition | admit_time
        -------------+------------+-------------+--------------------------
        1            | imp        | Home        | 2010-01-02 08:00
        2            | Ambulatory | EXPIRED     | 2010-01-02T23:30:00-06:00
        3            | EMER       | Died        | 2010-01-02
    """,
    "landing.hospital_diagnoses": """
        diagnosis_id | code_system                            | code
        -------------+----------------------------------------+-------
        1            | ICD-9-CM                               | 209.00
        2            | icd10cm                                | c7a.00
        3            | http://hl7.org/fhir/sid/icd-10-cm      | C7A.00
        4            | ICD-O-3                                | 8240
    """,
}


def test_patients(stages):
    stages(
        "staging.patient_hospital",
        """
        hospital_number | sex     | vital_status | birth_date
        ----------------+---------+--------------+-----------
        0000001         | male    | dead         | 1950-01-02
        0000002         | female  | alive        | 1950-01-02
        0000003         | unknown | dead         | 1950-01-02
        0000004         | ?       | perhaps      | 1950
        """,
    )


def test_encounters(stages):
    stages(
        "staging.encounter",
        """
        encounter_number | class      | disposition | admission_time
        -----------------+------------+-------------+--------------------
        1                | inpatient  | home        | 2010-01-02 08:00
        2                | ambulatory | expired     | 2010-01-03T05:30:00
        3                | EMER       | expired     | 2010-01-02
        """,
    )


def test_diagnoses(stages):
    stages(
        "staging.diagnosis",
        """
        diagnosis_number | code_system | code
        -----------------+-------------+-------
        1                | icd9cm      | 209.00
        2                | icd10cm     | C7A.00
        3                | icd10cm     | C7A.00
        4                | ICD-O-3     | 8240
        """,
    )

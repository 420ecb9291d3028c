"""
The hospital's codes are read in capitals or small letters, and as the words that they abbreviate. A time with
an offset is converted to the registry's zone (here UTC). Anything else is kept for a rule to find.
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
        5       | O       | Deceased | 1950-01-02
        6       | N       | U        | 1950-01-02
    """,
    "landing.hospital_encounters": """
        encounter_id | class      | disposition | admit_time
        -------------+------------+-------------+--------------------------
        1            | imp        | Home        | 2010-01-02 08:00
        2            | Ambulatory | EXPIRED     | 2010-01-02T23:30:00-06:00
        3            | EMER       | Died        | 2010-01-02
        4            | OBS        | 20          | 2010-01-02
        5            | I          | exp         | 2010-01-02
        6            | E          | 01          | 2010-01-02
        7            | O          | aadvice     | 2010-01-02
        8            | X          | 30          | 2010-01-02
        9            | I          | 83          | 2010-01-02
        10           | I          | 90          | 2010-01-02
        11           | I          | 69          | 2010-01-02
        12           | I          | 99          | 2010-01-02
    """,
    "landing.hospital_diagnoses": """
        diagnosis_id | code_system                            | code
        -------------+----------------------------------------+-------
        1            | ICD-9-CM                               | 209.00
        2            | icd10cm                                | c7a.00
        3            | http://hl7.org/fhir/sid/icd-10-cm      | C7A.00
        4            | ICD-O-3                                | 8240
        5            | I9C                                    | 20900
        6            | ICD-10                                 | C7A012
        7            | 2.16.840.1.113883.6.103                | e8782
        8            | icd9                                   | V1091
        9            | ICD9CM                                 | 209
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
        0000005         | other   | dead         | 1950-01-02
        0000006         | unknown |              | 1950-01-02
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
        3                | emergency   | expired     | 2010-01-02
        4                | observation | expired     | 2010-01-02
        5                | inpatient   | expired     | 2010-01-02
        6                | emergency   | home        | 2010-01-02
        7                | ambulatory  | other       | 2010-01-02
        8                | X           |             | 2010-01-02
        9                | inpatient   | snf         | 2010-01-02
        10               | inpatient   | rehab       | 2010-01-02
        11               | inpatient   | other       | 2010-01-02
        12               | inpatient   | 99          | 2010-01-02
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
        5                | icd9cm      | 209.00
        6                | icd10cm     | C7A.012
        7                | icd9cm      | E878.2
        8                | icd9cm      | V10.91
        9                | icd9cm      | 209
        """,
    )

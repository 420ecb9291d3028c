"""
patientIdNumber is unique within one tumour registry. Two patients with one number are two persons if they differ
in family name, in day of birth or social security number, and in hospital number.
"""

title = "Patients of two tumour registries under one number"

given = {
    "landing.tumor_registry_patient": """
        patientIdNumber | nameLast    | dateOfBirth | socialSecurityNumber | _file
        ----------------+-------------+-------------+----------------------+------
        5               | Bak         | 19500304    | 123450001            | a
        5               | Dem         | 19500304    | 123450002            | b
        5               | Bak         | 19500304    | 123450001            | c
        6               | Fir         | 19500304    | 123450003            | a
        6               | Gol         | 19500304    | 123450003            | b
        7               | Huntur      | 195003      | 999999999            | a
        7               | Hun         | 19500304    | 123450004            | b
        8               | Kaz         | 19510304    | 999999999            | a
        8               | Lep         | 19520304    | 123450005            | b
    """,
    "landing.tumor_registry_tumor": """
        tumorRecordNumber | medicalRecordNumber | primarySite | _file | _parent_row
        ------------------+---------------------+-------------+-------+------------
        01                | 0000001             | C170        | a     | 1
        01                | 0000002             | C171        | b     | 2
        02                | 0000001             | C172        | c     | 3
        01                | 0000003             | C173        | a     | 4
        01                | 0000004             | C173        | b     | 5
        01                | 0000005             | C173        | a     | 6
        01                | 0000006             | C173        | b     | 7
        01                | 0000007             | C173        | a     | 8
        02                | 0000007             | C173        | b     | 9
    """,
}


def test_two_persons_are_distinguished_by_their_hospital_numbers(stages):
    """A new name, a shortened name, and one hospital number are still the same person."""
    stages(
        "staging.patient",
        """
        source_patient_number | hospital_number | other_hospital_numbers | family_name
        ----------------------+-----------------+------------------------+------------
        5/0000001             | 0000001         |                        | BAK
        5/0000002             | 0000002         |                        | DEM
        5/0000001             | 0000001         |                        | BAK
        6                     | 0000003         | 0000004                | FIR
        6                     | 0000003         | 0000004                | GOL
        7                     | 0000005         | 0000006                | HUNTUR
        7                     | 0000005         | 0000006                | HUN
        8                     | 0000007         |                        | KAZ
        8                     | 0000007         |                        | LEP
        """,
    )


def test_a_tumour_is_its_own_patients(stages):
    stages(
        "staging.tumor",
        """
        tumor_key    | source_patient_number | primary_site | _file
        -------------+-----------------------+--------------+------
        5/0000001-01 | 5/0000001             | C17.0        | a
        5/0000002-01 | 5/0000002             | C17.1        | b
        5/0000001-02 | 5/0000001             | C17.2        | c
        6-01         | 6                     | C17.3        | a
        6-01         | 6                     | C17.3        | b
        7-01         | 7                     | C17.3        | a
        7-01         | 7                     | C17.3        | b
        8-01         | 8                     | C17.3        | a
        8-02         | 8                     | C17.3        | b
        """,
    )

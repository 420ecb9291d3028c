"""
If the hospital number of an encounter cannot be read, its diagnoses show whose it is. Two patients may have
one encounter number: it is the one who has no such encounter yet; among several it stays unknown.
"""

title = "Whose an encounter is"

given = {
    "landing.hospital_encounters": """
        encounter_id | mrn
        -------------+--------
        E1           | 0000001
        E1           | 00#0002
        E2           | 0000003
        E2           |
        E3           | 00#0004
    """,
    "landing.hospital_diagnoses": """
        diagnosis_id | encounter_id | mrn
        -------------+--------------+--------
        D1           | E1           | 0000001
        D2           | E1           | 0000002
        D3           | E2           | 0000003
        D4           | E3           | 0000004
        D5           | E3           | 0000005
        D6           | E2           |
        D7           | E1           |
    """,
}


def test_an_encounter_is_that_of_the_patient_who_has_none_of_its_number(stages):
    stages(
        "staging.encounter",
        """
        encounter_number | hospital_number | hospital_number_given | _row
        -----------------+-----------------+-----------------------+-----
        E1               | 0000001         | 0000001               | 1
        E1               | 0000002         | 00#0002               | 2
        E2               | 0000003         | 0000003               | 3
        E2               | 0000003         |                       | 4
        E3               | 00#0004         |                       | 5
        """,
    )


def test_a_diagnosis_is_the_encounters_patients_if_that_is_one(stages):
    """The second patient's encounter E1 has no readable number: one patient is left."""
    stages(
        "staging.diagnosis",
        """
        diagnosis_number | hospital_number
        -----------------+----------------
        D1               | 0000001
        D2               | 0000002
        D3               | 0000003
        D4               | 0000004
        D5               | 0000005
        D6               | 0000003
        D7               | 0000001
        """,
    )

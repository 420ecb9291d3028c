"""
A record enrolled under several hospital numbers says that they are one person's, unless their charts are of two
persons: another family name, and another day of birth or other last digits of the social security number.
"""

title = "Research records that are enrolled twice"

given = {
    "landing.hospital_patients": """
        mrn     | last_name | birth_date | ssn_last4
        --------+-----------+------------+----------
        0000001 | Bak       | 1950-03-04 | 0001
        0000002 | Dem       | 1950-03-04 | 0002
        0000003 | Fir       | 1950-03-04 | 0003
        0000004 | Gol       | 1950-03-04 | 0003
        0000005 | Hun       | 1950-03-04 | 0005
        0000006 | Hun       | 1960-03-04 | 0006
    """,
    "landing.research_enrollment": """
        record_id | mrn
        ----------+--------
        1         | 0000001
        1         | 0000002
        2         | 0000003
        2         | 0000004
        3         | 0000005
        3         | 0000006
        4         | 0000001
        4         | 0000009
        5         | 0000001
    """,
}


def test_only_one_persons_numbers_are_handed_on(stages):
    """A new name alone, and a slip in a birth date, are one person's; number 9 has no chart."""
    stages(
        "staging.patient_research",
        """
        source_patient_number | hospital_number | other_hospital_numbers
        ----------------------+-----------------+-----------------------
        1                     | 0000001         |
        1                     | 0000002         |
        2                     | 0000003         | 0000003 0000004
        2                     | 0000004         | 0000003 0000004
        3                     | 0000005         | 0000005 0000006
        3                     | 0000006         | 0000005 0000006
        4                     | 0000001         | 0000001 0000009
        4                     | 0000009         | 0000001 0000009
        5                     | 0000001         |
        """,
    )

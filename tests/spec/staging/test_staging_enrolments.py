"""
A record that is enrolled under several hospital numbers shows that they are one person's, unless their charts
are of two persons: another family name, and another day of birth or other last digits of the social security number.
Then each person has a record, and what the project records about a case belongs to the person whose case it is.
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
    "landing.or_log_cases": """
        case_number | hospital_number
        ------------+----------------
        c1          | 0000001
        c2          | 0000002
        c5          | 0000005
    """,
    "landing.research_procedure": """
        record_id | redcap_repeat_instance | proc_case_no
        ----------+------------------------+-------------
        1         | 1                      | c1
        1         | 1                      | c2
        1         | 2                      | c5
        3         | 1                      | c5
    """,
    "landing.research_complication": """
        record_id | redcap_repeat_instance | comp_case_no
        ----------+------------------------+-------------
        1         | 1                      | c2
        1         | 2                      |
        3         | 1                      |
    """,
    "landing.research_follow_up": """
        record_id | redcap_repeat_instance
        ----------+-----------------------
        1         | 1
        3         | 1
    """,
}


def test_only_the_numbers_of_one_person_are_shared(stages):
    """A new name alone, or a slip in a birth date, is still one person; number 9 has no chart."""
    stages(
        "staging.patient_research",
        """
        source_patient_number | hospital_number | other_hospital_numbers
        ----------------------+-----------------+-----------------------
        1/0000001             | 0000001         |
        1/0000002             | 0000002         |
        2                     | 0000003         | 0000003 0000004
        2                     | 0000004         | 0000003 0000004
        3                     | 0000005         | 0000005 0000006
        3                     | 0000006         | 0000005 0000006
        4                     | 0000001         | 0000001 0000009
        4                     | 0000009         | 0000001 0000009
        5                     | 0000001         |
        """,
    )


def test_what_a_record_says_of_a_case_belongs_to_the_patient_of_the_case(stages):
    """Case c5 belongs to neither of the two persons of record 1."""
    stages(
        "staging.operative_finding",
        """
        finding_key | record_id | hospital_number | case_number
        ------------+-----------+-----------------+------------
        1/0000001-1 | 1/0000001 | 0000001         | c1
        1/0000002-1 | 1/0000002 | 0000002         | c2
        1-2         | 1         |                 | c5
        3-1         | 3         | 0000005         | c5
        """,
    )
    stages(
        "staging.complication",
        """
        complication_key | record_id | hospital_number | case_number
        -----------------+-----------+-----------------+------------
        1/0000002-1      | 1/0000002 | 0000002         | c2
        1-2              | 1         |                 |
        3-1              | 3         | 0000005         |
        """,
    )


def test_it_is_unknown_whose_a_contact_is(stages):
    stages(
        "staging.follow_up",
        """
        follow_up_key | record_id | hospital_number
        --------------+-----------+----------------
        1-1           | 1         |
        3-1           | 3         | 0000005
        """,
    )

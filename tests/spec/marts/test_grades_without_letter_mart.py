"""
Clavien–Dindo grades III and IV without their letter are major. Which of the two grades was meant is
unknown, and matters only if it is the highest of the operation.
"""

title = "Grades without their letter"

given = {
    "registry.patient": """
        patient_id
        ----------
        anna
    """,
    "registry.procedure": """
        procedure_id | patient_id | procedure_number | operation_date | has_finding
        -------------+------------+------------------+----------------+------------
        a1           | anna       | 1                | 2001-01-01     | true
        a2           | anna       | 2                | 2002-01-01     | true
        a3           | anna       | 3                | 2003-01-01     | true
    """,
    "registry.complication": """
        complication_key | procedure_id | grade | grade_rank | minor
        -----------------+--------------+-------+------------+------
        1                | a1           | III   |            | false
        2                | a1           | II    | 2          | true
        3                | a2           | III   |            | false
        4                | a2           | IVa   | 5          | false
        5                |              | IV    |            | false
    """,
    "registry.complication_operation": """
        complication_key | procedure_id | patient_id | certain | followed_one
        -----------------+--------------+------------+---------+-------------
        5                | a3           | anna       | false   | false
    """,
}


def test_a_grade_without_its_letter_is_major_and_may_leave_the_highest_open(marts):
    """III may be IIIa or IIIb, neither of which is beyond IVa. IV may have followed the third operation."""
    marts(
        "marts.procedure_outcome",
        """
        procedure_id | complications | highest_grade | any_minor | any_major | highest_is_minor
        -------------+---------------+---------------+-----------+-----------+-----------------
        a1           | 2             |               | true      | true      | false
        a2           | 2             | IVa           | false     | true      | false
        a3           |               |               | false     |           |
        """,
    )

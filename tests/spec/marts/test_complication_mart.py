"""
Clavien–Dindo grades I and II are minor, III to V are major. Every event is kept. An operation gets
its highest grade, whether there was any minor or any major event, and whether the highest is minor. An
operation without a research record is unknown, not free of complications.
"""

title = "Complications of an operation"

given = {
    "registry.patient": """
        patient_id
        ----------
        anna
        bert
        carl
        dora
        emma
    """,
    "registry.procedure": """
        procedure_id | patient_id | procedure_number | operation_date | has_finding
        -------------+------------+------------------+----------------+------------
        a1           | anna       | 1                | 2001-01-01     | true
        a2           | anna       | 2                | 2002-01-01     | true
        a3           | anna       | 3                | 2003-01-01     | true
        a4           | anna       | 4                | 2004-01-01     | false
        b1           | bert       | 1                | 2001-01-01     | false
        c1           | carl       | 1                | 2001-01-01     | true
        c2           | carl       | 2                | 2001-02-01     | true
        d1           | dora       | 1                | 2001-01-01     | true
        d2           | dora       | 2                | 2001-02-01     | true
        e1           | emma       | 1                | 2001-01-01     | true
    """,
    "registry.complication": """
        complication_key | procedure_id | grade | grade_rank | minor
        -----------------+--------------+-------+------------+------
        1                | a1           | I     | 1          | true
        2                | a1           | IIIb  | 4          | false
        3                | a1           | II    | 2          | true
        4                | a2           | II    | 2          | true
        5                | b1           | V     | 7          | false
        6                |              | V     | 7          | false
        7                | c1           | II    | 2          | true
        8                |              | II    | 2          | true
        9                | d1           | IIIa  | 3          | false
        10               |              | IVa   | 5          | false
    """,
    "registry.complication_operation": """
        complication_key | procedure_id | patient_id | certain | followed_one
        -----------------+--------------+------------+---------+-------------
        6                | c1           | carl       | false   | true
        6                | c2           | carl       | false   | true
        8                | d1           | dora       | false   | true
        8                | d2           | dora       | false   | true
        10               | e1           | emma       | false   | false
    """,
}


def test_any_minor_and_highest_is_minor_are_different_questions(marts):
    """Bert's complication was recorded although his operation was not."""
    marts(
        "marts.procedure_outcome",
        """
        procedure_id | complications | highest_grade | highest_grade_rank | any_complication | any_minor | any_major | highest_is_minor
        -------------+---------------+---------------+--------------------+------------------+-----------+-----------+-----------------
        a1           | 3             | IIIb          | 4                  | true             | true      | true      | false
        a2           | 1             | II            | 2                  | true             | true      | false     | true
        a3           | 0             | none          | 0                  | false            | false     | false     | false
        a4           |               |               |                    |                  |           |           |
        b1           | 1             | V             | 7                  | true             | false     | true      | false
        """,
        where="patient_id < 'c'",
    )


def test_a_patient_has_what_any_operation_has(marts):
    """It is unknown whether Anna had complications after her fourth operation, but she had some before."""
    marts(
        "marts.patient_outcome",
        """
        patient_id | any_minor | any_major
        -----------+-----------+----------
        anna       | true      | true
        bert       | false     | true
        """,
        where="patient_id < 'c'",
    )


def test_what_may_have_followed_an_operation_leaves_open_what_it_could_change(marts):
    """
    It is unknown which of his operations Carl's death followed: neither operation is free of a major
    complication, and neither is known to have one. One of Dora's complications may have followed either
    operation; it is milder than the one after her first. Emma's complication was before her only operation.
    """
    marts(
        "marts.procedure_outcome",
        """
        procedure_id | complications | highest_grade | highest_grade_rank | any_complication | any_minor | any_major | highest_is_minor
        -------------+---------------+---------------+--------------------+------------------+-----------+-----------+-----------------
        c1           |               |               |                    | true             | true      |           |
        c2           |               |               |                    |                  | false     |           |
        d1           |               | IIIa          | 3                  | true             |           | true      | false
        d2           |               |               |                    |                  |           | false     |
        e1           |               |               |                    |                  | false     |           |
        """,
        where="patient_id >= 'c'",
    )


def test_a_patient_has_what_followed_any_operation_whichever_it_was(marts):
    marts(
        "marts.patient_outcome",
        """
        patient_id | any_minor | any_major
        -----------+-----------+----------
        carl       | true      | true
        dora       | true      | true
        emma       | false     |
        """,
        where="patient_id >= 'c'",
    )


def test_unknown_operations_are_counted_separately(marts):
    """
    Six of ten operations have an answer to the first question: four of Anna's and Bert's, Carl's first
    and Dora's first.
    """
    marts(
        "marts.outcome_summary",
        """
        measure                   | numerator | denominator | unknown | estimate
        --------------------------+-----------+-------------+---------+---------
        any_complication          | 5         | 6           | 4       | 0.8333333333333334
        minor_complication        | 3         | 7           | 3       | 0.42857142857142855
        major_complication        | 3         | 6           | 4       | 0.5
        highest_complication_minor | 1        | 5           | 5       | 0.2
        """,
        where="unit = 'procedure' and stratum = 'all' and kind = 'proportion'"
        " and measure like '%complication%' and measure not like 'intra%'",
    )

"""
Clavien–Dindo grades I and II are minor, III to V are major. Every event is kept; an operation gets
its highest grade, whether there was any minor or major event, and whether the highest is minor. An
operation that research knows nothing about is unknown, not free of complications.
"""

title = "Complications of an operation"

given = {
    "registry.patient": """
        patient_id
        ----------
        anna
        bert
    """,
    "registry.procedure": """
        procedure_id | patient_id | procedure_number | operation_date | has_finding
        -------------+------------+------------------+----------------+------------
        a1           | anna       | 1                | 2001-01-01     | true
        a2           | anna       | 2                | 2002-01-01     | true
        a3           | anna       | 3                | 2003-01-01     | true
        a4           | anna       | 4                | 2004-01-01     | false
        b1           | bert       | 1                | 2001-01-01     | false
    """,
    "registry.complication": """
        complication_id | procedure_id | grade | grade_rank | minor
        ----------------+--------------+-------+------------+------
        1               | a1           | I     | 1          | true
        2               | a1           | IIIb  | 4          | false
        3               | a1           | II    | 2          | true
        4               | a2           | II    | 2          | true
        5               | b1           | V     | 7          | false
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
    )


def test_a_patient_has_what_any_operation_has(marts):
    """Nobody can say that Anna had none after her fourth operation, but she had some before."""
    marts(
        "marts.patient_outcome",
        """
        patient_id | any_minor | any_major
        -----------+-----------+----------
        anna       | true      | true
        bert       | false     | true
        """,
    )


def test_unknown_operations_are_counted_apart(marts):
    """
    Four operations have an answer. Two of four: Wilson's interval reaches from 0.150 to 0.850.
    """
    marts(
        "marts.outcome_summary",
        """
        measure                   | numerator | denominator | unknown | estimate
        --------------------------+-----------+-------------+---------+---------
        any_complication          | 3         | 4           | 1       | 0.75
        minor_complication        | 2         | 4           | 1       | 0.5
        major_complication        | 2         | 4           | 1       | 0.5
        highest_complication_minor | 1        | 4           | 1       | 0.25
        """,
        where="unit = 'procedure' and stratum = 'all' and kind = 'proportion'"
        " and measure like '%complication%' and measure not like 'intra%'",
    )

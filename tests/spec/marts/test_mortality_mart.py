"""
A death within 30 (90) days counts for the last operation before it. A patient who was not seen up to
that day is unknown, not alive.
"""

title = "30- and 90-day mortality"

given = {
    "registry.patient": """
        patient_id
        ----------
        anna
        bert
        carl
        dora
        emma
        fritz
        gisa
    """,
    "registry.procedure": """
        procedure_id | patient_id | procedure_number | operation_date
        -------------+------------+------------------+---------------
        a1           | anna       | 1                | 2001-01-01
        b1           | bert       | 1                | 2001-01-01
        b2           | bert       | 2                | 2001-01-20
        c1           | carl       | 1                | 2001-01-01
        d1           | dora       | 1                | 2001-01-01
        e1           | emma       | 1                | 2001-01-01
        f1           | fritz      | 1                | 2001-01-01
        g1           | gisa       | 1                | 2016-12-10
    """,
    "registry.vital_status": """
        patient_id | status | death_date | last_contact_date
        -----------+--------+------------+------------------
        anna       | dead   | 2001-01-31 | 2001-01-20
        bert       | dead   | 2001-01-25 | 2001-01-20
        carl       | dead   | 2001-02-01 | 2001-01-01
        dora       | alive  |            | 2001-01-31
        emma       | alive  |            | 2001-01-30
        fritz      | dead   |            | 2001-01-10
        gisa       | dead   | 2017-01-05 | 2016-12-10
    """,
}


def test_a_death_counts_on_the_last_operation_before_it(marts):
    """
    Anna died on day 30, Carl on day 31. Bert's death, day 24 after his first operation, is charged
    to the second. Dora was seen on day 30, Emma last on day 29. Fritz died, nobody says when.
    Gisa's death lies after the extract of 2016-12-31: by then she was alive, on day 21.
    """
    marts(
        "marts.procedure_outcome",
        """
        procedure_id | mortality_30_day | mortality_90_day
        -------------+------------------+-----------------
        a1           | dead             | dead
        b1           | alive            | alive
        b2           | dead             | dead
        c1           | alive            | dead
        d1           | alive            | unknown
        e1           | unknown          | unknown
        f1           | unknown          | unknown
        g1           | unknown          | unknown
        """,
    )


def test_a_patient_is_dead_if_any_operation_has_the_death(marts):
    marts(
        "marts.patient_outcome",
        """
        patient_id | procedures | mortality_30_day | status
        -----------+------------+------------------+-------
        anna       | 1          | dead             | dead
        bert       | 2          | dead             | dead
        carl       | 1          | alive            | dead
        dora       | 1          | alive            | alive
        emma       | 1          | unknown          | alive
        fritz      | 1          | unknown          | dead
        gisa       | 1          | unknown          | alive
        """,
    )


def test_survival_ends_at_death_or_at_the_last_contact(marts):
    """Fritz is censored when last seen, and Gisa at the extract, on which she was alive."""
    marts(
        "marts.survival_cohort",
        """
        patient_id | start_date | end_date   | time_days | event
        -----------+------------+------------+-----------+------
        anna       | 2001-01-01 | 2001-01-31 | 30        | 1
        bert       | 2001-01-01 | 2001-01-25 | 24        | 1
        carl       | 2001-01-01 | 2001-02-01 | 31        | 1
        dora       | 2001-01-01 | 2001-01-31 | 30        | 0
        emma       | 2001-01-01 | 2001-01-30 | 29        | 0
        fritz      | 2001-01-01 | 2001-01-10 | 9         | 0
        gisa       | 2016-12-10 | 2016-12-31 | 21        | 0
        """,
    )

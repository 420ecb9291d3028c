"""
Of a date that is known to the month or the year, an answer is given if it is the same for every
possible day; otherwise it is unknown. Where a day is needed, it is the middle of the possible days, and flagged.
"""

title = "Marts of dates known to the month or the year"

given = {
    "registry.patient": """
        patient_id | birth_date
        -----------+-----------
        anna       | 1950-03
        bert       | 1950
        carl       | 1954
        dora       | 1950-06-15
        emma       | 1950-06-15
        fritz      | 1950-06-15
        gisa       | 1950-06-15
        hans       | 1950-06-15
        ines       |
        jan        | 1950-06-15
        kai        | 1950-06-15
    """,
    "registry.procedure": """
        procedure_id | patient_id | procedure_number | operation_date
        -------------+------------+------------------+---------------
        a1           | anna       | 1                | 2001-01-01
        b1           | bert       | 1                | 2001-01-20
        c1           | carl       | 1                | 2001-01-01
        d1           | dora       | 1                | 2001-01
        e1           | emma       | 1                | 2001-01-01
        e2           | emma       | 2                | 2001-02
        f1           | fritz      | 1                | 2001
        g1           | gisa       | 1                |
        h1           | hans       | 1                | 2001-01-01
        i1           | ines       | 1                | 2001-01-01
        j1           | jan        | 1                | 2003-01-01
        j2           | jan        | 2                |
        k1           | kai        | 1                | 2001-03-01
        k2           | kai        | 2                | 2001
    """,
    "registry.tumor": """
        tumor_id | patient_id | index_tumor | diagnosis_date
        ---------+------------+-------------+---------------
        ta       | anna       | true        | 2000-12
        tb       | bert       | true        | 2001
        tc       | carl       | true        | 2002
    """,
    "registry.vital_status": """
        patient_id | status | death_date | death_date_earliest | last_contact_date
        -----------+--------+------------+---------------------+------------------
        anna       | dead   | 2001-01    |                     | 2001-01-01
        bert       | dead   | 2001       | 2001-01-20          | 2001-01-20
        carl       | alive  |            |                     | 2003-05
        dora       | dead   | 2001-01    |                     | 2001-01-01
        emma       | dead   | 2001-02-20 |                     | 2001-02-01
        fritz      | dead   | 2001-02    |                     | 2001-01-01
        gisa       | alive  |            |                     | 2003-05-05
        hans       | dead   |            |                     | 2001-03-01
        ines       | alive  |            |                     | 2001-01-31
        jan        | alive  |            |                     | 2003-05-05
        kai        | alive  |            |                     | 2003-01-30
    """,
}


def test_what_is_the_same_whichever_day_it_was(marts):
    """
    Anna died in the month of her operation. Bert, operated on 20 January, died later in 2001, at 50 or 51. Emma's
    second operation was before her death, which is charged to it. Fritz was operated on in the year in which he
    died in February, so before March. Nobody knows when Gisa was operated on, or when Hans died.
    """
    marts(
        "marts.procedure_outcome",
        """
        procedure_id | operation_date | operation_era | age_years | age_band | mortality_30_day | mortality_90_day
        -------------+----------------+---------------+-----------+----------+------------------+-----------------
        a1           | 2001-01-01     | 2000-2009     | 50        | 50-59    | dead             | dead
        b1           | 2001-01-20     | 2000-2009     |           | 50-59    | unknown          | unknown
        c1           | 2001-01-01     | 2000-2009     |           | 40-49    | alive            | alive
        d1           |                | 2000-2009     | 50        | 50-59    | dead             | dead
        e1           | 2001-01-01     | 2000-2009     | 50        | 50-59    | alive            | alive
        e2           |                | 2000-2009     | 50        | 50-59    | dead             | dead
        f1           |                | 2000-2009     | 50        | 50-59    | unknown          | dead
        g1           |                | unknown       |           | unknown  | unknown          | unknown
        h1           | 2001-01-01     | 2000-2009     | 50        | 50-59    | alive            | unknown
        i1           | 2001-01-01     | 2000-2009     |           | unknown  | alive            | unknown
        j1           | 2003-01-01     | 2000-2009     | 52        | 50-59    | alive            | alive
        j2           |                | unknown       |           | unknown  | unknown          | unknown
        k1           | 2001-03-01     | 2000-2009     | 50        | 50-59    | alive            | alive
        k2           |                | 2000-2009     |           | 50-59    | alive            | alive
        """,
    )


def test_survival_uses_the_middle_and_flags_it(marts):
    marts(
        "marts.survival_cohort",
        """
        patient_id | start_date | start_date_precision | end_date   | end_date_precision | time_days | event | dead_undated | dates_flag
        -----------+------------+----------------------+------------+--------------------+-----------+-------+--------------+-----------
        anna       | 2001-01-01 | day                  | 2001-01-16 | month              | 15        | 1     | false        | 2
        bert       | 2001-01-20 | day                  | 2001-07-11 | year               | 172       | 1     | false        | 2
        carl       | 2001-01-01 | day                  | 2003-05-16 | month              | 865       | 0     | false        | 3
        dora       | 2001-01-16 | month                | 2001-01-16 | month              | 0         | 1     | false        | 2
        emma       | 2001-01-01 | day                  | 2001-02-20 | day                | 50        | 1     | false        | 1
        fritz      | 2001-01-30 | year                 | 2001-02-14 | month              | 15        | 1     | false        | 2
        hans       | 2001-01-01 | day                  | 2001-03-01 | day                | 59        | 0     | true         | 1
        ines       | 2001-01-01 | day                  | 2001-01-31 | day                | 30        | 0     | false        | 1
        kai        | 2001-01-30 | year                 | 2003-01-30 | day                | 730       | 0     | false        | 3
        """,
    )


def test_the_day_of_diagnosis_is_before_the_operation(marts):
    """Bert was diagnosed in the year of his operation, so by 20 January; Carl was diagnosed after his."""
    marts(
        "marts.survival_cohort_diagnosis",
        """
        patient_id | start_date | start_date_precision | entry_days | time_days
        -----------+------------+----------------------+------------+----------
        anna       | 2000-12-16 | month                | 16         | 31
        bert       | 2001-01-10 | month                | 10         | 182
        """,
    )


def test_how_well_the_days_are_known_is_counted(marts):
    marts(
        "marts.survival_dates",
        """
        member | left_out_because                     | status | start_date_precision | end_date_precision | patients | events | dead_undated | most_days_open
        -------+--------------------------------------+--------+----------------------+--------------------+----------+--------+--------------+---------------
        true   |                                      | dead   | day                  | day                | 2        | 1      | 1            | 0
        true   |                                      | dead   | day                  | month              | 1        | 1      | 0            | 30
        true   |                                      | dead   | day                  | year               | 1        | 1      | 0            | 345
        true   |                                      | dead   | month                | month              | 1        | 1      | 0            | 30
        true   |                                      | dead   | year                 | month              | 1        | 1      | 0            | 27
        true   |                                      | alive  | day                  | day                | 1        | 0      | 0            | 0
        true   |                                      | alive  | day                  | month              | 1        | 0      | 0            | 30
        true   |                                      | alive  | year                 | day                | 1        | 0      | 0            | 0
        false  | not known which operation was first  | alive  | unknown              | day                | 1        | 0      | 0            | 0
        false  | no day of operation                  | alive  | unknown              | day                | 1        | 0      | 0            | 0
        """,
    )


def test_what_was_done_at_the_first_operation_is_unknown_if_it_may_be_another(marts):
    """
    Jan's second operation may have been years before the first: there is no index date. Of Kai's two
    operations of 2001 one was on 1 March: the first was by then.
    """
    marts(
        "marts.patient_outcome",
        """
        patient_id | index_date_earliest | index_date_latest | index_date | age_years | age_band | operation_era | last_operation_date
        -----------+---------------------+-------------------+------------+-----------+----------+---------------+--------------------
        emma       | 2001-01-01          | 2001-01-01        | 2001-01-01 | 50        | 50-59    | 2000-2009     | 2001-02-10
        jan        |                     |                   |            |           | unknown  | unknown       |
        kai        | 2001-01-01          | 2001-03-01        | 2001-01-30 |           | unknown  | unknown       | 2001-07-02
        """,
        where="patient_id in ('emma', 'jan', 'kai')",
    )

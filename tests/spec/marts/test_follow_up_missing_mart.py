"""
Whose state 30 or 90 days after an operation is unknown, though that day is over, is on a list: one
row per operation to ask about.
"""

title = "Whom to ask about after an operation"

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
        hans
        ines
        jan
        kai
        lena
    """,
    "registry.procedure": """
        procedure_id | patient_id | procedure_number | operation_date
        -------------+------------+------------------+---------------
        a1           | anna       | 1                | 2001-01-01
        b1           | bert       | 1                | 2001-01-01
        c1           | carl       | 1                | 2001-01-01
        d1           | dora       | 1                | 2001-01-01
        e1           | emma       | 1                | 2001-01-01
        e2           | emma       | 2                | 2001-06-01
        f1           | fritz      | 1                | 2016-12-01
        g1           | gisa       | 1                | 2016-11-30
        h1           | hans       | 1                | 2016-12-30
        i1           | ines       | 1                |
        j1           | jan        | 1                | 2001-01
        k1           | kai        | 1                | 2001-01-01
        k2           | kai        | 2                |
        l1           | lena       | 1                | 2001
    """,
    "registry.vital_status": """
        patient_id | status | death_date | last_contact_date | last_contact_source
        -----------+--------+------------+-------------------+--------------------
        anna       | alive  |            | 2001-01-21        | clinic
        bert       | alive  |            | 2001-02-10        | clinic
        carl       | dead   |            | 2001-01-10        | registry
        dora       | alive  |            | 2003-01-01        | registry
        emma       | alive  |            | 2001-06-01        | or_log
        fritz      | alive  |            | 2016-12-01        | or_log
        gisa       | alive  |            | 2016-11-30        | or_log
        hans       | alive  |            | 2016-12-30        | or_log
        ines       | alive  |            | 2003-01-01        | clinic
        jan        | dead   | 2001-02-20 | 2001-02-01        | clinic
        kai        | dead   | 2001-01-10 | 2001-01-02        | clinic
        lena       | alive  |            | 2001-08-01        | clinic
    """,
}


def test_each_operation_without_an_answer_is_listed_once_its_day_is_over(marts):
    """
    Anna was seen up to day 20, Bert up to day 40. Carl died, nobody says when. Dora was seen for
    years. Emma was seen at her second operation, so that only this one is open. The extract ends on
    2016-12-31, which is day 30 after Fritz's operation and day 31 after Gisa's; Hans's is too recent.
    Nobody knows when Ines was operated on. Jan died in the month after his operation's, on a known
    day, and Kai perhaps after his second operation. Lena was operated on before August, or after.
    """
    marts(
        "marts.follow_up_missing",
        """
        procedure_id | day_30 | day_90 | last_contact_date | last_contact_source | days_known_alive | why
        -------------+--------+--------+-------------------+---------------------+------------------+---------------------------------------------------
        a1           | true   | true   | 2001-01-21        | clinic              | 20               | not seen long enough
        b1           | false  | true   | 2001-02-10        | clinic              | 40               | not seen long enough
        c1           | true   | true   | 2001-01-10        | registry            | 9                | the day of death is not known well enough
        e2           | true   | true   | 2001-06-01        | or_log              | 0                | not seen since
        g1           | true   | false  | 2016-11-30        | or_log              | 0                | not seen since
        i1           | true   | true   | 2003-01-01        | clinic              |                  | the operation has no date
        j1           | true   | false  | 2001-02-01        | clinic              | 1                | the day of the operation is not known well enough
        k1           | true   | true   | 2001-01-02        | clinic              | 1                | the day of another operation is not known well enough
        k2           | true   | true   | 2001-01-02        | clinic              |                  | the operation has no date
        l1           | true   | true   | 2001-08-01        | clinic              | 0                | the day of the operation is not known well enough
        """,
    )

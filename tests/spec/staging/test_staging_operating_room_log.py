"""
The log wrote MM/DD/YYYY until 2003 and YYYY-MM-DD since; both become ISO dates, with or without a time of day.
A date without its century, or with an unclear order of day and month, is kept for a
rule to find. A code for an unknown duration is empty.
"""

title = "Cases of the operating-room log"

given = {
    "landing.or_log_cases": """
        case_number | hospital_number | operation_date | duration_minutes
        ------------+-----------------+----------------+-----------------
        2001-00001  | 0000001         | 03/09/2001     | 360
        2004-00001  | 0000002         | 2004-03-09     | 200
        2001-00002  | 0000003         | 9 March 2001   | six hours
        2001-00003  |                 | 3/9/01         |
        2001-00004  | 0000005         | 3/9/2001 0:00  | 999
        2001-00005  | 0000006         | 09MAR2001      | -99
        2001-00006  | 0000007         | 9.3.2001       | UNK
        2001-00007  | 0000008         | 20/03/2001     | 20
    """,
}


def test_dates_of_both_shapes_become_iso_and_other_text_passes_unchanged(stages):
    stages(
        "staging.procedure",
        """
        case_number | hospital_number | operation_date | duration_minutes | _row
        ------------+-----------------+----------------+------------------+-----
        2001-00001  | 0000001         | 2001-03-09     | 360              | 1
        2004-00001  | 0000002         | 2004-03-09     | 200              | 2
        2001-00002  | 0000003         | 2001-03-09     | six hours        | 3
        2001-00003  |                 | 3/9/01         |                  | 4
        2001-00004  | 0000005         | 2001-03-09     |                  | 5
        2001-00005  | 0000006         | 2001-03-09     |                  | 6
        2001-00006  | 0000007         | 9.3.2001       |                  | 7
        2001-00007  | 0000008         | 2001-20-03     | 20               | 8
        """,
    )

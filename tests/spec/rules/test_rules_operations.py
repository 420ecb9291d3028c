"""
An operation lies within the patient's life and before the extract (31 December 2016). Its duration
is compared with the clock: closure may be past midnight, and five minutes are forgiven.
"""

title = "Possible days and durations of operations"

given = {
    "staging.patient": """
        hospital_number | source_patient_number | birth_date | death_date
        ----------------+-----------------------+------------+-----------
        0000001         | 0000001               | 1950-01-31 |
        0000002         | 0000002               | 1950-01-31 | 2001-05-20
    """,
    "staging.procedure": """
        case_number | hospital_number | operation_date | incision_time | closure_time | duration_minutes
        ------------+-----------------+----------------+---------------+--------------+-----------------
        2001-00001  | 0000001         | 2001-05-10     | 08:00         | 14:05        | 360
        2001-00002  | 0000001         | 2001-05-11     | 08:00         | 14:06        | 360
        2001-00003  | 0000001         | 2001-05-12     | 22:30         | 01:10        | 160
        2001-00004  | 0000001         | 2001-05-13     | 22:30         | 01:10        | 6
        2001-00005  | 0000001         | 2001-05-14     | 8 o'clock     | 14:00        | 360
        2001-00006  | 0000002         | 2001-05-20     |               |              |
        2001-00007  | 0000002         | 2001-05-21     |               |              |
        1949-00001  | 0000002         | 1949-05-20     |               |              |
        2017-00001  | 0000001         | 2017-01-01     |               |              |
        2001-00008  | 0000003         | 2001-05-20     |               |              |
        2001-00009  |                 | 2001-05-20     |               |              |
        2001-00010  | 0000001         | 2001-05-32     |               |              |
    """,
}


def test_days(finds):
    """An operation is possible on the day of death, and not on the next day."""
    finds(
        """
        key        | rule                             | severity
        -----------+----------------------------------+---------
        2001-00007 | procedure.operation_before_death | critical
        1949-00001 | procedure.operation_after_birth  | critical
        2017-00001 | procedure.operation_by_extract   | critical
        2001-00010 | procedure.operation_date.type    | critical
        """
    )


def test_patients(finds):
    """A missing number and a number that no accepted patient has are different findings."""
    finds(
        """
        key        | rule                                | severity
        -----------+-------------------------------------+---------
        2001-00008 | procedure.patient_exists            | critical
        2001-00009 | procedure.hospital_number.required  | critical
        """
    )


def test_durations(finds):
    """An unreadable time and an impossible duration are not compared with anything."""
    finds(
        """
        key        | rule                                | severity
        -----------+-------------------------------------+---------
        2001-00002 | procedure.duration_matches_times    | warning
        2001-00004 | procedure.duration_minutes.in_range | critical
        2001-00005 | procedure.incision_time.str_matches | critical
        """
    )

"""
An operation is joined with the latest research instance that names its case, and with the
inpatient stay that includes its day.
"""

title = "Operations, their findings and their stays"

given = {
    "registry.patient": """
        patient_id | hospital_number
        -----------+----------------
        anna       | 0000001
        bert       | 0000002
        carl       | 0000003
        dora       | 0000004
    """,
    "accepted.procedure": """
        case_number | hospital_number | operation_date | incision_time
        ------------+-----------------+----------------+--------------
        2001-00009  | 0000001         | 2001-05-10     | 08:00
        2003-00001  | 0000001         | 2003-05-10     | 08:00
        2002-00002  | 0000002         | 2002-05-10     | 13:00
        2002-00003  | 0000002         | 2002-05-10     | 07:30
        2004-00001  | 0000003         | 2004-05-10     | 07:30
        2004-00002  | 0000004         | 2004-05-10     | 07:30
    """,
    "accepted.operative_finding": """
        finding_key | instance | hospital_number | case_number | operation_date | preop_site | site_found
        ------------+----------+-----------------+-------------+----------------+------------+------------
        7-2         | 2        | 0000001         | 2001-00009  |                | unknown    | pancreas
        7-10        | 10       | 0000001         | 2001-00009  |                | unknown    | small_bowel
        8-1         | 1        |                 | 2002-00002  |                | lung       | lung
        3-2         | 2        | 0000003         | 2004-00002  | 2004-05        | stomach    | stomach
        4-1         | 1        | 0000004         | 2004-00002  |                | appendix   | appendix
        5-1         | 1        | 0000001         | 2004-00001  | 2003-06-01     | duodenum   | duodenum
    """,
    "accepted.encounter": """
        encounter_number | hospital_number | class      | admission_time      | discharge_time
        -----------------+-----------------+------------+---------------------+--------------------
        E1               | 0000001         | inpatient  | 2001-05-09 10:00:00 | 2001-05-19 11:00:00
        E2               | 0000001         | ambulatory | 2001-05-10 07:00:00 | 2001-05-10 09:00:00
        E3               | 0000001         | inpatient  | 2001-04-01 10:00:00 | 2001-05-10 06:00:00
        E4               | 0000001         | inpatient  | 2003-05-11 10:00:00 | 2003-05-19 11:00:00
        E5               | 0000002         | inpatient  | 2002-05-10 06:00:00 |
    """,
}


def test_operations_are_numbered_by_day_then_incision(shows):
    shows(
        "registry.procedure",
        """
        patient_id | procedure_id | procedure_number
        -----------+--------------+-----------------
        anna       | 2001-00009   | 1
        anna       | 2003-00001   | 2
        bert       | 2002-00003   | 1
        bert       | 2002-00002   | 2
        carl       | 2004-00001   | 1
        dora       | 2004-00002   | 1
        """,
    )


def test_the_latest_instance_counts_and_a_case_without_one_says_so(shows):
    """Instance 10 is later than instance 2, though its text sorts before."""
    shows(
        "(select * from registry.procedure where patient_id in ('anna', 'bert'))",
        """
        procedure_id | has_finding | preop_site | site_found
        -------------+-------------+------------+------------
        2001-00009   | true        | unknown    | small_bowel
        2003-00001   | false       |            |
        2002-00002   | true        | lung       | lung
        2002-00003   | false       |            |
        """,
    )


def test_a_finding_is_its_patients_whichever_case_it_names(shows):
    """
    Carl's finding names Dora's case: it describes his own operation of that month, not hers. Anna's
    names Carl's, and she had no operation on its day.
    """
    shows(
        "(select * from registry.procedure where patient_id in ('carl', 'dora'))",
        """
        procedure_id | finding_key | preop_site
        -------------+-------------+-----------
        2004-00001   | 3-2         | stomach
        2004-00002   | 4-1         | appendix
        """,
    )


def test_the_stay_holds_the_day_of_operation(shows):
    """
    Anna's two encounters overlap: they are one stay, whose last piece holds the day. Her second
    operation lies outside every stay. Bert is still in hospital.
    """
    shows(
        "(select * from registry.procedure where patient_id in ('anna', 'bert'))",
        """
        procedure_id | encounter_id | admission_date | discharge_date | stay_days | postoperative_days
        -------------+--------------+----------------+----------------+-----------+-------------------
        2001-00009   | E1           | 2001-04-01     | 2001-05-19     | 48        | 9
        2003-00001   |              |                |                |           |
        2002-00002   | E5           | 2002-05-10     |                |           |
        2002-00003   | E5           | 2002-05-10     |                |           |
        """,
    )

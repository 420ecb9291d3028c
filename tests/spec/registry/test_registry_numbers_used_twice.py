"""
Two patients may have one number, of two logs or two laboratories. Each keeps the own record, and everything
that refers to the number and is that patient's. What belongs to no known patient is assigned to neither.
"""

title = "Numbers used for two patients, and what refers to them"

given = {
    "registry.patient": """
        patient_id | hospital_number
        -----------+----------------
        anna       | 0000001
        bert       | 0000002
        carl       | 0000003
    """,
    "accepted.procedure": """
        case_number | hospital_number | operation_date
        ------------+-----------------+---------------
        c1          | 0000001         | 2001-01-01
        c1          | 0000002         | 2001-06-01
        c2          | 0000003         | 2001-01-01
    """,
    "accepted.encounter": """
        encounter_number | hospital_number | class     | admission_time      | discharge_time
        -----------------+-----------------+-----------+---------------------+--------------------
        E1               | 0000001         | inpatient | 2001-01-01 06:00:00 | 2001-01-11 11:00:00
        E2               | 0000002         | inpatient | 2001-06-01 06:00:00 | 2001-06-05 11:00:00
        E3               | 0000001         | inpatient | 2003-01-01 06:00:00 | 2003-01-11 11:00:00
        E3               | 0000002         | inpatient | 2003-01-05 06:00:00 | 2003-01-12 11:00:00
    """,
    "accepted.diagnosis": """
        diagnosis_number | encounter_number | hospital_number
        -----------------+------------------+----------------
        D1               | E3               | 0000001
        D1               | E3               | 0000002
        D2               | E3               | 0000009
        D3               | E2               | 0000009
    """,
    "accepted.laboratory": """
        result_key | hospital_number | value
        -----------+-----------------+------
        L1         | 0000001         | 40
        L1         | 0000002         | 50
        L2         | 0000002         | 60
    """,
    "accepted.operative_finding": """
        finding_key | instance | hospital_number | case_number | residual
        ------------+----------+-----------------+-------------+---------
        1-1         | 1        | 0000001         | c1          | R0
        2-1         | 1        | 0000002         | c1          | R1
        4-1         | 2        |                 | c1          | R2
        5-1         | 1        |                 | c2          | R2
    """,
    "accepted.complication": """
        complication_key | hospital_number | case_number | complication_date | type  | grade
        -----------------+-----------------+-------------+-------------------+-------+------
        1-1              | 0000001         | c1          | 2001-01-03        | ileus | II
        2-1              | 0000002         | c1          | 2001-06-03        | ileus | IIIa
        4-1              |                 | c1          | 2001-06-03        | ileus | I
        5-1              |                 | c2          | 2001-01-03        | ileus | I
    """,
    "accepted.pathology": """
        message_number | laboratory | report_number | result_status | given_earliest | given_latest   | hospital_number | case_number | specimen_date
        ---------------+------------+---------------+---------------+----------------+----------------+-----------------+-------------+--------------
        1              | LAB        | S1            | final         | 20010103120000 |                | 0000001         | c1          | 2001-01-01
        2              | LAB        | S2            | final         | 20010603120000 |                | 0000002         | c1          | 2001-06-01
        3              | LAB        | S3            | final         | 20010603120000 |                | 0000002         |             | 2001-06-01
        4              | LAB        | S4            | final         | 20020103120000 |                | 0000001         |             | 2002-01-01
        5              | LAB        | S4            | final         | 20020603120000 |                | 0000002         |             | 2002-06-01
        6              | LAB        | S4            | corrected     | 20020703120000 | 20020703120000 | 0000002         |             | 2002-06-01
        7              | LAB        | S5            | final         | 20030103120000 |                | 0000001         |             | 2003-01-01
        8              | LAB        | S5            | corrected     | 20030203120000 | 20030203120000 | 0000002         |             | 2003-01-01
        9              | LAB        | S6            | corrected     | 20040103120000 | 20040103120000 | 0000001         |             | 2004-01-01
        10             | LAB        | S6            | final         | 20040203120000 |                | 0000002         |             | 2004-01-01
    """,
}


def test_each_operation_has_its_own_finding_and_stay(shows):
    shows(
        "registry.procedure",
        """
        procedure_id | patient_id | case_number | residual | encounter_id
        -------------+------------+-------------+----------+-------------
        c1/anna      | anna       | c1          | R0       | E1
        c1/bert      | bert       | c1          | R1       | E2
        c2           | carl       | c2          | R2       |
        """,
    )


def test_each_operation_has_its_own_complications(shows):
    """It is unknown whose 4-1 is, and so which operation it followed."""
    shows(
        "registry.complication",
        """
        complication_key | procedure_id | patient_id
        -----------------+--------------+-----------
        1-1              | c1/anna      | anna
        2-1              | c1/bert      | bert
        4-1              |              |
        5-1              | c2           | carl
        """,
    )


def test_each_operation_has_its_own_reports(shows):
    """Report S3 names no case; it belongs to Bert's operation of that day."""
    shows(
        "(select * from registry.pathology where procedure_id is not null)",
        """
        report_number | procedure_id
        --------------+-------------
        S1            | c1/anna
        S2            | c1/bert
        S3            | c1/bert
        """,
    )


def test_a_report_is_corrected_by_its_own_patients_message(shows):
    shows(
        "(select * from registry.pathology where report_number = 'S4')",
        """
        pathology_id | patient_id | result_status | versions
        -------------+------------+---------------+---------
        LAB/S4/anna  | anna       | final         | 1
        LAB/S4/bert  | bert       | corrected     | 2
        """,
    )


def test_a_correction_that_names_another_patient_makes_the_report_that_patients(shows):
    """Bert has no report S5 to correct; the correction of S6 is older than the report."""
    shows(
        "(select * from registry.pathology where report_number in ('S5', 'S6'))",
        """
        pathology_id | patient_id | result_status | versions
        -------------+------------+---------------+---------
        LAB/S5       | bert       | corrected     | 2
        LAB/S6/anna  | anna       | corrected     | 1
        LAB/S6/bert  | bert       | final         | 1
        """,
    )


def test_each_patient_has_an_encounter_and_a_stay(shows):
    """Anna's and Bert's stays have one number and overlap, but are two."""
    shows(
        "registry.encounter",
        """
        encounter_id | patient_id | stay_id | stay_days
        -------------+------------+---------+----------
        E1           | anna       | E1      | 10
        E2           | bert       | E2      | 4
        E3/anna      | anna       | E3/anna | 10
        E3/bert      | bert       | E3/bert | 7
        """,
    )


def test_each_patient_has_a_diagnosis_with_its_encounter(shows):
    """D2 and D3 have an unknown number: an encounter of one patient shows whose they are."""
    shows(
        "registry.diagnosis",
        """
        diagnosis_id | patient_id | encounter_id
        -------------+------------+-------------
        D1/0000001   | anna       | E3/anna
        D1/0000002   | bert       | E3/bert
        D2           |            |
        D3           | bert       | E2
        """,
    )


def test_each_patient_has_a_result(shows):
    shows(
        "registry.laboratory",
        """
        laboratory_id | patient_id | value
        --------------+------------+------
        L1/anna       | anna       | 40
        L1/bert       | bert       | 50
        L2            | bert       | 60
        """,
    )


def test_each_patient_has_a_stay(shows):
    shows(
        "registry.stay",
        """
        stay_id | patient_id | encounters | stay_days
        --------+------------+------------+----------
        E1      | anna       | 1          | 10
        E2      | bert       | 1          | 4
        E3/anna | anna       | 1          | 10
        E3/bert | bert       | 1          | 7
        """,
    )

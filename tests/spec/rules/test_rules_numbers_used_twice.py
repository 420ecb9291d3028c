"""
A number is unique within its scope only: two logs may give one case number to two patients. Both
records are kept, and each is told of the other; one patient's record under one number is a version
of the other.
"""

title = "Numbers used for two patients"

given = {
    "staging.patient": """
        hospital_number | source_patient_number | death_date
        ----------------+-----------------------+-----------
        0000001         | 0000001               |
        0000002         | 0000002               | 2001-06-30
        0000003         | 0000003               |
    """,
    "staging.procedure": """
        case_number | hospital_number | operation_date | _file        | _row
        ------------+-----------------+----------------+--------------+-----
        2001-00001  | 0000001         | 2001-05-10     | main_2001    | 1
        2001-00001  | 0000002         | 2001-06-20     | day_2001     | 1
        2001-00001  | 0000002         | 2001-06-21     | day_2001_new | 1
        2001-00002  | 0000003         | 2001-05-10     | main_2001    | 2
    """,
    "staging.operative_finding": """
        finding_key | record_id | hospital_number | case_number | operation_date
        ------------+-----------+-----------------+-------------+---------------
        1-1         | 1         | 0000001         | 2001-00001  | 2001-05-10
        2-1         | 2         | 0000002         | 2001-00001  | 2001-06-21
        3-1         | 3         | 0000003         | 2001-00001  | 2001-05-10
    """,
    "staging.complication": """
        complication_key | record_id | hospital_number | case_number | complication_date
        -----------------+-----------+-----------------+-------------+------------------
        1-1              | 1         | 0000001         | 2001-00001  | 2001-05-12
        2-1              | 2         | 0000002         | 2001-00001  | 2001-06-20
        3-1              | 3         | 0000003         | 2001-00001  | 2001-05-12
    """,
    "staging.pathology": """
        message_number | report_number | hospital_number | case_number | specimen_date
        ---------------+---------------+-----------------+-------------+--------------
        S1             | S1            | 0000001         | 2001-00001  | 2001-05-10
        S2             | S2            | 0000003         | 2001-00001  | 2001-05-10
    """,
}


def test_a_case_number_of_two_patients_is_two_operations(finds):
    """
    The later file corrects the second patient's line, and nobody else's. The second operation, and
    that of the third patient, have no report of their own.
    """
    finds(
        """
        key        | rule                    | severity | file
        -----------+-------------------------+----------+-------------
        2001-00001 | procedure.number_of_one | warning  | main_2001
        2001-00001 | procedure.number_of_one | warning  | day_2001
        2001-00001 | procedure.number_of_one | warning  | day_2001_new
        2001-00001 | procedure.unique        | critical | day_2001
        2001-00001 | procedure.has_report    | info     | day_2001_new
        2001-00002 | procedure.has_report    | info     | main_2001
        """
    )


def test_what_names_the_number_is_held_against_its_own_patients_operation(finds):
    """Only the second patient's complication lies before the operation; the third has another case."""
    finds(
        """
        key | rule                           | severity
        ----+--------------------------------+---------
        3-1 | operative_finding.same_patient | warning
        2-1 | complication.after_operation   | critical
        3-1 | complication.same_patient      | warning
        S2  | pathology.same_patient         | warning
        """
    )

"""
A number is unique within its scope only: two logs, hospitals or laboratories may give one number to two
patients. Both records are kept, each with a finding. Several records of one patient under one number
are versions of each other.
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
        E1             | T1            | 0000001         |             | 2001-05-10
        E2             | T1            | 0000002         |             | 2001-05-10
    """,
    "staging.encounter": """
        encounter_number | hospital_number | admission_time      | discharge_time      | disposition
        -----------------+-----------------+---------------------+---------------------+------------
        E1               | 0000001         | 2001-05-09 10:00:00 | 2001-05-19 10:00:00 | home
        E1               | 0000002         | 2001-06-19 10:00:00 | 2001-06-29 10:00:00 | home
        E1               | 0000002         | 2001-06-19 10:00:00 | 2001-06-30 10:00:00 | home
    """,
    "staging.diagnosis": """
        diagnosis_number | encounter_number | hospital_number | diagnosis_date
        -----------------+------------------+-----------------+---------------
        D1               | E1               | 0000001         | 2001-05-09
        D1               | E1               | 0000002         | 2001-06-30
        D3               | E1               | 0000003         | 2001-05-09
    """,
    "staging.laboratory": """
        result_key | hospital_number | value | specimen_date | laboratory | version | last_updated
        -----------+-----------------+-------+---------------+------------+---------+--------------------
        L1         | 0000001         | 40    | 2001-05-02    |            |         |
        L1         | 0000003         | 50    | 2001-05-02    |            |         |
        L2         | 0000001         | 40    | 2001-05-12    | Central    | 9       | 2001-06-03 08:00:00
        L2         | 0000003         | 50    | 2001-05-12    | Central    | 10      | 2001-06-04 08:00:00
        L3         | 0000003         | 50    | 2001-05-13    |            |         | 2001-06-04 08:00:00
        L3         | 0000001         | 40    | 2001-05-13    |            |         | 2001-06-03 08:00:00
        L4         | 0000001         | 40    | 2001-05-14    | Central    | 1       | 2001-06-03 08:00:00
        L4         | 0000003         | 50    | 2001-05-14    | Outside    | 2       | 2001-06-04 08:00:00
        L5         | 0000001         | 40    | 2001-05-15    | Central    | 1       | 2001-06-03 08:00:00
        L5         | 0000003         | 50    | 2001-05-15    | Central    | 1       | 2001-06-04 08:00:00
        L6         | 0000001         | 40    | 2001-05-16    | Central    | 1       | 2001-06-03 08:00:00
        L6         | 0000009         | 50    | 2001-05-16    | Central    | 2       | 2001-06-04 08:00:00
    """,
}


def test_a_case_number_of_two_patients_is_two_operations(finds):
    """
    The later file corrects the second patient's line only. The second operation, and
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


def test_what_names_the_number_is_compared_with_the_own_patients_operation(finds):
    """Only the second patient's complication is before the operation; the third patient has another case."""
    finds(
        """
        key | rule                           | severity
        ----+--------------------------------+---------
        3-1 | operative_finding.same_patient | warning
        2-1 | complication.after_operation   | critical
        3-1 | complication.same_patient      | warning
        S2  | pathology.same_patient         | warning
        E1  | pathology.one_patient          | warning
        E2  | pathology.one_patient          | warning
        """
    )


def test_an_encounter_number_of_two_patients_is_two_encounters(finds):
    """Of the second patient's two versions the first stays: nothing shows which is newer."""
    finds(
        """
        key | rule                    | severity | row
        ----+-------------------------+----------+----
        E1  | encounter.number_of_one | warning  | 1
        E1  | encounter.number_of_one | warning  | 2
        E1  | encounter.number_of_one | warning  | 3
        E1  | encounter.unique        | critical | 3
        """
    )


def test_a_diagnosis_is_compared_with_its_own_patients_encounter(finds):
    """
    The second patient's diagnosis is after the discharge; the third patient has no encounter of the number.
    """
    finds(
        """
        key | rule                    | severity | row
        ----+-------------------------+----------+----
        D1  | diagnosis.number_of_one | warning  | 1
        D1  | diagnosis.number_of_one | warning  | 2
        D1  | diagnosis.in_encounter  | warning  | 2
        D3  | diagnosis.same_patient  | warning  | 3
        """
    )


def test_an_id_of_two_patients_is_two_results_unless_one_is_a_newer_version(finds):
    """
    L1 has no versions. L4 is of two laboratories. One version of L5 has two times, which no server writes. The newer
    one of L6 has no known patient.
    """
    finds(
        """
        key | rule                        | severity | row
        ----+-----------------------------+----------+----
        L1  | laboratory.number_of_one    | warning  | 1
        L1  | laboratory.number_of_one    | warning  | 2
        L2  | laboratory.given_to_another | critical | 3
        L3  | laboratory.given_to_another | critical | 6
        L4  | laboratory.number_of_one    | warning  | 7
        L4  | laboratory.number_of_one    | warning  | 8
        L5  | laboratory.number_of_one    | warning  | 9
        L5  | laboratory.number_of_one    | warning  | 10
        L6  | laboratory.patient_exists   | critical | 12
        """
    )

"""
A complication follows an accepted operation. Grade V is death from the complication: the patient
dies within 90 days of it, and no source has the patient alive.
"""

title = "Complications and what they followed"

given = {
    "staging.patient": """
        hospital_number | source_patient_number | vital_status | death_date
        ----------------+-----------------------+--------------+-----------
        0000001         | 0000001               | alive        |
        0000002         | 0000002               | dead         | 2001-06-01
    """,
    "staging.procedure": """
        case_number | hospital_number | operation_date
        ------------+-----------------+---------------
        2001-00001  | 0000001         | 2001-05-10
        2001-00002  | 0000002         | 2001-05-10
        2001-00003  |                 | 2001-05-15
        2001-00004  | 0000002         | no date
    """,
    "staging.complication": """
        complication_key | case_number | hospital_number | complication_date | type     | grade
        -----------------+-------------+-----------------+-------------------+----------+------
        1-1              | 2001-00001  | 0000001         | 2001-05-09        | ileus    | I
        1-2              | 2001-00001  | 0000001         | 2001-05-10        | ileus    | VI
        1-3              | 2001-00001  | 0000001         | 2001-05-12        | death    | V
        2-1              | 2001-00002  | 0000002         | 2001-05-12        | death    | V
        2-2              | 2001-00002  | 0000002         | 2001-06-02        | renal    | II
        2-3              | 2001-00002  | 0000002         |                   | cardiac  | V
        2-4              | 2001-00003  | 0000002         | 2001-05-20        | ileus    | I
        2-5              | 2001-00001  | 0000002         | 2001-05-20        | ileus    | I
        2-6              | 2001-00004  | 0000002         | 2001-05-20        | ileus    | I
    """,
}


def test_grades_and_days(finds):
    finds(
        """
        key | rule                                       | severity
        ----+--------------------------------------------+---------
        1-1 | complication.after_operation               | critical
        1-2 | complication.grade.isin                    | critical
        1-3 | complication.grade_v_is_death              | warning
        2-2 | complication.not_after_death               | warning
        2-3 | complication.complication_date.required    | warning
        2-3 | complication.death_is_grade_v              | warning
        """
    )


def test_what_follows_a_refused_operation_loses_its_case_number(finds):
    """
    Case 2001-00003 has no known patient, so it is in quarantine. Case 2001-00004 has no date, but is accepted.
    """
    finds(
        """
        key        | rule                               | severity
        -----------+------------------------------------+---------
        2001-00003 | procedure.hospital_number.required | critical
        2001-00004 | procedure.operation_date.type      | critical
        2-4        | complication.procedure_exists      | critical
        2-5        | complication.same_patient          | warning
        """
    )

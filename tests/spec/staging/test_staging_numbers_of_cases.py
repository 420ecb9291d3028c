"""
If the log's hospital number cannot be read, another line of the case shows whose it is, or else research, or
else the report. A case number may belong to two patients: then the line's name decides.
"""

title = "Whose a case of the operating-room log is"

given = {
    "landing.or_log_cases": """
        case_number | patient_name | hospital_number
        ------------+--------------+----------------
        c1          | BAK, ABO     | 0000001
        c1          | DEM, ERE     | 0000002
        c1          | BAK, ABO Q   | 00O0001
        c1          | DEM, ERE     |
        c2          | FIR, ILI     | 0000003
        c2          | GOL, OTO     | #
        c3          | HUN, UDU     | 0000005
        c3          | KAZ, ABO     | ?
        c4          |              | ?
        c6          | BAK, ABO     | 0000001
    """,
    "landing.research_enrollment": """
        record_id | mrn
        ----------+--------
        3         | 0000003
        4         | 0000004
        6         |
        7         |
        8         |
    """,
    "landing.research_procedure": """
        record_id | proc_case_no
        ----------+-------------
        3         | c2
        4         | c2
        6         | c1
        7         | c1
        7         | c6
        8         | c2
        8         | c3
    """,
    "landing.pathology_report": """
        case_number | hospital_number
        ------------+----------------
        c4          | 0000006
        c5          | 0000002
        c1          | none
        c3          | none
    """,
}


def test_a_line_takes_the_number_of_its_own_name_or_of_no_other(stages):
    """
    Lines 3 and 4 are versions of 1 and 2. Research names two patients for case c2; the log has
    one of them under another name. Nothing shows whose the second line of c3 is.
    """
    stages(
        "staging.procedure",
        """
        case_number | hospital_number | hospital_number_given | _row
        ------------+-----------------+-----------------------+-----
        c1          | 0000001         | 0000001               | 1
        c1          | 0000002         | 0000002               | 2
        c1          | 0000001         | 00O0001               | 3
        c1          | 0000002         |                       | 4
        c2          | 0000003         | 0000003               | 5
        c2          | 0000004         | #                     | 6
        c3          | 0000005         | 0000005               | 7
        c3          | ?               |                       | 8
        c4          | 0000006         | ?                     | 9
        c6          | 0000001         | 0000001               | 10
        """,
    )


def test_a_report_that_names_a_case_of_two_patients_has_no_patient(stages):
    stages(
        "staging.pathology",
        """
        case_number | hospital_number
        ------------+----------------
        c4          | 0000006
        c5          | 0000002
        c1          | none
        c3          | 0000005
        """,
    )


def test_a_record_belongs_to_the_patient_of_all_of_its_cases(stages):
    """
    Record 6 names a case of two patients; so does record 7, which also names another case of one of them; record 8
    names cases of both.
    """
    stages(
        "staging.number_of_record",
        """
        record_id | hospital_number
        ----------+----------------
        3         | 0000003
        4         | 0000004
        7         | 0000001
        """,
    )

"""
If PID-3 has several numbers of the patient, the one that another source also has is
taken: a number of another hospital may come first.
"""

title = "Reports with several numbers of the patient"

given = {
    "landing.hospital_patients": """
        mrn
        -------
        1000001
        1000002
    """,
    "landing.pathology_report": """
        message_number | hospital_number | hospital_numbers
        ---------------+-----------------+------------------------
        1              | 7654321         | 7654321 1000001
        2              | 1000001         | 1000001 7654321
        3              | 7654321         | 7654321
        4              | 1000001         | 1000001 1000002
        5              | 7654321         | 7654321 7654322
    """,
}


def test_reports(stages):
    stages(
        "staging.pathology",
        """
        message_number | hospital_number
        ---------------+----------------
        1              | 1000001
        2              | 1000001
        3              | 7654321
        4              | 1000001
        5              | 7654321
        """,
    )

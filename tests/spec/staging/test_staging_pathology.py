"""
A pathologist's report in registry words: dates rearranged, the sign of a Ki-67 beside its number.
What no code is passes, so that a rule can find it.
"""

title = "Pathologists' reports"

given = {
    "landing.pathology_report": """
        message_number | report_number | result_status | reported_time   | specimen_date | grade | ki67  | m   | metastasis
        ---------------+---------------+---------------+-----------------+---------------+-------+-------+-----+--------------------
        1              | S01-1         | F             | 200105141200    | 20010510      | G1    | <1    | M0  | none
        1A             | S01-1         | C             | 20010521120030  | 200105100930  | g2    | 4.5   | pM1 | Liver and elsewhere
        2              | S01-2         | X             | soon            | 20010230      | GX    | 4,5   | pM9 | liver
        3              |               |               |                 | 2001          | IV    | < 3   |     | bone
        4              | S01-4         | P             |                 | 2001051       | 9     | few < |     |
    """,
}


def test_reports(stages):
    stages(
        "staging.pathology",
        """
        message_number | report_number | result_status | reported_time    | specimen_date
        ---------------+---------------+---------------+------------------+--------------
        1              | S01-1         | final         | 2001-05-14 12:00 | 2001-05-10
        1A             | S01-1         | corrected     | 2001-05-21 12:00 | 2001-05-10
        2              | S01-2         | X             | soon             | 2001-02-30
        3              |               |               |                  | 2001
        4              | S01-4         | preliminary   |                  | 2001051
        """,
    )


def test_findings_of_the_microscope(stages):
    stages(
        "staging.pathology",
        """
        message_number | grade | ki67_percent | ki67_comparator | m   | metastasis
        ---------------+-------+--------------+-----------------+-----+-----------
        1              | 1     | 1            | <               | M0  | none
        1A             | 2     | 4.5          |                 | pM1 | both
        2              | 9     | 4,5          |                 | pM9 | liver
        3              | IV    | 3            | <               |     | bone
        4              | 9     | few <        |                 |     |
        """,
    )

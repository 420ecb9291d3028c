"""
The last version of each report counts, with the operation whose case it names if both are one
patient's. What cannot be is empty.
"""

title = "Reports and their operations"

given = {
    "registry.patient": """
        patient_id | hospital_number
        -----------+----------------
        anna       | 0000001
        bert       | 0000002
    """,
    "accepted.procedure": """
        case_number | hospital_number | operation_date
        ------------+-----------------+---------------
        c1          | 0000001         | 2001-01-02
    """,
    "accepted.pathology": """
        message_number | report_number | result_status | reported_time    | hospital_number | case_number | specimen_date | primary_site | histology | ki67_percent | mitoses | mitoses_unit | t   | edition
        ---------------+---------------+---------------+------------------+-----------------+-------------+---------------+--------------+-----------+--------------+---------+--------------+-----+--------
        1              | S1            | final         | 2001-01-05 09:00 | 0000001         | c1          | 2001-01-02    | C17.2        | 8240      |              | 1       | /2.mm2       | pT3 | 5
        1A             | S1            | corrected     | 2001-01-09 09:00 | 0000001         | c1          | 2001-01-02    | C17.0        | 8240      | 2.5          | 1       | /2.mm2       | pT2 | 5
        1P             | S1            | preliminary   |                  | 0000001         | c1          | 2001-01-02    | C17.2        | 8240      | 9            | 1       | /2.mm2       | pT4 | 5
        2              | S2            | final         | 2001-01-05 09:00 | 0000002         | c1          | 2001-01-03    | C50.9        | 8140      |              | 12      | /10.[HPF]    | pT7 | 9
        3              | S3            | final         | 2001-01-05 09:00 | 0000001         | c9          | 2001-01-03    | Z17.2        |           |              | 2       |              |     |
    """,
}


def test_the_last_version_counts(shows):
    shows(
        "registry.pathology",
        """
        report_number | versions | result_status | patient_id | procedure_id | days_after_operation | ki67_percent | t
        --------------+----------+---------------+------------+--------------+----------------------+--------------+----
        S1            | 3        | corrected     | anna       | c1           | 0                    | 2.5          | pT2
        S2            | 1        | final         | bert       |              |                      |              |
        S3            | 1        | final         | anna       |              |                      |              |
        """,
    )


def test_what_cannot_be_is_empty(shows):
    shows(
        "registry.pathology",
        """
        report_number | site_group | neuroendocrine | mitoses | edition
        --------------+------------+----------------+---------+--------
        S1            | duodenum   | true           | 1       | 5
        S2            | other      | false          |         |
        S3            |            |                | 2       |
        """,
    )

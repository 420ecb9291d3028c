"""
Of several messages with one report number one counts: the last final, corrected or cancelled one. A report
belongs to the operation whose case it names, if both are of one patient. Impossible values are empty.
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
        message_number | laboratory | report_number | message_key | result_status | given_earliest | given_latest   | hospital_number | case_number | specimen_date | primary_site | histology | grade | ki67_percent | ki67_comparator | ki67_low | ki67_high | mitoses | mitoses_comparator | mitoses_low | mitoses_high | mitoses_unit | t         | n        | edition | _file
        ---------------+------------+---------------+-------------+---------------+----------------+----------------+-----------------+-------------+---------------+--------------+-----------+-------+--------------+-----------------+----------+-----------+---------+--------------------+-------------+--------------+--------------+-----------+----------+---------+------
        1              |            | S1            |             | final         | 20010105090000 | 20010105090059 | 0000001         | c1          | 2001-01-02    | C17.2        | 8240      |       |              |                 |          |           | 1       |                    |             |              | /2.mm2       | pT3       |          | 5       | a
        1A             |            | S1            |             | corrected     | 20010109090000 | 20010109090059 | 0000001         | c1          | 2001-01-02    | C17.0        | 8240      |       | 2.5          |                 |          |           | 1       |                    |             |              | /2.mm2       | pT2       |          | 5       | a
        1P             |            | S1            |             | preliminary   |                |                | 0000001         | c1          | 2001-01-02    | C17.2        | 8240      |       | 9            |                 |          |           | 1       |                    |             |              | /2.mm2       | pT4       |          | 5       | a
        2              |            | S2            |             | final         | 20010105090000 | 20010105090059 | 0000002         | c1          | 2001-01-03    | C50.9        | 8140      |       |              |                 |          |           | 12      |                    |             |              | /10.[HPF]    | pT7       |          | 10      | a
        3              |            | S3            |             | final         | 20010105090000 | 20010105090059 | 0000001         | c9          | 2001-01-03    | Z17.2        |           |       |              |                 |          |           | 2       | <=                 |             |              | /2.mm2       |           |          |         | a
        4              |            | S4            |             | final         | 20010105090000 | 20010105090059 | 0000001         |             | 2001-01-03    | C17.2        | 8240      | 1     | 2            |                 |          |           |         |                    |             |              |              | pT2       | pN0      | 7       | a
        4X             |            | S4            |             | cancelled     | 20010125090000 | 20010125090059 | 0000001         |             |               |              |           |       | 2            |                 |          |           |         |                    |             |              |              | pT2       |          |         | a
        5X             |            | S5            |             | cancelled     | 20010105000000 | 20010105235959 | 0000001         |             |               |              |           |       |              |                 |          |           |         |                    |             |              |              |           |          |         | a
        5              |            | S5            |             | final         | 20010105170000 | 20010105170059 | 0000001         |             |               | C17.2        | 8240      |       |              |                 |          |           |         |                    |             |              |              | pT2       |          |         | b
        6              |            | S6            |             | final         | 20010105170000 | 20010105170059 | 0000001         |             |               | C17.2        | 8240      |       |              |                 |          |           |         |                    |             |              |              | pT1       |          |         | a
        6P             |            | S6            |             | preliminary   | 20010205170000 | 20010205170059 | 0000001         |             |               | C17.2        | 8240      |       |              |                 |          |           |         |                    |             |              |              | pT2       |          |         | a
        6O             |            | S6            |             | no_results    | 20010305170000 | 20010305170059 | 0000001         |             |               |              |           |       |              |                 |          |           |         |                    |             |              |              |           |          |         | a
        7              |            | S7            | a 7         | final         | 20010105170000 | 20010105170059 | 0000001         |             |               | C17.2        | 8157      | B     |              |                 | 3        | 5         |         |                    | 0           | 1            | /2.mm2       | pT3(m)    | pN1mi    | 9       | a
        7              |            | S7            | a 7         | final         | 20010105170000 | 20010105170059 | 0000001         |             |               | C25.0        | 8246      |       | 3            | <               |          |           | 2       | <                  |             |              | /2.mm2       | rpT 2     | pN0(i+)  | 8       | a
        8              | NORTH      | S8            |             | final         | 20010105170000 | 20010105170059 | 0000001         |             |               | C17.2        | 8240      |       | 250          |                 | 5        |           |         |                    |             |              |              | pT1       |          |         | a
        8              | SOUTH      | S8            |             | final         | 20010106170000 | 20010106170059 | 0000002         |             |               | C17.2        | 8240      |       |              | <               |          |           |         |                    |             |              |              | pT2       |          |         | a
        9              |            | S9            |             | final         | 20010105170000 | 20010105170059 | 0000001         |             |               | C17.2        | 8240      |       |              |                 |          |           |         |                    |             |              |              | pT1       |          |         | a
        9X             |            | S9            |             | cancelled     |                |                | 0000001         |             |               |              |           |       |              |                 |          |           |         |                    |             |              |              |           |          |         | b
        10             |            | S10           |             |               | 20010109170000 | 20010109170059 | 0000001         |             |               | C17.2        | 8240      |       |              |                 |          |           |         |                    |             |              |              | pT1       |          |         | a
        11             |            | S11           |             | final         | 20010105170000 | 20010105170059 | 0000001         |             |               | C17.2        | 8240      |       |              |                 |          |           |         |                    |             |              |              | pT1       |          |         | a
        11F            |            | S11           |             | final         | 20010105170000 | 20010105170059 | 0000001         |             |               | C17.2        | 8240      |       |              |                 |          |           |         |                    |             |              |              | pT2       |          |         | b
    """,
}


def test_the_version_that_counts(shows):
    shows(
        "registry.pathology",
        """
        pathology_id | report_number | versions | result_status | stands | patient_id | procedure_id | days_after_operation | reported_date | t
        -------------+---------------+----------+---------------+--------+------------+--------------+----------------------+---------------+-------
        S1           | S1            | 3        | corrected     | true   | anna       | c1           | 0                    | 2001-01-09    | pT2
        S2           | S2            | 1        | final         | true   | bert       |              |                      | 2001-01-05    |
        S3           | S3            | 1        | final         | true   | anna       |              |                      | 2001-01-05    |
        S4           | S4            | 2        | cancelled     | false  | anna       |              |                      | 2001-01-25    |
        S5           | S5            | 2        | cancelled     | false  | anna       |              |                      | 2001-01-05    |
        S6           | S6            | 3        | final         | true   | anna       |              |                      | 2001-01-05    | pT1
        S7           | S7            | 1        | final         | true   | anna       |              |                      | 2001-01-05    | pT3(m)
        S7/2         | S7            | 1        | final         | true   | anna       |              |                      | 2001-01-05    | rpT 2
        NORTH/S8     | S8            | 1        | final         | true   | anna       |              |                      | 2001-01-05    | pT1
        SOUTH/S8     | S8            | 1        | final         | true   | bert       |              |                      | 2001-01-06    | pT2
        S9           | S9            | 2        | cancelled     | false  | anna       |              |                      |               |
        S10          | S10           | 1        |               | true   | anna       |              |                      | 2001-01-09    | pT1
        S11          | S11           | 2        | final         | true   | anna       |              |                      | 2001-01-05    | pT2
        """,
    )


def test_what_cannot_be_is_empty(shows):
    shows(
        "registry.pathology",
        """
        pathology_id | site_group  | neuroendocrine | carcinoma | grade | grade_code | edition | n
        -------------+-------------+----------------+-----------+-------+------------+---------+---------
        S1           | duodenum    | true           | false     |       |            | 5       |
        S2           | other       | false          | false     |       |            |         |
        S3           |             |                | false     |       |            |         |
        S4           |             |                | false     |       |            |         |
        S5           |             |                | false     |       |            |         |
        S6           | small_bowel | true           | false     |       |            |         |
        S7           | small_bowel | true           | false     |       | B          | 9       | pN1mi
        S7/2         | pancreas    | true           | true      |       |            | 8       | pN0(i+)
        NORTH/S8     | small_bowel | true           | false     |       |            |         |
        SOUTH/S8     | small_bowel | true           | false     |       |            |         |
        S9           |             |                | false     |       |            |         |
        S10          | small_bowel | true           | false     |       |            |         |
        S11          | small_bowel | true           | false     |       |            |         |
        """,
    )


def test_indices_are_numbers_limits_or_ranges_in_one_area(shows):
    shows(
        "registry.pathology",
        """
        pathology_id | ki67_percent | ki67_comparator | ki67_low | ki67_high | mitoses | mitoses_comparator | mitoses_low | mitoses_high
        -------------+--------------+-----------------+----------+-----------+---------+--------------------+-------------+-------------
        S1           | 2.5          |                 |          |           | 1       |                    |             |
        S2           |              |                 |          |           |         |                    |             |
        S3           |              |                 |          |           | 2       | <=                 |             |
        S4           |              |                 |          |           |         |                    |             |
        S5           |              |                 |          |           |         |                    |             |
        S6           |              |                 |          |           |         |                    |             |
        S7           |              |                 | 3        | 5         |         |                    | 0           | 1
        S7/2         | 3            | <               |          |           | 2       | <                  |             |
        NORTH/S8     | 250          |                 |          |           |         |                    |             |
        SOUTH/S8     |              |                 |          |           |         |                    |             |
        S9           |              |                 |          |           |         |                    |             |
        S10          |              |                 |          |           |         |                    |             |
        S11          |              |                 |          |           |         |                    |             |
        """,
    )

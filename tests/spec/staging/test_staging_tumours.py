"""A Ki-67 of the tumour registry is a number, a limit or a range, as SEER's codes define."""

title = "Ki-67 of tumours"

given = {
    "landing.tumor_registry_patient": """
        patientIdNumber
        ---------------
        7
    """,
    "landing.tumor_registry_tumor": """
        tumorRecordNumber | ki67   | gradePathological | _parent_row
        ------------------+--------+-------------------+------------
        01                | 2.0    | 1                 | 1
        02                | 2,5    | b                 | 1
        03                | XXX.4  | 2                 | 1
        04                | XXX.5  | 9                 | 1
        05                | xxx.6  |                   | 1
        06                | XXX.7  |                   | 1
        07                | 3-5    |                   | 1
        08                | ≤2     |                   | 1
        09                | few    |                   | 1
    """,
}


def test_indices(stages):
    stages(
        "staging.tumor",
        """
        tumor_key | ki67_percent | ki67_comparator | ki67_low | ki67_high | ki67_code | grade
        ----------+--------------+-----------------+----------+-----------+-----------+------
        7-01      | 2.0          |                 |          |           |           | 1
        7-02      | 2.5          |                 |          |           |           | B
        7-03      | 3            | <               |          |           | XXX.4     | 2
        7-04      |              |                 | 3        | 20        | XXX.5     | 9
        7-05      | 20           | >               |          |           | XXX.6     |
        7-06      |              |                 |          |           | XXX.7     |
        7-07      |              |                 | 3        | 5         |           |
        7-08      | 2            | <=              |          |           |           |
        7-09      | few          |                 |          |           |           |
        """,
    )

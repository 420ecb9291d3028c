"""
Carcinoid crisis has no accepted definition. The facts are kept, and two definitions are shown
beside the source's own answer. A missing fact makes the answer unknown, unless another fact
already rules the crisis out.
"""

title = "Definitions of carcinoid crisis"

given = {
    "registry.patient": """
        patient_id | hospital_number
        -----------+----------------
        anna       | 0000001
    """,
    "accepted.procedure": """
        case_number | hospital_number | operation_date
        ------------+-----------------+---------------
        c1          | 0000001         | 2001-01-01
        c2          | 0000001         | 2002-01-01
        c3          | 0000001         | 2003-01-01
        c4          | 0000001         | 2004-01-01
        c5          | 0000001         | 2005-01-01
    """,
    "accepted.operative_finding": """
        finding_key | instance | case_number | crisis_recorded | systolic_low | minutes_below_80 | bp_change_percent | bp_change_minutes | other_cause | bp_regression_percent
        ------------+----------+-------------+-----------------+--------------+------------------+-------------------+-------------------+-------------+----------------------
        1-1         | 1        | c1          | true            | 62           | 10               | 45                | 3                 | false       | 25
        1-2         | 2        | c2          | false           | 62           | 9                | 45                | 5                 | false       | 25
        1-3         | 3        | c3          | true            | 80           | 30               | 45                | 3                 | true        | 25
        1-4         | 4        | c4          | false           | 110          |                  | 10                |                   |             |
        1-5         | 5        | c5          |                 |              |                  |                   |                   |             |
    """,
}


def test_each_definition_beside_the_other(shows):
    shows(
        "registry.procedure",
        """
        case_number | crisis_recorded | crisis_sbp80_10min | crisis_fouche_2018
        ------------+-----------------+--------------------+-------------------
        c1          | true            | true               | true
        c2          | false           | false              | false
        c3          | true            | false              | false
        c4          | false           | false              | false
        c5          |                 |                    |
        """,
    )

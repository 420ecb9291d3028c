"""A known code becomes a registry word; an unknown one is kept unchanged, so that a rule can find it."""

title = "Codes of the research project"

given = {
    "landing.research_complication": """
        record_id | redcap_repeat_instance | comp_case_no | comp_type | comp_clavien
        ----------+------------------------+--------------+-----------+-------------
        7         | 1                      | 2001-00001   | 4         | 1
        7         | 2                      | 2001-00001   | 10        | 7
        8         | 1                      | 2001-00002   | 77        | 8
        9         |                        | 2001-00003   | 1.0       | 3A
        9         | 2.0                    | 2001–00003   | 1         | 4 b
        9         | 3                      | 2001-00003   | 1         | IV
        9         | 4                      | 2001-00003   | 1         | Grade III-d
        9         | 5                      | 2001-00003   | 1         | 2 d
        9         | 6                      | 2001-00003   | 1         | 1-2
    """,
    "landing.research_procedure": """
        record_id | redcap_repeat_instance | proc_site_found | proc_crisis | proc_r_status | proc_sbp_low | proc_octreotide_ug
        ----------+------------------------+-----------------+-------------+---------------+--------------+-------------------
        7         | 1                      | 1               | 0           | 2             | 110 mmHg     | 300 µg
        8         | 1                      | 9               | 1           | 0             | 110.0        | 0.3 mg
        9         | 1                      | 12              | 9           |               | 110/60       | 300-500
        9         |                        | 1               | Yes         | r1            | 110 mm[Hg]   | 300mcg
        9         | 2                      | 1.0             | 1.0         | RX            | 8888         | 300
        9         | 3                      | 1.0             | Unchecked   | 2.0           |              | -99
    """,
    "landing.research_follow_up": """
        record_id | redcap_repeat_instance | fu_date    | fu_status | fu_cause
        ----------+------------------------+------------+-----------+---------
        7         | 1                      | 2002-01-01 | 2         |
        7         | 2                      | 2003-01-01 | 3         | 1
        8         | 1                      | 2003-01-01 | 4         | 9
        9         |                        | 2003-01-01 | Deceased  | 1.0
    """,
}


def test_complications(stages):
    """
    If a form does not repeat, its record alone is the key. IV may be IVa or IVb; a d after a grade
    means that the patient is disabled (Dindo 2004).
    """
    stages(
        "staging.complication",
        """
        complication_key | case_number | type  | grade
        -----------------+-------------+-------+------
        7-1              | 2001-00001  | ileus | I
        7-2              | 2001-00001  | death | V
        8-1              | 2001-00002  | 77    | 8
        9                | 2001-00003  | infection | IIIa
        9-2              | 2001-00003  | infection | IVb
        9-3              | 2001-00003  | infection | IV
        9-4              | 2001-00003  | infection | III
        9-5              | 2001-00003  | infection | II
        9-6              | 2001-00003  | infection | 1-2
        """,
    )


def test_findings_at_operation(stages):
    """Decimals come from a spreadsheet; RX means that residual tumour could not be assessed."""
    stages(
        "staging.operative_finding",
        """
        finding_key | site_found  | crisis_recorded | residual | systolic_low | octreotide_ug
        ------------+-------------+-----------------+----------+--------------+--------------
        7-1         | small_bowel | false           | R2       | 110          | 300
        8-1         | unknown     | true            | R0       | 110          | 300
        9-1         | 12          | 9               |          | 110/60       | 300-500
        9           | small_bowel | true            | R1       | 110          | 300
        9-2         | small_bowel | true            |          |              | 300
        9-3         | small_bowel | false           | R2       |              |
        """,
    )


def test_follow_up(stages):
    stages(
        "staging.follow_up",
        """
        follow_up_key | status       | cause
        --------------+--------------+--------
        7-1           | with_disease |
        7-2           | dead         | tumour
        8-1           | 4            | unknown
        9             | dead         | tumour
        """,
    )

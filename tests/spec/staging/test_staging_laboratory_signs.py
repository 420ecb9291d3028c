"""
A sign that cannot be read stays before its number, so that a limit is not taken for a result. Words may be
signs too. Text in the place of a result is the reason for its absence.
"""

title = "Signs of the laboratory's results"

given = {
    "landing.laboratory_observation": """
        result_id | status | mrn     | code | value | comparator | unit  | value_text               | absent_reason
        ----------+--------+---------+------+-------+------------+-------+--------------------------+--------------
        a         | final  | 0000001 | CGA  | 5     | <          | ng/mL |                          |
        b         | final  | 0000001 | CGA  | 5     | ?          | ng/mL |                          |
        c         | final  | 0000001 | CGA  | 5     |            | ng/mL |                          |
        d         | final  | 0000001 | CGA  |       |            |       | less than 5 ng/mL        |
        e         | final  | 0000001 | CGA  |       |            |       | Greater than 1000        |
        f         | final  | 0000001 | CGA  |       |            |       | > 1000 (diluted)         |
        g         | final  | 0000001 | CGA  |       |            |       | not detected             |
        h         | final  | 0000001 | CGA  |       |            |       | Specimen hemolyzed       |
        i         | final  | 0000001 | CGA  |       |            |       | not done                 |
        j         | final  | 0000001 | CGA  |       |            |       |                          | unknown
        k         | final  | 0000001 | CGA  |       |            |       | plenty                   |
    """,
}


def test_signs(stages):
    stages(
        "staging.laboratory",
        """
        result_key | value  | comparator | unit  | absent_reason
        -----------+--------+------------+-------+-------------------
        a          | 5      | <          | ng/mL |
        b          | ? 5    | ?          | ng/mL |
        c          | 5      |            | ng/mL |
        d          | 5      | <          | ng/mL |
        e          | 1000   | >          |       |
        f          | 1000   | >          |       |
        g          |        |            |       | not detected
        h          |        |            |       | Specimen hemolyzed
        i          |        |            |       | not done
        j          |        |            |       | unknown
        k          | plenty |            |       |
        """,
    )

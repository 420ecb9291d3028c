"""A sign that cannot be read stays before its number, so that no limit is taken for a result."""

title = "Signs of the laboratory's results"

given = {
    "landing.laboratory_observation": """
        result_id | status | mrn     | code | value | comparator | unit
        ----------+--------+---------+------+-------+------------+------
        a         | final  | 0000001 | CGA  | 5     | <          | ng/mL
        b         | final  | 0000001 | CGA  | 5     | ?          | ng/mL
        c         | final  | 0000001 | CGA  | 5     |            | ng/mL
    """,
}


def test_signs(stages):
    stages(
        "staging.laboratory",
        """
        result_key | value | comparator | unit
        -----------+-------+------------+------
        a          | 5     | <          | ng/mL
        b          | ? 5   | ?          | ng/mL
        c          | 5     |            | ng/mL
        """,
    )

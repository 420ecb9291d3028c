"""
A size is in the unit beside it, or else in that of OBX-6; of several dimensions the largest counts. Half a
millimetre without a unit may be a centimetre, and is kept for a rule to find. In nodes "3/12" the
first number is those with tumour; a grade may be followed by the kind of tumour.
"""

title = "Sizes, nodes and grades of pathologists' reports"

given = {
    "landing.pathology_report": """
        message_number | size_mm       | size_unit | nodes_positive | nodes_examined | grade    | differentiation
        ---------------+---------------+-----------+----------------+----------------+----------+----------------
        1              | 2.5 cm        | mm        | 3/12           | 12.0           | G2 (NET) | WD
        2              | 3 x 2 x 1 cm  |           | 3 of 12        | 12             | G2 NET   | moderate
        3              | 20 x 15       | mm        | 3.0            | 12             | G2/3     | poor
        4              | 1,25 cm       | mm        | none           | unk            | G1-G2    | Poorly diff.
        5              | 25.0          | mm        | 03             | 12             | 2        | well
        6              | 2.5           | mm        | >3             | 12             | GX       | ?
    """,
}


def test_sizes_nodes_and_grades(stages):
    stages(
        "staging.pathology",
        """
        message_number | size_mm | nodes_positive | nodes_examined | grade | differentiation
        ---------------+---------+----------------+----------------+-------+----------------
        1              | 25      | 3              | 12             | 2     | well
        2              | 30      | 3              | 12             | 2     | moderately
        3              | 20      | 3              | 12             | G2/3  | poorly
        4              | 13      | none           |                | G1-G2 | poorly
        5              | 25      | 03             | 12             | 2     | well
        6              | 2.5     | >3             | 12             | 9     |
        """,
    )

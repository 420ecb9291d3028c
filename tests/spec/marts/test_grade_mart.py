"""
Ki-67 and mitoses each give a grade, and the higher one counts. A Ki-67 below 3 % is enough for
grade 1; few mitoses alone are not. Poorly differentiated tumours are carcinomas.
"""

title = "WHO grade"

given = {
    "registry.tumor": """
        tumor_id | patient_id | index_tumor | grade
        ---------+------------+-------------+------
        t1       | anna       | true        | 2
        t2       | anna       | false       | 3
    """,
    "registry.pathology": """
        pathology_id | patient_id | neuroendocrine | histology | ki67_percent | ki67_comparator | mitoses | differentiation | grade | carcinoma | stands | ki67_low | ki67_high | mitoses_comparator | mitoses_low | mitoses_high
        -------------+------------+----------------+-----------+--------------+-----------------+---------+-----------------+------+-----------+--------+----------+-----------+--------------------+-------------+--------------
        g1           | anna       | true           | 8240      | 2.9          |                 | 1       | well            | 1 | false | true |  |  |  |  |
        g2           | anna       | true           | 8240      | 3            |                 | 1       | well            | 1 | false | true |  |  |  |  |
        g2_mitoses   | bert       | true           | 8240      | 2.9          |                 | 2       | well            | 9 | false | true |  |  |  |  |
        g2_most      | bert       | true           | 8249      | 20           |                 | 20      | moderately      | 2 | false | true |  |  |  |  |
        g3           | bert       | true           | 8249      | 20.1         |                 | 20      | well            | 3 | false | true |  |  |  |  |
        g3_mitoses   | bert       | true           | 8249      |              |                 | 21      |                 | | false | true |  |  |  |  |
        ki67_alone   | bert       | true           | 8240      | 1            |                 |         |                 | | false | true |  |  |  |  |
        few_mitoses  | bert       | true           | 8240      |              |                 | 1       | well            | 1 | false | true |  |  |  |  |
        neither      | bert       | true           | 8240      |              |                 |         | well            | | false | true |  |  |  |  |
        below_3      | bert       | true           | 8240      | 3            | <               | 0       | well            | | false | true |  |  |  |  |
        below_5      | bert       | true           | 8240      | 5            | <               | 1       | well            | | false | true |  |  |  |  |
        below_5_m    | bert       | true           | 8240      | 5            | <               | 2       | well            | | false | true |  |  |  |  |
        above_20     | bert       | true           | 8246      | 20           | >               |         | poorly          | 3 | true | true |  |  |  |  |
        nec          | bert       | true           | 8246      | 15           |                 | 8       | poorly          | 3 | true | true |  |  |  |  |
        small_cell   | bert       | true           | 8041      |              |                 |         |                 | | true | true |  |  |  |  |
        other        | bert       | false          | 8140      | 15           |                 | 8       | poorly          | | true | true |  |  |  |  |
        range        | bert       | true           | 8240      |              |                 | 1       | well            |       | false | true | 3 | 5 | | |
        range_open   | bert       | true           | 8240      |              |                 | 1       | well            |       | false | true | 2 | 3 | | |
        range_decided| bert       | true           | 8240      |              |                 | 4       | well            |       | false | true | 2 | 3 | | |
        at_most_2    | bert       | true           | 8240      | 2            | <=              | 1       | well            |       | false | true | | | | |
        at_most_3    | bert       | true           | 8240      | 3            | <=              | 1       | well            |       | false | true | | | | |
        at_least_20  | bert       | true           | 8240      | 20           | >=              | 1       | well            |       | false | true | | | | |
        above_3      | bert       | true           | 8240      | 3            | >               | 1       | well            |       | false | true | | | | |
        about_2      | bert       | true           | 8240      | 2            | ~               | 1       | well            |       | false | true | | | | |
        few_limit    | bert       | true           | 8240      | 2            |                 | 1       | well            |       | false | true | | | < | |
        few_range    | bert       | true           | 8240      | 2            |                 |         | well            |       | false | true | | | | 0 | 1
        some_range   | bert       | true           | 8240      | 2            |                 |         | well            |       | false | true | | | | 1 | 3
        many_range   | bert       | true           | 8240      | 25           |                 |         | well            |       | false | true | | | | 1 | 3
        many_limit   | bert       | true           | 8240      | 2            |                 | 20      | well            |       | false | true | | | > | |
        some_limit   | bert       | true           | 8240      | 2            |                 | 2       | well            |       | false | true | | | >= | |
        withdrawn    | bert       | true           | 8240      | 2            |                 | 1       | well            |       | false | false | | | | |
    """,
}


def test_computed_grades(marts):
    marts(
        "marts.tumor_grade",
        """
        pathology_id | grade_by_ki67 | grade_by_mitoses | grade | decided_by      | who_class
        -------------+---------------+------------------+-------+-----------------+----------
        g1           | 1             | 1                | 1     | both            | NET G1
        g2           | 2             | 1                | 2     | ki67            | NET G2
        g2_mitoses   | 1             | 2                | 2     | mitoses         | NET G2
        g2_most      | 2             | 2                | 2     | both            | NET G2
        g3           | 3             | 2                | 3     | ki67            | NET G3
        g3_mitoses   |               | 3                | 3     | mitoses         |
        ki67_alone   | 1             |                  | 1     | ki67            | NET G1
        few_mitoses  |               | 1                |       |                 |
        neither      |               |                  |       |                 |
        below_3      | 1             | 1                | 1     | both            | NET G1
        below_5      |               | 1                |       |                 |
        below_5_m    |               | 2                | 2     | mitoses         | NET G2
        above_20     | 3             |                  | 3     | ki67            | NEC
        nec          | 2             | 2                | 3     | differentiation | NEC
        small_cell   |               |                  | 3     | differentiation | NEC
        range        | 2             | 1                | 2     | ki67            | NET G2
        range_open   |               | 1                |       |                 |
        range_decided |              | 2                | 2     | mitoses         | NET G2
        at_most_2    | 1             | 1                | 1     | both            | NET G1
        at_most_3    |               | 1                |       |                 |
        at_least_20  |               | 1                |       |                 |
        above_3      |               | 1                |       |                 |
        about_2      | 1             | 1                | 1     | both            | NET G1
        few_limit    | 1             | 1                | 1     | both            | NET G1
        few_range    | 1             | 1                | 1     | both            | NET G1
        some_range   | 1             |                  |       |                 |
        many_range   | 3             |                  | 3     | ki67            | NET G3
        many_limit   | 1             | 3                | 3     | mitoses         | NET G3
        some_limit   | 1             |                  |       |                 |
        """,
    )


def test_why_a_grade_is_open(marts):
    marts(
        "marts.tumor_grade",
        """
        pathology_id | open_because
        -------------+----------------------------------
        few_mitoses  | fewer than 2 mitoses without a Ki-67
        neither      | neither Ki-67 nor mitoses
        below_5      | Ki-67 is a limit only
        range_open   | Ki-67 is a range only
        at_most_3    | Ki-67 is a limit only
        at_least_20  | Ki-67 is a limit only
        above_3      | Ki-67 is a limit only
        some_range   | mitoses are a range only
        some_limit   | mitoses are a limit only
        """,
        where="grade is null",
    )


def test_beside_the_recorded_grades(marts):
    marts(
        "marts.tumor_grade",
        """
        pathology_id | grade | grade_recorded | agrees | grade_registry
        -------------+-------+----------------+--------+---------------
        g1           | 1     | 1              | true   | 2
        g2           | 2     | 1              | false  | 2
        g2_mitoses   | 2     |                |        |
        few_mitoses  |       | 1              |        |
        """,
        where="pathology_id in ('g1', 'g2', 'g2_mitoses', 'few_mitoses')",
    )

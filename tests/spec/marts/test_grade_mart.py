"""
Ki-67 and mitoses each make a grade, and the higher one counts. A Ki-67 below 3 % alone is enough for
grade 1, few mitoses alone are not. Poorly differentiated tumours are carcinomas.
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
        pathology_id | patient_id | neuroendocrine | histology | ki67_percent | ki67_comparator | mitoses | differentiation | grade
        -------------+------------+----------------+-----------+--------------+-----------------+---------+-----------------+------
        g1           | anna       | true           | 8240      | 2.9          |                 | 1       | well            | 1
        g2           | anna       | true           | 8240      | 3            |                 | 1       | well            | 1
        g2_mitoses   | bert       | true           | 8240      | 2.9          |                 | 2       | well            | 9
        g2_most      | bert       | true           | 8249      | 20           |                 | 20      | moderately      | 2
        g3           | bert       | true           | 8249      | 20.1         |                 | 20      | well            | 3
        g3_mitoses   | bert       | true           | 8249      |              |                 | 21      |                 |
        ki67_alone   | bert       | true           | 8240      | 1            |                 |         |                 |
        few_mitoses  | bert       | true           | 8240      |              |                 | 1       | well            | 1
        neither      | bert       | true           | 8240      |              |                 |         | well            |
        below_3      | bert       | true           | 8240      | 3            | <               | 0       | well            |
        below_5      | bert       | true           | 8240      | 5            | <               | 1       | well            |
        below_5_m    | bert       | true           | 8240      | 5            | <               | 2       | well            |
        above_20     | bert       | true           | 8246      | 20           | >               |         | poorly          | 3
        nec          | bert       | true           | 8246      | 15           |                 | 8       | poorly          | 3
        small_cell   | bert       | true           | 8041      |              |                 |         |                 |
        other        | bert       | false          | 8140      | 15           |                 | 8       | poorly          |
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

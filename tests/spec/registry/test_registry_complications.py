"""
Every event is kept. Its Clavien–Dindo grade has a rank; I and II are minor. A complication belongs to the
patient of its record. It follows the case that it names, if the case is this patient's; otherwise the only
operation that it may have followed.
"""

title = "Complications, their grades and their operations"

given = {
    "registry.patient": """
        patient_id | hospital_number
        -----------+----------------
        anna       | 0000001
        bert       | 0000002
        carl       | 0000003
        dora       | 0000004
        emma       | 0000005
    """,
    "accepted.procedure": """
        case_number | hospital_number | operation_date
        ------------+-----------------+---------------
        c1          | 0000001         | 2001-01-01
        b1          | 0000002         | 2001-01-02
        d1          | 0000003         | 2001-01-02
        d2          | 0000003         | 2002-01-02
        d3          | 0000003         | 2002-02-02
        e1          | 0000004         | 2001-01-02
        e2          | 0000004         |
        f1          | 0000005         | 2001-01-02
    """,
    "quarantine.procedure": """
        case_number | hospital_number
        ------------+----------------
        f2          |
    """,
    "quarantine.cell": """
        entity       | column      | text | source   | source_table | file  | row
        -------------+-------------+------+----------+--------------+-------+----
        complication | case_number | none | research | complication | drawn | 9
        complication | case_number | f2   | research | complication | drawn | 20
    """,
    "accepted.complication": """
        complication_key | hospital_number | case_number | complication_date | type      | grade
        -----------------+-----------------+-------------+-------------------+-----------+------
        1-1              | 0000001         | c1          | 2001-01-01        | ileus     | I
        1-2              | 0000001         | c1          | 2001-01-05        | infection | II
        1-3              | 0000001         | c1          | 2001-01-08        | bleeding  | IIIa
        1-4              | 0000001         | c1          | 2001-01-09        | cardiac   | IVb
        1-5              |                 | c1          | 2001-02-01        | death     | V
        2-1              | 0000002         |             | 2001-01           | ileus     | II
        2-2              | 0000002         |             |                   | ileus     | II
        2-3              | 0000002         |             | 2001-06-05        | ileus     | II
        2-4              | 0000002         |             | 2001-06-05        | ileus     | II
        2-5              | 0000002         | c1          | 2001-01-05        | ileus     | II
        2-6              | 0000002         |             | 2000-01-05        | ileus     | II
        3-1              | 0000003         |             | 2001-03-05        | ileus     | II
        3-2              | 0000003         |             | 2001-08-05        | ileus     | II
        3-3              | 0000003         |             | 2002            | ileus     | II
        3-4              | 0000003         |             | 2002-02-05        | ileus     | II
        3-5              | 0000003         |             | 2003-02-05        | ileus     | II
        3-6              | 0000003         | b1          | 2001-01-05        | ileus     | II
        3-7              | 0000003         | c1          |                   | ileus     | II
        4-1              | 0000004         |             | 2001-01-05        | ileus     | II
        5-1              | 0000005         |             | 2001-01-05        | ileus     | II
    """,
}


def test_rank_days_and_minor(shows):
    shows(
        "(select * from registry.complication where complication_id like '1-%')",
        """
        complication_id | patient_id | procedure_id | days_after_operation | grade_rank | minor
        ----------------+------------+--------------+----------------------+------------+------
        1-1             | anna       | c1           | 0                    | 1          | true
        1-2             | anna       | c1           | 4                    | 2          | true
        1-3             | anna       | c1           | 7                    | 3          | false
        1-4             | anna       | c1           | 8                    | 6          | false
        1-5             | anna       | c1           | 31                   | 7          | false
        """,
    )


def test_a_complication_of_a_patient_with_one_operation_followed_it(shows):
    """
    The day of 2-2 is unknown, and 2-3 was on day 154. 2-4 names a case that does not exist, 2-5 one of
    Anna's. Complication 2-6 was before the operation. The case of 5-1 was refused: Emma had another
    operation.
    """
    shows(
        "(select * from registry.complication where patient_id in ('bert', 'emma'))",
        """
        complication_id | patient_id | procedure_id
        ----------------+------------+-------------
        2-1             | bert       | b1
        2-2             | bert       | b1
        2-3             | bert       | b1
        2-4             | bert       | b1
        2-5             | bert       | b1
        2-6             | bert       |
        5-1             | emma       |
        """,
    )


def test_of_several_operations_the_only_one_that_it_may_have_followed(shows):
    """
    One operation was in the 90 days before 3-1, and one was before 3-2 at all. A case of
    another patient is ignored (3-6, 3-7). Dora's second operation has no date.
    """
    shows(
        "(select * from registry.complication where patient_id in ('carl', 'dora'))",
        """
        complication_id | patient_id | procedure_id
        ----------------+------------+-------------
        3-1             | carl       | d1
        3-2             | carl       | d1
        3-3             | carl       |
        3-4             | carl       |
        3-5             | carl       |
        3-6             | carl       | d1
        3-7             | carl       |
        4-1             | dora       |
        """,
    )


def test_where_it_is_open_it_may_have_followed_each_operation(shows):
    """Complication 2-6, before Bert's operation, and 5-1, after a refused one, may have followed none."""
    shows(
        "(select * from registry.complication_operation where not certain)",
        """
        complication_key | procedure_id | patient_id | followed_one
        -----------------+--------------+------------+-------------
        2-6              | b1           | bert       | false
        3-3              | d2           | carl       | true
        3-3              | d3           | carl       | true
        3-4              | d2           | carl       | true
        3-4              | d3           | carl       | true
        3-5              | d1           | carl       | true
        3-5              | d2           | carl       | true
        3-5              | d3           | carl       | true
        3-7              | d1           | carl       | true
        3-7              | d2           | carl       | true
        3-7              | d3           | carl       | true
        4-1              | e1           | dora       | true
        4-1              | e2           | dora       | true
        5-1              | f1           | emma       | false
        """,
    )

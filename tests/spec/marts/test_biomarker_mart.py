"""
The last result before an operation and the first one 30 to 120 days after it make a pair, within one
assay and one unit. A result below a limit may have any value below it: whether the marker fell by
half is stated only where the answer is the same for all of these values.
"""

title = "Course of biomarkers"

given = {
    "registry.patient": """
        patient_id | sex
        -----------+-------
        anna       | female
        bert       | male
        carl       | male
    """,
    "registry.procedure": """
        procedure_id | patient_id | procedure_number | operation_date | site_found
        -------------+------------+------------------+----------------+------------
        a1           | anna       | 1                | 2001-01-10     | pancreas
        a2           | anna       | 2                | 2001-06-10     | pancreas
        b1           | bert       | 1                | 2001-01-10     | pancreas
        c1           | carl       | 1                | 2001-01-10     | lung
    """,
    "registry.laboratory": """
        laboratory_id | patient_id | analyte        | assay | specimen_date | specimen_clock | value | comparator | unit  | own_value | own_unit  | times_limit | usable
        --------------+------------+----------------+-------+---------------+----------------+-------+------------+-------+-----------+-----------+-------------+-------
        too_early     | anna       | chromogranin_a | A     | 2000-10-11    |                | 900   |            | ng/mL | 900       | ng/mL     | 9           | true
        before        | anna       | chromogranin_a | A     | 2001-01-10    | 08:00          | 400   |            | ng/mL | 400       | ng/mL     | 4           | true
        before_too    | anna       | chromogranin_a | A     | 2001-01-10    | 07:00          | 300   |            | ng/mL | 300       | ng/mL     | 3           | true
        too_soon      | anna       | chromogranin_a | A     | 2001-02-08    |                | 50    |            | ng/mL | 50        | ng/mL     | 0.5         | true
        after         | anna       | chromogranin_a | A     | 2001-02-09    |                | 200   |            | ng/mL | 200       | ng/mL     | 2           | true
        both          | anna       | chromogranin_a | A     | 2001-06-01    |                | 80    | <          | ng/mL | 80        | ng/mL     | 0.8         | true
        second        | anna       | chromogranin_a | A     | 2001-08-01    |                | 90    |            | ng/mL | 90        | ng/mL     | 0.9         | true
        assay_b       | anna       | chromogranin_a | B     | 2001-02-09    |                | 7     |            | U/L   |           |           | 0.5         | true
        taken_back    | anna       | chromogranin_a | A     | 2001-02-10    |                | 1     |            | ng/mL | 1         | ng/mL     | 0.01        | false
        b_before      | bert       | chromogranin_a | A     | 2001-01-01    |                | 200   |            | ng/mL | 200       | ng/mL     | 2           | true
        b_after       | bert       | chromogranin_a | A     | 2001-03-01    |                | 100   | <          | ng/mL | 100       | ng/mL     | 1           | true
        h_before      | bert       | hiaa_urine     | C     | 2001-01-01    |                | 40    |            | x     | 40        | mg/(24.h) | 4           | true
        h_after       | bert       | hiaa_urine     | C     | 2001-03-01    |                | 104.6 |            | y     | 20.5      | mg/(24.h) | 2           | true
        c_before      | carl       | chromogranin_a | A     | 2001-01-01    |                | 100   | <          | ng/mL | 100       | ng/mL     | 1           | true
        c_after       | carl       | chromogranin_a | A     | 2001-05-10    |                | 40    |            | ng/mL | 40        | ng/mL     | 0.4         | true
        d_before      | carl       | hiaa_urine     | C     | 2001-01-01    |                | 500   | >          | x     | 500       | mg/(24.h) | 50          | true
        d_after       | carl       | hiaa_urine     | C     | 2001-05-10    |                | 100   |            | x     | 100       | mg/(24.h) | 10          | true
    """,
}


def test_before_and_after(marts):
    """
    Day 0 is before the operation. Day 29 is too early to be after it. A result between two operations is after
    the first and before the second.
    """
    marts(
        "marts.biomarker_course",
        """
        procedure_id | analyte        | assay | unit      | before_level | before_days | after_level | after_days | change_percent
        -------------+----------------+-------+-----------+--------------+-------------+-------------+------------+---------------
        a1           | chromogranin_a | A     | ng/mL     | 400          | 0           | 200         | 30         | -50
        a1           | chromogranin_a | B     | U/L       |              |             | 7           | 30         |
        a2           | chromogranin_a | A     | ng/mL     | 80           | -9          | 90          | 52         |
        b1           | chromogranin_a | A     | ng/mL     | 200          | -9          | 100         | 50         |
        b1           | hiaa_urine     | C     | mg/(24.h) | 40           | -9          | 20.5        | 50         | -48.75
        c1           | chromogranin_a | A     | ng/mL     | 100          | -9          | 40          | 120        |
        c1           | hiaa_urine     | C     | mg/(24.h) | 500          | -9          | 100         | 120        |
        """,
    )


def test_answers_where_limits_leave_no_doubt(marts):
    marts(
        "marts.biomarker_course",
        """
        procedure_id | assay | before_sign | after_sign | fell_by_half | fell_by_80_percent | raised_before | normal_after
        -------------+-------+-------------+------------+--------------+--------------------+---------------+-------------
        a1           | A     |             |            | true         | false              | true          | false
        a1           | B     |             |            |              |                    |               | true
        a2           | A     | <           |            | false        | false              | false         | true
        b1           | A     |             | <          | true         |                    | true          | true
        b1           | C     |             |            | false        | false              | true          | false
        c1           | A     | <           |            |              | false              | false         | true
        c1           | C     | >           |            | true         | true               | true          | false
        """,
    )


def test_lowest_and_last(marts):
    """The lowest result may come before day 30. A result that the laboratory took back does not count."""
    marts(
        "marts.biomarker_course",
        """
        procedure_id | assay | lowest_level | lowest_sign | lowest_days | last_level | last_sign | last_days | results_after | lowest_laboratory_id
        -------------+-------+--------------+-------------+-------------+------------+-----------+-----------+---------------+---------------------
        a1           | A     | 50           |             | 29          | 80         | <         | 142       | 3             | too_soon
        a1           | B     | 7            |             | 30          | 7          |           | 30        | 1             | assay_b
        a2           | A     | 90           |             | 52          | 90         |           | 52        | 1             | second
        """,
        where="patient_id = 'anna'",
    )


def test_responses(marts):
    """Carl's 5-HIAA was above 500 before the operation: it fell by 80 % or more; by how much is unknown."""
    marts(
        "marts.biomarker_response",
        """
        analyte        | stratum  | pairs | with_limit | change_median | half_known | fell_by_half | deep_known | fell_by_80_percent | normal_after_share
        ---------------+----------+-------+------------+---------------+------------+--------------+------------+--------------------+-------------------
        chromogranin_a | all      | 2     | 1          | -50           | 2          | 2            | 1          | 0                  | 0.5
        chromogranin_a | pancreas | 2     | 1          | -50           | 2          | 2            | 1          | 0                  | 0.5
        hiaa_urine     | all      | 2     | 1          | -48.75        | 2          | 1            | 2          | 1                  | 0
        hiaa_urine     | pancreas | 1     | 0          | -48.75        | 1          | 0            | 1          | 0                  | 0
        hiaa_urine     | lung     | 1     | 1          |               | 1          | 1            | 1          | 1                  | 0
        """,
    )

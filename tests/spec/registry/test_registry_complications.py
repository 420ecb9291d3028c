"""Every event is kept; its Clavien-Dindo grade has a rank, and I and II are minor."""

title = "Grades of complications"

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
    """,
    "accepted.complication": """
        complication_key | case_number | complication_date | type      | grade
        -----------------+-------------+-------------------+-----------+------
        1-1              | c1          | 2001-01-01        | ileus     | I
        1-2              | c1          | 2001-01-05        | infection | II
        1-3              | c1          | 2001-01-08        | bleeding  | IIIa
        1-4              | c1          | 2001-01-09        | cardiac   | IVb
        1-5              | c1          | 2001-02-01        | death     | V
    """,
}


def test_rank_days_and_minor(shows):
    shows(
        "registry.complication",
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

"""
The operation mart has the patient's age on the day of operation in completed years, its decade,
and how much tumour was removed, in bands that do not overlap.
"""

title = "Age, era and cytoreduction"

given = {
    "registry.patient": """
        patient_id | birth_date | sex
        -----------+------------+--------
        anna       | 1941-05-10 | female
        bert       |            |
        carl       | 1960-02-29 | male
    """,
    "registry.procedure": """
        procedure_id | patient_id | procedure_number | operation_date | percent_removed | preop_site | site_found
        -------------+------------+------------------+----------------+-----------------+------------+-----------
        a1           | anna       | 1                | 1991-05-09     | 69              | unknown    | pancreas
        a2           | anna       | 2                | 1991-05-10     | 70              | unknown    | unknown
        a3           | anna       | 3                | 2000-01-01     | 89              | pancreas   | pancreas
        b1           | bert       | 1                | 2016-12-31     |                 |            |
        c1           | carl       | 1                | 1999-12-31     | 90              |            | lung
        c2           | carl       | 2                | 2000-02-28     | 99              | unknown    |
        c3           | carl       | 3                | 2000-02-29     | 100             | lung       | lung
    """,
}


def test_age_is_in_completed_years(marts):
    marts(
        "marts.procedure_outcome",
        """
        procedure_id | age_years | age_band | operation_era | sex
        -------------+-----------+----------+---------------+--------
        a1           | 49        | 40-49    | 1990-1999     | female
        a2           | 50        | 50-59    | 1990-1999     | female
        a3           | 58        | 50-59    | 2000-2009     | female
        b1           |           | unknown  | 2010-2019     | unknown
        c1           | 39        | 0-39     | 1990-1999     | male
        c2           | 39        | 0-39     | 2000-2009     | male
        c3           | 40        | 40-49    | 2000-2009     | male
        """,
    )


def test_bands_of_cytoreduction_and_localization(marts):
    """
    It was not recorded whether Carl's second operation found the site, which does not mean that it did not.
    """
    marts(
        "marts.procedure_outcome",
        """
        procedure_id | cytoreduction_band | preop_unknown | localized_intraoperatively
        -------------+--------------------+---------------+---------------------------
        a1           | under 70           | true          | true
        a2           | 70 to under 90     | true          | false
        a3           | 70 to under 90     | false         |
        b1           |                    |               |
        c1           | 90 to under 100    |               |
        c2           | 90 to under 100    | true          |
        c3           | 100                | false         |
        """,
    )


def test_a_registry_of_patients_without_operations_has_empty_marts(marts, build):
    build.execute("delete from registry.procedure")
    for mart in ("procedure_outcome", "patient_outcome", "survival_cohort", "outcome_summary"):
        marts(f"marts.{mart}", "unit" if mart == "outcome_summary" else "patient_id")

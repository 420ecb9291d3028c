"""
The index has no hospital number. Its dates, with eight digits or with a month in words, become ISO dates.
"""

title = "Certificates of the death index"

given = {
    "landing.death_index_deaths": """
        certificate_number | last_name | birth_date | sex | death_date | cause
        -------------------+-----------+------------+-----+------------+------
        2010000001         | simulated | 19500131   | F   | 20100102   | C179
        2010000002         | SIMULATED | 1950       | X   | 2010010    |
        2010000003         | SIMULATED | 31JAN1950  | M   | 02JAN2010  |
    """,
}


def test_certificates(stages):
    stages(
        "staging.death",
        """
        certificate_number | family_name | birth_date | sex    | death_date | death_year | cause_of_death
        -------------------+-------------+------------+--------+------------+------------+---------------
        2010000001         | SIMULATED   | 1950-01-31 | female | 2010-01-02 | 2010       | C179
        2010000002         | SIMULATED   | 1950       | X      | 2010010    | 2010       |
        2010000003         | SIMULATED   | 1950-01-31 | male   | 2010-01-02 | 2010       |
        """,
    )

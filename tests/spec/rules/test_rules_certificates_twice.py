"""
A certificate that is delivered again is corrected by the later file. A pending cause is amended; a
known one never becomes unknown again.
"""

title = "Certificates that are delivered again"

given = {
    "staging.death": """
        state | death_year | certificate_number | cause_of_death | death_date | _file | _row
        ------+------------+--------------------+----------------+------------+-------+-----
        TX    | 2010       | 2010000001         | R99            | 2010-03-01 | 2010  | 1
        TX    | 2010       | 2010000001         | C259           | 2010-03-01 | 2010  | 2
        TX    | 2010       | 2010000002         | C259           | 2010-03-01 | 2010  | 3
        TX    | 2010       | 2010000002         | 7797           | 2010-03-01 | 2011  | 1
        TX    | 2010       | 2010000003         | C259           | 2010-03-01 | 2010  | 4
        TX    | 2010       | 2010000003         | C259           | 2010-03-02 | 2011  | 2
        TX    | 2010       | 2010000004         | C259           | 2010-03-01 | 2010  | 5
        TX    | 2010       | 2010000004         |                | 2010-03-02 | 2011  | 3
    """,
}


def test_certificates(finds):
    finds(
        """
        key        | rule         | severity | file | row
        -----------+--------------+----------+------+-----
        2010000001 | death.unique | critical | 2010 | 1
        2010000002 | death.unique | critical | 2011 | 1
        2010000003 | death.unique | critical | 2010 | 4
        2010000004 | death.unique | critical | 2010 | 5
        """
    )

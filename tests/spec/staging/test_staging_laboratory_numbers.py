"""
A result may be a number, or text with a sign, a unit or a flag. It is read if it can only mean one number in one
unit; anything else is kept for a rule to find. The day of a collection is that of its end. A
resource names its version.
"""

title = "Results, units and days as they are written"

given = {
    "landing.laboratory_observation": """
        result_id | mrn     | patient | code   | value | value_text            | unit         | upper_limit | effective            | version | last_updated
        ----------+---------+---------+--------+-------+-----------------------+--------------+-------------+----------------------+---------+--------------------------
        below     | 0000001 | p1      | cga    |       | <0,5                  | ng/ml        | < 36        | 2010-01-02           | 2       | 2010-01-02T08:00:00+01:00
        at_most   | 0000001 |         | CGA    |       | ≤ 2 µg/L              |              | 0-36        | 2010-01-02T23:30     | a1      | yesterday
        above     |         | 0000001 | CGA    |       | > 1 250               | MCG/L        | 36.0        | 2010                 |         |
        thousands | 0000001 |         | PST    |       | 1,250.5 pg/mL (H)     |              | 1.250,5     | 2010-01              |         |
        either    | 0000001 |         | PST    |       | 1,250                 | pg/mL        | 1,250       | 2010-01-02T12:00:00Z |         |
        day       | 0000001 |         | HIAA-U | 12    | not read              | mg/d         |             |                      |         |
        hours     | 0000001 |         | HIAA-U |       | 12,5 *                | umol/24 hrs  |             |                      |         |
        another   | 0000001 |         | HIAA-U |       | 12 ng/mL              | mg/(24.h)    |             |                      |         |
        range     | 0000001 |         | 5HT    |       | 3-5                   | ng/mL{serum} |             |                      |         |
        words     | 0000001 |         | 5HT    |       | plenty                | ng/dL        |             |                      |         |
    """,
    "landing.biomarkers_result": """
        hospital_number | taken_on           | result      | normal_below | _file         | _row
        ----------------+--------------------+-------------+--------------+---------------+-----
        0000001         | 3/4/1994           | 12 mg/24 h  | 5,5          | b.xlsx#5-HIAA | 1
        0000001         | 3/4/94             | < 2         | <6           | b.xlsx#5-HIAA | 2
        0000001         | 03/04/1994 00:00   | 12 µmol/24h | 31.4         | b.xlsx#5-HIAA | 3
        0000001         | 1994-03-04T08:00   | pending     | 6            | b.xlsx#5-HIAA | 4
        0000001         | 34397              | 8           | 6            | b.xlsx#5-HIAA | 5
        0000001         | 25/03/1994         | 8           | 6            | b.xlsx#5-HIAA | 6
    """,
}


def test_numbers_and_units(stages):
    stages(
        "staging.laboratory",
        """
        result_key      | analyte        | value     | comparator | unit        | upper_limit
        ----------------+----------------+-----------+------------+-------------+------------
        below           | chromogranin_a | 0.5       | <          | ng/mL       | 36
        at_most         | chromogranin_a | 2         | <=         | ug/L        | 36
        above           | chromogranin_a | 1250      | >          | ug/L        | 36.0
        thousands       | pancreastatin  | 1250.5    |            | pg/mL       | 1250.5
        either          | pancreastatin  | 1,250     |            | pg/mL       | 1,250
        day             | hiaa_urine     | 12        |            | mg/(24.h)   |
        hours           | hiaa_urine     | 12.5      |            | umol/(24.h) |
        another         | hiaa_urine     | 12        |            | ng/mL       |
        range           | serotonin      | 3-5       |            | ng/mL       |
        words           | serotonin      | plenty    |            | ng/dL       |
        b.xlsx#5-HIAA-1 | hiaa_urine     | 12        |            | mg/(24.h)   | 5.5
        b.xlsx#5-HIAA-2 | hiaa_urine     | 2         | <          | mg/(24.h)   | 6
        b.xlsx#5-HIAA-3 | hiaa_urine     | 12        |            | umol/(24.h) | 31.4
        b.xlsx#5-HIAA-4 | hiaa_urine     |           |            | mg/(24.h)   | 6
        b.xlsx#5-HIAA-5 | hiaa_urine     | 8         |            | mg/(24.h)   | 6
        b.xlsx#5-HIAA-6 | hiaa_urine     | 8         |            | mg/(24.h)   | 6
        """,
    )


def test_whose_when_and_which_version(stages):
    stages(
        "staging.laboratory",
        """
        result_key      | hospital_number | specimen_date | specimen_clock | version | last_updated
        ----------------+-----------------+---------------+----------------+---------+---------------------------
        below           | 0000001         | 2010-01-02    |                | 2       | 2010-01-02 07:00:00.000000
        at_most         | 0000001         | 2010-01-02    | 23:30          |         |
        above           | 0000001         | 2010          |                |         |
        thousands       | 0000001         | 2010-01       |                |         |
        either          | 0000001         | 2010-01-02    | 12:00          |         |
        day             | 0000001         |               |                |         |
        hours           | 0000001         |               |                |         |
        another         | 0000001         |               |                |         |
        range           | 0000001         |               |                |         |
        words           | 0000001         |               |                |         |
        b.xlsx#5-HIAA-1 | 0000001         | 1994-03-04    |                |         |
        b.xlsx#5-HIAA-2 | 0000001         | 1994-03-04    |                |         |
        b.xlsx#5-HIAA-3 | 0000001         | 1994-03-04    |                |         |
        b.xlsx#5-HIAA-4 | 0000001         | 1994-03-04    |                |         |
        b.xlsx#5-HIAA-5 | 0000001         | 1994-03-04    |                |         |
        b.xlsx#5-HIAA-6 | 0000001         | 1994-25-03    |                |         |
        """,
    )

"""
Results of the laboratory's system and of workbooks become one entity. The sheet of a workbook names the
analyte. Signs, decimal commas and American dates are read; anything else is kept for a rule to find.
"""

title = "Results from a system and from workbooks"

given = {
    "landing.laboratory_observation": """
        result_id | status | mrn     | code   | value | comparator | unit        | upper_limit | method  | effective
        ----------+--------+---------+--------+-------+------------+-------------+-------------+---------+---------------------
        LAB-1     | final  | 0000001 | CGA    | 82.4  |            | ng/mL       | 36          | ELISA 1 | 1998-01-03T07:37:00Z
        LAB-2     | final  |         | HIAA-U | 2.6   | <          | umol/(24.h) | 31.4        | HPLC    | 2012-02-30T08:00:00Z
        LAB-3     | done   | 0000001 | NA     |       |            |             |             |         | 2012
    """,
    "landing.biomarkers_result": """
        hospital_number | taken_on   | result | normal_below | assay | _file                  | _row
        ----------------+------------+--------+--------------+-------+------------------------+-----
        0000001         | 1994-03-04 | 260.5  | 60           | RIA   | b.xlsx#Chromogranin A  | 5
        0000001         | 03/25/1994 | <15    | 60           | RIA   | b.xlsx#Chromogranin A  | 6
        261718          | 25/03/1994 | 12,5   | 5,5          | HPLC  | b.xlsx#5-HIAA          | 5
        see book 2      |            | 1,250  |              |       | b.xlsx#5-HIAA          | 6
        0000001         | 3/4/94     | < 0,5  | 6            | HPLC  | b.xlsx#Notes           | 7
    """,
}


def test_what_was_measured(stages):
    stages(
        "staging.laboratory",
        """
        result_key              | analyte        | value | comparator | unit        | upper_limit | assay
        ------------------------+----------------+-------+------------+-------------+-------------+--------
        LAB-1                   | chromogranin_a | 82.4  |            | ng/mL       | 36          | ELISA 1
        LAB-2                   | hiaa_urine     | 2.6   | <          | umol/(24.h) | 31.4        | HPLC
        LAB-3                   | NA             |       |            |             |             |
        b.xlsx#Chromogranin A-5 | chromogranin_a | 260.5 |            | ng/mL       | 60          | RIA
        b.xlsx#Chromogranin A-6 | chromogranin_a | 15    | <          | ng/mL       | 60          | RIA
        b.xlsx#5-HIAA-5         | hiaa_urine     | 12.5  |            | mg/(24.h)   | 5.5         | HPLC
        b.xlsx#5-HIAA-6         | hiaa_urine     | 1,250 |            | mg/(24.h)   |             |
        b.xlsx#Notes-7          |                | 0.5   | <          |             | 6           | HPLC
        """,
    )


def test_whose_and_when(stages):
    stages(
        "staging.laboratory",
        """
        result_key              | hospital_number | status | specimen_date | specimen_clock
        ------------------------+-----------------+--------+---------------+---------------
        LAB-1                   | 0000001         | final  | 1998-01-03    | 07:37
        LAB-2                   |                 | final  | 2012-02-30    | 08:00
        LAB-3                   | 0000001         | done   | 2012          |
        b.xlsx#Chromogranin A-5 | 0000001         | final  | 1994-03-04    |
        b.xlsx#Chromogranin A-6 | 0000001         | final  | 1994-03-25    |
        b.xlsx#5-HIAA-5         | 0261718         | final  | 1994-25-03    |
        b.xlsx#5-HIAA-6         | see book 2      | final  |               |
        b.xlsx#Notes-7          | 0000001         | final  | 1994-03-04    |
        """,
    )

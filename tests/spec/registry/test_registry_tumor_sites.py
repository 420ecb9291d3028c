"""
The ICD-O-3 code of the site gives the site group; the histology decides whether the tumour is a NET.
"""

title = "Site groups and index tumours"

given = {
    "accepted.patient": """
        _source        | _table  | _row | source_patient_number | hospital_number
        ---------------+---------+------+-----------------------+----------------
        tumor_registry | patient | 1    | 1                     | 0000001
        tumor_registry | patient | 2    | 2                     | 0000002
    """,
    "registry.patient_link": """
        patient_id | entity  | source         | source_table | file  | row
        -----------+---------+----------------+--------------+-------+----
        anna       | patient | tumor_registry | patient      | drawn | 1
        bert       | patient | tumor_registry | patient      | drawn | 2
    """,
    "accepted.tumor": """
        tumor_key | source_patient_number | diagnosis_date | primary_site | histology | grade
        ----------+-----------------------+----------------+--------------+----------+------
        1-01      | 1                     | 2001-01-01     | C61.9        | 8140 | H
        1-02      | 1                     | 2005-01-01     | C17.2        | 8240 | 2
        1-03      | 1                     | 2007-01-01     | C25.2        | 8246 | A
        2-01      | 2                     |                | C16.1        | 8249 | 9
        2-02      | 2                     | 2003-01-01     | C17.0        | 8240 | D
        2-03      | 2                     | 2004-01-01     | C18.1        | 8240 | 3
        2-04      | 2                     | 2004-01-02     | C18.0        | 8240 |
        2-05      | 2                     | 2004-01-03     | C20.9        | 8240 |
        2-06      | 2                     | 2004-01-04     | C24.1        | 8240 |
        2-07      | 2                     | 2004-01-05     | C34.9        | 8240 |
        2-08      | 2                     | 2004-01-06     | C80.9        | 8240 |
        2-09      | 2                     | 2004-01-07     |              | 8240 |
        2-10      | 2                     | 2000-01-01     | C17.2        |      |
    """,
}


def test_the_first_neuroendocrine_tumour_is_the_index_tumour(shows):
    """
    Anna's first tumour is not a NET. Bert's gastric NET has no date, so the dated ones come before
    it. The site of 2-09 is unknown, and so is the histology of 2-10, and with it whether it is a NET.
    """
    shows(
        "registry.tumor",
        """
        patient_id | tumor_key | site_group  | neuroendocrine | index_tumor
        -----------+-----------+-------------+----------------+------------
        anna       | 1-01      | other       | false          | false
        anna       | 1-02      | small_bowel | true           | true
        anna       | 1-03      | pancreas    | true           | false
        bert       | 2-01      | stomach     | true           | false
        bert       | 2-02      | duodenum    | true           | true
        bert       | 2-03      | appendix    | true           | false
        bert       | 2-04      | colorectal  | true           | false
        bert       | 2-05      | colorectal  | true           | false
        bert       | 2-06      | other       | true           | false
        bert       | 2-07      | lung        | true           | false
        bert       | 2-08      | unknown     | true           | false
        bert       | 2-09      |             | true           | false
        bert       | 2-10      | small_bowel |                | false
        """,
    )


def test_grades_of_other_schemas_are_codes_and_not_who_grades(shows):
    shows(
        "registry.tumor",
        """
        tumor_key | grade | grade_code
        ----------+-------+-----------
        1-01      |       | H
        1-02      | 2     | 2
        1-03      |       | A
        2-01      | 9     | 9
        2-02      |       | D
        2-03      | 3     | 3
        2-04      |       |
        2-05      |       |
        2-06      |       |
        2-07      |       |
        2-08      |       |
        2-09      |       |
        2-10      |       |
        """,
    )

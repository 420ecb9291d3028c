"""
Surgery does not overwrite a primary site that was unknown before it: both are kept, and every
stratum by primary site uses the final one.
"""

title = "The primary site before, at and after surgery"

given = {
    "registry.patient": """
        patient_id | presenting_site
        -----------+----------------
        anna       | unknown
        bert       | pancreas
        carl       | unknown
        dora       |
        emma       | unknown
        fritz      | lung
        gisa       | pancreas
        hans       | unknown
        ines       | appendix
        jan        | unknown
        kai        | unknown
    """,
    "registry.procedure": """
        procedure_id | patient_id | procedure_number | operation_date | preop_site  | site_found  | site_confirmed
        -------------+------------+------------------+----------------+-------------+-------------+---------------
        a1           | anna       | 1                | 2001-01-01     | unknown     | pancreas    | false
        a2           | anna       | 2                | 2002-01-01     | pancreas    | small_bowel | true
        b1           | bert       | 1                | 2001-01-01     | pancreas    | pancreas    | true
        c1           | carl       | 1                | 2001-01-01     |             |             |
        d1           | dora       | 1                | 2001-01-01     |             |             |
        e1           | emma       | 1                | 2001-01-01     | unknown     | unknown     |
        g1           | gisa       | 1                |                | unknown     | unknown     |
        h1           | hans       | 1                | 2001-01-01     | small_bowel |             |
        i1           | ines       | 1                | 2001-01-01     | lung        |             |
        i2           | ines       | 2                |                | unknown     |             |
        j1           | jan        | 1                | 2001-01-01     | unknown     | unknown     |
        j2           | jan        | 2                | 2002-01-01     | unknown     |             |
        k1           | kai        | 1                | 2001-01-01     | unknown     | unknown     |
        k2           | kai        | 2                | 2002-01-01     | unknown     | unknown     |
    """,
    "registry.tumor": """
        tumor_id | patient_id | neuroendocrine | index_tumor | site_group | diagnosis_date
        ---------+------------+----------------+-------------+------------+---------------
        t1       | anna       | true           | true        | unknown    | 2000-01-01
        t2       | carl       | true           | true        | appendix   | 2000-01-01
        t3       | dora       | true           | true        | unknown    | 2000-01-01
        t4       | emma       | false          | false       | lung       | 2000-01-01
        t5       | hans       | true           | true        |            | 2000-01-01
        t6       | kai        | true           | true        | unknown    | 2000-01-01
        t7       | kai        | true           | false       | pancreas   | 2001-06-01
        t8       | kai        | true           | false       | appendix   | 2000-06-01
        t9       | kai        | false          | false       | stomach    | 2000-03-01
    """,
}


def test_found_beats_recorded_beats_known_before(marts):
    """
    Pathology confirmed what Anna's second operation found. Carl's operation has no research record,
    so his site at presentation counts, and the tumour registry's site is the final one. Emma's
    other tumour is not a NET. Fritz was not operated on.
    """
    marts(
        "marts.primary_site",
        """
        patient_id | primary_site_preop | primary_site_found | site_confirmed | primary_site_registry | primary_site_final | final_from
        -----------+--------------------+--------------------+----------------+-----------------------+--------------------+---------------
        anna       | unknown            | small_bowel        | true           | unknown               | small_bowel        | operation
        bert       | pancreas           | pancreas           | true           |                       | pancreas           | operation
        carl       | unknown            |                    |                | appendix              | appendix           | tumor_registry
        dora       |                    |                    |                | unknown               | unknown            | none
        emma       | unknown            |                    |                |                       | unknown            | none
        """,
        where="patient_id < 'f'",
    )


def test_unknown_never_comes_before_known(marts):
    """
    Gisa's site was known at presentation, whatever the form of her operation says. Hans's site in the
    tumour registry was refused. It is unknown which of Ines's operations was the first, so her
    site at presentation counts. Kai's first NET is of unknown primary; of his later ones the earlier
    counts.
    """
    marts(
        "marts.primary_site",
        """
        patient_id | primary_site_preop | primary_site_registry | primary_site_final | final_from
        -----------+--------------------+-----------------------+--------------------+---------------
        gisa       | pancreas           |                       | pancreas           | before_surgery
        hans       | small_bowel        |                       | small_bowel        | before_surgery
        ines       | appendix           |                       | appendix           | before_surgery
        jan        | unknown            |                       | unknown            | none
        kai        | unknown            | appendix              | appendix           | tumor_registry
        """,
        where="patient_id > 'fz'",
    )


def test_localized_is_asked_of_unknown_primaries_only(marts):
    """
    Dora's site before surgery was not recorded, which is not the same as unknown. What Carl's
    operation and Jan's second one found was not recorded, which is not the same as nothing.
    """
    marts(
        "marts.primary_site",
        """
        patient_id | preop_unknown | localized_intraoperatively
        -----------+---------------+---------------------------
        anna       | true          | true
        bert       | false         |
        carl       | true          |
        dora       |               |
        emma       | true          | false
        gisa       | false         |
        hans       | false         |
        ines       | false         |
        jan        | true          |
        kai        | true          | false
        """,
    )

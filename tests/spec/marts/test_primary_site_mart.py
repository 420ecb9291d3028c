"""
A primary that was unknown before surgery is not overwritten by what surgery finds: both are kept,
and every stratum by primary site uses the final one.
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
    """,
    "registry.procedure": """
        procedure_id | patient_id | procedure_number | preop_site | site_found  | site_confirmed
        -------------+------------+------------------+------------+-------------+---------------
        a1           | anna       | 1                | unknown    | pancreas    | false
        a2           | anna       | 2                | pancreas   | small_bowel | true
        b1           | bert       | 1                | pancreas   | pancreas    | true
        c1           | carl       | 1                |            |             |
        d1           | dora       | 1                |            |             |
        e1           | emma       | 1                | unknown    | unknown     |
    """,
    "registry.tumor": """
        tumor_id | patient_id | index_tumor | site_group
        ---------+------------+-------------+-----------
        t1       | anna       | true        | unknown
        t2       | carl       | true        | appendix
        t3       | dora       | true        | unknown
        t4       | emma       | false       | lung
    """,
}


def test_found_beats_recorded_beats_known_before(marts):
    """
    Pathology confirmed what Anna's second operation found. Carl's operation has no research record,
    so that his site at presentation counts and the tumour registry's site is the final one. Emma's
    other tumour is not the index tumour. Fritz was not operated.
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
    )


def test_localized_is_asked_of_unknown_primaries_only(marts):
    """Dora's site before surgery was not recorded, which is not the same as unknown."""
    marts(
        "marts.primary_site",
        """
        patient_id | preop_unknown | localized_intraoperatively
        -----------+---------------+---------------------------
        anna       | true          | true
        bert       | false         |
        carl       | true          | false
        dora       |               |
        emma       | true          | false
        """,
    )

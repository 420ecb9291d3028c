"""
T, N and M make a stage by the tables of one site and one edition. Where there is no table, or a part
is missing, there is no stage but a reason.
"""

title = "AJCC stage"

given = {
    "registry.pathology": """
        pathology_id | neuroendocrine | histology | site_group  | edition | differentiation | t    | n    | m   | metastasis
        -------------+----------------+-----------+-------------+---------+-----------------+------+------+-----+-----------
        sb_1         | true           | 8240      | small_bowel | 7       | well            | pT1  | pN0  | M0  | none
        sb_2         | true           | 8240      | small_bowel | 7       | well            | pT4  | pN0  | M0  | none
        sb_3         | true           | 8240      | small_bowel | 7       | well            | pT1  | pN1  | cM0 | none
        sb_4         | true           | 8240      | small_bowel | 7       | well            | pTX  | pNX  | pM1 | liver
        sb_8         | true           | 8240      | small_bowel | 8       | well            | pT2  | pN0  | M0  | none
        sb_8_n2      | true           | 8240      | small_bowel | 8       | well            | ypT2 | ypN2 | M0  | none
        duodenum     | true           | 8240      | duodenum    | 7       |                 | cT3  | cN0  | M0  | none
        pan_1        | true           | 8150      | pancreas    | 7       | well            | pT1  | pN1a | M0  | none
        pan_3        | true           | 8246      | pancreas    | 7       | poorly          | pT4  | pNX  | M0  | none
        pan_8        | true           | 8150      | pancreas    | 8       | well            | pT3  | pN0  | M0  | none
        pan_8_b      | true           | 8150      | pancreas    | 8       | well            | pT3  | pN0  | M1b | elsewhere
        pan_8_c      | true           | 8150      | pancreas    | 8       | well            | pT3  | pN0  | M1  | both
        old          | true           | 8240      | small_bowel | 6       | well            | pT1  | pN0  | pM1 | liver
        no_edition   | true           | 8240      | small_bowel |         | well            | pT1  | pN0  | M0  |
        lung         | true           | 8240      | lung        | 7       | well            | pT1  | pN0  | M0  |
        lost         | true           | 8240      | unknown     | 7       | well            | pT1  | pN0  | M0  |
        no_site      | true           | 8240      |             | 7       | well            | pT1  | pN0  | M0  |
        nec          | true           | 8246      | small_bowel | 7       | poorly          | pT1  | pN0  | pM1 | liver
        nec_pan      | true           | 8246      | pancreas    | 8       | poorly          | pT1  | pN0  | M0  |
        t_x          | true           | 8240      | small_bowel | 7       | well            | pTX  | pN1  | M0  |
        t_none       | true           | 8240      | small_bowel | 7       | well            |      | pN1  | M0  |
        n_x          | true           | 8240      | small_bowel | 7       | well            | pT1  | pNX  | M0  |
        n_none       | true           | 8240      | small_bowel | 7       | well            | pT1  |      | M0  |
        m_x          | true           | 8240      | small_bowel | 7       | well            | pT1  | pN0  | MX  |
        m_none       | true           | 8240      | small_bowel | 7       | well            | pT1  | pN0  |     |
        n2_in_7      | true           | 8240      | small_bowel | 7       | well            | pT1  | pN2  | M0  |
        other        | false          | 8140      | small_bowel | 7       | well            | pT1  | pN0  | M0  |
    """,
}


def test_stages(marts):
    marts(
        "marts.tumor_stage",
        """
        pathology_id | edition | stage | stage_group | basis         | m_basis      | m_by_place
        -------------+---------+-------+-------------+---------------+--------------+-----------
        sb_1         | 7       | I     | I           | pathological  | clinical     |
        sb_2         | 7       | IIIA  | III         | pathological  | clinical     |
        sb_3         | 7       | IIIB  | III         | pathological  | clinical     |
        sb_4         | 7       | IV    | IV          | pathological  | pathological | M1a
        sb_8         | 8       | II    | II          | pathological  | clinical     |
        sb_8_n2      | 8       | III   | III         | after therapy | clinical     |
        duodenum     | 7       | IIB   | II          | clinical      | clinical     |
        pan_1        | 7       | IIB   | II          | pathological  | clinical     |
        pan_3        | 7       | III   | III         | pathological  | clinical     |
        pan_8        | 8       | II    | II          | pathological  | clinical     |
        pan_8_b      | 8       | IV    | IV          | pathological  | clinical     | M1b
        pan_8_c      | 8       | IV    | IV          | pathological  | clinical     | M1c
        """,
        where="stage is not null",
    )


def test_why_there_is_no_stage(marts):
    marts(
        "marts.tumor_stage",
        """
        pathology_id | not_staged_because
        -------------+------------------------------------------------------
        old          | the edition has no chapter on neuroendocrine tumours
        no_edition   | edition not given
        lung         | no table of this edition and site is kept here
        lost         | primary site unknown
        no_site      | primary site not given
        nec          | a carcinoma is staged like other carcinomas of the site
        nec_pan      | a carcinoma is staged like other carcinomas of the site
        t_x          | T not assessed, or no primary found
        t_none       | T not given
        n_x          | N not assessed
        n_none       | N not given
        m_x          | M not assessed
        m_none       | M not given
        n2_in_7      | no group for these categories
        """,
        where="stage is null",
    )

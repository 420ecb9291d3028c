"""
T, N and M make a stage by the tables of one site and one edition. Where there is no table, or a part
is missing, there is no stage, but a reason.
"""

title = "AJCC stage"

given = {
    "registry.pathology": """
        pathology_id | neuroendocrine | histology | site_group  | edition | differentiation | t    | n    | m   | metastasis | carcinoma | stands
        -------------+----------------+-----------+-------------+---------+-----------------+------+------+-----+-----------+-----------+--------
        sb_1         | true           | 8240      | small_bowel | 7       | well            | pT1  | pN0  | M0  | none | false | true
        sb_2         | true           | 8240      | small_bowel | 7       | well            | pT4  | pN0  | M0  | none | false | true
        sb_3         | true           | 8240      | small_bowel | 7       | well            | pT1  | pN1  | cM0 | none | false | true
        sb_4         | true           | 8240      | small_bowel | 7       | well            | pTX  | pNX  | pM1 | liver | false | true
        sb_8         | true           | 8240      | small_bowel | 8       | well            | pT2  | pN0  | M0  | none | false | true
        sb_8_n2      | true           | 8240      | small_bowel | 8       | well            | ypT2 | ypN2 | M0  | none | false | true
        duodenum     | true           | 8240      | duodenum    | 7       |                 | cT3  | cN0  | M0  | none | false | true
        pan_1        | true           | 8150      | pancreas    | 7       | well            | pT1  | pN1a | M0  | none | false | true
        pan_3        | true           | 8246      | pancreas    | 7       | poorly          | pT4  | pNX  | M0  | none | true | true
        pan_8        | true           | 8150      | pancreas    | 8       | well            | pT3  | pN0  | M0  | none | false | true
        pan_8_b      | true           | 8150      | pancreas    | 8       | well            | pT3  | pN0  | M1b | elsewhere | false | true
        pan_8_c      | true           | 8150      | pancreas    | 8       | well            | pT3  | pN0  | M1  | both | false | true
        old          | true           | 8240      | small_bowel | 6       | well            | pT1  | pN0  | pM1 | liver | false | true
        no_edition   | true           | 8240      | small_bowel |         | well            | pT1  | pN0  | M0  | | false | true
        lung         | true           | 8240      | lung        | 7       | well            | pT1  | pN0  | M0  | | false | true
        lost         | true           | 8240      | unknown     | 7       | well            | pT1  | pN0  | M0  | | false | true
        no_site      | true           | 8240      |             | 7       | well            | pT1  | pN0  | M0  | | false | true
        nec          | true           | 8246      | small_bowel | 7       | poorly          | pT1  | pN0  | pM1 | liver | true | true
        nec_pan      | true           | 8246      | pancreas    | 8       | poorly          | pT1  | pN0  | M0  | | true | true
        t_x          | true           | 8240      | small_bowel | 7       | well            | pTX  | pN1  | M0  | | false | true
        t_none       | true           | 8240      | small_bowel | 7       | well            |      | pN1  | M0  | | false | true
        n_x          | true           | 8240      | small_bowel | 7       | well            | pT1  | pNX  | M0  | | false | true
        n_none       | true           | 8240      | small_bowel | 7       | well            | pT1  |      | M0  | | false | true
        m_x          | true           | 8240      | small_bowel | 7       | well            | pT1  | pN0  | MX  | | false | true
        m_none       | true           | 8240      | small_bowel | 7       | well            | pT1  | pN0  |     | | false | true
        n2_in_7      | true           | 8240      | small_bowel | 7       | well            | pT1  | pN2  | M0  | | false | true
        other        | false          | 8140      | small_bowel | 7       | well            | pT1  | pN0  | M0  | | false | true
        any_x        | true           | 8240      | small_bowel | 7       | well            | pTX      | pN1      | M0      |            | false | true
        any_0        | true           | 8240      | duodenum    | 7       | well            | pT0      | pN1      | M0      |            | false | true
        any_8        | true           | 8240      | small_bowel | 8       | well            | pTX      | pN2      | M0      |            | false | true
        any_pan_8    | true           | 8150      | pancreas    | 8       | well            | pT0      | pN1      | M0      |            | false | true
        any_n_pan_7  | true           | 8150      | pancreas    | 7       | well            | pT4      | pNX      | M0      |            | false | true
        several      | true           | 8240      | small_bowel | 7       | well            | pT3(m)   | pN1      | M0      |            | false | true
        several_2    | true           | 8240      | small_bowel | 7       | well            | pT3(2)   | pN0      | M0      |            | false | true
        several_m    | true           | 8240      | small_bowel | 7       | well            | mpT3     | pN0      | M0      |            | false | true
        again        | true           | 8240      | small_bowel | 7       | well            | rpT2     | pN0      | M0      |            | false | true
        again_after  | true           | 8240      | small_bowel | 7       | well            | rypT2    | ypN0     | M0      |            | false | true
        at_autopsy   | true           | 8240      | small_bowel | 7       | well            | aT1      | aN0      | M0      |            | false | true
        clinically   | true           | 8240      | small_bowel | 7       | well            | ycT2     | ycN0     | cM0     |            | false | true
        micro        | true           | 8240      | small_bowel | 7       | well            | pT2      | pN1mi    | M0      |            | false | true
        cells        | true           | 8240      | small_bowel | 7       | well            | pT2      | pN0(i+)  | M0(i+)  |            | false | true
        sentinel     | true           | 8240      | small_bowel | 7       | well            | pT2      | pN1(sn)  | M0      |            | false | true
        spaced       | true           | 8240      | small_bowel | 7       | well            | PT 2 (m) | p N 1    | cM 0    |            | false | true
        in_situ      | true           | 8150      | pancreas    | 7       | well            | pTis     | pN0      | M0      |            | false | true
        liver        | true           | 8240      | small_bowel | 7       | well            |          |          | pM1(HEP)| liver      | false | true
        t_x_n0       | true           | 8240      | small_bowel | 7       | well            | pTX      | pN0      | M0      |            | false | true
        version_9    | true           | 8240      | small_bowel | 9       | well            | pT2      | pN0      | M0      |            | false | true
        withdrawn    | true           | 8240      | small_bowel | 7       | well            | pT2      | pN0      | M0      |            | false | false
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
        t_x          | 7       | IIIB  | III         | pathological  | clinical     |
        any_x        | 7       | IIIB  | III         | pathological  | clinical     |
        any_0        | 7       | IIIB  | III         | pathological  | clinical     |
        any_8        | 8       | III   | III         | pathological  | clinical     |
        any_pan_8    | 8       | III   | III         | pathological  | clinical     |
        any_n_pan_7  | 7       | III   | III         | pathological  | clinical     |
        several      | 7       | IIIB  | III         | pathological  | clinical     |
        several_2    | 7       | IIB   | II          | pathological  | clinical     |
        several_m    | 7       | IIB   | II          | pathological  | clinical     |
        again        | 7       | IIA   | II          | recurrence    | clinical     |
        again_after  | 7       | IIA   | II          | after therapy | clinical     |
        at_autopsy   | 7       | I     | I           | autopsy       | clinical     |
        clinically   | 7       | IIA   | II          | after therapy | clinical     |
        micro        | 7       | IIIB  | III         | pathological  | clinical     |
        cells        | 7       | IIA   | II          | pathological  | clinical     |
        sentinel     | 7       | IIIB  | III         | pathological  | clinical     |
        spaced       | 7       | IIIB  | III         | pathological  | clinical     |
        in_situ      | 7       | 0     | 0           | pathological  | clinical     |
        liver        | 7       | IV    | IV          |               | pathological | M1a
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
        t_x_n0       | T not assessed, or no primary found
        version_9    | no table of this edition and site is kept here
        t_none       | T not given
        n_x          | N not assessed
        n_none       | N not given
        m_x          | M not assessed
        m_none       | M not given
        n2_in_7      | no group for these categories
        """,
        where="stage is null",
    )

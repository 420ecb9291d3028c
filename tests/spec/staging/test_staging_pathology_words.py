"""
Indices and categories within text. A remark after a number is dropped, other areas in mm² are converted
to 2 mm², and "none" is 0 in fields of any size. A category keeps its qualifiers, without
the words after it; one field may hold T, N and M. A range of categories, a doubt, a number of fields
of unknown size, or two numbers in one are kept for a rule to find. Words for unknown become empty.
"""

title = "Words in pathologists' reports"

given = {
    "landing.pathology_report": """
        message_number | ki67                           | mitoses                 | mitoses_unit | t                                | n                        | m               | grade        | nodes_examined | size_mm
        ---------------+--------------------------------+-------------------------+--------------+----------------------------------+--------------------------+-----------------+--------------+----------------+--------
        1              | 20% (hot spot)                 | none                    |              | pT3 NOS                          | N1 (3/12)                | M0 (i+)         | not assessed | -1             | 999
        2              | <1 %                           | none seen               |              | pT3: tumour invades subserosa    | pN1: 3 of 12 nodes       | cM0             | N/A          | 12             | unknown
        3              | 1,5 %                          | 0/10 HPF                |              | pT3 (m)                          | pN0(i-)(sn)              | pMX             | 2            |                |
        4              | 3‑5 %                          | 2 per 2 mm2             |              | ypT2                             | NX                       | pM1 (liver)     | 2            |                |
        5              | ca. 10%                        | <2/2mm²                 |              | pT2-3                            | pN1-2                    | M1a: liver only | 2            |                |
        6              | ~10                            | 5/50 HPF                |              | T3N1M0                           |                          |                 | 2            |                |
        7              | > 55 %                         | 5/10 mm2                |              | pT3 pN1mi                        | not applicable           | n/a             | 2            |                |
        8              | 10 per cent                    | no mitoses              | /10.[HPF]    | pT3N1M1                          | pN0                      | M0              | 2            |                |
        9              | not performed                  | not performed           | /2.mm2       | pT2 or pT3                       | pN+                      | M2              | 2            |                |
        10             | XXX.7                          | 2-3 / 1 mm2             |              | at least pT3                     | N1 possibly              | M0 or M1        | 2            |                |
        11             | Ki-67 labelling index: 2 %     | 0 (per 2 mm2)           |              | pTX: cannot be assessed          | pN2, 13 of 20            | M0.             | 2            |                |
        12             | 2 % (average), 10 % (hot spot) | 1 mitosis/10 HPFs       |              | pT3 (invades the muscle entirely)| pN1 (1 of 20 regional nodes) | cM0, clinical   | 2            |                |
        13             | 12/500 cells                   | 3                       | /5.mm2       | pT4: peritoneum or other organs  | 3                        | M               | 2            |                |
        14             | 2                              | 1                       | /2.mm2       | pT3: ulcer at 4 cm, in 2 places  | pN1: metastases in 3 of 12 nodes | M0 and M1 | 2         |                |
        15             | 2                              | 1                       | /2.mm2       | pt2 and pt3                      | pN1 with M1              | M0: n 3         | 2            |                |
    """,
}


def test_indices_in_words(stages):
    stages(
        "staging.pathology",
        """
        message_number | ki67_percent                   | ki67_comparator | ki67_low | ki67_high | mitoses | mitoses_comparator | mitoses_low | mitoses_high | mitoses_unit
        ---------------+--------------------------------+-----------------+----------+-----------+---------+--------------------+-------------+--------------+-------------
        1              | 20                             |                 |          |           | 0       |                    |             |              | /2.mm2
        2              | 1                              | <               |          |           | 0       |                    |             |              | /2.mm2
        3              | 1.5                            |                 |          |           | 0       |                    |             |              | /2.mm2
        4              |                                |                 | 3        | 5         | 2       |                    |             |              | /2.mm2
        5              | 10                             | ~               |          |           | 2       | <                  |             |              | /2.mm2
        6              | 10                             | ~               |          |           | 5       |                    |             |              | /50.[HPF]
        7              | 55                             | >               |          |           | 1.0     |                    |             |              | /2.mm2
        8              | 10                             |                 |          |           | 0       |                    |             |              | /2.mm2
        9              |                                |                 |          |           |         |                    |             |              |
        10             |                                |                 |          |           |         |                    | 4.0         | 6.0          | /2.mm2
        11             | 2                              |                 |          |           | 0       |                    |             |              | /2.mm2
        12             | 2 % (average), 10 % (hot spot) |                 |          |           | 1       |                    |             |              | /10.[HPF]
        13             | 12/500 cells                   |                 |          |           | 1.2     |                    |             |              | /2.mm2
        14             | 2                              |                 |          |           | 1       |                    |             |              | /2.mm2
        15             | 2                              |                 |          |           | 1       |                    |             |              | /2.mm2
        """,
    )


def test_categories_in_words(stages):
    stages(
        "staging.pathology",
        """
        message_number | t            | n                 | m           | grade | nodes_examined | size_mm
        ---------------+--------------+-------------------+-------------+-------+----------------+--------
        1              | pT3          | N1 (3/12)         | M0 (i+)     |       |                |
        2              | pT3          | pN1               | cM0         |       | 12             |
        3              | pT3 (m)      | pN0(i-)(sn)       | pMX         | 2     |                |
        4              | ypT2         | NX                | pM1 (liver) | 2     |                |
        5              | pT2-3        | pN1-2             | M1a         | 2     |                |
        6              | T3           | N1                | M0          | 2     |                |
        7              | pT3          | pN1mi             |             | 2     |                |
        8              | pT3          | pN0               | M0          | 2     |                |
        9              | pT2 or pT3   | pN+               | M2          | 2     |                |
        10             | at least pT3 | N1 possibly       | M0 or M1    | 2     |                |
        11             | pTX          | pN2               | M0          | 2     |                |
        12             | pT3          | pN1               | cM0         | 2     |                |
        13             | pT4          | 3                 | M           | 2     |                |
        14             | pT3          | pN1               | M0 and M1   | 2     |                |
        15             | pt2 and pt3  | pN1               | M0          | 2     |                |
        """,
    )

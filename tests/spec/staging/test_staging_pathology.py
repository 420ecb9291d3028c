"""
A pathologist's report in registry words: ISO dates, indices as number, sign or range, grades
and editions as their codes. T, N and M stay as reported. Anything else is kept, so that a rule
can find it.
"""

title = "Pathologists' reports"

given = {
    "landing.pathology_report": """
        message_number | sender | laboratory | sent_time    | event | order_control | order_status | filler_number | report_number | result_status | reported_time      | specimen_date | collected | grade        | ki67       | mitoses        | mitoses_unit  | differentiation         | t            | m   | metastasis          | edition      | histology | size_mm | size_unit | nodes_positive
        ---------------+--------+------------+--------------+-------+---------------+--------------+---------------+---------------+---------------+--------------------+---------------+-----------+--------------+------------+----------------+---------------+-------------------------+--------------+-----+---------------------+--------------+-----------+---------+-----------+---------------
        1              | PATH   | LAB        | 200105141201 | R01   | RE            |              |               | S01-1         | F             | 200105141200       | 20010510      |           | G1           | <1         | 3/10 HPF       |               | Well differentiated     | pT2          | M0  | none                | 7            | 8240/3    | 20      | mm        | 0
        1A             |        |            |              | R01   | RE            |              |               | S01-1         | C             | 20010521120030     | 200105100930  |           | g2           | 4.5        | <1 per 2 mm2   |               | well                    | pT 3 (m)     | pM1 | Liver and elsewhere | 8th edition  | M-8240/3  | 2.5     | cm        | ^12
        2              |        |            | 20010601     | R01   |               |              | S01-2         |               | x             | soon               | 20010230      |           | GX           | 4,5        | 2 mitoses      | /10.[HPF]     | poorly-differentiated   | pT2^x^AJCC   | pM9 | liver               | AJCC 8       | 8140      | 2,5 cm  |           | 2/15
        3              |        |            |              | R01   | OC            |              |               | S01-3         |               |                    | 2001          |           | IV           | < 3        | 0-1            | /2 mm2        | moderately              |              |     | bone                | V9           | 82403     | 20.0    |           |
        4              |        |            |              | R01   | RE            | CA           |               | S01-4         |               | 200105             | 2001051       |           | 9            | few <      | 1,5            | mitoses/2mm²  | undifferentiated        |              |     |                     | Version 9    |           | 1 in    |           |
        5              |        |            |              | T11   |               |              |               | S01-5         |               | 2001               |               | 20010511  | NET G3       | 3-5        | ~2             | /mm2          | anaplastic              |              |     |                     | 9.0          |           |         |           |
        6              |        |            |              | R01   |               |              |               | S01-6         | P             | 20010514           |               |           | NEC          | ≤2 %       | many           | per 1 mm2     |                         |              |     |                     | 10           |           |         |           |
        7              |        |            |              | R01   |               |              |               | S01-7         | A             | 2001051412         |               |           | WHO grade II | 3 – 5 %    | 1 in 10 hpf    |               |                         |              |     |                     |              |           |         |           |
        8              |        |            |              | R01   |               |              |               | S01-8         | I             |                    |               |           | B            | XXX.5      | >20/2 mm2      |               |                         |              |     |                     |              |           |         |           |
        9              |        |            |              | R01   |               |              |               | S01-9         | R             |                    |               |           | G4           | xxx.7      | ^<^1           |               |                         |              |     |                     |              |           |         |           |
        10             |        |            |              | R01   |               |              |               | S01-10        | Q             |                    |               |           | G1^Grade 1^L | <^3        | 3^mitoses      | 0.2.mm2       |                         |              |     |                     |              |           |         |           |
        11             |        |            |              | R01   |               |              |               | S01-11        |               |                    |               |           | G 2          | Ki-67: 12% | 2/50 HPF       |               |                         |              |     |                     |              |           |         |           |
    """,
}


def test_reports(stages):
    stages(
        "staging.pathology",
        """
        message_number | report_number | result_status | reported_time    | given_earliest | given_latest   | specimen_date
        ---------------+---------------+---------------+------------------+----------------+----------------+--------------
        1              | S01-1         | final         | 2001-05-14 12:00 | 20010514120000 | 20010514120059 | 2001-05-10
        1A             | S01-1         | corrected     | 2001-05-21 12:00 | 20010521120030 | 20010521120030 | 2001-05-10
        2              | S01-2         | cancelled     | soon             | 20010601000000 | 20010601235959 | 2001-02-30
        3              | S01-3         | cancelled     |                  |                |                | 2001
        4              | S01-4         | cancelled     |                  | 20010501000000 | 20010531235959 | 2001051
        5              | S01-5         | cancelled     |                  | 20010101000000 | 20011231235959 | 2001-05-11
        6              | S01-6         | preliminary   |                  | 20010514000000 | 20010514235959 |
        7              | S01-7         | partial       | 2001051412       | 20010514120000 | 20010514125959 |
        8              | S01-8         | no_results    |                  |                |                |
        9              | S01-9         | unverified    |                  |                |                |
        10             | S01-10        | Q             |                  |                |                |
        11             | S01-11        |               |                  |                |                |
        """,
    )


def test_indices(stages):
    stages(
        "staging.pathology",
        """
        message_number | ki67_percent | ki67_comparator | ki67_low | ki67_high | mitoses | mitoses_comparator | mitoses_low | mitoses_high | mitoses_unit
        ---------------+--------------+-----------------+----------+-----------+---------+--------------------+-------------+--------------+-------------
        1              | 1            | <               |          |           | 3       |                    |             |              | /10.[HPF]
        1A             | 4.5          |                 |          |           | 1       | <                  |             |              | /2.mm2
        2              | 4.5          |                 |          |           | 2       |                    |             |              | /10.[HPF]
        3              | 3            | <               |          |           |         |                    | 0           | 1            | /2.mm2
        4              | few <        |                 |          |           | 1.5     |                    |             |              | /2.mm2
        5              |              |                 | 3        | 5         | 4.0     | ~                  |             |              | /2.mm2
        6              | 2            | <=              |          |           | many    |                    |             |              | /2.mm2
        7              |              |                 | 3        | 5         | 1       |                    |             |              | /10.[HPF]
        8              |              |                 | 3        | 20        | 20      | >                  |             |              | /2.mm2
        9              |              |                 |          |           | 1       | <                  |             |              | /2.mm2
        10             | 3            | <               |          |           | 3       |                    |             |              | 0.2.mm2
        11             | 12           |                 |          |           | 2       |                    |             |              | /50.[HPF]
        """,
    )


def test_findings_of_the_microscope(stages):
    stages(
        "staging.pathology",
        """
        message_number | grade | differentiation  | t        | m   | metastasis | edition | histology | size_mm | nodes_positive
        ---------------+-------+------------------+----------+-----+------------+---------+-----------+---------+---------------
        1              | 1     | well             | pT2      | M0  | none       | 7       | 8240      | 20      | 0
        1A             | 2     | well             | pT 3 (m) | pM1 | both       | 8       | 8240      | 25      | 12
        2              | 9     | poorly           | pT2      | pM9 | liver      | 8       | 8140      | 25      | 2
        3              | IV    | moderately       |          |     | bone       | 9       | 8240      | 20      |
        4              | 9     | undifferentiated |          |     |            | 9       |           | 1 in    |
        5              | 3     | anaplastic       |          |     |            | 9       |           |         |
        6              | 3     | poorly           |          |     |            | 10      |           |         |
        7              | 2     |                  |          |     |            |         |           |         |
        8              | B     |                  |          |     |            |         |           |         |
        9              | G4    |                  |          |     |            |         |           |         |
        10             | 1     |                  |          |     |            |         |           |         |
        11             | 2     |                  |          |     |            |         |           |         |
        """,
    )

"""
Indices may be limits or ranges, categories may be qualified, and a cancellation has no results: none
of this is an error.
"""

title = "Reports as pathologists write them"

given = {
    "staging.patient": """
        hospital_number | source_patient_number | birth_date
        ----------------+-----------------------+-----------
        0000001         | 0000001               | 1950-01-31
    """,
    "staging.pathology": """
        message_number | report_number | result_status | specimen_date | reported_time    | histology | grade | ki67_percent | ki67_comparator | ki67_low | ki67_high | mitoses | mitoses_comparator | mitoses_low | mitoses_high | mitoses_unit | t             | n            | m        | metastasis | edition | nodes_examined | nodes_positive
        ---------------+---------------+---------------+---------------+------------------+-----------+-------+--------------+-----------------+----------+-----------+---------+--------------------+-------------+--------------+--------------+---------------+--------------+----------+------------+---------+----------------+---------------
        range          | 1             | final         | 2001-05-10    | 2001-05-14 12:00 | 8240      | 2     |              |                 | 3        | 5         |         |                    | 0           | 1            | /2.mm2       | pT3(m)        | pN1mi        | M0(i+)   | none       | 5       | 12             | 1
        limits         | 2             | corrected     | 2001-05-10    | 2001-05-14 12:00 | 8240      | 1     | 2            | <=              |          |           | 1       | <                  |             |              | /2.mm2       | pT3 (2)       | pN0(i-)(sn)  | cM0      | none       | 5       | 12             | 0
        about          | 3             | unverified    | 2001-05-10    | 2001-05-14 12:00 | 8240      | 3     | 20           | >=              |          |           | 1.5     | ~                  |             |              |              | rypT2         | ypN1a        | pM1a(2)  | liver      | 5       | 12             | 1
        qualified      | 4             | partial       | 2001-05-10    | 2001-05-14 12:00 | 8157      | A     |              |                 |          |           |         |                    |             |              |              | PT 2          | p N1 (2/15)  | M1(HEP)  | liver      | 5       | 15             | 2
        alike          | 5             | preliminary   | 2001-05-10    | 2001-05-14 12:00 | 8157      | 9     |              |                 |          |           |         |                    |             |              |              | mpT1a         | cNx          | MX       |            | 5       |                |
        autopsy        | 6             | final         | 2001-05-10    | 2001-05-14 12:00 | 8240      | H     |              |                 |          |           |         |                    |             |              |              | aTis          | aN0          | aM0      |            | 5       |                |
        cancelled      | 7             | cancelled     |               | 2001-05-24 12:00 |           |       |              |                 |          |           |         |                    |             |              |              |               |              |          |            |         |                |
        ordered        | 8             | no_results    |               | 2001-05-24 12:00 |           |       |              |                 |          |           |         |                    |             |              |              |               |              |          |            |         |                |
        undated        | 9             | final         |               | 2001-05-24 12:00 | 8240      |       |              |                 |          |           |         |                    |             |              |              |               |              |          |            |         |                |
        backwards      | 10            | final         | 2001-05-10    | 2001-05-14 12:00 | 8240      |       |              |                 | 5        | 3         |         |                    | 2           | 1            |              |               |              |          |            |         |                |
        beyond         | 11            | final         | 2001-05-10    | 2001-05-14 12:00 | 8240      |       | 5            | =               | -1       | 101       | 5       | =                  | -1          | 501          |              |               |              |          |            |         |                |
        words          | 12            | final         | 2001-05-10    | 2001-05-14 12:00 | 8240      |       |              |                 | few      | more      | many    |                    | few         | more         |              | pT3 of N1     | pN1 positive | M1 liver |            |         |                |
        too_low        | 13            | final         | 2001-05-10    | 2001-05-14 12:00 | 8240      | 1     |              |                 | 3        | 5         | 2       | >                  |             |              | /2.mm2       |               |              |          |            |         |                |
        too_high       | 14            | final         | 2001-05-10    | 2001-05-14 12:00 | 8240      | 3     |              |                 | 3        | 5         |         |                    | 1           | 3            | /2.mm2       |               |              |          |            |         |                |
        month          | 15            | final         | 2001-05       | 2001-05-14 12:00 | 8240      |       |              |                 |          |           |         |                    |             |              |              |               |              |          |            |         |                |
        version_9      | 16            | final         | 2001-05-10    | 2001-05-14 12:00 | 8240      |       |              |                 |          |           |         |                    |             |              |              |               |              |          |            | 9       |                |
    """,
}


def test_reports(finds):
    finds(
        """
        key       | rule                                  | severity
        ----------+---------------------------------------+---------
        undated   | pathology.specimen_dated              | warning
        backwards | pathology.ki67_bounds_ordered         | warning
        backwards | pathology.mitoses_bounds_ordered      | warning
        beyond    | pathology.ki67_comparator.isin        | critical
        beyond    | pathology.ki67_low.in_range           | critical
        beyond    | pathology.ki67_high.in_range          | critical
        beyond    | pathology.mitoses_comparator.isin     | critical
        beyond    | pathology.mitoses_low.in_range        | critical
        beyond    | pathology.mitoses_high.in_range       | critical
        words     | pathology.ki67_low.type               | critical
        words     | pathology.ki67_high.type              | critical
        words     | pathology.mitoses.type                | critical
        words     | pathology.mitoses_low.type            | critical
        words     | pathology.mitoses_high.type           | critical
        words     | pathology.t.str_matches               | critical
        words     | pathology.n.str_matches               | critical
        words     | pathology.m.str_matches               | critical
        too_low   | pathology.grade_fits_ki67             | warning
        too_low   | pathology.grade_fits_mitoses          | warning
        too_high  | pathology.grade_supported             | warning
        version_9 | pathology.edition_fits_date           | warning
        """
    )

"""
A report is refused if it cannot be used: it has no number, or no patient. An impossible part is
refused alone, such as a Ki-67 above 100. Where its parts contradict each other, or the operation, it stays with a warning.
"""

title = "Reports that contradict themselves"

given = {
    "staging.patient": """
        hospital_number | source_patient_number | birth_date | death_date | vital_status
        ----------------+-----------------------+------------+------------+-------------
        0000001         | 0000001               | 1950-01-31 |            | alive
        0000002         | 0000002               | 1950-01-31 | 2001-05-01 | dead
    """,
    "staging.procedure": """
        case_number | hospital_number | operation_date
        ------------+-----------------+---------------
        2001-00001  | 0000001         | 2001-05-10
    """,
    "staging.pathology": """
        message_number | report_number | hospital_number | case_number | specimen_date | grade | ki67_percent | ki67_comparator | mitoses | mitoses_unit | differentiation | t    | n   | m   | metastasis | edition | nodes_examined | nodes_positive | size_mm
        ---------------+---------------+-----------------+-------------+---------------+-------+--------------+-----------------+---------+--------------+-----------------+------+-----+-----+------------+---------+----------------+----------------+--------
        sound          | 1             | 0000001         | 2001-00001  | 2001-05-11    | 2     | 20           |                 | 20      | /2.mm2       | well            | ypT3 | pN1 | pM1 | liver      | 5       | 12             | 12             | 31
        limit          | 2             | 0000001         |             | 2001-05-10    | 1     | 3            | <               | 1       | /2.mm2       | well            | pT1a | pN0 | M0  | none       | 5       | 0              | 0              |
        fields         | 3             | 0000001         |             | 2001-05-10    | 1     |              |                 | 9       | /10.[HPF]    |                 | Tis  | pNX | MX  |            | 5       |                |                |
        nobody         | 4             | 0000009         | 2001-00009  | 2001-05-10    |       |              |                 |         |              |                 |      |     |     |            |         |                |                |
        late           | 5             | 0000002         | 2001-00001  | 2001-05-18    |       |              |                 |         |              |                 |      |     |     |            |         |                |                |
        future         | 6             | 0000001         |             | 2017-01-01    |       |              |                 |         |              |                 |      |     |     |            |         |                |                |
        unborn         | 7             | 0000001         |             | 1950-01-30    |       |              |                 |         |              |                 |      |     |     |            |         |                |                |
        grades         | 8             | 0000001         |             | 2001-05-10    | 1     | 3            |                 | 2       | /2.mm2       | poorly          |      |     |     |            |         |                |                |
        toohigh        | 12            | 0000001         |             | 2001-05-10    | 2     | 2.9          |                 | 1       | /2.mm2       | well            |      |     |     |            |         |                |                |
        toohigh3       | 13            | 0000001         |             | 2001-05-10    | 3     | 20           | <               | 20      | /2.mm2       |                 |      |     |     |            |         |                |                |
        values         | 9             | 0000001         |             | 2001-05-10    | V     | 100.1        |                 | many    |              | bad             | pT5  | N4  | M2  | bone       | 4       | 151            | -1             | 2.8
        nodes          | 10            | 0000001         |             | 2001-05-10    |       |              |                 |         |              |                 |      | pN0 | M0  | both       | 7       | 4              | 5              | 501
        nodes2         | 11            | 0000001         |             | 2001-05-10    |       | few          |                 |         |              |                 |      | pN2 | M1a | none       |         | 3              | 0              |
    """,
}


def test_reports(finds):
    finds(
        """
        key    | rule                                 | severity
        -------+--------------------------------------+---------
        fields | pathology.mitoses_unit.isin          | critical
        nobody | pathology.patient_exists             | critical
        nobody | pathology.procedure_exists           | warning
        late   | pathology.same_patient               | warning
        late   | pathology.specimen_by_death          | warning
        late   | pathology.reported_after_specimen    | warning
        future | pathology.specimen_by_extract        | critical
        unborn | pathology.specimen_after_birth       | critical
        grades | pathology.grade_fits_ki67            | warning
        grades | pathology.grade_fits_mitoses         | warning
        grades | pathology.grade_fits_differentiation | warning
        toohigh | pathology.grade_supported           | warning
        toohigh3 | pathology.grade_supported          | warning
        values | pathology.grade.isin                 | critical
        values | pathology.ki67_percent.in_range      | critical
        values | pathology.mitoses.type               | critical
        values | pathology.differentiation.isin       | critical
        values | pathology.t.str_matches              | critical
        values | pathology.n.str_matches              | critical
        values | pathology.m.str_matches              | critical
        values | pathology.metastasis.isin            | critical
        values | pathology.edition.isin               | critical
        values | pathology.nodes_examined.in_range    | critical
        values | pathology.nodes_positive.in_range    | critical
        values | pathology.size_mm.type               | critical
        nodes  | pathology.n_fits_nodes               | warning
        nodes  | pathology.positives_within_examined  | warning
        nodes  | pathology.m_fits_metastasis          | warning
        nodes  | pathology.edition_fits_date          | warning
        nodes  | pathology.size_mm.in_range           | critical
        nodes2 | pathology.ki67_percent.type          | critical
        nodes2 | pathology.n_fits_nodes               | warning
        nodes2 | pathology.m_fits_metastasis          | warning
        """
    )

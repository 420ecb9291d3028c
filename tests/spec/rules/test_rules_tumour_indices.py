"""A tumour's Ki-67 may be a limit or a range, also in SEER's codes."""

title = "Ki-67 of tumours"

given = {
    "staging.patient": """
        _source        | hospital_number | source_patient_number
        ---------------+-----------------+----------------------
        tumor_registry | 0000001         | 1
    """,
    "staging.tumor": """
        tumor_key | source_patient_number | hospital_number | primary_site | histology | grade | ki67_percent | ki67_comparator | ki67_low | ki67_high | ki67_code
        ----------+-----------------------+-----------------+--------------+-----------+-------+--------------+-----------------+----------+-----------+----------
        1-01      | 1                     | 0000001         | C17.2        | 8240      | 1     | 3            | <               |          |           | XXX.4
        1-02      | 1                     | 0000001         | C17.2        | 8240      | 1     |              |                 | 3        | 20        | XXX.5
        1-03      | 1                     | 0000001         | C17.2        | 8240      | 2     | 20           | >               |          |           | XXX.6
        1-04      | 1                     | 0000001         | C17.2        | 8240      | 2     | 5            | =               | -1       | 101       | XXX.3
        1-05      | 1                     | 0000001         | C17.2        | 8240      | 2     | few          |                 | few      | more      |
    """,
}


def test_indices(finds):
    finds(
        """
        key  | rule                       | severity
        -----+----------------------------+---------
        1-02 | tumor.grade_fits_ki67      | warning
        1-04 | tumor.ki67_comparator.isin | critical
        1-04 | tumor.ki67_low.in_range    | critical
        1-04 | tumor.ki67_high.in_range   | critical
        1-04 | tumor.ki67_code.str_matches | critical
        1-05 | tumor.ki67_percent.type    | critical
        1-05 | tumor.ki67_low.type        | critical
        1-05 | tumor.ki67_high.type       | critical
        """
    )

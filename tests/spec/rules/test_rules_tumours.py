"""Codes of ICD-O-3, the Ki-67 index beside the grade, and organs that only one sex has."""

title = "Plausible tumours"

given = {
    "staging.patient": """
        _source        | hospital_number | source_patient_number | sex
        ---------------+-----------------+-----------------------+--------
        tumor_registry | 0000001         | 1                     | female
        tumor_registry | 0000002         | 2                     | male
    """,
    "staging.tumor": """
        tumor_key | source_patient_number | hospital_number | primary_site | histology | grade | ki67_percent | size_mm
        ----------+-----------------------+-----------------+--------------+-----------+-------+--------------+--------
        1-01      | 1                     | 0000001         | C17.2        | 8240      | 1     | 2.9          | 31
        1-02      | 1                     | 0000001         | C17.2        | 8240      | 1     | 3            | 31
        1-03      | 1                     | 0000001         | C17.2        | 8249      | 1     |              |
        1-04      | 1                     | 0000001         | C61.9        | 8140      | 9     |              |
        1-05      | 1                     | 0000001         | C56.9        | 8140      | 9     |              |
        2-01      | 2                     | 0000002         | C56.9        | 8140      | 9     |              |
        2-02      | 2                     | 0000002         | C61.9        | 8140      | 9     |              |
        2-03      | 2                     | 0000002         | C18.0        | 8150      | 2     | 20.5         | 850
        2-04      | 2                     | 0000002         | 172          | 10        | Z     | 101          | -1
        2-04      | 2                     | 0000002         | C17.2        | 8240      | 2     | 20           | 31
        2-05      | 2                     | 0000002         | C17.2        | 8240      | H     |              |
        2-06      | 2                     | 0000002         | C17.2        | 8157      | B     |              |
        2-07      | 2                     | 0000002         | C67.9        | 8130      | H     |              |
        2-08      | 2                     | 0000002         | C34.1        | 8240      | 4     |              |
    """,
}


def test_tumours(finds):
    finds(
        """
        key  | rule                           | severity
        -----+--------------------------------+---------
        1-02 | tumor.grade_fits_ki67          | warning
        1-03 | tumor.grade_fits_histology     | warning
        1-04 | tumor.site_fits_sex            | warning
        2-01 | tumor.site_fits_sex            | warning
        2-03 | tumor.grade_fits_ki67          | warning
        2-03 | tumor.histology_fits_site      | warning
        2-03 | tumor.size_mm.in_range         | critical
        2-04 | tumor.primary_site.str_matches | critical
        2-04 | tumor.histology.in_range       | critical
        2-04 | tumor.grade.isin               | critical
        2-04 | tumor.ki67_percent.in_range    | critical
        2-04 | tumor.size_mm.in_range         | critical
        2-04 | tumor.tumor_key.unique         | critical
        2-05 | tumor.grade_fits_schema        | warning
        """
    )

"""
The edition of T, N and M is that of the year of diagnosis. A report on an operation in a later year may
keep it or use the edition of its own year, but not one that came later or had ended before the diagnosis.
"""

title = "Editions of the AJCC manual"

given = {
    "staging.patient": """
        _source        | hospital_number | source_patient_number | birth_date
        ---------------+-----------------+-----------------------+-----------
        tumor_registry | 0000001         | 1                     | 1950-01-31
        tumor_registry | 0000002         | 2                     | 1950-01-31
        tumor_registry | 0000003         | 3                     | 1950-01-31
        hospital       | 0000004         | 4                     | 1950-01-31
    """,
    "staging.tumor": """
        tumor_key | source_patient_number | hospital_number | diagnosis_date | histology
        ----------+-----------------------+-----------------+----------------+----------
        1-01      | 1                     | 0000001         | 2009-12-01     | 8240
        1-02      | 1                     | 0000001         | 2010-01-01     | 8140
        2-01      | 2                     | 0000002         | 2010-02-01     | 8240
        3-01      | 3                     | 0000003         | 2009           | 8240
        3-02      | 3                     | 0000003         | 2014-01-01     | 8240
    """,
    "staging.pathology": """
        message_number | report_number | hospital_number | specimen_date | edition | reported_time
        ---------------+---------------+-----------------+---------------+---------+--------------
        of_diagnosis   | 1             | 0000001         | 2010-02-01    | 6       | 2010-02-05 12:00
        of_specimen    | 2             | 0000001         | 2010-02-02    | 7       | 2010-02-05 12:00
        too_new        | 3             | 0000001         | 2010-02-03    | 8       | 2010-02-05 12:00
        too_old        | 4             | 0000002         | 2010-02-04    | 6       | 2010-02-05 12:00
        first_of_two   | 5             | 0000003         | 2010-02-05    | 6       | 2010-02-05 12:00
        not_registered | 6             | 0000004         | 2010-02-06    | 6       | 2010-02-06 12:00
    """,
}


def test_an_edition_in_force_from_diagnosis_to_specimen(finds):
    """
    The fourth patient has no tumour in the registry, so the year of diagnosis is unknown. The third
    patient's second tumour was diagnosed after the report.
    """
    finds(
        """
        key     | rule                             | severity
        --------+----------------------------------+---------
        too_new | pathology.edition_fits_date      | warning
        too_old | pathology.edition_fits_diagnosis | warning
        """
    )

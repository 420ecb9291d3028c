"""
A source knows a patient under one of its own numbers. Linkage finds where the records of one person
contradict each other (tests/engine/test_linkage.py); the finding is on the record that fewer, or less
trusted, sources support.
"""

title = "Sources that disagree about a patient"

given = {
    "staging.patient": """
        _source        | source_patient_number | hospital_number | birth_date | sex     | death_date
        ---------------+-----------------------+-----------------+------------+---------+-----------
        hospital       | 0000001               | 0000001         | 1950-01-31 | female  |
        tumor_registry | 00000001              | 0000001         | 1950-03-01 | female  | 2010-01-02
        research       | 1                     | 0000001         | 1950-01-31 | unknown |
        hospital       | 0000002               | 0000002         | 1960-01-31 | male    | 2010-02-01
        tumor_registry | 00000002              | 0000002         | 1960-01-31 | female  | 2010-02-02
        hospital       | 0000003               | 0000003         | 1850-01-31 | male    |
        research       | 3                     | 0000003         | 1950-01-31 | male    |
        research       | 4                     | 0000003         | 1950-01-31 | male    |
    """,
}


def test_contradictions(finds):
    """Record 4 of the research project has the hospital number of its record 3."""
    finds(
        """
        key      | rule                        | severity
        ---------+-----------------------------+---------
        0000003  | patient.birth_date.in_range | critical
        3        | patient.one_record_a_source | warning
        4        | patient.one_record_a_source | warning
        """
    )

"""
Rows of two sources with one hospital number are one patient. Where they contradict each other both
are reported, as a warning: which one is right is for the steward, and for the precedence of
sources. What one source does not know contradicts nothing.
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
    """
    The birth date of 1850 is refused by a critical rule, so that it disagrees with none. Record 4 of the research project has the hospital number of
    its record 3.
    """
    finds(
        """
        key      | rule                        | severity
        ---------+-----------------------------+---------
        0000001  | patient.birth_date_agrees   | warning
        00000001 | patient.birth_date_agrees   | warning
        1        | patient.birth_date_agrees   | warning
        0000002  | patient.sex_agrees          | warning
        00000002 | patient.sex_agrees          | warning
        0000002  | patient.death_date_agrees   | warning
        00000002 | patient.death_date_agrees   | warning
        0000003  | patient.birth_date.in_range | critical
        3        | patient.one_record_a_source | warning
        4        | patient.one_record_a_source | warning
        """
    )

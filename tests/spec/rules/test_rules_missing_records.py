"""
A record that should exist and was not found is not an error of another record: that record is accepted,
with a finding of severity info. Only accepted rows are compared, on both sides.
"""

title = "Records that are missing"

given = {
    "staging.patient": """
        _source        | source_patient_number | hospital_number
        ---------------+-----------------------+----------------
        hospital       | 0000001               | 0000001
        hospital       | 0000002               | 0000002
        hospital       | 0000003               | 0000003
        tumor_registry | 00000001              | 0000001
        tumor_registry | 00000003              | 0000003
        tumor_registry | 00000004              | 0000004
    """,
    "staging.tumor": """
        _source        | tumor_key   | source_patient_number | hospital_number
        ---------------+-------------+-----------------------+----------------
        tumor_registry | 00000001-01 | 00000001              | 0000001
        tumor_registry | 00000003-01 | 00000009              | 0000003
    """,
    "staging.procedure": """
        case_number | hospital_number | operation_date
        ------------+-----------------+---------------
        1997-00001  | 0000001         | 1997-12-31
        1998-00001  | 0000001         | 1998-01-01
        1998-00002  | 0000001         | 1998-01
        1998-00003  | 0000001         | 1997
        2001-00001  | 0000001         | 2001-05-10
        2001-00002  | 0000001         | 2001-05-32
        2001-00003  | 0000005         | 2001-05-10
    """,
    "staging.pathology": """
        message_number | case_number | hospital_number
        ---------------+-------------+----------------
        S01-000001     | 2001-00001  | 0000001
    """,
}


def test_patients_without_a_tumour(finds):
    """
    The second patient was never abstracted; the third patient's tumour belongs to nobody who was accepted.
    """
    finds(
        """
        key     | rule              | severity
        --------+-------------------+---------
        0000002 | patient.has_tumor | info
        0000003 | patient.has_tumor | info
        """
    )


def test_operations_without_a_report(finds):
    """
    Reports are expected since 1998. Where the day is unknown, or its cell or row was refused, there is no finding.
    """
    finds(
        """
        key        | rule                             | severity
        -----------+----------------------------------+---------
        1998-00001 | procedure.has_report             | info
        1998-00002 | procedure.has_report             | info
        2001-00002 | procedure.operation_date.type    | critical
        2001-00003 | procedure.patient_exists         | critical
        1998-00003 | procedure.case_number_fits_date  | warning
        """
    )

"""A report may be sent again to correct itself; two final ones with one number are doubtful."""

title = "Reports that are delivered again"

given = {
    "staging.patient": """
        hospital_number | source_patient_number
        ----------------+----------------------
        0000001         | 0000001
        0000002         | 0000002
    """,
    "staging.pathology": """
        message_number | report_number | hospital_number | result_status | histology | content
        ---------------+---------------+-----------------+---------------+-----------+--------
        1              | S01-1         | 0000001         | preliminary   | 8240 | c1
        2              | S01-1         | 0000001         | final         | 8240 | c2
        3              | S01-1         | 0000001         | corrected     | 8240 | c3
        4              | S01-2         | 0000001         | final         | 8240 | c4
        5              | S01-2         | 0000001         | final         | 8140 | c5
        6              | S01-3         | 0000001         | final         | 8240 | c6
        7              | S01-3         | 0000002         | final         | 8240 | c7
        8              | S01-4         | 0000002         | draft         | 8240 | c8
        8              | S01-5         | 0000002         | final         | 8240 | c9
        9              | S01-6         | 0000002         | cancelled     |  | same
        9              | S01-6         | 0000002         | cancelled     |  | same
        10             | S01-7         | 0000002         |               | 8240 | c12
    """,
}


def test_corrections(finds):
    finds(
        """
        key | rule                            | severity
        ----+---------------------------------+---------
        4   | pathology.correction_marked     | warning
        5   | pathology.correction_marked     | warning
        5   | pathology.neuroendocrine        | info
        6   | pathology.one_patient           | warning
        7   | pathology.one_patient           | warning
        8   | pathology.result_status.isin    | critical
        9   | pathology.unique                | critical
        10  | pathology.result_status.required | warning
        """
    )

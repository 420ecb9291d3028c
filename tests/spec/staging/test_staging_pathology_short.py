"""
In the field of a category its letter may be missing, as in NAACCR's items 880 to 960 (p3, 3, X); but a
number alone in the field of N may be a count of nodes. A morphology may be followed by behaviour and grade
(M-8240/31: ICD-O-3, third edition, introduction).
"""

title = "Categories without their letter, morphologies with all digits"

given = {
    "landing.pathology_report": """
        report_number | t    | n  | m    | histology
        --------------+------+----+------+----------
        bare          | 3    | 0  | 1a   | 82403
        prefixed      | yp2  | pX | c0   | M-8240/31
        in_situ       | pIS  | p1 | X    | 8240 /3
        counted       | 2    | 2  | 1    | 8240
        with_letter   | pT3  | N1 | M0   | 8240/3
        none_such     | 5    | 12 | 0-1  | 82
    """,
    "landing.tumor_registry_patient": """
        patientIdNumber | _row
        ----------------+-----
        P1              | 1
    """,
    "landing.tumor_registry_tumor": """
        tumorRecordNumber | histologicTypeIcdO3 | tumorSizeSummary | _parent_row
        ------------------+---------------------+------------------+------------
        01                | 8240/31             | 20.0             | 1
        02                | 8240 3              | 020              | 1
        03                | 82                  | 20 mm            | 1
    """,
}


def test_reports(stages):
    stages(
        "staging.pathology",
        """
        report_number | t    | n   | m   | histology
        --------------+------+-----+-----+----------
        bare          | T3   | N0  | M1a | 8240
        prefixed      | ypT2 | pNX | cM0 | 8240
        in_situ       | pTIS | pN1 | MX  | 8240
        counted       | T2   | 2   | M1  | 8240
        with_letter   | pT3  | N1  | M0  | 8240
        none_such     | 5    | 12  | 0-1 | 82
        """,
    )


def test_tumours(stages):
    stages(
        "staging.tumor",
        """
        tumor_key | histology | size_mm
        ----------+-----------+--------
        P1-01     | 8240      | 20
        P1-02     | 8240      | 020
        P1-03     | 82        | 20
        """,
    )

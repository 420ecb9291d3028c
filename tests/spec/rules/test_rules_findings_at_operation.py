"""What the research project recorded agrees with the log and with itself."""

title = "Findings at operation"

given = {
    "staging.patient": "hospital_number | source_patient_number\n0000001 | 0000001",
    "staging.procedure": "case_number | operation_date\n2001-00001 | 2001-05-10\n2003-00001 | 2003-05-10",
    "staging.operative_finding": """
        finding_key | case_number | hospital_number | operation_date | residual | percent_removed | systolic_low | minutes_below_80 | site_found
        ------------+-------------+-----------------+----------------+----------+-----------------+--------------+------------------+-----------
        1-1         | 2001-00001  | 0000001         | 2001-05-10     | R2       | 99              | 79           | 5                | pancreas
        1-2         | 2003-00001  | 0000001         | 2003-05-11     | R2       | 100             | 12           | 0                | unknown
        1-3         | 2003-00001  | 0000001         | 2003-05-10     | R0       | 99              | 90           | 5                | 42
        1-4         | 2004-00001  | 0000001         | 2003-05-10     |          | 150             |              |                  |
        1-5         | 2001-00001  | 0000009         | 2001-05-10     |          |                 |              |                  |
    """,
}


def test_findings(finds):
    """
    Instances 2 and 3 describe one case: both get a finding. Instance 5 is another patient's. The
    pressure of instance 2 is impossible in mmHg, so it is not compared with anything.
    """
    finds(
        """
        key | rule                                     | severity
        ----+------------------------------------------+---------
        1-2 | operative_finding.one_a_case             | warning
        1-2 | operative_finding.date_agrees            | warning
        1-2 | operative_finding.r2_not_complete        | warning
        1-2 | operative_finding.systolic_low.in_range  | critical
        1-3 | operative_finding.one_a_case             | warning
        1-3 | operative_finding.r0_is_complete         | warning
        1-3 | operative_finding.low_pressure_timed     | warning
        1-3 | operative_finding.site_found.isin        | critical
        1-4 | operative_finding.procedure_exists       | critical
        1-4 | operative_finding.percent_removed.in_range | critical
        1-5 | operative_finding.same_patient           | warning
        """
    )

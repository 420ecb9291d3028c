"""Nobody is seen after death. A vital status of dead needs a day of death, and the reverse."""

title = "The dead and the living"

given = {
    "staging.patient": """
        source_patient_number | hospital_number | vital_status | death_date | last_contact_date
        ----------------------+-----------------+--------------+------------+------------------
        0000001               | 0000001         | dead         | 2010-01-02 | 2010-01-02
        0000002               | 0000002         | dead         |            | 2010-01-02
        0000003               | 0000003         | alive        | 2010-01-02 | 2010-01-02
        0000004               | 0000004         | dead         | 1940-01-02 |
        0000005               | 0000005         | dead         | 2090-01-02 | 2010-01-02
        0000006               | 0000006         | dead         | 2010-01-02 | 2010-01-03
    """,
    "staging.follow_up": """
        follow_up_key | hospital_number | follow_up_date | status       | cause
        --------------+-----------------+----------------+--------------+--------
        1-1           | 0000001         | 2010-01-02     | with_disease |
        1-2           | 0000001         | 2010-01-03     | with_disease |
        1-3           | 0000001         | 2010-01-02     | dead         | tumour
        1-4           | 0000001         | 2010-01-05     | dead         | tumour
        2-1           | 0000002         | 2010-01-02     | dead         |
        2-2           | 0000002         | 2009-01-02     | no_disease   | other
        4-1           | 0000004         | 2009-01-02     | no_disease   |
        5-1           |                 | 2009-01-02     | no_disease   |
    """,
    "staging.death": """
        certificate_number | birth_date | death_date | sex
        -------------------+------------+------------+-----
        2010000001         | 1950-01-31 | 1940-01-02 | male
        2010000002         | 1950-01-31 | 2017-01-02 | male
        2010000003         | 1950-01-31 | 2010-01-02 | X
    """,
}


def test_patients(finds):
    finds(
        """
        key     | rule                            | severity
        --------+---------------------------------+---------
        0000002 | patient.dead_has_death_date     | warning
        0000003 | patient.alive_has_no_death_date | warning
        0000004 | patient.death_after_birth       | critical
        0000005 | patient.death_by_extract        | critical
        0000006 | patient.last_contact_by_death   | warning
        """
    )


def test_follow_up(finds):
    """Patient 4 was not seen after death: the impossible day of death is refused, not the patient."""
    finds(
        """
        key | rule                               | severity
        ----+------------------------------------+---------
        1-2 | follow_up.contact_not_after_death  | critical
        1-4 | follow_up.death_date_agrees        | warning
        2-1 | follow_up.dead_has_cause           | warning
        2-2 | follow_up.cause_only_of_dead       | warning
        5-1 | follow_up.hospital_number.required | critical
        """
    )


def test_certificates(finds):
    finds(
        """
        key        | rule                    | severity
        -----------+-------------------------+---------
        2010000001 | death.death_after_birth | critical
        2010000002 | death.by_extract        | critical
        2010000003 | death.sex.isin          | critical
        """
    )

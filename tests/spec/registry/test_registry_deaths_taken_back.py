"""
Only a later contact takes a death back. If the day of death or of the contact is known in part, or
unreadable, the contact has to be later than the death on every possible day.
"""

title = "Deaths that are taken back"

given = {
    "registry.patient": """
        patient_id | hospital_number
        -----------+----------------
        month      | 0000001
        year       | 0000002
        illegible  | 0000003
        contact    | 0000004
    """,
    "registry.patient_link": """
        patient_id | entity  | source         | source_table | file  | row
        -----------+---------+----------------+--------------+-------+----
        month      | patient | tumor_registry | patient      | drawn | 1
        year       | patient | tumor_registry | patient      | drawn | 2
        illegible  | patient | tumor_registry | patient      | drawn | 3
        contact    | patient | tumor_registry | patient      | drawn | 4
    """,
    "accepted.patient": """
        _source        | _table  | _row | source_patient_number | hospital_number | vital_status | last_contact_date
        ---------------+---------+------+-----------------------+-----------------+--------------+------------------
        tumor_registry | patient | 1    | 1                     | 0000001         | alive        | 2014-06-02
        tumor_registry | patient | 2    | 2                     | 0000002         | alive        | 2014-06-02
        tumor_registry | patient | 3    | 3                     | 0000003         | alive        | 2014-06-02
        tumor_registry | patient | 4    | 4                     | 0000004         | alive        | 2014
    """,
    "quarantine.patient": """
        _source        | source_patient_number | hospital_number | vital_status | death_date | _rules           | _file
        ---------------+-----------------------+-----------------+--------------+------------+------------------+-------
        tumor_registry | 1                     | 0000001         | dead         | 2014-05    | [patient.unique] | before
        tumor_registry | 2                     | 0000002         | dead         | 2014       | [patient.unique] | before
        tumor_registry | 3                     | 0000003         | dead         | 05/05/2014 | [patient.unique] | before
        tumor_registry | 4                     | 0000004         | dead         | 2014-05-05 | [patient.unique] | before
    """,
}


def test_a_contact_that_may_be_before_the_death_takes_nothing_back(shows):
    shows(
        "registry.vital_status",
        """
        patient_id | status | status_evidence
        -----------+--------+-----------------------
        month      | alive  | death taken back
        year       | dead   | refused patient record
        illegible  | dead   | refused patient record
        contact    | dead   | refused patient record
        """,
    )

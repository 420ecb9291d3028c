"""
A code for an unknown cause is unknown, in ICD-9 and in ICD-10. Only the dead have a cause: a patient
with a cause and an unreadable status is dead, but not one whose status is alive.
"""

title = "Causes of death"

given = {
    "registry.patient": """
        patient_id | hospital_number | death_date | death_date_source | cause_of_death
        -----------+-----------------+------------+-------------------+---------------
        anna       | 0000001         | 2010-03-01 | tumor_registry    | R99
        bert       | 0000002         | 1990-03-01 | tumor_registry    | 7999
        cora       | 0000003         |            |                   | C172
        dora       | 0000004         |            |                   | C172
    """,
    "registry.patient_link": """
        patient_id | entity  | source         | source_table | file  | row
        -----------+---------+----------------+--------------+-------+----
        cora       | patient | tumor_registry | patient      | drawn | 3
        dora       | patient | tumor_registry | patient      | drawn | 4
    """,
    "accepted.patient": """
        _source        | _table  | _row | source_patient_number | hospital_number | vital_status | cause_of_death
        ---------------+---------+------+-----------------------+-----------------+--------------+---------------
        tumor_registry | patient | 3    | 00000003              | 0000003         |              | C172
        tumor_registry | patient | 4    | 00000004              | 0000004         | alive        | C172
    """,
}


def test_unknown_causes_and_illegible_status(shows):
    shows(
        "registry.vital_status",
        """
        patient_id | status | death_date | cause
        -----------+--------+------------+--------
        anna       | dead   | 2010-03-01 | unknown
        bert       | dead   | 1990-03-01 | unknown
        cora       | dead   |            | tumour
        dora       | alive  |            |
        """,
    )

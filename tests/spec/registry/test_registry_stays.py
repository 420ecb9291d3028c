"""
The hospital may have recorded a stay as one encounter or as several: wards, observation, emergency care before
admission, a transfer at midnight. A stay ends when the patient leaves the hospital.
"""

title = "Stays and their encounters"

given = {
    "registry.patient": """
        patient_id | hospital_number
        -----------+----------------
        anna       | 0000001
        bert       | 0000002
        carl       | 0000003
        dora       | 0000004
        emma       | 0000005
        finn       | 0000006
    """,
    "accepted.encounter": """
        encounter_number | hospital_number | class      | admission_time      | discharge_time      | disposition
        -----------------+-----------------+------------+---------------------+---------------------+------------
        ward             | 0000001         | inpatient  | 2001-05-01 10:00:00 | 2001-05-04 23:50:00 | other
        next_ward        | 0000001         | inpatient  | 2001-05-05 00:10:00 | 2001-05-09 11:00:00 | home
        return           | 0000001         | inpatient  | 2001-05-10 09:00:00 | 2001-05-12 11:00:00 | home
        emergency        | 0000002         | emergency  | 2002-05-01 19:00:00 | 2002-05-01 22:30:00 | other
        admitted         | 0000002         | inpatient  | 2002-05-02 01:15:00 | 2002-05-07 12:00:00 | snf
        whole            | 0000003         | inpatient  | 2003-05-01 08:00:00 | 2003-05-10 12:00:00 | home
        intensive        | 0000003         | inpatient  | 2003-05-02 14:00:00 |                     |
        first            | 0000004         | inpatient  | 2004-05-01 08:00:00 | 2004-05-03 12:00:00 | other
        still_in         | 0000004         | inpatient  | 2004-05-03 12:30:00 |                     |
        evening          | 0000005         | inpatient  | 2005-05-01          | 2005-05-02          | home
        morning          | 0000005         | inpatient  | 2005-05-03          | 2005-05-04          | home
        day              | 0000006         | inpatient  | 2006-05-01 06:00:00 | 2006-05-01 20:00:00 | home
        recovery         | 0000006         | inpatient  | 2006-05-01 12:00:00 |                     |
    """,
}


def test_a_transfer_at_midnight_is_one_stay_and_a_return_is_another(shows):
    """Only the days of Emma's nights are known, so they may have been two stays."""
    shows(
        "(select * from registry.stay where patient_id in ('anna', 'bert', 'emma'))",
        """
        stay_id   | encounters | admission_date | discharge_date | stay_days | disposition
        ----------+------------+----------------+----------------+-----------+------------
        ward      | 2          | 2001-05-01     | 2001-05-09     | 8         | home
        return    | 1          | 2001-05-10     | 2001-05-12     | 2         | home
        emergency | 2          | 2002-05-01     | 2002-05-07     | 6         | snf
        evening   | 1          | 2005-05-01     | 2005-05-02     | 1         | home
        morning   | 1          | 2005-05-03     | 2005-05-04     | 1         | home
        """,
    )


def test_a_piece_without_a_discharge_ends_with_its_stay(shows):
    """Carl left with his whole stay, Finn in the evening. Dora was moved to a ward and has not left."""
    shows(
        "(select * from registry.stay where patient_id in ('carl', 'dora', 'finn'))",
        """
        stay_id | encounters | admission_date | discharge_date | stay_days | disposition
        --------+------------+----------------+----------------+-----------+------------
        whole   | 2          | 2003-05-01     | 2003-05-10     | 9         | home
        first   | 2          | 2004-05-01     |                |           |
        day     | 2          | 2006-05-01     | 2006-05-01     | 0         | home
        """,
    )

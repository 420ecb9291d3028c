"""
Each result also has its value in the analyte's own unit, where there is a conversion factor: 1 mg of
5-HIAA is 5.23 µmol; chromogranin A in U/L has none. The reported value stays.
"""

title = "Own units of biomarkers"

given = {
    "registry.patient": """
        patient_id | hospital_number
        -----------+----------------
        anna       | 0000001
    """,
    "accepted.laboratory": """
        result_key | status           | hospital_number | analyte        | value | unit        | upper_limit | specimen_date
        -----------+------------------+-----------------+----------------+-------+-------------+-------------+--------------
        1          | final            | 0000001         | hiaa_urine     | 10.46 | umol/(24.h) | 5.23        | 2001-01-01
        2          | corrected        | 0000001         | hiaa_urine     | 20    | mg/(24.h)   | 10          | 2001-01-01
        3          | preliminary      | 0000001         | chromogranin_a | 72    | ug/L        | 36          | 2001-01-01
        4          | entered-in-error | 0000001         | chromogranin_a | 30    | U/L         | 20          | 2001-01-01
        5          | amended          | 0000001         | neurokinin_a   | 25    | pg/mL       |             | 2001-01-01
        6          | final            | 0000001         | pancreastatin  | 50    | ng/L        | 0           | 2001-01-01
        7          | final            | 0000001         | serotonin      | 1     | umol/L      | 2           | 2001-01-01
    """,
}


def test_own_units(shows):
    shows(
        "registry.laboratory",
        """
        result_key | patient_id | value | unit        | own_value | own_unit  | times_limit | usable
        -----------+------------+-------+-------------+-----------+-----------+-------------+-------
        1          | anna       | 10.46 | umol/(24.h) | 2         | mg/(24.h) | 2           | true
        2          | anna       | 20    | mg/(24.h)   | 20        | mg/(24.h) | 2           | true
        3          | anna       | 72    | ug/L        | 72        | ng/mL     | 2           | false
        4          | anna       | 30    | U/L         |           |           | 1.5         | false
        5          | anna       | 25    | pg/mL       | 25        | ng/L      |             | true
        6          | anna       | 50    | ng/L        | 50        | pg/mL     |             | true
        7          | anna       | 1     | umol/L      |           |           | 0.5         | true
        """,
    )

"""Encounters have known patients and plausible times; diagnoses have accepted encounters."""

title = "Encounters and their diagnoses"

given = {
    "staging.patient": """
        hospital_number | source_patient_number | vital_status | death_date
        ----------------+-----------------------+--------------+-----------
        0000001         | 0000001               | alive        |
        0000002         | 0000002               | dead         | 2010-01-02
    """,
    "staging.encounter": """
        encounter_number | hospital_number | admission_time      | discharge_time      | disposition
        -----------------+-----------------+---------------------+---------------------+------------
        E1               | 0000001         | 2001-05-09 10:00:00 | 2001-05-19 10:00:00 | home
        E2               | 0000001         | 2002-05-09 10:00:00 | 2002-05-09 09:59:00 | home
        E3               | 0000001         | 2003-05-09 10:00:00 | 2004-05-09 09:59:00 | home
        E4               | 0000001         | 2003-05-09 10:00:00 |                     |
        E5               | 0000001         | 2016-12-09 10:00:00 |                     |
        E6               | 0000001         | 2017-01-09 10:00:00 |                     |
        E7               | 0000001         |                     | 2003-05-09 10:00:00 | home
        E8               | 0000001         | 2003-13-09 10:00:00 | 2003-05-09 10:00:00 | home
        E9               | 0000003         | 2003-05-09 10:00:00 | 2003-05-19 10:00:00 | home
        F1               | 0000002         | 2011-05-09 10:00:00 | 2011-05-19 10:00:00 | home
        F2               | 0000001         | 2005-05-09 10:00:00 | 2005-05-19 10:00:00 | expired
        F3               | 0000001         | 2016-12-09 10:00:00 | 2017-01-09 10:00:00 | expired
    """,
    "staging.diagnosis": """
        diagnosis_number | encounter_number | hospital_number | code_system | code   | diagnosis_date
        -----------------+------------------+-----------------+-------------+--------+---------------
        D1               | E1               | 0000001         | icd9cm      | 209.00 | 2001-05-09
        D2               | E1               | 0000001         | icd9cm      | V10.91 | 2001-05-19
        D3               | E1               | 0000001         | icd9cm      | C7A.01 | 2001-05-09
        D4               | E1               | 0000001         | icd9cm      | #N/A   | 2001-05-09
        D5               | E1               | 0000001         | icd11       | 209.00 | 2001-05-09
        D6               | E1               | 0000002         | icd9cm      | 209.00 | 2001-05-20
        D7               | E5               | 0000001         | icd10cm     | C7B.1  | 2016-12-09
        D8               | E9               | 0000001         | icd9cm      | 209.00 | 2003-05-09
        D0               | E2               | 0000001         | icd9cm      | 209.00 | 2002-05-09
        D9               | E1               | 0000001         | icd10cm     | C7A.01 | 2001-05-09
    """,
}


def test_encounters(finds):
    finds(
        """
        key | rule                                | severity
        ----+-------------------------------------+---------
        E2  | encounter.discharge_after_admission | critical
        E3  | encounter.stay_plausible            | warning
        E4  | encounter.stay_ended                | warning
        E6  | encounter.by_extract                | critical
        F3  | encounter.discharge_by_extract      | critical
        F3  | encounter.expired_is_dead           | warning
        E7  | encounter.admission_time.required   | warning
        E8  | encounter.admission_time.type       | critical
        E9  | encounter.patient_exists            | critical
        F1  | encounter.not_after_death           | warning
        F2  | encounter.expired_is_dead           | warning
        """
    )


def test_diagnoses(finds):
    """
    Encounter E9 has no known patient, so D8 has no encounter; E2 keeps its day of admission. E1 is of another
    patient than D6, so D6 is not compared with its days.
    """
    finds(
        """
        key | rule                       | severity
        ----+----------------------------+---------
        D3  | diagnosis.code_fits_system | warning
        D4  | diagnosis.code.str_matches | critical
        D5  | diagnosis.code_system.isin | critical
        D6  | diagnosis.same_patient     | warning
        D7  | diagnosis.not_merkel       | warning
        D8  | diagnosis.encounter_exists | critical
        D9  | diagnosis.system_fits_date | warning
        """
    )

"""Values that have the right shape and cannot be: codes that ICD-O-3 does not have, sizes beyond the
category, organs of the other sex, a tumour too many, and dates on the wrong side of another."""

title = "Values that keep their shape"

given = {
    "staging.patient": """
        _source        | hospital_number | source_patient_number | sex    | birth_date | death_date | last_contact_date | vital_status
        ---------------+-----------------+-----------------------+--------+------------+------------+-------------------+-------------
        tumor_registry | 0000001         | 1                     | female | 1950-01-31 |            | 2010-05-05        | alive
        tumor_registry | 0000002         | 2                     | male   | 1950-01-31 | 2001-05-17 | 2001-05-17        | dead
        tumor_registry | 0000003         | 3                     | male   | 1895-01-31 |            | 2010-05-05        | alive
    """,
    "staging.tumor": """
        tumor_key | source_patient_number | hospital_number | diagnosis_date | primary_site | histology | behavior | grade | sequence
        ----------+-----------------------+-----------------+----------------+--------------+-----------+----------+-------+---------
        1-01      | 1                     | 0000001         | 2001-01-01     | C17.2        | 8240      | 3        | 1     | 00
        1-02      | 1                     | 0000001         | 2010-05-06     | C17.5        | 8041      | 3        | A     | 02
        2-01      | 2                     | 0000002         | 2001-05-17     | C22.9        | 8240      | 0        | 9     | 00
        2-02      | 2                     | 0000002         | 2001-01-01     | C18.1        | 8240      | 1        | 9     | 60
        3-01      | 3                     | 0000003         | 2001-01-01     | C80.9        | 8246      | 1        | 9     | 01
        3-02      | 3                     | 0000003         | 2001-01-01     | C34.1        | 8013      | 3        | H     | 02
    """,
    "staging.encounter": """
        encounter_number | hospital_number | class      | admission_time      | discharge_time      | disposition
        -----------------+-----------------+------------+---------------------+---------------------+------------
        E1               | 0000002         | inpatient  | 2001-05-09 10:00:00 | 2001-05-19 10:00:00 | expired
        E2               | 0000002         | inpatient  | 2001-05-09 10:00:00 | 2001-05-20 10:00:00 | expired
        E3               | 0000002         | inpatient  | 2001-05-09 10:00:00 | 2001-05-18 10:00:00 | home
        E4               | 0000002         | emergency  | 2001-05-17 10:00:00 | 2001-05-17 23:00:00 | home
        E5               | 0000002         | ambulatory | 2001-05-01 10:00:00 | 2001-05-31 10:00:00 |
        E6               | 0000001         | inpatient  | 2016-05-09 10:00:00 | 2016-05-19 10:00:00 | home
        E7               | 0000003         | inpatient  | 2016-05-09 10:00:00 | 2016-05-19 10:00:00 | home
    """,
    "staging.diagnosis": """
        diagnosis_number | encounter_number | hospital_number | code_system | code    | diagnosis_date
        -----------------+------------------+-----------------+-------------+---------+---------------
        D1               | E1               | 0000002         | icd9cm      | 650     | 2001-05-09
        D2               | E1               | 0000002         | icd9cm      | 185     | 2001-05-09
        D3               | E7               | 0000003         | icd10cm     | O80     | 2016-05-09
        D4               | E7               | 0000003         | icd10cm     | N99.0   | 2016-05-09
        D5               | E6               | 0000001         | icd10cm     | N40.1   | 2016-05-09
        D6               | E6               | 0000001         | icd10cm     | N80.0   | 2016-05-09
        D7               | E1               | 0000002         | icd9cm      | 218.9   | 2001-05-09
        D8               | E1               | 0000002         | icd9cm      | 222.0   | 2001-05-09
        D9               | E6               | 0000001         | icd10cm     | C7A.030 | 2016-05-09
        D10              | E1               | 0000002         | icd9cm      | 209.80  | 2001-05-09
        D11              | E6               | 0000001         | icd10cm     | C7A.012 | 2016-05-09
    """,
    "staging.procedure": """
        case_number | operation_date
        ------------+---------------
        2001-00001  | 2001-05-10
        2001-00002  | 2001-05-11
        2001-00003  | 2001-05-12
        2001-00004  | 2001-05-13
    """,
    "staging.complication": """
        complication_key | complication_date | type      | grade
        -----------------+-------------------+-----------+------
        1-1              | 2001-05-12        | infection | II
        1-2              | 2001-05-12        | infection | II
        1-3              | 2001-05-12        | infection | I
        1-4              | 2001-05-13        | infection | II
        1-5              | 2001-05-14        | other     | I
        1-6              | 2001-05-14        | other     | I
    """,
    "staging.operative_finding": """
        finding_key | case_number | operation_date | crisis_recorded | intraop_complication | intraop_type | systolic_low | bp_change_percent
        ------------+-------------+----------------+-----------------+----------------------+--------------+--------------+------------------
        1-1         | 2001-00001  | 2001-05-10     | true            | true                 | crisis       |              |
        1-2         | 2001-00002  | 2001-05-11     | true            | true                 | crisis       | 70           |
        1-3         | 2001-00003  | 2001-05-12     | true            | true                 | crisis       |              | 40
        1-4         | 2001-00004  | 2001-05-13     | false           |                      |              |              |
    """,
    "staging.pathology": """
        message_number | report_number | primary_site | histology | differentiation | t    | m    | metastasis | edition | size_mm | specimen_date | reported_time
        ---------------+---------------+--------------+-----------+-----------------+------+------+------------+---------+---------+---------------+-----------------
        P1             | P1            | C17.2        | 8240      | well            | pT1  |      |            | 7       | 11      | 2011-05-10    | 2011-05-14 12:00
        P2             | P2            | C17.2        | 8240      | well            | pT1  |      |            | 7       | 10      | 2011-05-10    | 2011-05-14 12:00
        P3             | P3            | C25.9        | 8240      | well            | ypT1 |      |            | 7       | 60      | 2011-05-10    | 2011-05-14 12:00
        P4             | P4            | C25.9        | 8246      | poorly          | pT1  |      |            | 7       | 60      | 2011-05-10    | 2011-05-14 12:00
        P5             | P5            | C34.1        | 8240      | well            | pT1a |      |            | 7       | 60      | 2011-05-10    | 2011-05-14 12:00
        P6             | P6            | C17.2        | 8240      | well            | pT2  |      |            | 7       | 60      | 2011-05-10    | 2011-05-14 12:00
        P7             | P7            | C17.2        | 8240      | well            | pT1  |      |            | 6       | 60      | 2005-05-10    | 2005-05-14 12:00
        P8             | P8            | C17.2        | 8240      | well            | pT2  | pM1a | elsewhere  | 8       |         | 2016-05-10    | 2016-05-14 12:00
        P9             | P9            | C17.2        | 8240      | well            | pT2  | pM1b | liver      | 8       |         | 2016-05-10    | 2016-05-14 12:00
        P10            | P10           | C17.2        | 8240      | well            | pT2  | M1c  | both       | 8       |         | 2016-05-10    | 2016-05-14 12:00
        P11            | P11           | C17.2        | 8240      | well            | pT2  | pM1a | liver      | 8       |         | 2016-05-10    | 2016-05-14 12:00
        P14            | P14           | C17.2        | 8240      | well            | cT1  |      |            | 7       | 60      | 2011-05-10    | 2011-05-14 12:00
        P12            | P12           | C76.9        | 8240      | well            | pT2  |      |            | 7       |         | 2011-05-10    | 2011-05-14 12:00
        P13            | P13           | C34.1        | 8240      | well            | pT2  | pM1b | liver      | 8       |         | 2016-05-10    | 2016-05-14 12:00
    """,
}


def test_persons_and_their_tumours(finds):
    finds(
        """
        key       | rule                          | severity
        ----------+-------------------------------+---------
        3         | patient.age_plausible         | warning
        1-01      | tumor.only_one                | warning
        1-02      | tumor.grade_fits_histology    | warning
        1-02      | tumor.seen_after_diagnosis    | warning
        1-02      | tumor.site_exists             | warning
        2-01      | tumor.behavior_fits_histology | warning
        2-01      | tumor.site_exists             | warning
        3-01      | tumor.behavior_fits_histology | warning
        """
    )


def test_stays_and_their_diagnoses(finds):
    finds(
        """
        key | rule                          | severity
        ----+-------------------------------+---------
        E2  | encounter.discharged_by_death | warning
        E3  | encounter.discharged_by_death | warning
        D1  | diagnosis.fits_sex            | warning
        D3  | diagnosis.fits_sex            | warning
        D5  | diagnosis.fits_sex            | warning
        D7  | diagnosis.fits_sex            | warning
        D9  | diagnosis.code_exists         | warning
        D10 | diagnosis.code_exists         | warning
        """
    )


def test_operations_and_what_followed(finds):
    finds(
        """
        key | rule                                  | severity
        ----+---------------------------------------+---------
        1-1 | complication.entered_once             | warning
        1-2 | complication.entered_once             | warning
        1-1 | operative_finding.crisis_has_pressure | warning
        """
    )


def test_reports(finds):
    finds(
        """
        key | rule                         | severity
        ----+------------------------------+---------
        P1  | pathology.t1_fits_size       | warning
        P3  | pathology.t1_fits_size       | warning
        P8  | pathology.edition_fits_date  | warning
        P9  | pathology.edition_fits_date  | warning
        P10 | pathology.edition_fits_date  | warning
        P11 | pathology.edition_fits_date  | warning
        P13 | pathology.edition_fits_date  | warning
        P8  | pathology.m1_fits_metastasis | warning
        P9  | pathology.m1_fits_metastasis | warning
        P12 | pathology.site_exists        | warning
        """
    )

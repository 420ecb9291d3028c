"""Three sources know patients: the tumour registry, the hospital and the research project."""

title = "Patients of three sources"

given = {
    "landing.tumor_registry_patient": """
        patientIdNumber | nameLast | sex | dateOfBirth | socialSecurityNumber | vitalStatus | dateOfLastContact | causeOfDeath | _row
        ----------------+----------+-----+-------------+----------------------+-------------+-------------------+--------------+-----
        00000001        | Simulated| 2   | 19500131    | 123456789            | 0           | 20100102          | C179         | 1
        00000002        | Simulated| 1   | 195002      | 999999999            | 1           | 20161231          | 0000         | 2
        00000003        | Simulated| 5   | 19500133    | 1234                 | 0           |                   | 7777         | 3
    """,
    "landing.tumor_registry_tumor": """
        tumorRecordNumber | medicalRecordNumber | primarySite | ki67 | tumorSizeSummary | dateOfDiagnosis | _parent_row
        ------------------+---------------------+-------------+------+------------------+-----------------+------------
        01                | 0000011             | C172        | 12.0 | 031              | 20050607        | 1
        02                | 10                  | C619        | XXX.7| 999              | 20060607        | 1
        01                | 0000012             | 172         | 101  | 850              | 2005            | 2
        01                | 0000013             | C80.9       |      | 990              |                 | 9
    """,
    "landing.hospital_patients": """
        mrn     | last_name | birth_date | sex | ssn_last4 | deceased | death_date | last_seen_date
        --------+-----------+------------+-----+-----------+----------+------------+---------------
        0000010 | Simulated | 1950-01-31 | F   | 6789      | Y        | 2010-01-02 | 2009-12-30
        0000012 | Simulated | 1950-02-01 | X   |           | N        |            | 2016-12-01
    """,
    "landing.research_enrollment": """
        record_id | mrn     | enr_birth_date | enr_sex | presenting_site | consent_date
        ----------+---------+----------------+---------+-----------------+-------------
        7         | 0000010 | 1950-01-31     | 2       | 9               | 2005-07-01
        8         |         | 1950-02-01     | 3       | 42              | 2005-08-01
    """,
}


def test_one_row_per_source_and_patient(stages):
    """
    A patient of the tumour registry has the smallest hospital number of the tumours. For sex code 5 the
    sex at birth counts. A month stays a month, and unknown codes are kept unchanged.
    """
    stages(
        "staging.patient",
        """
        _source        | source_patient_number | hospital_number | birth_date | sex    | ssn_last4
        ---------------+-----------------------+-----------------+------------+--------+----------
        tumor_registry | 00000001              | 0000010         | 1950-01-31 | female | 6789
        tumor_registry | 00000002              | 0000012         | 1950-02    | male   |
        tumor_registry | 00000003              |                 | 1950-01-33 | male   | 1234
        hospital       | 0000010               | 0000010         | 1950-01-31 | female | 6789
        hospital       | 0000012               | 0000012         | 1950-02-01 | other  |
        research       | 7                     | 0000010         | 1950-01-31 | female |
        research       | 8                     |                 | 1950-02-01 | 3      |
        """,
    )


def test_the_last_contact_of_the_dead_is_their_death(stages):
    stages(
        "staging.patient",
        """
        _source        | source_patient_number | vital_status | death_date | last_contact_date | cause_of_death
        ---------------+-----------------------+--------------+------------+-------------------+---------------
        tumor_registry | 00000001              | dead         | 2010-01-02 | 2010-01-02        | C179
        tumor_registry | 00000002              | alive        |            | 2016-12-31        |
        tumor_registry | 00000003              | dead         |            |                   | 7777
        hospital       | 0000010               | dead         | 2010-01-02 | 2009-12-30        |
        hospital       | 0000012               | alive        |            | 2016-12-01        |
        research       | 7                     |              |            |                   |
        research       | 8                     |              |            |                   |
        """,
    )


def test_what_the_research_project_adds(stages):
    stages(
        "staging.patient_research",
        """
        source_patient_number | presenting_site | consent_date
        ----------------------+-----------------+-------------
        7                     | unknown         | 2005-07-01
        8                     | 42              | 2005-08-01
        """,
    )


def test_tumours_keep_their_patient_and_special_codes_are_not_measures(stages):
    """The last tumour's patient could not be read: the tumour stays, without a key."""
    stages(
        "staging.tumor",
        """
        tumor_key   | hospital_number | primary_site | ki67_percent | ki67_code | size_mm | diagnosis_date
        ------------+-----------------+--------------+--------------+-----------+---------+---------------
        00000001-01 | 0000011         | C17.2        | 12.0         |           | 031     | 2005-06-07
        00000001-02 | 0000010         | C61.9        |              | XXX.7     |         | 2006-06-07
        00000002-01 | 0000012         | 172          | 101          |           | 850     | 2005
                    | 0000013         | C80.9        |              |           |         |
        """,
    )


def test_a_patient_has_every_number(stages):
    """Tumours of one patient may have several hospital numbers; an invalid one is not taken."""
    stages(
        "staging.patient_tumor_registry",
        """
        source_patient_number | hospital_number | other_hospital_numbers
        ----------------------+-----------------+-----------------------
        00000001              | 0000010         | 0000011
        00000002              | 0000012         |
        00000003              |                 |
        """,
    )

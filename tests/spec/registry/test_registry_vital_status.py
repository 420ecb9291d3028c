"""
The day of death is the one that linkage chose by precedence; else that of a stay that ended in
death; else that of a follow-up. The last contact is the last day on which any record shows the
patient alive.
"""

title = "Who is alive, and until when that is known"

given = {
    "registry.patient": """
        patient_id | hospital_number | death_date | death_date_source | cause_of_death
        -----------+-----------------+------------+-------------------+---------------
        anna       | 0000001         |            |                   |
        bert       | 0000002         | 2010-03-01 | death_index       | I219
        cora       | 0000003         |            |                   |
        dora       | 0000004         |            |                   |
        emil       | 0000005         |            |                   |
        fred       | 0000006         | 1998-01-01 | death_index       | 1529
        gerd       | 0000007         |            |                   |
        hugo       | 0000008         |            |                   |
        ines       | 0000009         |            |                   |
        jens       | 0000010         |            |                   |
        kari       | 0000011         |            |                   |
        lars       | 0000012         |            |                   |
    """,
    "registry.patient_link": """
        patient_id | entity  | source         | source_table | file  | row
        -----------+---------+----------------+--------------+-------+----
        anna       | patient | hospital       | patients     | drawn | 1
        bert       | patient | hospital       | patients     | drawn | 2
        bert       | patient | tumor_registry | patient      | drawn | 1
        dora       | patient | tumor_registry | patient      | drawn | 2
        bert       | death   | death_index    | deaths       | drawn | 1
        anna       | patient | research       | enrollment   | drawn | 1
        bert       | patient | research       | enrollment   | drawn | 2
        cora       | patient | research       | enrollment   | drawn | 3
        emil       | patient | research       | enrollment   | drawn | 5
        ines       | patient | research       | enrollment   | drawn | 9
        jens       | patient | hospital       | patients     | drawn | 10
        kari       | patient | tumor_registry | patient      | drawn | 11
        lars       | patient | tumor_registry | patient      | drawn | 12
    """,
    "accepted.patient": """
        _source        | _table     | _row | source_patient_number | hospital_number | vital_status | death_date | last_contact_date | consent_date
        ---------------+------------+------+-----------------------+-----------------+--------------+------------+-------------------+-------------
        hospital       | patients   | 1    | 0000001               | 0000001         | alive        |            | 2015-06-01        |
        hospital       | patients   | 2    | 0000002               | 0000002         | alive        |            | 2009-12-24        |
        tumor_registry | patient    | 1    | 00000002              | 0000002         | dead         | 2010-03-01 | 2010-03-01        |
        tumor_registry | patient    | 2    | 00000004              | 0000004         | dead         |            |                   |
        research       | enrollment | 1    | 1                     | 0000001         |              |            |                   | 2001-01-01
        research       | enrollment | 2    | 2                     | 0000002         |              |            |                   |
        research       | enrollment | 3    | 3                     | 0000003         |              |            |                   |
        research       | enrollment | 5    | 5                     | 0000005         |              |            |                   |
        research       | enrollment | 9    | 9                     | 0000009         |              |            |                   |
        hospital       | patients   | 10   | 0000010               | 0000010         | alive        |            | 2013-05-01        |
        tumor_registry | patient    | 11   | 00000011              | 0000011         | alive        |            | 2016-05-01        |
        tumor_registry | patient    | 12   | 00000012              | 0000012         | alive        |            | 2013-05-01        |
    """,
    "quarantine.patient": """
        _source        | source_patient_number | hospital_number | vital_status | death_date | _rules           | _file
        ---------------+-----------------------+-----------------+--------------+------------+------------------+--------
        hospital       | 0000010               | 0000010         | dead         | 2014-05-05 | [patient.unique] | drawn
        tumor_registry | 00000011              | 0000011         | dead         | 2014-05-05 | [patient.unique] | before
        tumor_registry | 00000012              | 0000012         | dead         | 2014-05-05 | [patient.unique] | before
    """,
    "accepted.encounter": """
        encounter_number | hospital_number | class      | admission_time      | discharge_time      | disposition
        -----------------+-----------------+------------+---------------------+---------------------+------------
        E1               | 0000001         | ambulatory | 2017-02-01 10:00:00 |                     | home
        E2               | 0000003         | inpatient  | 2011-05-01 10:00:00 | 2011-05-09 10:00:00 | expired
        E3               | 0000006         | inpatient  | 1997-05-01 10:00:00 | 1997-05-09 10:00:00 | home
    """,
    "quarantine.follow_up": """
        hospital_number | record_id | status
        ----------------+-----------+-------
        0000008         |           | dead
                        | 9         | dead
    """,
    "accepted.procedure": """
        case_number | hospital_number | operation_date
        ------------+-----------------+---------------
        c1          | 0000007         | 2014-01-01
    """,
    "accepted.complication": """
        complication_key | case_number | complication_date | type  | grade
        -----------------+-------------+-------------------+-------+------
        7-1              | c1          | 2014-01-05        | ileus | II
        7-2              | c1          | 2014-01-09        | death | V
    """,
    "accepted.follow_up": """
        follow_up_key | record_id | follow_up_date | status       | cause
        --------------+-----------+----------------+--------------+--------
        1-1           | 1         | 2016-01-15     | with_disease |
        2-1           | 2         | 2010-02-01     | with_disease |
        2-2           | 2         | 2010-03-02     | dead         | tumour
        3-1           | 3         | 2011-05-10     | dead         | other
        5-1           | 5         | 2012-01-01     | no_disease   |
        5-2           | 5         | 2012-08-01     | dead         | unknown
    """,
}


def test_status_day_of_death_and_cause(shows):
    """
    Research names Bert's cause, so the certificate's heart disease does not count. Cora died in
    hospital: that day comes before the follow-up's. The day of Dora's death is unknown. The hospital has Jens
    twice, and the version that was left out records his death. Fred's certificate
    has an ICD-9 code. Only research says that Gerd died of a complication, and he was not seen later.
    The tumour registry took Kari's death back: its next file has her alive and seen since. Lars
    was not seen since, and stays dead.
    """
    shows(
        "registry.vital_status",
        """
        patient_id | status | death_date | death_date_source | cause
        -----------+--------+------------+-------------------+--------
        anna       | alive  |            |                   |
        bert       | dead   | 2010-03-01 | death_index       | tumour
        cora       | dead   | 2011-05-09 | hospital          | other
        dora       | dead   |            |                   | unknown
        emil       | dead   | 2012-08-01 | research          | unknown
        fred       | dead   | 1998-01-01 | death_index       | tumour
        gerd       | dead   | 2014-01-09 | research          | unknown
        hugo       | dead   |            |                   | unknown
        ines       | dead   |            |                   | unknown
        jens       | dead   | 2014-05-05 | hospital          | unknown
        kari       | alive  |            |                   |
        lars       | dead   | 2014-05-05 | tumor_registry    | unknown
        """,
    )


def test_last_contact(shows):
    """
    Anna's visit of 2017 is after the extract (31 December 2016): it is planned. The tumour
    registry's last contact of a dead patient is the death, so it does not show that the patient was alive.
    """
    shows(
        "registry.vital_status",
        """
        patient_id | last_contact_date | last_contact_source | last_contact_evidence
        -----------+-------------------+---------------------+----------------------
        anna       | 2016-01-15        | research            | follow-up
        bert       | 2010-02-01        | research            | follow-up
        cora       | 2011-05-01        | hospital            | admission
        dora       |                   |                     |
        emil       | 2012-01-01        | research            | follow-up
        fred       | 1997-05-09        | hospital            | discharge
        gerd       | 2014-01-05        | research            | complication
        hugo       |                   |                     |
        ines       |                   |                     |
        jens       | 2013-05-01        | hospital            | last contact
        kari       | 2016-05-01        | tumor_registry      | last contact
        lars       | 2013-05-01        | tumor_registry      | last contact
        """,
    )


def test_which_source_reports_a_death(shows):
    """Hugo's and Ines's deaths are in refused rows only, one with a number, one with a record."""
    shows(
        "registry.vital_status",
        """
        patient_id | status_source | status_evidence
        -----------+---------------+------------------
        anna       |               |
        bert       | death_index   | certificate
        cora       | hospital      | stay
        dora       | tumor_registry| patient record
        emil       | research      | follow-up
        fred       | death_index   | patient record
        gerd       | research      | complication
        hugo       | research      | refused follow-up
        ines       | research      | refused follow-up
        jens       | hospital      | refused patient record
        kari       | tumor_registry| death taken back
        lars       | tumor_registry| refused patient record
        """,
    )

"""
A death of which the month or the year is known was between two days: bounded by the
date, the last contact and the extract (31 December 2016). Where a day is needed, the
middle of these bounds is the estimate.
"""

title = "Dates known to the month or the year"

given = {
    "registry.patient": """
        patient_id | hospital_number | death_date | death_date_source
        -----------+-----------------+------------+------------------
        anna       | 0000001         | 2012-05    | hospital
        bert       | 0000002         | 2012       | tumor_registry
        cora       | 0000003         |            |
        dora       | 0000004         | 2012       | death_index
        emil       | 0000005         |            |
        fred       | 0000006         | 2016       | tumor_registry
        gerd       | 0000007         |            |
        hans       | 0000008         |            |
        ivar       | 0000009         | 2012-05-09 | death_index
    """,
    "registry.patient_link": """
        patient_id | entity  | source         | source_table | file  | row
        -----------+---------+----------------+--------------+-------+----
        anna       | patient | hospital       | patients     | drawn | 1
        bert       | patient | tumor_registry | patient      | drawn | 2
        cora       | patient | hospital       | patients     | drawn | 3
        gerd       | patient | hospital       | patients     | drawn | 4
        hans       | death   | death_index    | deaths       | drawn | 1
        ivar       | patient | hospital       | patients     | drawn | 5
    """,
    "accepted.patient": """
        _source        | _table   | _row | hospital_number | vital_status | death_date | last_contact_date
        ---------------+----------+------+-----------------+--------------+------------+------------------
        hospital       | patients | 1    | 0000001         | dead         | 2012-05    | 2012-05-20
        tumor_registry | patient  | 2    | 0000002         | dead         | 2012       | 2012
        hospital       | patients | 3    | 0000003         | dead         |            | 2015
        hospital       | patients | 4    | 0000007         | alive        |            | 2014-06
        hospital       | patients | 5    | 0000009         | dead         | 2012-05-09 | 2012-05
        research       | enrollment | 6  | 0000005         |              |            |
        research       | enrollment | 7  | 0000004         |              |            |
    """,
    "accepted.encounter": """
        encounter_number | hospital_number | class     | admission_time | discharge_time | disposition
        -----------------+-----------------+-----------+----------------+----------------+------------
        E1               | 0000004         | inpatient | 2012-03-01     | 2012-03        | expired
        E2               | 0000005         | inpatient | 2011-05-01     |                | expired
        E3               | 0000006         | inpatient | 2016-12-03     | 2016-12-21     | home
    """,
}


def test_a_death_is_bounded_by_its_date_the_last_contact_and_the_extract(shows):
    """
    Anna was seen on 20 May 2012 and died in that month. Dora's certificate names the year, her stay
    ended in March: the more specific one counts. Fred left the hospital 10 days before the extract.
    """
    shows(
        "registry.vital_status",
        """
        patient_id | status | death_date | death_date_earliest | death_date_latest | death_date_precision | death_date_estimate | death_date_source
        -----------+--------+------------+---------------------+-------------------+----------------------+---------------------+------------------
        anna       | dead   |            | 2012-05-20          | 2012-05-31        | month                | 2012-05-25          | hospital
        bert       | dead   |            | 2012-01-01          | 2012-12-31        | year                 | 2012-07-01          | tumor_registry
        cora       | dead   |            | 2015-01-01          | 2016-12-31        | unknown              |                     |
        dora       | dead   |            | 2012-03-01          | 2012-03-31        | month                | 2012-03-16          | hospital
        emil       | dead   |            | 2011-05-01          | 2016-12-31        | unknown              |                     |
        fred       | dead   |            | 2016-12-21          | 2016-12-31        | month                | 2016-12-26          | tumor_registry
        gerd       | alive  |            |                     |                   |                      |                     |
        hans       | dead   |            |                     | 2016-12-31        | unknown              |                     |
        ivar       | dead   | 2012-05-09 | 2012-05-09          | 2012-05-09        | day                  | 2012-05-09          | death_index
        """,
    )


def test_a_contact_of_a_month_shows_life_on_its_first_day(shows):
    """
    The tumour registry knows only Bert's death. Ivar died on 9 May, so the contact of
    that month was before.
    """
    shows(
        "registry.vital_status",
        """
        patient_id | last_contact_date | last_contact_date_earliest | last_contact_date_latest | last_contact_date_estimate
        -----------+-------------------+----------------------------+--------------------------+---------------------------
        anna       | 2012-05-20        | 2012-05-20                 | 2012-05-20               | 2012-05-20
        bert       |                   |                            |                          |
        cora       |                   | 2015-01-01                 | 2015-12-31               | 2015-07-02
        dora       | 2012-03-01        | 2012-03-01                 | 2012-03-01               | 2012-03-01
        emil       | 2011-05-01        | 2011-05-01                 | 2011-05-01               | 2011-05-01
        fred       | 2016-12-21        | 2016-12-21                 | 2016-12-21               | 2016-12-21
        gerd       |                   | 2014-06-01                 | 2014-06-30               | 2014-06-15
        hans       |                   |                            |                          |
        ivar       |                   | 2012-05-01                 | 2012-05-09               | 2012-05-05
        """,
    )

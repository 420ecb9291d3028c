"""
Every operation, operated patient, report and result can be traced to its landed rows: file and
record number, as the readers count them.
"""

title = "Lineage"

given = {
    "registry.procedure": """
        procedure_id | patient_id | case_number | encounter_id | _source | _table | _file           | _row
        -------------+------------+-------------+--------------+---------+--------+-----------------+-----
        a1           | anna       | 2001-00009  | E1           | or_log  | cases  | or_log_2001.csv | 9
    """,
    "accepted.operative_finding": """
        finding_key | case_number | _source  | _table    | _file    | _row
        ------------+-------------+----------+-----------+----------+-----
        7-1         | 2001-00009  | research | procedure | data.csv | 31
        7-2         | 2009-00001  | research | procedure | data.csv | 32
    """,
    "registry.encounter": """
        encounter_id | patient_id | _source  | _table     | _file       | _row
        -------------+------------+----------+------------+-------------+-----
        E1           | anna       | hospital | encounters | encounters  | 5
        E2           | anna       | hospital | encounters | encounters  | 6
        E3           | bert       | hospital | encounters | encounters  | 7
    """,
    "registry.complication": """
        complication_key | procedure_id | _source  | _table       | _file    | _row
        ----------------+--------------+----------+--------------+----------+-----
        1                | a1           | research | complication | data.csv | 40
    """,
    "registry.pathology": """
        pathology_id | report_number | patient_id | procedure_id
        -------------+---------------+------------+-------------
        S1           | S1            | anna       | a1
        S2           | S2            | anna       |
        S3           | S3            | bert       |
    """,
    "accepted.pathology": """
        message_number | report_number | hospital_number | _source   | _table | _file | _row
        ---------------+---------------+-----------------+-----------+--------+-------+-----
        1              | S1            | 0000001         | pathology | report | hl7   | 1
        1A             | S1            | 0000001         | pathology | report | hl7   | 2
        2              | S2            | 0000001         | pathology | report | hl7   | 3
        3              | S3            | 0000002         | pathology | report | hl7   | 4
    """,
    "registry.patient_number": """
        hospital_number | patient_id
        ----------------+-----------
        0000001         | anna
        0000002         | bert
    """,
    "registry.laboratory": """
        laboratory_id | patient_id | _source    | _table | _file           | _row
        --------------+------------+------------+--------+-----------------+-----
        L1            | anna       | biomarkers | result | 1994.xlsx#5-HIAA | 12
        L2            | bert       | biomarkers | result | 1994.xlsx#5-HIAA | 13
    """,
    "registry.patient_link": """
        patient_id | entity  | source      | source_table | file            | row
        -----------+---------+-------------+--------------+-----------------+----
        anna       | patient | hospital    | patients     | patients        | 3
        anna       | death   | death_index | deaths       | death_index.txt | 77
        bert       | patient | hospital    | patients     | patients        | 4
    """,
}


def test_the_rows_behind_an_operation_and_a_patient(marts):
    """Bert was not operated on, so no outcome depends on his rows."""
    marts(
        "marts.source_row",
        """
        item      | id   | source      | source_table | file            | row
        ----------+------+-------------+--------------+-----------------+----
        procedure | a1   | or_log      | cases        | or_log_2001.csv | 9
        procedure | a1   | research    | procedure    | data.csv        | 31
        procedure | a1   | hospital    | encounters   | encounters      | 5
        procedure | a1   | research    | complication | data.csv        | 40
        procedure | a1   | pathology   | report       | hl7             | 1
        procedure | a1   | pathology   | report       | hl7             | 2
        pathology | S1   | pathology   | report       | hl7             | 1
        pathology | S1   | pathology   | report       | hl7             | 2
        pathology | S2   | pathology   | report       | hl7             | 3
        pathology | S3   | pathology   | report       | hl7             | 4
        laboratory | L1  | biomarkers  | result       | 1994.xlsx#5-HIAA | 12
        laboratory | L2  | biomarkers  | result       | 1994.xlsx#5-HIAA | 13
        patient   | anna | biomarkers  | result       | 1994.xlsx#5-HIAA | 12
        patient   | anna | pathology   | report       | hl7             | 1
        patient   | anna | pathology   | report       | hl7             | 2
        patient   | anna | pathology   | report       | hl7             | 3
        patient   | anna | hospital    | patients     | patients        | 3
        patient   | anna | death_index | deaths       | death_index.txt | 77
        patient   | anna | hospital    | encounters   | encounters      | 5
        patient   | anna | hospital    | encounters   | encounters      | 6
        """,
    )

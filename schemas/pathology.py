"""Reports of the pathologists."""

from __future__ import annotations

from datetime import datetime

from cytoreg.rules import Entity, PartialDate, compare, field, references, rule

from .codes import (
    CASE_NUMBER,
    DIFFERENTIATION,
    GRADES,
    HOSPITAL_NUMBER,
    METASTASIS,
    RESULT_STATUS,
    TNM_EDITIONS,
    TOPOGRAPHY,
)

NODES = {"min_value": 0, "max_value": 150}


class Pathology(Entity):
    """A message with a pathologist's report on what an operation removed.

    A report that was corrected comes again, with its number; registry.pathology keeps the last one.
    Reports before 1998 are on paper, and reports of other hospitals are not in it.
    """

    message_number: str = field(
        "Control number of the message (MSH-10).",
        key=True,
        unique=True,
        reasons={
            "required": "A message without its control number cannot be told from another.",
            "unique": "The same message was sent twice; the first is kept.",
        },
    )
    report_number: str = field(
        "The laboratory's number of the report.",
        reasons={"required": "Without its number a report cannot be found, nor corrected."},
    )
    result_status: str = field(
        "preliminary, final or corrected.",
        isin=RESULT_STATUS,
        reasons={
            "required": "Nobody knows whether this report is the last word.",
            "isin": "A report is preliminary (P), final (F) or corrected (C).",
        },
    )
    reported_time: datetime = field(
        "When the report was given; of several with one number the last one counts.",
        nullable=True,
        warn="type",
        reasons={"type": "This is no time: day, month or hour cannot be."},
    )
    hospital_number: str = field(
        "Number of the patient in the hospital.",
        str_matches=HOSPITAL_NUMBER,
        reasons={
            "required": "Nobody knows whose tumour this is.",
            "str_matches": "A hospital number has seven digits; leading zeros count.",
        },
    )
    case_number: str = field(
        "Case of the operating-room log that the specimen came from.",
        nullable=True,
        str_matches=CASE_NUMBER,
        warn="str_matches",
        reasons={"str_matches": "A case number is a year, a dash and five digits."},
    )
    specimen_date: PartialDate = field(
        "Day on which the specimen was taken.",
        reasons={
            "type": "The day of the specimen is no calendar date.",
            "required": "Without its day nobody knows what the report describes.",
        },
    )
    primary_site: str = field(
        "ICD-O-3 topography of the primary, with its dot.",
        nullable=True,
        str_matches=TOPOGRAPHY,
        warn="str_matches",
        reasons={"str_matches": "Not an ICD-O-3 site: C, two digits, dot, one digit."},
    )
    histology: int = field(
        "ICD-O-3 morphology, four digits without behaviour.",
        nullable=True,
        in_range={"min_value": 8000, "max_value": 9993},
        warn=("type", "in_range"),
        reasons={
            "type": "The histology is not a number.",
            "in_range": "ICD-O-3 morphologies run from 8000 to 9993.",
        },
    )
    grade: str = field(
        "WHO grade as the pathologist wrote it: 1, 2, 3; 9 cannot be assessed.",
        nullable=True,
        isin=GRADES,
        warn="isin",
        reasons={"isin": "Grades of NETs are G1, G2 and G3; GX cannot be assessed."},
    )
    ki67_percent: float = field(
        "Ki-67 index, or the limit below which (above which) it lies.",
        unit="%",
        nullable=True,
        in_range={"min_value": 0, "max_value": 100},
        reasons={
            "type": "The Ki-67 index is not a number; a decimal comma, or words?",
            "in_range": "A share of cells lies between 0 and 100 %.",
        },
    )
    ki67_comparator: str = field(
        "< or > before a Ki-67 that is a limit only.",
        nullable=True,
        isin=("<", ">"),
        reasons={"isin": "Only < and > stand before a limit."},
    )
    mitoses: int = field(
        "Mitotic figures counted in the area that mitoses_unit says.",
        nullable=True,
        in_range={"min_value": 0, "max_value": 500},
        reasons={
            "type": "The mitotic count is not a whole number.",
            "in_range": "Not a plausible count of mitoses.",
        },
    )
    mitoses_unit: str = field(
        "The area counted: /2.mm2, as the grade wants it.",
        nullable=True,
        isin=("/2.mm2",),
        warn="isin",
        reasons={"isin": "Counted in another area than 2 mm²; the grade cannot use it."},
    )
    differentiation: str = field(
        "well, moderately, poorly or undifferentiated.",
        nullable=True,
        isin=DIFFERENTIATION,
        warn="isin",
        reasons={"isin": "Tumours are well, moderately or poorly differentiated, or not at all."},
    )
    t: str = field(
        "Extent of the primary as reported: pT1 to pT4, pTX, pT0; yp after therapy.",
        nullable=True,
        str_matches=r"^(p|yp|c)?T(X|0|is|[1-4][a-d]?)$",
        warn="str_matches",
        reasons={"str_matches": "No such category T; it is one of TX, T0, Tis, T1 to T4."},
    )
    n: str = field(
        "Regional lymph nodes as reported: pN0, pN1, pN2, pNX.",
        nullable=True,
        str_matches=r"^(p|yp|c)?N(X|[0-3][a-c]?)$",
        warn="str_matches",
        reasons={"str_matches": "No such category N; it is one of NX, N0 to N3."},
    )
    m: str = field(
        "Distant metastasis as reported: pM1 seen by the pathologist; M0, cM1 by the clinic.",
        nullable=True,
        str_matches=r"^(p|yp|c)?M(X|0|1[a-c]?)$",
        warn="str_matches",
        reasons={"str_matches": "No such category M; it is one of MX, M0, M1, M1a to M1c."},
    )
    metastasis: str = field(
        "Where distant metastases are: none, liver, elsewhere, both.",
        nullable=True,
        isin=METASTASIS,
        warn="isin",
        reasons={"isin": "Metastases are in the liver, elsewhere, in both, or there are none."},
    )
    edition: str = field(
        "Edition of the AJCC manual by which T, N and M were given.",
        nullable=True,
        isin=TNM_EDITIONS,
        warn="isin",
        reasons={"isin": "The AJCC's editions since 1997 are the 5th to the 8th."},
    )
    nodes_examined: int = field(
        "Lymph nodes examined.",
        nullable=True,
        in_range=NODES,
        warn=("type", "in_range"),
        reasons={
            "type": "The number of nodes is not a whole number.",
            "in_range": "Not a plausible number of lymph nodes.",
        },
    )
    nodes_positive: int = field(
        "Lymph nodes with tumour.",
        nullable=True,
        in_range=NODES,
        warn=("type", "in_range"),
        reasons={
            "type": "The number of nodes is not a whole number.",
            "in_range": "Not a plausible number of lymph nodes.",
        },
    )
    size_mm: int = field(
        "Largest dimension of the primary.",
        unit="mm",
        nullable=True,
        in_range={"min_value": 0, "max_value": 500},
        warn=("type", "in_range"),
        reasons={
            "type": "The size is not a whole number of millimetres; given in centimetres?",
            "in_range": "More than half a metre: centimetres or a slipped digit?",
        },
    )

    specimen_by_extract = rule(
        "specimen_date <= $as_of", "The specimen was taken after the day the extract was made."
    )
    reported_after_specimen = rule(
        "cast(reported_time as date) >= specimen_date",
        "The report is older than its specimen.",
        severity="warning",
    )
    patient_exists = references(
        "patient",
        on="hospital_number",
        reason="No accepted patient of any source has this hospital number.",
    )
    specimen_after_birth = compare(
        "patient",
        on="hospital_number",
        holds="specimen_date >= patient.birth_date",
        reason="The specimen was taken before birth.",
    )
    specimen_by_death = compare(
        "patient",
        on="hospital_number",
        holds="specimen_date <= patient.death_date",
        reason="The specimen was taken after death: from an autopsy?",
        severity="warning",
    )
    procedure_exists = references(
        "procedure",
        on="case_number",
        reason="No accepted case of the operating-room log has this number.",
        severity="warning",
    )
    same_patient = compare(
        "procedure",
        on="case_number",
        holds="hospital_number = procedure.hospital_number",
        reason="The case is another patient's; the report is not joined to it.",
        severity="warning",
    )
    specimen_on_operation = compare(
        "procedure",
        on="case_number",
        holds="""
            latest(specimen_date) >= earliest(procedure.operation_date) - 1
            and earliest(specimen_date) <= latest(procedure.operation_date) + 1
        """,
        reason="The specimen was taken more than a day before or after the operation.",
        severity="warning",
    )
    one_patient = compare(
        "pathology",
        on="report_number",
        holds="hospital_number = pathology.hospital_number",
        reason="Another message has this report's number, but another patient.",
        severity="warning",
    )
    correction_marked = compare(
        "pathology",
        on="report_number",
        holds="""
            result_status <> 'final'
            or pathology.result_status <> 'final'
            or hospital_number <> pathology.hospital_number
        """,
        reason="Two final reports with one number: which of them corrects the other is not said.",
        severity="warning",
    )
    neuroendocrine = rule(
        """
        histology in (
          8013, 8041, 8150, 8151, 8152, 8153, 8154, 8155, 8156, 8158,
          8240, 8241, 8242, 8246, 8249, 8683
        )
        """,
        "No neuroendocrine histology: the report is on another tumour.",
        severity="info",
    )
    grade_fits_ki67 = rule(
        """
        ki67_percent > 100 or ki67_comparator is not null
        or not (grade = '1' and ki67_percent >= 3) and not (grade = '2' and ki67_percent > 20)
        """,
        "The Ki-67 index alone makes the grade higher (3 % for grade 2, above 20 % for grade 3).",
        severity="warning",
    )
    grade_fits_mitoses = rule(
        """
        coalesce(mitoses_unit, '/2.mm2') <> '/2.mm2'
        or not (grade = '1' and mitoses >= 2) and not (grade = '2' and mitoses > 20)
        """,
        "The mitoses alone make the grade higher (2 for grade 2, above 20 for grade 3).",
        severity="warning",
    )
    grade_supported = rule(
        """
        coalesce(mitoses_unit, '/2.mm2') <> '/2.mm2'
        or coalesce(ki67_comparator, '') = '>'
        or coalesce(differentiation, '') in ('poorly', 'undifferentiated')
        or not (grade = '2' and ki67_percent < 3 and mitoses < 2)
        and not (grade = '3' and ki67_percent <= 20 and mitoses <= 20)
        """,
        "Neither the Ki-67 index nor the mitoses make the grade as high as this.",
        severity="warning",
    )
    grade_fits_differentiation = rule(
        "differentiation not in ('poorly', 'undifferentiated') or grade in ('3', '9')",
        "A poorly differentiated neuroendocrine tumour is a carcinoma, of grade 3.",
        severity="warning",
    )
    positives_within_examined = rule(
        "nodes_positive <= nodes_examined",
        "More lymph nodes with tumour than were examined.",
        severity="warning",
    )
    n_fits_nodes = rule(
        """
        not (ends_with(n, 'N0') and nodes_positive > 0)
        and not (
          (contains(n, 'N1') or contains(n, 'N2')) and nodes_positive = 0 and nodes_examined > 0
        )
        """,
        "Category N and the number of nodes with tumour contradict each other.",
        severity="warning",
    )
    m_fits_metastasis = rule(
        """
        not (ends_with(m, 'M0') and metastasis in ('liver', 'elsewhere', 'both'))
        and not (contains(m, 'M1') and metastasis = 'none')
        """,
        "Category M and where the metastases are contradict each other.",
        severity="warning",
    )
    edition_fits_date = rule(
        """
        case edition
          when '5' then specimen_date between date '1998-01-01' and date '2002-12-31'
          when '6' then specimen_date between date '2003-01-01' and date '2009-12-31'
          when '7' then specimen_date between date '2010-01-01' and date '2017-12-31'
          when '8' then specimen_date >= date '2018-01-01'
        end
        """,
        "This edition was not in force on the day of the specimen.",
        severity="warning",
    )

"""Reports of the pathologists."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from cytoreg.rules import Entity, PartialDate, compare, field, listed, references, rule

from .codes import (
    CASE_NUMBER,
    COMPARATORS,
    DIFFERENTIATION,
    EDITION_FITS_DATE,
    GRADE_FITS_KI67,
    GRADES,
    HOSPITAL_NUMBER,
    M1_FITS_METASTASIS,
    M_CATEGORY,
    METASTASIS,
    N_CATEGORY,
    NEC_HISTOLOGIES,
    NET_HISTOLOGIES,
    RESULT_STATUS,
    T1_FITS_SIZE,
    T_CATEGORY,
    TNM_EDITIONS,
    TOPOGRAPHY,
)

NODES = {"min_value": 0, "max_value": 150}


class Pathology(Entity):
    """An order of a message, with a pathologist's report on what an operation removed.

    A report that was corrected or cancelled comes again, with its number; registry.pathology keeps
    the last one.
    Reports before 1998 are on paper, and reports of other hospitals are not in it.
    """

    message_number: str = field(
        "Control number of the message (MSH-10), unique for its sender only.",
        key=True,
        reasons={"required": "A message without its control number cannot be told from another."},
    )
    content: str = field(
        "Fingerprint of all that the order of the message says: sent again, it is the same.",
        nullable=True,
    )
    sender: str = field("Sending application (MSH-3).", nullable=True)
    laboratory: str = field(
        "Sending facility (MSH-4), within which numbers are unique.", nullable=True
    )
    message_key: str = field(
        "The message in its file; its orders have it in common.", nullable=True
    )
    report_number: str = field(
        "The laboratory's number of the report.",
        identity=True,
        reasons={"required": "Without its number a report cannot be found, nor corrected."},
    )
    result_status: str = field(
        "final, corrected, cancelled; not yet: preliminary, unverified, partial, no_results.",
        isin=RESULT_STATUS,
        reasons={
            "required": "Nobody knows whether this report is the last word.",
            "isin": "No code of HL7's table 0123, such as P, F, C or X.",
        },
    )
    reported_time: datetime = field(
        "When the report was given; of several with one number the last one counts.",
        nullable=True,
        reasons={"type": "This is no time: day, month or hour cannot be."},
    )
    given_earliest: str = field(
        "When this version was given, or the message was sent: the first moment it may mean.",
        nullable=True,
    )
    given_latest: str = field("The same: the last moment that it may mean.", nullable=True)
    hospital_number: str = field(
        "Number of the patient in the hospital.",
        identity=True,
        str_matches=HOSPITAL_NUMBER,
        reasons={
            "required": "Nobody knows whose tumour this is.",
            "str_matches": "A hospital number has seven digits; leading zeros count.",
        },
    )
    hospital_number_given: str = field(
        "The number as it stands; where it is unreadable, the case that it names says whose it is.",
        nullable=True,
        str_matches=HOSPITAL_NUMBER,
        reasons={"str_matches": "No seven digits; the case that it names says whose it is."},
    )
    case_number: str = field(
        "Case of the operating-room log that the specimen came from.",
        nullable=True,
        str_matches=CASE_NUMBER,
        reasons={"str_matches": "A case number is a year, a dash and five digits."},
    )
    specimen_date: PartialDate = field(
        "Day on which the specimen was taken.",
        nullable=True,
        reasons={"type": "The day of the specimen is no calendar date."},
    )
    primary_site: str = field(
        "ICD-O-3 topography of the primary, with its dot.",
        nullable=True,
        str_matches=TOPOGRAPHY,
        reasons={"str_matches": "Not an ICD-O-3 site: C, two digits, dot, one digit."},
    )
    histology: int = field(
        "ICD-O-3 morphology, four digits without behaviour.",
        nullable=True,
        in_range={"min_value": 8000, "max_value": 9993},
        reasons={
            "type": "The histology is not a number.",
            "in_range": "ICD-O-3 morphologies run from 8000 to 9993.",
        },
    )
    grade: str = field(
        "Grade as the pathologist wrote it: WHO 1, 2, 3; 9 cannot be assessed; or another code.",
        nullable=True,
        isin=GRADES,
        reasons={"isin": "Grades of NETs are G1 to G3, GX if not assessed; or codes A to D."},
    )
    ki67_percent: float = field(
        "Ki-67 index, or the limit below which (above which) it lies.",
        unit="%",
        nullable=True,
        in_range={"min_value": 0, "max_value": 100},
        reasons={
            "type": "The Ki-67 index is neither a number, nor a limit, nor a range.",
            "in_range": "A share of cells lies between 0 and 100 %.",
        },
    )
    ki67_comparator: str = field(
        "<, <=, > or >= before a Ki-67 that is a limit only, ~ before one that is an estimate.",
        nullable=True,
        isin=COMPARATORS,
        reasons={"isin": "Only <, <=, >, >= and ~ stand before a number."},
    )
    ki67_low: float = field(
        "Ki-67 index given as a range: its lower bound.",
        unit="%",
        nullable=True,
        in_range={"min_value": 0, "max_value": 100},
        reasons={
            "type": "A bound of the Ki-67 index is not a number.",
            "in_range": "A share of cells lies between 0 and 100 %.",
        },
    )
    ki67_high: float = field(
        "Ki-67 index given as a range: its upper bound.",
        unit="%",
        nullable=True,
        in_range={"min_value": 0, "max_value": 100},
        reasons={
            "type": "A bound of the Ki-67 index is not a number.",
            "in_range": "A share of cells lies between 0 and 100 %.",
        },
    )
    mitoses: float = field(
        "Mitotic figures in the area that mitoses_unit says, or their limit.",
        nullable=True,
        in_range={"min_value": 0, "max_value": 500},
        reasons={
            "type": "The mitotic count is neither a number, nor a limit, nor a range.",
            "in_range": "Not a plausible count of mitoses.",
        },
    )
    mitoses_comparator: str = field(
        "<, <=, > or >= before mitoses that are a limit only, ~ before an estimate.",
        nullable=True,
        isin=COMPARATORS,
        reasons={"isin": "Only <, <=, >, >= and ~ stand before a number."},
    )
    mitoses_low: float = field(
        "Mitoses given as a range: the lower bound.",
        nullable=True,
        in_range={"min_value": 0, "max_value": 500},
        reasons={
            "type": "A bound of the mitoses is not a number.",
            "in_range": "Not a plausible count of mitoses.",
        },
    )
    mitoses_high: float = field(
        "Mitoses given as a range: the upper bound.",
        nullable=True,
        in_range={"min_value": 0, "max_value": 500},
        reasons={
            "type": "A bound of the mitoses is not a number.",
            "in_range": "Not a plausible count of mitoses.",
        },
    )
    mitoses_unit: str = field(
        "The area of the count: /2.mm2 as the grade wants it, to which any in mm² is brought.",
        nullable=True,
        isin=("/2.mm2",),
        reasons={"isin": "Not counted in mm²: fields of which no size is given; no grade uses it."},
    )
    differentiation: str = field(
        "well, moderately, poorly or undifferentiated.",
        nullable=True,
        isin=DIFFERENTIATION,
        reasons={"isin": "Tumours are well, moderately or poorly differentiated, or not at all."},
    )
    t: str = field(
        "Extent of the primary as reported: pT1 to pT4, pTX, pT0; ypT2, rpT2, pT3(m) qualify it.",
        nullable=True,
        str_matches=T_CATEGORY,
        reasons={"str_matches": "No such category T: one of TX, T0, Tis, T1 to T4 and no range."},
    )
    n: str = field(
        "Regional lymph nodes as reported: pN0, pN1, pN2, pNX; pN1mi, pN0(i+), pN1(sn) qualify it.",
        nullable=True,
        str_matches=N_CATEGORY,
        reasons={"str_matches": "No such category N: one of NX, N0 to N3 and no range."},
    )
    m: str = field(
        "Distant metastasis as reported: pM1 seen by the pathologist; M0, cM1 by the clinic.",
        nullable=True,
        str_matches=M_CATEGORY,
        reasons={"str_matches": "No such category M: one of MX, M0, M1, M1a to M1c and no range."},
    )
    metastasis: str = field(
        "Where distant metastases are: none, liver, elsewhere, both.",
        nullable=True,
        isin=METASTASIS,
        reasons={"isin": "Metastases are in the liver, elsewhere, in both, or there are none."},
    )
    edition: str = field(
        "Edition of the AJCC manual by which T, N and M were given.",
        nullable=True,
        isin=TNM_EDITIONS,
        reasons={"isin": "The AJCC's editions since 1997 are the 5th to the 8th, and Version 9."},
    )
    nodes_examined: int = field(
        "Lymph nodes examined.",
        nullable=True,
        in_range=NODES,
        reasons={
            "type": "The number of nodes is not a whole number.",
            "in_range": "Not a plausible number of lymph nodes.",
        },
    )
    nodes_positive: int = field(
        "Lymph nodes with tumour.",
        nullable=True,
        in_range=NODES,
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
        reasons={
            "type": "The size is not a whole number of millimetres; given in centimetres?",
            "in_range": "More than half a metre: centimetres or a slipped digit?",
        },
    )

    specimen_by_extract = rule(
        "specimen_date <= $as_of",
        "The specimen was taken after the day the extract was made.",
        refuses="specimen_date",
    )
    reported_after_specimen = rule(
        "cast(reported_time as date) >= specimen_date",
        "The report is older than its specimen.",
        severity="warning",
    )
    has_hospital_number = rule(
        """
        hospital_number_given is not null
        or hospital_number is null
        or not regexp_matches(hospital_number, '^[0-9]{7}$')
        """,
        "The hospital number is missing; the case that it names says whose it is.",
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
        refuses="specimen_date",
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
    same_patient = references(
        "procedure",
        on=("case_number", "hospital_number"),
        reason="The case is another patient's; the report is not joined to it.",
        severity="warning",
    )
    specimen_on_operation = compare(
        "procedure",
        on=("case_number", "hospital_number"),
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
        holds="""
            hospital_number = pathology.hospital_number
            or coalesce(laboratory, '') <> coalesce(pathology.laboratory, '')
        """,
        reason="The laboratory has this number for another patient too; each keeps the report,"
        " unless one corrects the other.",
        severity="warning",
    )
    correction_marked = compare(
        "pathology",
        on="report_number",
        holds="""
            result_status <> 'final'
            or pathology.result_status <> 'final'
            or hospital_number <> pathology.hospital_number
            or coalesce(laboratory, '') <> coalesce(pathology.laboratory, '')
            or coalesce(message_key, '1') = coalesce(pathology.message_key, '2')
            or coalesce(content, '1') = coalesce(pathology.content, '2')
        """,
        reason="Two final reports with one number: which of them corrects the other is not said.",
        severity="warning",
    )
    specimen_dated = rule(
        "specimen_date is not null or result_status in ('cancelled', 'no_results')",
        "The day of the specimen is missing, or is none.",
        severity="warning",
    )
    neuroendocrine = rule(
        f"histology in {NET_HISTOLOGIES}",
        "No neuroendocrine histology: the report is on another tumour.",
        severity="info",
    )
    ki67_bounds_ordered = rule(
        "ki67_low <= ki67_high",
        "The range of the Ki-67 ends below where it begins.",
        severity="warning",
    )
    mitoses_bounds_ordered = rule(
        "mitoses_low <= mitoses_high",
        "The range of the mitoses ends below where it begins.",
        severity="warning",
    )
    grade_fits_ki67 = rule(
        GRADE_FITS_KI67,
        "The Ki-67 index alone makes the grade higher (3 % for grade 2, above 20 % for grade 3).",
        severity="warning",
    )
    grade_fits_mitoses = rule(
        """
        coalesce(mitoses_unit, '') <> '/2.mm2'
        or coalesce(mitoses_comparator, '') in ('<', '<=')
        or not (grade = '1' and coalesce(mitoses_low, mitoses) >= 2)
        and not (grade = '2' and coalesce(mitoses_low, mitoses) > 20)
        """,
        "The mitoses alone make the grade higher (2 for grade 2, above 20 for grade 3).",
        severity="warning",
    )
    grade_supported = rule(
        """
        coalesce(mitoses_unit, '') <> '/2.mm2'
        or coalesce(ki67_comparator, '') in ('>', '>=')
        or coalesce(mitoses_comparator, '') in ('>', '>=')
        or coalesce(differentiation, '') in ('poorly', 'undifferentiated')
        or not (
          grade = '2'
          and coalesce(ki67_high, ki67_percent) < 3
          and coalesce(mitoses_high, mitoses) < 2
        )
        and not (
          grade = '3'
          and coalesce(ki67_high, ki67_percent) <= 20
          and coalesce(mitoses_high, mitoses) <= 20
        )
        """,
        "Neither the Ki-67 index nor the mitoses make the grade as high as this.",
        severity="warning",
    )
    grade_fits_differentiation = rule(
        "differentiation not in ('poorly', 'undifferentiated')"
        " or grade not in ('1', '2', 'A', 'B', 'L')",
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
        not (contains(upper(n), 'N0') and nodes_positive > 0)
        and not (
          (contains(upper(n), 'N1') or contains(upper(n), 'N2'))
          and nodes_positive = 0
          and nodes_examined > 0
        )
        """,
        "Category N and the number of nodes with tumour contradict each other.",
        severity="warning",
    )
    m_fits_metastasis = rule(
        """
        not (contains(upper(m), 'M0') and metastasis in ('liver', 'elsewhere', 'both'))
        and not (contains(upper(m), 'M1') and metastasis = 'none')
        """,
        "Category M and where the metastases are contradict each other.",
        severity="warning",
    )
    m1_fits_metastasis = rule(
        M1_FITS_METASTASIS,
        "M1a is of the liver, M1b elsewhere, M1c both; the metastases are in other places.",
        severity="warning",
    )
    t1_fits_size = rule(T1_FITS_SIZE, "Too large for T1 of this site.", severity="warning")
    site_exists = listed("primary_site", "lists/icdo3_topography.csv", "ICD-O-3 has no such site.")
    # AJCC manuals by the year of diagnosis; Version 9 for neuroendocrine tumours of the digestive
    # tract (SEER EOD 3.3, schemas "V9: 2024+"). A report keeps the edition of the diagnosis or
    # takes that of its own day: any will do that was in force from the one to the other.
    edition_fits_date = rule(
        EDITION_FITS_DATE,
        "This edition came into force after the day of the specimen.",
        severity="warning",
    )
    edition_fits_diagnosis = compare(
        "tumor",
        on="hospital_number",
        holds=f"""
        tumor.histology not in {NET_HISTOLOGIES}
        or tumor.diagnosis_date > specimen_date
        or case
          when edition = '5' then tumor.diagnosis_date <= date '2002-12-31'
          when edition = '6' then tumor.diagnosis_date <= date '2009-12-31'
          when edition = '7' then tumor.diagnosis_date <= date '2017-12-31'
          when edition = '8'
            and histology in {NET_HISTOLOGIES}
            and histology not in {NEC_HISTOLOGIES}
            and substring(primary_site, 1, 3) in ('C16', 'C17', 'C18', 'C19', 'C20', 'C24', 'C25')
            then tumor.diagnosis_date <= date '2023-12-31'
        end
        """,
        reason="This edition was no longer in force on the day of diagnosis.",
        severity="warning",
    )

    class Config:
        """A message that is sent again is no report of its own."""

        unique: ClassVar[list[str]] = ["message_number", "content"]
        metadata: ClassVar[dict[str, dict[str, str]]] = {
            "unique": {"reason": "The same message was sent twice; one of them is kept."}
        }

"""Tumours of the tumour registry."""

from __future__ import annotations

from cytoreg.rules import Entity, PartialDate, compare, field, listed, references, rule

from .codes import (
    BEHAVIORS,
    COMPARATORS,
    GRADE_FITS_KI67,
    GRADES,
    HOSPITAL_NUMBER,
    NET_GRADES,
    NET_HISTOLOGIES,
    TOPOGRAPHY,
)


class Tumor(Entity):
    """A tumour that the tumour registry abstracted; a patient may have several, not all NETs.

    Whether a tumour is neuroendocrine is told by its histology, see registry.tumor.
    """

    tumor_key: str = field(
        "patientIdNumber and tumorRecordNumber, joined by a dash.",
        key=True,
        unique=True,
        reasons={
            "required": "The tumour's patient or its number is missing, so it can't be named.",
            "unique": "The registry gives the same tumour twice; the best version is kept.",
        },
    )
    source_patient_number: str = field(
        "patientIdNumber of the patient.",
        identity=True,
        reasons={"required": "The tumour stands below no patient that could be read."},
    )
    hospital_number: str = field(
        "medicalRecordNumber: number of the patient in the hospital.",
        str_matches=HOSPITAL_NUMBER,
        reasons={
            "required": "The hospital number is missing; patientIdNumber tells whose tumour it is.",
            "str_matches": "A hospital number has seven digits; leading zeros count.",
        },
    )
    diagnosis_date: PartialDate = field(
        "Day of the first diagnosis.",
        reasons={
            "type": "The day of diagnosis is no calendar date.",
            "required": "The day of diagnosis is missing.",
        },
    )
    primary_site: str = field(
        "ICD-O-3 topography with its dot, such as C17.2.",
        str_matches=TOPOGRAPHY,
        reasons={
            "required": "The primary site is missing; if it is not known, its code is C80.9.",
            "str_matches": "Not an ICD-O-3 site: C, two digits, dot, one digit.",
        },
    )
    histology: int = field(
        "ICD-O-3 morphology, four digits without behaviour.",
        in_range={"min_value": 8000, "max_value": 9993},
        reasons={
            "type": "The histology is not a number.",
            "required": "Without the histology nobody knows whether this is a NET.",
            "in_range": "ICD-O-3 morphologies run from 8000 to 9993.",
        },
    )
    behavior: str = field(
        "ICD-O-3 behaviour: 0 benign, 1 uncertain, 2 in situ, 3 malignant.",
        isin=BEHAVIORS,
        reasons={
            "required": "The behaviour is missing.",
            "isin": "The registry takes behaviours 0, 1, 2 and 3.",
        },
    )
    grade: str = field(
        "Pathological grade by the schema of site and histology: 1, 2, 3 of a NET; 9 unknown.",
        nullable=True,
        isin=GRADES,
        reasons={"isin": "No code of NAACCR item 3844: 1 to 5, A to E, H, L, M, S, 8 or 9."},
    )
    ki67_percent: float = field(
        "Ki-67 index of the primary, or its limit.",
        unit="%",
        nullable=True,
        in_range={"min_value": 0, "max_value": 100},
        reasons={
            "type": "Neither a number nor one of SEER's special codes XXX.4 to XXX.9.",
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
    ki67_code: str = field(
        "SEER's special code in place of a Ki-67, such as XXX.7 (ordered, no result).",
        nullable=True,
        str_matches=r"^XXX\.[4-9]$",
        reasons={"str_matches": "SEER's special codes are XXX.4 to XXX.9."},
    )
    size_mm: int = field(
        "Largest dimension of the tumour; empty if unknown, diffuse or a focus only.",
        unit="mm",
        nullable=True,
        in_range={"min_value": 0, "max_value": 500},
        reasons={
            "type": "The size is not a whole number of millimetres.",
            "in_range": "More than half a metre: centimetres or a slipped digit?",
        },
    )
    sequence: str = field(
        "Sequence among the patient's tumours: 00 the only one, else 01, 02, …",
        nullable=True,
        str_matches="^[0-9]{2}$",
        reasons={"str_matches": "A sequence number has two digits."},
    )
    confirmation: str = field(
        "How the diagnosis was confirmed, NAACCR code: 1 histology, …",
        nullable=True,
        str_matches="^[1-9]$",
        reasons={"str_matches": "NAACCR codes the confirmation 1 to 9."},
    )

    diagnosis_by_extract = rule(
        "diagnosis_date <= $as_of",
        "Diagnosed after the day the extract was made.",
        refuses="diagnosis_date",
    )
    patient_exists = references(
        "patient",
        on=("_source", "source_patient_number"),
        reason="The registry's patient above this tumour was not accepted.",
    )
    diagnosis_after_birth = compare(
        "patient",
        on="hospital_number",
        holds="diagnosis_date >= patient.birth_date",
        reason="Diagnosed before birth.",
        refuses="diagnosis_date",
    )
    diagnosis_by_death = compare(
        "patient",
        on="hospital_number",
        holds="diagnosis_date <= patient.death_date",
        reason="Diagnosed after death.",
        severity="warning",
    )
    site_fits_sex = compare(
        "patient",
        on="hospital_number",
        holds="""
            not (
              substring(primary_site, 1, 3) in ('C60', 'C61', 'C62', 'C63')
              and patient.sex = 'female'
            )
            and not (
              substring(primary_site, 1, 3) in
                ('C51', 'C52', 'C53', 'C54', 'C55', 'C56', 'C57', 'C58')
              and patient.sex = 'male'
            )
        """,
        reason="A tumour of an organ that the other sex has.",
        severity="warning",
    )
    grade_fits_ki67 = rule(
        GRADE_FITS_KI67,
        "The Ki-67 index alone makes the grade higher (3 % for grade 2, above 20 % for grade 3).",
        severity="warning",
    )
    # SEER EOD 3.3, schema selection: the NET schemas of the digestive tract and their grade codes.
    grade_fits_schema = rule(
        f"""
        histology not in {NET_HISTOLOGIES}
        or histology in (8013, 8041, 8154, 8246)
        or substring(primary_site, 1, 3) not in ('C16', 'C17', 'C18', 'C19', 'C20', 'C25')
        or grade in {NET_GRADES}
        """,
        "Grades of digestive NETs are 1 to 3 or A to D; 9 is unknown.",
        severity="warning",
    )
    grade_fits_histology = rule(
        """
        not (histology = 8249 and grade = '1')
        and not (histology in (8013, 8041) and grade in ('1', 'A', 'L'))
        """,
        "Histology 8249 is a NET of grade 2 or 3, 8013 and 8041 are carcinomas of high grade.",
        severity="warning",
    )
    behavior_fits_histology = listed(
        ("histology", "behavior"),
        "lists/neuroendocrine_morphology.csv",
        "ICD-O-3 has no such behaviour of this histology, or had none on the day of diagnosis.",
        when=f"histology in {NET_HISTOLOGIES}",
        day="diagnosis_date",
    )
    site_exists = listed("primary_site", "lists/icdo3_topography.csv", "ICD-O-3 has no such site.")
    # NAACCR items 380 and 560: malignant and in-situ tumours are counted 00 to 59, others from 60.
    only_one = compare(
        "tumor",
        on=("_source", "hospital_number"),
        holds="""
            sequence <> '00'
            or tumor.tumor_key = tumor_key
            or tumor.behavior in ('0', '1')
            or tumor.sequence >= '60'
        """,
        reason="Sequence 00 says that there is no other tumour, but the registry has one.",
        severity="warning",
    )
    seen_after_diagnosis = compare(
        "patient",
        on=("_source", "source_patient_number"),
        holds="diagnosis_date <= patient.last_contact_date",
        reason="The registry saw the patient last before the diagnosis.",
        severity="warning",
    )
    histology_fits_site = rule(
        """
        not (histology in (8150, 8151, 8152))
        or substring(primary_site, 1, 3) in ('C25', 'C17', 'C16', 'C80')
        """,
        "An islet cell tumour outside pancreas, stomach and small bowel.",
        severity="warning",
    )

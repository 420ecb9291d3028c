"""What the research project recorded about operations."""

from __future__ import annotations

from cytoreg.rules import Entity, PartialDate, compare, field, references, rule

from .codes import HOSPITAL_NUMBER, INTRAOPERATIVE, SITES

YES_OR_NO = "Neither 1 (yes) nor 0 (no)."


def _range(highest: int) -> dict[str, int]:
    return {"min_value": 0, "max_value": highest}


class OperativeFinding(Entity):
    """An instance of the research project's procedure form: sites, residual tumour, crisis facts.

    Abstracted from the charts after the operation; the log remains the word on times.
    """

    finding_key: str = field(
        "record_id and instance, joined by a dash.",
        key=True,
        unique=True,
        reasons={
            "required": "The record or its instance is missing, so it can't be named.",
            "unique": "The export holds this instance twice; the best version is kept.",
        },
    )
    record_id: str = field(
        "Record of the research project.",
        reasons={"required": "Nobody knows whose record this is."},
    )
    instance: int = field(
        "Number of the instance in the record, from 1.",
        ge=1,
        reasons={
            "type": "The instance is not a number.",
            "required": "The instance of the repeating form is missing.",
            "ge": "Instances are numbered from 1.",
        },
    )
    hospital_number: str = field(
        "Hospital number of the record's enrolment.",
        nullable=True,
        str_matches=HOSPITAL_NUMBER,
        reasons={"str_matches": "A hospital number has seven digits; leading zeros count."},
    )
    case_number: str = field(
        "Case of the operating-room log that this describes.",
        reasons={"required": "Nobody knows which operation this describes."},
    )
    operation_date: PartialDate = field(
        "Day of the operation as research recorded it; the log's day counts.",
        nullable=True,
        reasons={"type": "The day of the operation is no calendar date."},
    )
    preop_site: str = field(
        "Primary site known before the incision.",
        nullable=True,
        isin=SITES,
        reasons={"isin": "The research project has no such code for a site."},
    )
    site_found: str = field(
        "Primary site as found in the operation; unknown if it was not found.",
        nullable=True,
        isin=SITES,
        reasons={"isin": "The research project has no such code for a site."},
    )
    site_confirmed: bool = field(
        "Whether pathology confirmed the site found.", nullable=True, reasons={"type": YES_OR_NO}
    )
    residual: str = field(
        "Residual tumour: R0 none, R1 microscopic, R2 macroscopic.",
        nullable=True,
        isin=("R0", "R1", "R2"),
        reasons={"isin": "Residual tumour is coded 0, 1 or 2."},
    )
    percent_removed: int = field(
        "Share of the tumour that was removed.",
        unit="%",
        nullable=True,
        in_range=_range(100),
        reasons={
            "type": "The share removed is not a whole number.",
            "in_range": "A share lies between 0 and 100 %.",
        },
    )
    estimated_by: str = field(
        "Who estimated the share removed: surgeon or radiologist.",
        nullable=True,
        isin=("surgeon", "radiologist"),
        reasons={"isin": "The research project knows surgeon (1) and radiologist (2)."},
    )
    intraop_complication: bool = field(
        "Any complication during the operation.", nullable=True, reasons={"type": YES_OR_NO}
    )
    intraop_type: str = field(
        "Kind of the complication during the operation; empty if there was none.",
        nullable=True,
        isin=INTRAOPERATIVE,
        reasons={"isin": "The research project has no such code for a complication."},
    )
    crisis_recorded: bool = field(
        "Carcinoid crisis as recorded, by whatever definition.",
        nullable=True,
        reasons={"type": YES_OR_NO},
    )
    systolic_low: int = field(
        "Lowest systolic blood pressure.",
        unit="mm[Hg]",
        nullable=True,
        in_range={"min_value": 30, "max_value": 260},
        reasons={
            "type": "The pressure is not a whole number.",
            "in_range": "Not a plausible systolic pressure in mmHg; recorded in kPa?",
        },
    )
    minutes_below_80: int = field(
        "Minutes with a systolic pressure below 80 mmHg.",
        unit="min",
        nullable=True,
        in_range=_range(1440),
        reasons={
            "type": "The time is not a whole number of minutes.",
            "in_range": "Not a plausible number of minutes.",
        },
    )
    bp_change_percent: int = field(
        "Largest sudden change of the blood pressure.",
        unit="%",
        nullable=True,
        in_range=_range(300),
        reasons={
            "type": "The change is not a whole number.",
            "in_range": "Not a plausible change of pressure in percent.",
        },
    )
    bp_change_minutes: int = field(
        "Minutes in which that change came.",
        unit="min",
        nullable=True,
        in_range=_range(1440),
        reasons={
            "type": "The time is not a whole number of minutes.",
            "in_range": "Not a plausible number of minutes.",
        },
    )
    octreotide_ug: int = field(
        "Octreotide given during the operation.",
        unit="ug",
        nullable=True,
        in_range=_range(20000),
        reasons={
            "type": "The dose is not a whole number.",
            "in_range": "Not a plausible dose in micrograms.",
        },
    )
    bp_regression_percent: int = field(
        "Share of the change that was undone after octreotide; empty if none was given.",
        unit="%",
        nullable=True,
        in_range=_range(100),
        reasons={
            "type": "The share is not a whole number.",
            "in_range": "A share lies between 0 and 100 %.",
        },
    )
    vasopressor: bool = field(
        "Whether a vasopressor was given.", nullable=True, reasons={"type": YES_OR_NO}
    )
    other_cause: bool = field(
        "Whether the change of pressure had another explanation.",
        nullable=True,
        reasons={"type": YES_OR_NO},
    )

    procedure_exists = references(
        "procedure",
        on="case_number",
        reason="No accepted case of the operating-room log has this number.",
        refuses="case_number",
    )
    date_agrees = compare(
        "procedure",
        on=("case_number", "hospital_number"),
        holds="operation_date = procedure.operation_date",
        reason="The operating-room log has another day for this case.",
        severity="warning",
    )
    same_patient = references(
        "procedure",
        on=("case_number", "hospital_number"),
        reason="The case is another patient's than the record.",
        severity="warning",
    )
    one_a_case = compare(
        "operative_finding",
        on=("case_number", "hospital_number"),
        holds="finding_key = operative_finding.finding_key",
        reason="Another instance describes the same case; the latest one counts.",
        severity="warning",
    )
    r2_not_complete = rule(
        "residual <> 'R2' or percent_removed <> 100",
        "Macroscopic residual tumour (R2), yet 100 % removed.",
        severity="warning",
    )
    r0_is_complete = rule(
        "residual <> 'R0' or percent_removed = 100",
        "No residual tumour (R0), yet not all was removed.",
        severity="warning",
    )
    intraop_type_given = rule(
        "intraop_complication = (intraop_type is not null)",
        "A complication without its kind, or a kind without a complication.",
        severity="warning",
    )
    crisis_is_complication = rule(
        "not (crisis_recorded and not intraop_complication)",
        "A carcinoid crisis is a complication of the operation.",
        severity="warning",
    )
    crisis_has_pressure = rule(
        "not crisis_recorded or systolic_low is not null or bp_change_percent is not null",
        "A crisis without any blood pressure: no definition of a crisis can be tried on it.",
        severity="warning",
    )
    low_pressure_timed = rule(
        "minutes_below_80 = 0 or systolic_low < 80",
        "Minutes below 80 mmHg, yet the lowest pressure is not below 80.",
        severity="warning",
    )
    regression_after_octreotide = rule(
        "bp_regression_percent is null or octreotide_ug > 0",
        "A response to octreotide, yet none was given.",
        severity="warning",
    )

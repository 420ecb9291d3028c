"""Operations of the operating-room log."""

from __future__ import annotations

from typing import ClassVar

from cytoreg.rules import Entity, PartialDate, compare, field, has, references, rule

from .codes import CASE_NUMBER, CLOCK, HOSPITAL_NUMBER, PROCEDURES


class Procedure(Entity):
    """An operation as the operating-room log has it; a patient may have several.

    The log is complete for this hospital; operations elsewhere are not in it. Two logs, or a slip,
    may give one number to two patients: they are two operations.
    """

    case_number: str = field(
        "The log's number of the case: year, dash, five digits.",
        key=True,
        str_matches=CASE_NUMBER,
        reasons={
            "required": "Without its case number research records cannot find the operation.",
            "str_matches": "A case number is a year, a dash and five digits.",
        },
    )
    hospital_number: str = field(
        "Number of the patient in the hospital.",
        identity=True,
        str_matches=HOSPITAL_NUMBER,
        reasons={
            "required": "Nobody knows whom this operation was done on.",
            "str_matches": "A hospital number has seven digits; leading zeros count.",
        },
    )
    hospital_number_given: str = field(
        "The number as it stands; where it is unreadable, who names the case says whose it is.",
        nullable=True,
        str_matches=HOSPITAL_NUMBER,
        reasons={"str_matches": "No seven digits; who names the case says whose it is."},
    )
    patient_name: str = field(
        "Family name, comma, given name; to check the hospital number, never published.",
        nullable=True,
    )
    operation_date: PartialDate = field(
        "Day of the incision.",
        reasons={
            "type": "The day of the operation is no calendar date.",
            "required": "Stay, complications and survival all start on the day of operation.",
        },
    )
    incision_time: str = field(
        "Time of the incision, HH:MM.",
        nullable=True,
        str_matches=CLOCK,
        reasons={"str_matches": "Not a time of day as HH:MM."},
    )
    closure_time: str = field(
        "Time of closure, HH:MM; it may be past midnight.",
        nullable=True,
        str_matches=CLOCK,
        reasons={"str_matches": "Not a time of day as HH:MM."},
    )
    duration_minutes: int = field(
        "Operative time, incision to closure.",
        unit="min",
        nullable=True,
        in_range={"min_value": 20, "max_value": 1440},
        reasons={
            "type": "The operative time is not a whole number of minutes.",
            "in_range": "Not a plausible operative time in minutes; recorded in hours?",
        },
    )
    asa_class: int = field(
        "ASA physical status.",
        nullable=True,
        in_range={"min_value": 1, "max_value": 5},
        reasons={
            "type": "Not one ASA class, I to VI or 1 to 6: of a range nobody knows which it was.",
            "in_range": "ASA classes of the living run from 1 to 5.",
        },
    )
    blood_loss_ml: int = field(
        "Estimated blood loss, or its limit.",
        unit="mL",
        nullable=True,
        in_range={"min_value": 0, "max_value": 30000},
        reasons={
            "type": "The blood loss is not a whole number of millilitres.",
            "in_range": "Blood loss is never negative, and hardly ever above 30 litres.",
        },
    )
    blood_loss_comparator: str = field(
        "<, <=, > or >= before a blood loss that is a limit only.",
        nullable=True,
        isin=("<", "<=", ">", ">="),
        reasons={"isin": "Only <, <=, > and >= stand before a limit."},
    )
    procedure_code: str = field(
        "The log's code of what was done, CYTO- and the organ.",
        nullable=True,
        isin=PROCEDURES,
        reasons={"isin": "The log has no such code for a cytoreductive operation."},
    )
    room: str = field("Operating room.", nullable=True)

    operation_by_extract = rule(
        "operation_date <= $as_of",
        "Operated after the day the extract was made.",
        refuses="operation_date",
    )
    case_number_fits_date = rule(
        "cast(substring(case_number, 1, 4) as bigint) = year(operation_date)",
        "The year in the case number is not the year of the operation.",
        severity="warning",
    )
    duration_matches_times = rule(
        """
        (
          duration_minutes
          - 60 * (cast(substring(closure_time, 1, 2) as integer)
            - cast(substring(incision_time, 1, 2) as integer))
          - cast(substring(closure_time, 4, 2) as integer)
          + cast(substring(incision_time, 4, 2) as integer)
          + 2885
        ) % 1440 <= 10
        """,
        "The duration differs by more than 5 minutes from incision to closure.",
        severity="warning",
    )
    has_hospital_number = rule(
        """
        hospital_number_given is not null
        or hospital_number is null
        or not regexp_matches(hospital_number, '^[0-9]{7}$')
        """,
        "The hospital number is missing; who names the case says whose it is.",
        severity="warning",
    )
    has_report = has(
        "pathology",
        on=("case_number", "hospital_number"),
        when="operation_date >= date '1998-01-01'",
        reason="No report names this case, and since 1998 none is on paper.",
        severity="info",
    )
    patient_exists = references(
        "patient",
        on="hospital_number",
        reason="No accepted patient of any source has this hospital number.",
    )
    operation_after_birth = compare(
        "patient",
        on="hospital_number",
        holds="operation_date >= patient.birth_date",
        reason="Operated before birth.",
        refuses="operation_date",
    )
    operation_before_death = compare(
        "patient",
        on="hospital_number",
        holds="operation_date <= patient.death_date",
        reason="Operated after death.",
        refuses="operation_date",
    )
    number_of_one = compare(
        "procedure",
        on="case_number",
        holds="hospital_number = procedure.hospital_number",
        reason="The log has this case number for another patient too; each keeps the operation.",
        severity="warning",
    )
    one_a_day = compare(
        "procedure",
        on=("hospital_number", "operation_date"),
        holds="case_number = procedure.case_number",
        reason="Another case of the patient on this day: entered twice, or a return to theatre.",
        severity="warning",
    )
    patient_name_agrees = compare(
        "patient",
        on="hospital_number",
        holds="names_agree(patient_name, patient.family_name)",
        reason="The log's family name is not the patient's; the hospital number may be another's.",
        severity="warning",
    )

    class Config:
        """A patient has a case number once; of several versions the best is taken."""

        unique: ClassVar[list[str]] = ["case_number", "hospital_number"]
        metadata: ClassVar[dict[str, dict[str, str]]] = {
            "unique": {"reason": "The log has this case twice; the best version is kept."}
        }

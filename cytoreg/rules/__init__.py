"""Row rules: declared once in `schemas/*.py`, judged as SQL, explained everywhere.

Schemas are written with Entity, field, PartialDate, PartialDatetime, rule, references, has,
compare, agrees, determined and newest_by; the refresh uses load_schemas and judge; documents and
reports use catalogue, dictionary and sql_of.

    from datetime import date

    from cytoreg.rules import Entity, agrees, compare, field, has, references, rule

    from .codes import HOSPITAL_NUMBER  # files of the folder import each other like this


    class Procedure(Entity):
        "One operation, as the operating-room log gives it."

        case_number: str = field("Number of the case.", key=True, unique=True)
        hospital_number: str = field("Number of the patient.", str_matches=HOSPITAL_NUMBER)
        operation_date: date = field("Day of the incision.")
        duration_minutes: int = field(
            "From incision to closure.",
            unit="min",
            nullable=True,
            in_range={"min_value": 20, "max_value": 1440},
            reasons={"in_range": "Not a plausible operative time in minutes: hours?"},
        )
        asa_class: int = field(
            "ASA class.", nullable=True, in_range={"min_value": 1, "max_value": 5}, warn="in_range"
        )

        operation_by_extract = rule("operation_date <= $as_of", "Operated after the extract.")
        patient_exists = references("patient", on="hospital_number")
        has_report = has("pathology", on="case_number", when="operation_date >= date '1998-01-01'")
        operation_after_birth = compare(
            "patient",
            on="hospital_number",
            holds="operation_date >= patient.birth_date",
            reason="Operated before birth.",
        )

- **An entity** is a Pandera `DataFrameModel`; its name in tables and rule ids is the class name in
  snake case (`OperativeFinding` → `operative_finding`), its docstring describes the table.
- **Columns** are annotated with `str, int, float, bool, date, datetime, PartialDate` or
  `PartialDatetime` (column_types.py defines which text is of which type) and may be null only with
  `nullable=True`.
- **A `PartialDate`** `x` may be known to the month or the year only. In tables `x` is then null,
  and `x_earliest` and `x_latest` are the days between which it lies. A comparison with it is true
  or false if it is so for every possible day, else null: `birth_date <= death_date` breaks when the
  first possible birth lies after the last possible death. `x is null` is true if nothing is known,
  `earliest(x)` and `latest(x)` are the bounds, `year(x)` and `month(x)` are known if they are the
  same for all possible days; anywhere else `x` is the day, null where it is not known. Checks such
  as `in_range` pass if one of the possible days would. For a `PartialDatetime` the bounds are
  times, and `cast(x as date)` is a partial date.
- **Rule ids**: `<entity>.<column>.<check>` with check = `type` (text not of the column's type),
  `required` (null), `unique`, or the name of Pandera's own check as `field` takes it (`in_range`,
  `isin`, `str_matches`, `ge`, …); `<entity>.<attribute>` for `rule, references, has, compare,
  agrees, determined`; `<entity>.unique` for
  `class Config: unique = ["_source", "source_patient_number"]`.
- **Null passes** every check but `required`: an unknown value contradicts nothing.
- **Expressions** are SQL over the entity's columns, `_source, _table, _file, _row` and `$as_of`
  (a date). Unqualified columns are this row's, `patient.x` is the other row's. There are
  `= <> < <= > >=`, `and or not`, `is [not] null`, `in (…)`, `between`, `like`, `case`, `+ - * / %`
  (`/` is real division; date ± days), `||`, `cast(x as bigint|double|date|timestamp|varchar)`
  (null where the text is not of the type), `coalesce nullif greatest least abs floor ceil`,
  `length lower upper trim substr replace starts_with ends_with contains names_agree`,
  `regexp_matches(x, '…')` (search), `date_diff('day'|'hour'|'minute', a, b)`,
  `year month day hour minute`, `date '2016-01-31'`. Types are checked when the schemas load:
  a date can't be compared with text.
- **Python checks** (`@pa.check`, `@pa.dataframe_check`) run in Pandera on batches of typed rows:
  with `element_wise=True`, or marked `@rowwise` (looks at each row alone) or `@whole_table`
  (given all rows at once, in memory). Reason: `error=` or the docstring; `raise_warning=True`
  makes it a warning.
- **Severity**: `critical` (something is refused), `warning`, `info`.
- **What a critical finding refuses** depends on the rule. A check of a column refuses the cell: it
  is null in `accepted`, and its text is kept in `quarantine.cell`. A check of a column that
  identifies the record or its person (`key=True`, `identity=True`) refuses the row, and so does a
  rule between columns or tables, unless it names the cells in doubt (`refuses="death_date"`). A
  missing value has no cell to refuse: `required` is critical where the row is refused, else a
  warning. For other rules a refused cell is null, so they pass.
- **`has`** is the reverse of `references`: each accepted row has an accepted row of another entity.
  It is judged after all entities, and refuses nothing.
- **Repeated records**: of several rows with one key that no other rule refuses, the best version
  stays: by `latest = newest_by("version", …)` if the entity has one, then the later file, fewer
  empty or refused cells, fewer partly known ones, the earlier row. `unique` refuses the others.

Everything here also works in Pandera without a database: `Procedure.validate(frame, lazy=True)`,
inside `with given(as_of=…, patient=accepted_patients):` when rules need them.
"""

from cytoreg.rules.catalogue import (
    Column,
    EntityRules,
    Rule,
    catalogue,
    compare_in,
    dictionary,
    look_at,
)
from cytoreg.rules.compile import compile_schemas
from cytoreg.rules.declare import (
    agrees,
    compare,
    determined,
    field,
    has,
    listed,
    newest_by,
    references,
    rule,
)
from cytoreg.rules.entity import Entity
from cytoreg.rules.judge import begin, finish, judge, judge_alone, judge_beside_others
from cytoreg.rules.load import load_schemas
from cytoreg.rules.partial_date import PartialDate, PartialDatetime
from cytoreg.rules.python_check import rowwise, whole_table
from cytoreg.rules.statement import sql_of
from cytoreg.rules.vocabulary import given

__all__ = [
    "Column",
    "Entity",
    "EntityRules",
    "PartialDate",
    "PartialDatetime",
    "Rule",
    "agrees",
    "begin",
    "catalogue",
    "compare",
    "compare_in",
    "compile_schemas",
    "determined",
    "dictionary",
    "field",
    "finish",
    "given",
    "has",
    "judge",
    "judge_alone",
    "judge_beside_others",
    "listed",
    "load_schemas",
    "look_at",
    "newest_by",
    "references",
    "rowwise",
    "rule",
    "sql_of",
    "whole_table",
]

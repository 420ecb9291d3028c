"""The vocabulary of `schemas/*.py`: what a record is, and what must hold of it.

    from datetime import date

    from cytoreg.rules import Entity, agrees, compare, field, has, references, rule

    from .codes import HOSPITAL_NUMBER          # files of the folder import each other like this


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

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import pandera.pandas as pa
from pandera.api.dataframe.model_components import FieldInfo

from cytoreg.errors import ConfigError
from cytoreg.rules.vocabulary import (
    SEVERITIES,
    Agreement,
    ColumnMeta,
    Comparison,
    Counterpart,
    Dependency,
    Newest,
    Reference,
    Refused,
    RowRule,
    Severity,
    check_name,
)


def field(
    description: str,
    *,
    key: bool = False,
    identity: bool = False,
    refuses: Refused | None = None,
    unit: str = "",
    nullable: bool = False,
    unique: bool = False,
    warn: str | Sequence[str] = (),
    inform: str | Sequence[str] = (),
    reasons: Mapping[str, str] = MappingProxyType({}),
    **checks: object,
) -> FieldInfo:
    """A column.

    description: what the value is and where it comes from, for the dictionary.
    key: part of the key by which a finding names the record; several columns are joined by '/'.
    identity: identifies the person of the record, such as a hospital number.
    refuses: what a critical finding refuses, the "row" or the "cell"; by default the row for a key
    or an identity, the cell for any other column.
    unit: of the value, as UCUM writes it ('min', 'mm', 'mm[Hg]').
    warn, inform: checks whose findings are warnings or information instead of critical.
    reasons: texts for findings by check; they must not depend on the value.
    checks: Pandera's own (`eq ne gt ge lt le in_range isin notin str_matches str_contains
    str_startswith str_endswith str_length`, registered ones) and `alias`.
    """
    severities: dict[str, Severity] = {
        **dict.fromkeys(_names(inform), "info"),
        **dict.fromkeys(_names(warn), "warning"),
    }
    # Pandera would pass the codes of a tuple as separate arguments.
    checks |= {
        name: list(values)
        for name, values in checks.items()
        if name in ("isin", "notin") and isinstance(values, tuple)
    }
    info: FieldInfo = pa.Field(
        description=description,
        nullable=nullable,
        unique=unique,
        metadata={
            "cytoreg": ColumnMeta(
                key,
                refuses or ("row" if key or identity else "cell"),
                unit,
                severities,
                dict(reasons),
            )
        },
        **checks,
    )
    for check in info.checks:
        # With this, Pandera warns where cytoreg warns, and raises where the row would be refused.
        check.raise_warning = check_name(check) in severities
    return info


def rule(
    holds: str,
    reason: str = "",
    *,
    severity: Severity = "critical",
    refuses: str | Sequence[str] = (),
) -> RowRule:
    """A condition that must hold for each row: a SQL expression (null passes).

    refuses: the columns whose cells are in doubt if it does not hold; without it, a critical rule
    refuses the row.
    """
    return RowRule(holds, reason, _checked(severity), _names(refuses))


def newest_by(*expressions: str) -> Newest:
    """How to order the versions of a record, as `latest = newest_by(…)` of an entity.

    expressions: SQL over the entity's columns; the record with the highest value of the first one
    is the newest, the next one decides between equals, and null comes last.
    """
    return Newest(expressions)


def references(
    entity: str,
    on: str | Sequence[str] | Mapping[str, str],
    reason: str = "",
    *,
    severity: Severity = "critical",
    refuses: str | Sequence[str] = (),
) -> Reference:
    """An accepted row of `entity` must exist whose columns equal this row's.

    on: a column that both have, several, or a mapping of own column to the other's column. A null
    in any of them passes: missing references are found by `required`. A row also passes that
    another reference to `entity` finds by fewer of these columns.
    refuses: as for `rule`.
    """
    return Reference(entity, _mapping(on), reason, _checked(severity), _names(refuses))


def has(
    entity: str,
    on: str | Sequence[str] | Mapping[str, str],
    reason: str = "",
    *,
    when: str = "",
    severity: Severity = "warning",
) -> Counterpart:
    """Each accepted row of this entity has an accepted row of `entity`: `references` reversed.

    on: a column that both have, several, or a mapping of own column to the other's column. A null
    in any of them passes.
    when: a SQL expression; rows for which it is not true need no counterpart.
    Judged after all entities, so nothing can be refused: raises ConfigError for critical.
    """
    if severity == "critical":
        raise ConfigError(
            f"has({entity!r}) cannot be critical: its rows are accepted before those of {entity}",
            remedy="make it a warning, and set a limit to how many in expectations/",
        )
    return Counterpart(entity, _mapping(on), when, reason, _checked(severity))


def compare(
    entity: str,
    on: str | Sequence[str] | Mapping[str, str],
    holds: str,
    reason: str = "",
    *,
    severity: Severity = "critical",
    refuses: str | Sequence[str] = (),
) -> Comparison:
    """A condition that must hold for this row and each accepted row of `entity` that matches `on`.

    holds: a SQL expression in which `<entity>.<column>` is the other row's. A row without a match
    passes. With the entity's own name, the other rows are all rows of the entity but this one that
    no other critical rule refuses.
    refuses: as for `rule`.
    """
    return Comparison(entity, _mapping(on), holds, reason, _checked(severity), _names(refuses))


def agrees(
    column: str,
    on: str | Sequence[str],
    reason: str = "",
    *,
    when: str = "",
    severity: Severity = "warning",
    refuses: str | Sequence[str] = (),
) -> Agreement:
    """Rows of this entity from different sources that match `on` must agree in `column`.

    when: a SQL expression that both rows must fulfil to be compared, such as `sex <> 'unknown'`.
    Both rows are reported; only the precedence of sources decides which is right.
    """
    return Agreement(column, _mapping(on), when, reason, _checked(severity), _names(refuses))


def determined(
    column: str,
    by: str | Sequence[str],
    reason: str = "",
    *,
    severity: Severity = "warning",
    refuses: str | Sequence[str] = (),
) -> Dependency:
    """Rows of this entity with equal values of `by` have one value of `column`.

    Reported are the rows whose value differs from the majority's; without a majority, all of them.
    Nulls, and rows that a critical rule refuses, do not count.
    refuses: as for `rule`.
    """
    return Dependency(column, _names(by), reason, _checked(severity), _names(refuses))


def _names(value: str | Sequence[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def _mapping(on: str | Sequence[str] | Mapping[str, str]) -> Mapping[str, str]:
    if isinstance(on, Mapping):
        return MappingProxyType(dict(on))
    return MappingProxyType({column: column for column in _names(on)})


def _checked(severity: Severity) -> Severity:
    if severity not in SEVERITIES:
        raise ConfigError(f"severity {severity!r} is none of {', '.join(SEVERITIES)}")
    return severity

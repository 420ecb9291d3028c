"""What schemas are written with: columns, and what must hold of a row, a table or two."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pandera.pandas as pa
from pandera.api.dataframe.model_components import FieldInfo

from cytoreg.errors import ConfigError
from cytoreg.rules.code_list import read_listed
from cytoreg.rules.vocabulary import (
    SEVERITIES,
    Agreement,
    ColumnMeta,
    Comparison,
    Counterpart,
    Dependency,
    Listed,
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

    >>> from cytoreg.rules import field
    >>> size_mm: int = field("Largest diameter.", unit="mm", nullable=True, ge=0, warn="ge")
    """
    severities: dict[str, Severity] = {
        **dict.fromkeys(_names(inform), "info"),
        **dict.fromkeys(_names(warn), "warning"),
    }
    # Pandera would pass the codes of a tuple as separate arguments.
    given: dict[str, Any] = checks | {
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
        **given,
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

    >>> from cytoreg.rules import rule
    >>> operated_by_extract = rule("operation_date <= $as_of", "Operated after the extract.")
    """
    return RowRule(holds, reason, _checked(severity), _names(refuses))


def newest_by(*expressions: str) -> Newest:
    """How to order the versions of a record, as `latest = newest_by(…)` of an entity.

    expressions: SQL over the entity's columns; the record with the highest value of the first one
    is the newest, the next one decides between equals, and null comes last.

    >>> from cytoreg.rules import newest_by
    >>> latest = newest_by("version", "last_updated")
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

    >>> from cytoreg.rules import references
    >>> patient_exists = references("patient", on="hospital_number")
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

    >>> from cytoreg.rules import has
    >>> has_report = has("pathology", on="case_number", when="operation_date >= date '1998-01-01'")
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

    >>> from cytoreg.rules import compare
    >>> operation_after_birth = compare(
    ...     "patient",
    ...     on="hospital_number",
    ...     holds="operation_date >= patient.birth_date",
    ...     reason="Operated before birth.",
    ... )
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

    >>> from cytoreg.rules import agrees
    >>> sex_agrees = agrees("sex", on="hospital_number", when="sex <> 'unknown'")
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

    >>> from cytoreg.rules import determined
    >>> one_birth_date = determined("birth_date", by="hospital_number")
    """
    return Dependency(column, _names(by), reason, _checked(severity), _names(refuses))


def listed(
    on: str | Sequence[str] | Mapping[str, str],
    file: str,
    reason: str = "",
    *,
    when: str = "",
    day: str = "",
    severity: Severity = "warning",
    refuses: str | Sequence[str] = (),
) -> Listed:
    """The row's values stand in a list, a CSV file: several columns together in one of its rows.

    on: columns of text or integers that the list has too, or a mapping of own column to the list's.
    A null in any of them passes.
    file: its path from the folder of the schema; the first line names the columns, and further
    columns, such as a label, are for people. Say in a README beside it where the codes come from.
    when: a SQL expression; rows for which it is not true are not looked up.
    day: a column with a date, if codes come and go: the code must hold on that day, from the
    list's `valid_from` to its `valid_to` (2021-01-01; empty: always has, still does).
    refuses: as for `rule`.

    Raises ConfigError for a list that cannot be read, is empty, or has a row twice.

        site_exists = listed("primary_site", "lists/icdo3_topography.csv")
    """
    folder, columns = Path(sys._getframe(1).f_code.co_filename).parent, _mapping(on)
    if not columns:
        raise ConfigError(f"listed(…, {file!r}): `on` names no column")
    rows = read_listed(folder, file, columns.values(), dated=bool(day))
    return Listed(
        tuple(columns), file, rows, when, day, reason, _checked(severity), _names(refuses)
    )


def _names(value: str | Sequence[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def _mapping(on: str | Sequence[str] | Mapping[str, str]) -> Mapping[str, str]:
    if isinstance(on, Mapping):
        return MappingProxyType(dict(on))
    return MappingProxyType({column: column for column in _names(on)})


def _checked(severity: Severity) -> Severity:
    if severity not in SEVERITIES:
        raise ConfigError(f"severity {severity!r} is not one of {', '.join(SEVERITIES)}")
    return severity

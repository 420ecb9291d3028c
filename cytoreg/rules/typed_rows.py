"""The rows that are judged: every staged text, read as a value of its column's type."""

from __future__ import annotations

from collections.abc import Sequence

from cytoreg.rules.catalogue import EntityRules
from cytoreg.rules.requirement import Condition
from cytoreg.rules.vocabulary import LINEAGE
from cytoreg.warehouse.connection import quote


def typed_rows(entity: EntityRules) -> str:
    """Statement of `judged_<entity>`: every staged row with its text and its values."""
    return f"create or replace temp table judged_{entity.name} as\n{typed_select(entity)}"


def typed_select(entity: EntityRules, *also: str) -> str:
    """SELECT of every staged row with its text, its values and the staged columns `also`.

    A doubted column also has its value after its checks.
    """
    texts, values, bounds, kept = [], [], [], []
    for column in entity.columns:
        text = quote(column.text)
        typed = [quote(part) for part in column.type.stored(column.typed)]
        texts.append(f"    {quote(column.name)} as {text}")
        if column.type.partial:
            day, first, last = typed
            known, latest = column.type.known_and_latest_sql(first, text)
            values.append(f"    {column.type.earliest_sql(text)} as {first}")
            bounds += [f"    {known} as {day}", f"    {latest} as {last}"]
        elif typed != [text]:
            values.append(f"    {column.type.parse_sql(text)} as {typed[0]}")
        if column.typed != column.name:
            kept += [
                f"  {_kept(entity, column.name, part)} as {quote(name)}"
                for part, name in zip(typed, column.stored, strict=True)
            ]
    listed = ",\n".join([*texts, *(f"    {name}" for name in (*LINEAGE, *also))])
    return (
        f"with staged as (\n  select\n{listed}\n  from staging.{quote(entity.name)}\n),\n"
        f"typed as (\n  select\n{_all_and(values, '    ')}\n  from staged\n),\n"
        f"bounded as (\n  select\n{_all_and(bounds, '    ')}\n  from typed\n)\n"
        f"select\n{_all_and(kept, '  ')}\nfrom bounded"
    )


def _all_and(columns: Sequence[str], indent: str) -> str:
    return ",\n".join([f"{indent}*", *columns])


def _kept(entity: EntityRules, column: str, typed: str) -> str:
    """The value of a column; null where a check of the column refuses the cell."""
    broken = [f"not ({test.sql(None)})" for test in checks_of(entity, column)]
    return f"case when {' or '.join(broken)} then null else {typed} end" if broken else typed


def checks_of(entity: EntityRules, column: str) -> list[Condition]:
    """The checks by which the database refuses cells of a column."""
    return [
        rule.test
        for rule in entity.rules
        if rule.column == column
        and rule.refuses == "cell"
        and isinstance(rule.test, Condition)
        and not rule.id.endswith((".type", ".required"))
    ]

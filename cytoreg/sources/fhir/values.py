"""The result of compiling an expression: SQL with its kind.

`wrong` is a condition under which the standard makes the expression an error, such as several
values where one is expected; empty if that cannot happen.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from zlib import crc32

_SHORT = 100
"""Length up to which SQL may be written more than once."""


@dataclass(frozen=True)
class Items:
    """SQL of a JSON list, never null; `many`: whether it may have several items.

    There may be shortcuts: `text` is SQL of the single item's leaf, unless it begins with a
    bracket; `constants` are the leaves of a list that is the same for all resources; `united` are
    the lists of which it is the union.
    """

    sql: str
    wrong: str = ""
    many: bool = True
    text: str = ""
    constants: tuple[str, ...] = ()
    united: tuple[str, ...] = ()

    @property
    def several(self) -> str:
        """The condition that it has several."""
        return f"len({self.sql}) > 1" if self.many else ""


@dataclass(frozen=True)
class Leaf:
    """SQL of a text, null for nothing; `constant`: a string that is written in the view."""

    sql: str
    wrong: str = ""
    constant: bool = False


@dataclass(frozen=True)
class Truth:
    """SQL of a boolean, null for nothing."""

    sql: str
    wrong: str = ""


Value = Items | Leaf | Truth

NOTHING = Items("([]::json[])", many=False)
"""The empty collection."""


def as_items(value: Value) -> Items:
    """A value as a list of JSON."""
    if isinstance(value, Items):
        return value
    constants = (value.sql,) if isinstance(value, Leaf) and value.constant else ()
    items = once(lambda x: f"fhir_items(to_json({x}))", value.sql)
    return Items(items, value.wrong, many=False, constants=constants)


def as_leaf(value: Value) -> Leaf:
    """A value as one text; several are an error."""
    if isinstance(value, Items):
        return Leaf(f"fhir_leaf({value.sql}[1])", any_of(value.wrong, value.several))
    if isinstance(value, Truth):
        return Leaf(f"({value.sql})::varchar", value.wrong)
    return value


def as_truth(value: Value) -> Truth:
    """A value as a boolean; anything else is an error."""
    if isinstance(value, Truth):
        return value
    leaf = as_leaf(value)
    strange = f"{leaf.sql} not in ('true', 'false')"
    return Truth(once(lambda x: f"fhir_truth({x})", leaf.sql), any_of(leaf.wrong, strange))


def once(make: Callable[..., str], *operands: str) -> str:
    """The SQL that `make` builds from operands, each of them evaluated and written only once.

    A macro writes its arguments wherever it uses them, so that nested operators would grow without
    bound. A long operand is therefore the argument of a lambda.
    """
    names = [sql if len(sql) <= _SHORT else f"v{crc32(sql.encode()):x}" for sql in operands]
    made = make(*names)
    for sql, name in zip(operands, names, strict=True):
        if name != sql:
            made = f"list_transform([{sql}], lambda {name}: {made})[1]"
    return made


def any_of(*conditions: str) -> str:
    """A condition that holds when one of these does; empty when none can."""
    given = [condition for condition in dict.fromkeys(conditions) if condition]
    return f"({' or '.join(given)})" if len(given) > 1 else "".join(given)

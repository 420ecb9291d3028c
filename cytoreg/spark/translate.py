"""DuckDB's SQL of a rule as Spark's, by the table of subset.py; what that does not list is refused.

sqlglot only parses. It would also write Spark SQL, but passes on what it does not know, and some of
what both engines know means another thing on each.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import sqlglot
from sqlglot import exp

from cytoreg.rules.requirement import Codes
from cytoreg.spark.letters import changed
from cytoreg.spark.subset import CONSTRUCTS, TYPES, UNPORTABLE
from cytoreg.spark.writing import literal, quote
from cytoreg.warehouse.connection import scratch

_BY_NAME = {construct.name: construct for construct in CONSTRUCTS}
_BY_NODE = {
    construct.node: construct
    for construct in CONSTRUCTS
    if construct.node not in (exp.Anonymous, exp.DateDiff)
}
_GREATEST_INT = 2**31 - 1
_PARTS = ("this", "expression", "expressions", "low", "high", "start", "length", "replacement")


class Unportable(Exception):
    """A construct that has no wording for Spark: its name, and what to write instead."""

    def __init__(self, construct: str, instead: str = "") -> None:
        super().__init__(construct)
        self.construct = construct
        self.instead = instead or (
            "it is not among the constructs that are known to mean the same on both engines"
            " (docs/how-to/spark.md lists them)"
        )


def to_spark(
    sql: str, codes: Sequence[Codes] = (), relations: Mapping[str, str] = MappingProxyType({})
) -> str:
    """The Spark SQL of an expression or a SELECT of a rule. Raises Unportable.

    codes: the code tables that it may read; Spark is given their codes as a list.
    relations: other names of the relations that it reads.
    """
    return _Writer({table.table: table for table in codes}, relations).write(
        sqlglot.parse_one(sql, dialect="duckdb")
    )


class _Writer:
    def __init__(self, codes: Mapping[str, Codes], relations: Mapping[str, str]) -> None:
        self.codes = codes
        self.relations = relations
        self.own: Mapping[type[exp.Expr], Callable[[exp.Expr], str]] = {
            exp.Paren: lambda tree: self.write(_one(tree)),
            exp.Null: lambda _: "NULL",
            exp.Boolean: lambda tree: tree.sql().upper(),
            exp.Literal: lambda tree: literal(tree.name) if tree.is_string else tree.name,
            exp.Column: self.column,
            exp.Cast: self.cast,
            exp.TryCast: self.cast,
            exp.Case: self.case,
            exp.In: self.listed,
            exp.Subquery: self.looked_up,
            exp.Interval: self.interval,
            exp.DateDiff: self.date_diff,
            exp.Anonymous: self.function,
            exp.Select: self.select,
        }

    def write(self, tree: exp.Expr) -> str:
        """The tree as Spark SQL."""
        if own := self.own.get(type(tree)):
            return own(tree)
        construct = _BY_NODE.get(type(tree))
        if construct is None:
            raise Unportable(tree.key)
        return self.fill(construct.spark, tree, _parts(tree))

    def fill(self, template: str, tree: exp.Expr, parts: Sequence[exp.Expr]) -> str:
        """A template with the parts of the tree."""
        named: dict[str, str] = {}
        if "{pattern}" in template:
            named["pattern"] = _pattern(tree)
            parts = parts[:1]
        if isinstance(tree, exp.Lower | exp.Upper):
            letters = changed("lower" if isinstance(tree, exp.Lower) else "upper")
            named["letters"] = ", ".join(map(literal, letters))
        written = [self.write(part) for part in parts]
        if isinstance(tree, exp.Substring):
            written = [_clipped(part, text) for part, text in zip(parts, written, strict=True)]
        if isinstance(tree, exp.Greatest | exp.Least | exp.Coalesce) and len(written) == 1:
            return written[0]
        return template.format(*written, all=", ".join(written), **named)

    def column(self, tree: exp.Expr) -> str:
        """A column, of a relation if it is named."""
        assert isinstance(tree, exp.Column)  # noqa: S101
        return ".".join(quote(part.name) for part in tree.parts)

    def cast(self, tree: exp.Expr) -> str:
        """A cast to a type that both have."""
        to = _one(tree, "to")
        kind: object = to.this
        if not isinstance(kind, exp.DType) or kind not in TYPES:
            raise Unportable(f"cast to {to.sql(dialect='duckdb').lower()}")
        function = "TRY_CAST" if isinstance(tree, exp.TryCast) else "CAST"
        return f"{function}({self.write(_one(tree))} AS {TYPES[kind]})"

    def case(self, tree: exp.Expr) -> str:
        """CASE, with or without a subject."""
        subject = "".join(f" {self.write(part)}" for part in _some(tree, "this"))
        whens = "".join(
            f" WHEN {self.write(_one(branch))} THEN {self.write(_one(branch, 'true'))}"
            for branch in _some(tree, "ifs")
        )
        last = "".join(f" ELSE {self.write(part)}" for part in _some(tree, "default"))
        return f"(CASE{subject}{whens}{last} END)"

    def listed(self, tree: exp.Expr) -> str:
        """IN a list, or in a table of codes. Spark's set of numbers holds 0.0 and -0.0 apart."""
        value = self.write(_one(tree))
        listed = [self.write(part) for part in _some(tree, "expressions")]
        for query in _some(tree, "query"):
            listed += _codes(self.table(query), "code")
        if any(text.endswith(" AS DOUBLE)") for text in listed):
            value = f"({value} + 0D)"
            listed = [f"({text} + 0D)" for text in listed]
        return f"({value} IN ({', '.join(listed)}))"

    def looked_up(self, tree: exp.Expr) -> str:
        """The day of a code in a table of codes: `(select valid_from from … where code = …)`."""
        select: exp.Expr = tree.unnest()
        asked = [one for where in _some(select, "where") for one in _some(where, "this")]
        if len(asked) != 1 or not isinstance(asked[0], exp.EQ):
            raise Unportable("a subquery")
        table, column = self.table(select), _some(select, "expressions")[0].name
        pairs = (", ".join(_codes(table, name)) for name in ("code", column))
        known = "map_from_arrays(array({}), array({}))".format(*pairs)
        return f"try_element_at({known}, {self.write(_one(asked[0], 'expression'))})"

    def table(self, tree: exp.Expr) -> Codes:
        """The table of codes that a query reads."""
        table = tree.find(exp.Table)
        if table is None or table.name not in self.codes:
            raise Unportable("a subquery")
        return self.codes[table.name]

    def interval(self, tree: exp.Expr) -> str:
        """A number of seconds."""
        if _one(tree, "unit").name.upper() not in ("SECOND", "SECONDS"):
            raise Unportable("an interval that is not in seconds")
        return f"make_dt_interval(0, 0, 0, {float(_one(tree).name)!r})"

    def date_diff(self, tree: exp.Expr) -> str:
        """How many midnights, full hours or full minutes lie between."""
        unit = _one(tree, "unit").name.lower()
        construct = _BY_NAME.get(f"date_diff('{unit}', …)")
        if construct is None:
            raise Unportable(f"date_diff in units of {unit}")
        return self.fill(construct.spark, tree, [_one(tree, "expression"), _one(tree)])

    def function(self, tree: exp.Expr) -> str:
        """A function that sqlglot has no class for."""
        name = tree.name.lower()
        construct = _BY_NAME.get(name)
        if construct is None or construct.node is not exp.Anonymous:
            raise Unportable(f"{name}()", UNPORTABLE.get(name, ""))
        return self.fill(construct.spark, tree, _some(tree, "expressions"))

    def select(self, tree: exp.Expr) -> str:
        """Columns of one relation, after others that are named in WITH; nothing else."""
        assert isinstance(tree, exp.Select)  # noqa: S101
        known = {"expressions", "from_", "with_", "kind"}
        if more := [name for name in tree.args if name not in known and tree.args[name]]:
            raise Unportable(f"a SELECT with {more[0]}")
        named = ",\n".join(
            f"{quote(cte.alias)} AS (\n{self.write(_one(cte))}\n)" for cte in tree.ctes
        )
        columns = ",\n".join(map(self.selected, _some(tree, "expressions")))
        table = _one(_one(tree, "from_"))
        assert isinstance(table, exp.Table)  # noqa: S101
        relation = ".".join(part.name for part in table.parts)
        return (
            f"{f'WITH {named}' if named else ''}\nSELECT\n{columns}"
            f"\nFROM {quote(self.relations.get(relation, relation))}"
        )

    def selected(self, tree: exp.Expr) -> str:
        """A column of a SELECT with its name, or all columns."""
        if isinstance(tree, exp.Star):
            return "*"
        return f"{self.write(tree.unalias())} AS {quote(tree.alias_or_name)}"


def _one(tree: exp.Expr, name: str = "this") -> exp.Expr:
    """A part that a tree always has."""
    found: exp.Expr = tree.args[name]
    return found


def _some(tree: exp.Expr, name: str) -> list[exp.Expr]:
    """A part that a tree may have, once or several times."""
    found: exp.Expr | list[exp.Expr] | None = tree.args.get(name)
    if found is None:
        return []
    return found if isinstance(found, list) else [found]


def _parts(tree: exp.Expr) -> list[exp.Expr]:
    """The operands, in the order in which they are written."""
    names = ("year", "month", "day") if isinstance(tree, exp.DateFromParts) else _PARTS
    return [part for name in names for part in _some(tree, name)]


def _pattern(tree: exp.Expr) -> str:
    """The pattern of RE2 as Java reads it.

    Patterns come from rules/regex.py or from cytoreg itself, so only these differ: which characters
    end a line for `.`, and which letters are alike without regard to case.
    """
    pattern = _one(tree, "expression")
    if not isinstance(pattern, exp.Literal) or _some(tree, "flag"):
        raise Unportable("a pattern that is not a constant")
    text = pattern.name
    flags = "d"
    if text.startswith("(?i)"):
        text, flags = text.removeprefix("(?i)"), "diu"
    whole = isinstance(tree, exp.RegexpFullMatch)
    return literal(f"(?{flags})" + (rf"\A(?:{text})\z" if whole else text))


def _clipped(part: exp.Expr, text: str) -> str:
    """A length or a place that Spark's 32 bits hold; no text is longer."""
    number = _one(part) if isinstance(part, exp.Cast) else part
    if isinstance(number, exp.Literal) and not number.is_string:
        return str(min(int(number.name), _GREATEST_INT))
    return text


def _codes(codes: Codes, column: str) -> list[str]:
    """A column of a table of codes as Spark's literals."""
    with scratch() as con:
        rows: list[tuple[object]] = con.execute(f"select {column} from ({codes.select})").fetchall()
    return [_constant(value) for (value,) in rows]


def _constant(value: object) -> str:
    match value:
        case bool():
            return "TRUE" if value else "FALSE"
        case int():
            return f"CAST({value} AS BIGINT)"
        case float():
            return f"CAST('{value!r}' AS DOUBLE)"
        case str():
            return literal(value)
    return f"DATE'{value}'" if len(str(value)) == 10 else f"TIMESTAMP_NTZ'{value}'"

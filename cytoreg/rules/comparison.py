"""The SQL of comparisons with other rows, at the cost of a join.

Where aggregates of a row's group suffice to find a contradiction, they are used (contradiction.py);
else the distinct values that the condition reads on either side are joined. The row itself, or its
whole source, is left out: the two lowest values of a group are kept with their owners, and for
distinct values the first and the last owner.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from cytoreg.rules.contradiction import Alternative, alternatives, columns, mirrored
from cytoreg.rules.operations import Node, to_sql
from cytoreg.rules.requirement import Determined, Pairwise
from cytoreg.warehouse.connection import quote

_LEAST, _GREATEST = "least", "greatest"
_ENDS = {
    "<>": (_LEAST, _GREATEST),
    ">": (_LEAST,),
    ">=": (_LEAST,),
    "<": (_GREATEST,),
    "<=": (_GREATEST,),
}
_AGGREGATE = {_LEAST: "min", _GREATEST: "max"}


@dataclass(frozen=True)
class _Way:
    """One way in which the rule at a position of its entity can break."""

    position: int
    test: Pairwise
    breaks: Alternative

    @property
    def unit(self) -> str | None:
        """What identifies the rows that are left out: the row's source, or the row itself."""
        if self.test.across_sources:
            return "_source"
        return "rowid" if self.test.itself else None

    @property
    def left_out(self) -> str | None:
        """The unit whose values must be left out of the group's lowest and highest."""
        if not self.breaks.orders or (self.unit == "rowid" and self.same_value):
            return None
        return self.unit

    @property
    def same_value(self) -> bool:
        """Whether one value must differ between the rows: then no row contradicts itself."""
        (order,) = self.breaks.orders
        alike = all(mine == theirs for mine, theirs in self.test.on)
        return alike and order.op in ("<>", "<", ">") and mirrored(order.that) == order.this

    @property
    def one_value(self) -> bool:
        """Whether groups of the entity's own rows with a single value have no contradiction."""
        return self.test.itself and self.same_value


def contradictions(
    tests: Iterable[tuple[int, Pairwise]], judged: str, name: str, others: str, as_of: date | None
) -> dict[str, str]:
    """CTEs of which each `contradiction_<name>_<n>` (_id, rule) lists which rows break which rule.

    judged: table of the rows to compare; name: the entity with which they are compared; others: its
    rows, as the text after `from`, with the alias `that`. A row may be found by several CTEs.
    """
    ways = [
        _Way(position, test, way) for position, test in tests for way in alternatives(test.holds)
    ]
    groups: dict[tuple[object, ...], list[_Way]] = {}
    pairs = []
    for way in ways:
        if way.breaks.by_group:
            alike = (way.test.on, way.breaks.equal, way.left_out)
            groups.setdefault(alike, []).append(way)
        else:
            pairs.append(way)
    ctes: dict[str, str] = {}
    for number, group in enumerate(groups.values(), 1):
        ctes |= _by_group(group, f"{name}_{number}", judged, others, as_of)
    for number, way in enumerate(pairs, len(groups) + 1):
        ctes |= _by_pair(way, f"{name}_{number}", judged, others, as_of)
    return ctes


def minorities(position: int, test: Determined, judged: str, others: str) -> dict[str, str]:
    """CTEs that lead to `contradiction_determined_<position>`: rows unlike the majority."""
    columns = [quote(test.column), *map(quote, test.by)]
    keys = [f"_key_{n}" for n in range(len(test.by))]
    named = [f"that.{quote(name)} as {key}" for name, key in zip(test.by, keys, strict=True)]
    given = [f"that.{column} is not null" for column in columns]
    votes, winner = f"votes_{position}", f"winner_{position}"
    value = f"this.{columns[0]}"
    return {
        votes: _select(
            [*named, f"that.{columns[0]} as _value", "count(*) as votes"],
            _filtered(others, given),
            "group by all",
        ),
        winner: _select(
            [*keys, "arg_max(_value, votes) as _value", "max(votes, 2) as most"],
            votes,
            "group by all",
        ),
        f"contradiction_determined_{position}": (
            f"  select this.rowid as _id, {position} as rule\n  from {judged} as this\n"
            f"  join {winner} as that on "
            + _equal([f"this.{column}" for column in columns[1:]], keys)
            + f"\n  where {value} <> that._value"
            f"\n    or ({value} is not null and that.most[1] = that.most[2])"
        ),
    }


def _by_group(
    ways: Sequence[_Way], number: str, judged: str, others: str, as_of: date | None
) -> dict[str, str]:
    """Contradictions found by the lowest and the highest value of a row's group."""
    mine, theirs = _keys(ways[0], as_of)
    keys = [f"_key_{n}" for n in range(len(theirs))]
    named = [f"{sql} as {key}" for sql, key in zip(theirs, keys, strict=True)]
    unit = ways[0].left_out
    ends: list[str] = []
    kept: list[str] = []
    broken: list[str] = []
    for n, way in enumerate(ways):
        this, op, that = _compared(way, as_of)
        tests = []
        for end in _ENDS[op]:
            name, function = f"{end}_{n}", _AGGREGATE[end]
            value = that if unit == "rowid" else f"{function}({that})"
            ends.append(f"{value} as {name}")
            kept.append(f"{function}({name}, 2) as {name}")
            kept.append(f"arg_{function}(_unit, {name}, 2) as {name}_of")
            found = f"that.{name}"
            if unit:
                found = (
                    f"case when that.{name}_of[1] = this.{unit}"
                    f" then that.{name}[2] else that.{name}[1] end"
                )
            tests.append(f"{this} {op} {found}")
        conditions = [*(_sql(node, as_of) for node in way.breaks.this), " or ".join(tests)]
        broken.append(" and ".join(f"({sql})" for sql in conditions))
    ctes: dict[str, str] = {}
    if unit:
        if all(way.one_value for way in ways):
            ctes[f"mixed_{number}"] = _mixed(ways, judged, as_of)
            key, *more = [f"that.{quote(theirs)}" for _, theirs in ways[0].test.on]
            row = f"({', '.join([key, *more])})" if more else key
            others = _filtered(others, [f"{row} in (from mixed_{number})"])
        by_unit = "group by all" if unit == "_source" else ""
        ctes[f"unit_{number}"] = _select([*named, f"that.{unit} as _unit", *ends], others, by_unit)
        ctes[f"group_{number}"] = _select([*keys, *kept], f"unit_{number}", "group by all")
    else:
        ctes[f"group_{number}"] = _select([*named, *ends], others, "group by all")
    cases = ",\n".join(
        f"      case when {sql} then {way.position} end"
        for sql, way in zip(broken, ways, strict=True)
    )
    ctes[f"contradiction_{number}"] = (
        f"  select _id, unnest(broken) as rule\n  from (\n"
        f"    select this.rowid as _id, list_filter([\n{cases}\n    ],"
        " lambda number: number is not null) as broken\n"
        f"    from {judged} as this\n    join group_{number} as that on {_equal(mine, keys)}\n"
        f"    where {_either(broken)}\n  ) as found"
    )
    return ctes


def _mixed(ways: Sequence[_Way], judged: str, as_of: date | None) -> str:
    """Groups whose rows differ in a value: few, and only their rows can contradict others."""
    values = [_sql(order.this, as_of) for way in ways for order in way.breaks.orders]
    keys = [f"this.{quote(mine)}" for mine, _ in ways[0].test.on]
    differ = " or ".join(f"min({value}) <> max({value})" for value in dict.fromkeys(values))
    return _select(keys, f"{judged} as this", f"group by all\n  having {differ}")


def _compared(way: _Way, as_of: date | None) -> tuple[str, str, str]:
    """This row's value, the operator, and the others' values, null for rows that are left out."""
    if way.breaks.orders:
        (order,) = way.breaks.orders
        this, op, that = _sql(order.this, as_of), order.op, _sql(order.that, as_of)
    elif way.unit:
        this, op, that = f"this.{way.unit}", "<>", f"that.{way.unit}"
    else:
        this, op, that = "true", ">=", "true"
    conditions = " and ".join(f"({_sql(node, as_of)})" for node in way.breaks.that)
    return this, op, f"case when {conditions} then {that} end" if conditions else that


def _by_pair(
    way: _Way, number: str, judged: str, others: str, as_of: date | None
) -> dict[str, str]:
    """Contradictions found only by pairs: of distinct values, then of rows that have them."""
    mine, theirs = _keys(way, as_of)
    keys = [f"_key_{n}" for n in range(len(theirs))]
    between = [
        *(Node(order.op, bool, (order.this, order.that)) for order in way.breaks.orders),
        *way.breaks.mixed,
    ]
    reads = sorted({pair for node in between for pair in columns(node)})
    own = [quote(name) for qualifier, name in reads if not qualifier]
    named = [f"{sql} as {key}" for sql, key in zip(theirs, keys, strict=True)]
    read = [f"that.{quote(name)}" for qualifier, name in reads if qualifier]
    whose = [f"min(that.{way.unit}) as _first", f"max(that.{way.unit}) as _last"]
    these = [f"({_sql(node, as_of)})" for node in way.breaks.this]
    those = [f"({_sql(node, as_of)})" for node in way.breaks.that]
    on = [_equal(mine, keys), *(f"({_sql(node, as_of)})" for node in between)]
    that = f"other_{number}"
    if way.unit is None:
        return {
            that: _select([*named, *read], _filtered(others, those), "group by all"),
            f"contradiction_{number}": (
                f"  select distinct this.rowid as _id, {way.position} as rule\n"
                f"  from {judged} as this\n  join {that} as that on {' and '.join(on)}"
                + _where(these)
            ),
        }
    first = [f"{sql} as {key}" for sql, key in zip(mine, keys, strict=True)]
    met = [f"this.{name}" for name in (*keys, *own)]
    alike = [f"that.{name} is not distinct from this.{name}" for name in own]
    joined = [f"that.{key} = this.{key}" for key in keys]
    return {
        that: _select([*named, *read, *whose], _filtered(others, those), "group by all"),
        f"own_{number}": _select(
            [*first, *(f"this.{name}" for name in own)],
            f"{judged} as this" + _where(these),
            "group by all",
        ),
        f"met_{number}": _select(
            [*met, "min(that._first) as _first", "max(that._last) as _last"],
            f"own_{number} as this\n  join {that} as that on {' and '.join([*joined, *on[1:]])}",
            "group by all",
        ),
        f"contradiction_{number}": (
            f"  select this.rowid as _id, {way.position} as rule\n  from {judged} as this\n"
            f"  join met_{number} as that on {' and '.join([on[0], *alike])}"
            + _where([*these, f"(that._first <> this.{way.unit} or that._last <> this.{way.unit})"])
        ),
    }


def _sql(node: Node, as_of: date | None) -> str:
    """SQL of a tree on the aliases `this` and `that`."""
    return to_sql(
        node, lambda qualifier, name: f"{'that' if qualifier else 'this'}.{quote(name)}", as_of
    )


def _keys(way: _Way, as_of: date | None) -> tuple[list[str], list[str]]:
    """Pairs of columns that are equal in this row and the other."""
    mine = [f"this.{quote(name)}" for name, _ in way.test.on]
    theirs = [f"that.{quote(name)}" for _, name in way.test.on]
    for this, that in way.breaks.equal:
        mine.append(f"({_sql(this, as_of)})")
        theirs.append(f"({_sql(that, as_of)})")
    return mine, theirs


def _equal(mine: Sequence[str], keys: Sequence[str]) -> str:
    return " and ".join(f"that.{key} = {this}" for key, this in zip(keys, mine, strict=True))


def _either(conditions: Sequence[str]) -> str:
    return "\n      or ".join(f"({sql})" for sql in conditions)


def _filtered(others: str, conditions: Sequence[str]) -> str:
    joined = "and" if "\n  where " in others else "where"
    return f"{others}\n  {joined} {' and '.join(conditions)}" if conditions else others


def _where(conditions: Sequence[str]) -> str:
    return f"\n  where {' and '.join(conditions)}" if conditions else ""


def _select(columns: Sequence[str], relation: str, grouped: str) -> str:
    listed = ",\n    ".join(columns)
    return f"  select\n    {listed}\n  from {relation}" + (f"\n  {grouped}" if grouped else "")

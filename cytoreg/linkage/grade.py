"""How well a record fits a person: the level at which each name agrees, and the grade of it all."""

from __future__ import annotations

from collections.abc import Sequence

from cytoreg.warehouse.connection import quote

NEAR = 9
"""Grade of a pair in which a single name does not agree."""


def with_forms(names: Sequence[str]) -> str:
    """The candidates with the forms of their names, each spelling computed once."""
    if not names:
        return "select * from candidate"
    spelt = " union ".join(
        f"select {quote(name)}.text, {quote(name)}.width from candidate"
        f" union select known.text, known.width from (select unnest({quote(f'known_{name}')})"
        " as known from candidate)"
        for name in names
    )
    own = ", ".join(f"form_{place}.forms as {quote(name)}" for place, name in enumerate(names))
    lists = ", ".join(
        f"(select list(f.forms) from (select unnest({quote(f'known_{name}')}) as k) as listed"
        " inner join spelling as f on f.text = listed.k.text"
        " and f.width is not distinct from listed.k.width) "
        f"as {quote(f'known_{name}')}"
        for name in names
    )
    joins = " ".join(
        f"left join spelling as form_{place} on form_{place}.text = c.{quote(name)}.text"
        f" and form_{place}.width is not distinct from c.{quote(name)}.width"
        for place, name in enumerate(names)
    )
    hidden = ", ".join(quote(part) for name in names for part in (name, f"known_{name}"))
    return f"""
          with spelling as materialized (
            select text, width, name_forms(text, width) as forms from ({spelt}) as spelt
            where text is not null
          )
          select c.* exclude ({hidden}), {own}, {lists}
          from candidate as c {joins}"""


def level_of(name: str, unreadable: bool) -> str:
    """2 for the same name, 1 for parts of it, 0 for another: the best of the person's spellings.

    An unknown name that may be unreadable contradicts nothing.
    """
    level = _best(name, name)
    return f"case when {quote(name)} is null then 2 else {level} end" if unreadable else level


def _best(of: str, among: str) -> str:
    mine = quote(of)
    return (
        f"coalesce(list_max(list_transform({quote(f'known_{among}')}, lambda known:"
        f" case when same_name({mine}, known, missing = 0) then 2"
        f" when parts_of_name({mine}, known) then 1 else 0 end)), 0)"
    )


def grade_of(names: Sequence[str]) -> str:
    """The grade of a candidate by its number of unknowns and the levels of its names, or null."""
    if not names:
        return "case missing when 0 then 0 when 1 then 2 end"
    levels = [quote(f"level_{name}") for name in names]
    lowest = f"least({', '.join(levels)})" if len(levels) > 1 else levels[0]
    grade = f"when missing = 0 and {lowest} = 2 then 0 when missing = 0 and {lowest} = 1 then 1"
    if len(names) == 2:
        one, two = names
        grade += f" when missing = 0 and {_best(one, two)} = 2 and {_best(two, one)} = 2 then 1"
    grade += f" when missing = 1 and {lowest} = 2 then 2"
    if len(names) > 1:
        other = " + ".join(f"({level} = 0)::int" for level in levels)
        grade += f" when missing = 0 and {other} = 1 then {NEAR}"
    return f"case {grade} end"

"""The page of a kind of source: what it is, the keys of its section, what it does not read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cytoreg.sources.keys import keys, sections
from cytoreg.sources.kinds import reader
from cytoreg.sources.unread import INSTEAD

__all__ = ["page", "register"]


def page(kind: str) -> str:
    """The whole page, as Markdown; raises ConfigError for an unknown kind."""
    its = reader(kind)
    columns = ("key", "type", "default", "meaning")
    parts = [f"# {kind}\n\n{its.page().strip()}\n\n## Keys\n\nBeside those of every source:\n\n"]
    for place, model in [("", its.config), *sections(its.config)]:
        rows = [(f"`{key.name}`", *key[1:]) for key in keys(model)]
        parts.append(f"### Keys within `{place}`\n\n" if place else "")
        parts.append(f"{_table(columns, rows)}\n")
    return f"{''.join(parts)}{register(kind)}\n"


def register(kind: str) -> str:
    """The section of what is not read."""
    found = reader(kind).unread()
    told = {one.instead for one in found}
    meanings = "; ".join(f"*{what}*: {text}" for what, text in INSTEAD.items() if what in told)
    rows = [(one.feature, one.where, one.instead, one.detail) for one in found]
    columns = (
        "what a source may hold",
        "where it is described",
        "what happens",
        "how, or what to do",
    )
    return f"## What is not read\n\n{_table(columns, rows)}\n{meanings}."


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [columns, ["---"] * len(columns), *rows]
    cells = ([" ".join(cell.split()).replace("|", "\\|") for cell in line] for line in lines)
    return "".join(f"| {' | '.join(line)} |\n" for line in cells)

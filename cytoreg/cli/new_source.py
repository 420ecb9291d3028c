"""What is told of a new source: by options, or on the terminal."""

from __future__ import annotations

import sys
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

import typer

from cytoreg.errors import ConfigError

if TYPE_CHECKING:
    from cytoreg.connect import Told
    from cytoreg.project.load import Project
    from cytoreg.sources.reader import Draft


def ask(question: str, default: str | None = None, choices: Collection[str] = ()) -> str:
    """The answer on the terminal; raises ConfigError if nobody is there."""
    if not sys.stdin.isatty():
        raise ConfigError(
            f"there is no terminal to ask on: {question}?",
            remedy="give it as an option; cytoreg sources add --help shows how",
        )
    more = f" ({', '.join(choices)})" if choices else ""
    return str(typer.prompt(question + more, default=default, err=True)).strip()


def pairs(options: list[str]) -> dict[str, str]:
    """What `--server KEY=VALUE` says."""
    given = dict(option.partition("=")[::2] for option in options)
    if not all(given.values()):
        raise ConfigError(
            "--server is a key and its value", remedy="give it as --server user=registry"
        )
    return given


def wanted(
    options: Sequence[str], draft: Draft, told: Told, project: Project
) -> tuple[dict[str, str], Told]:
    """The entity of each table that is wanted, and the meaning of its columns."""
    if options:
        return _given(options, draft), told
    if told.person and len(draft.tables) == 1:
        (table,) = draft.tables
        return {table: _entity(table, project)}, told
    tables = _asked(draft.tables, project)
    return tables, told if told.person or len(tables) > 1 else _meant()


def _given(options: Sequence[str], draft: Draft) -> dict[str, str]:
    """Tables and entities of the options; a table goes by its own name too, whatever is in it."""
    word_of = {called: word for word, called in draft.called.items()} | {
        word: word for word in draft.tables
    }
    wanted = {}
    for option in options:
        name, _, entity = option.rpartition("=")
        if option in word_of:
            name, entity = option, ""
        elif name not in word_of:
            name = name or option
            raise ConfigError(
                f"there is no table {name}", remedy=f"there are {', '.join(draft.tables)}"
            )
        wanted[word_of[name]] = entity or word_of[name].lower()
    return wanted


def _asked(there: list[str], loaded: Project) -> dict[str, str]:
    """The tables that are wanted and their entities."""
    known = sorted({entity for s in loaded.config.sources.values() for entity in s.tables.values()})
    typer.echo(f"Tables: {', '.join(there)}. Entities so far: {', '.join(known) or 'none'}.")
    wanted = {}
    for table in there:
        entity = ask(f"Entity of a row of {table} (- to leave it out)", default=table.lower())
        if entity != "-":
            wanted[table] = entity
    if not wanted:
        raise ConfigError("no table was chosen", remedy="name an entity for one of them")
    return wanted


def _entity(table: str, loaded: Project) -> str:
    """The entity of a table that tells of persons: that of [linkage], if no source has it yet."""
    known = {entity for s in loaded.config.sources.values() for entity in s.tables.values()}
    persons = loaded.config.linkage.entity
    return table.lower() if persons in known else persons


def _meant() -> Told:
    """What the columns mean, as somebody answers."""
    from cytoreg.connect import Told

    person = ask("Column with the number of the person (- for none)", default="-")
    if person == "-":
        return Told()
    event = ask("Survival: column of the event, or COLUMN=TEXT,TEXT (- for none)", default="-")
    if event == "-":
        return Told(person)
    start = ask("Survival: column of the first day (- if there is one of the time)", default="-")
    if start == "-":
        unit = ask(
            "Survival: unit of the time", default="days", choices=("days", "months", "years")
        )
        if unit not in ("days", "months", "years"):
            raise ConfigError(f"{unit} is no unit of time", remedy="answer days, months or years")
        times = {unit: ask("Survival: column of the time")}
    else:
        times = {"start": start, "end": ask("Survival: column of the last day, or COLUMN,COLUMN")}
    by = ask("Survival: columns by which it is also given, COLUMN,COLUMN (- for none)", default="-")
    return Told(person, event=event, strata=() if by == "-" else (by,), **times)

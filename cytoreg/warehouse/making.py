"""Make the tables of a build, or take over those of the last build that would come out the same.

A build is made in steps. The fingerprint of a step covers what it is (SQL, rules, configuration),
the content of what it reads, and what all steps of the build have in common (code, libraries, key).
`quality.made` keeps the fingerprint of each step and the content of the tables that it made. If the
last build has a step with the same fingerprint, its tables are copied, and the copy is compared
with the content that was noted; if anything is amiss, the step is done.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from cytoreg.errors import BuildError
from cytoreg.system.machine import interrupted
from cytoreg.warehouse import quality
from cytoreg.warehouse.connection import literal, transaction
from cytoreg.warehouse.last_build import (
    WHOLE,
    Differs,
    LastBuild,
    Part,
    content_of,
    is_copy,
    known_contents,
    made_of,
)

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

__all__ = ["Making", "Origin", "hashes"]

RUN = "_run_id"
"""Column in which views on landed files name the run."""


def hashes(definition: Mapping[str, object]) -> dict[str, str]:
    """A short hash of each thing, by its name."""
    return {
        name: hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]
        for name, value in definition.items()
    }


@dataclass(frozen=True)
class Origin:
    """Where a build comes from.

    `common` is what all its steps depend on, each thing by a name for people. `landed` has the
    hashes of the views on landed files, `views` the SQL of other views as their models have it, and
    what they read; any further view counts by its rows. `always` are the tables of models that are
    made in every build, and of which nothing is noted. `before` is the last build's file, if tables
    may be taken over from it.
    """

    common: Mapping[str, object]
    landed: Mapping[str, str] = field(default_factory=dict)
    views: Mapping[str, tuple[str, Iterable[str]]] = field(default_factory=dict)
    always: frozenset[str] = frozenset()
    before: Path | None = None


class Making:
    """The steps of a build on one connection; without `origin` all are done, and none is noted.

    `taken_over` counts the steps whose tables came from the last build. The file may have begun as
    a copy of the last build's (`copied`), in which every step is done.
    """

    def __init__(self, con: DuckDBPyConnection, origin: Origin | None = None) -> None:
        self.con = con
        self.taken_over = 0
        self._origin = origin
        self._contents: dict[str, str] = {}
        self.copied = False
        self._own: dict[str, list[tuple[Part, str]]] = {}
        self._before: LastBuild | None = None
        if origin is None:
            return
        quality.ensure(con, "made")
        known = known_contents(con)
        self._contents = {table: known[table] for table in known.keys() - origin.always}
        if is_copy(con):
            self.copied, self._own = True, made_of(con)
        if origin.before is not None:
            with suppress(duckdb.Error):  # gone, damaged, or of a newer DuckDB
                self._before = LastBuild(origin.before)

    def close(self) -> None:
        """Close the last build."""
        if self._before is not None:
            self._before.con.close()

    def mark(self, identity: str) -> None:
        """Note from what the whole build is made; see `copy_whole`."""
        if not self.copied and self._origin is not None:
            known = hashes({**self._origin.common, **_views(self._origin)})
            self._note(WHOLE, identity, [(Part(""), "")], known, sorted(self._origin.landed))

    def step(
        self,
        name: str,
        definition: Mapping[str, object],
        reads: Iterable[str],
        parts: Sequence[Part] | Callable[[], Sequence[Part]],
        make: Callable[[], object],
    ) -> bool:
        """Take over what a step makes, or make it; returns whether it was taken over.

        `definition` is all that decides what it makes besides the tables that it `reads`, each
        thing by a name for people and representable as JSON. `parts` are what it makes, or a
        function that finds them when they are made.
        """
        if self._origin is None or not parts:
            make()
            return False
        given = {table: self.content(table) for table in reads}
        told = json.dumps([self._origin.common, name, definition, given], sort_keys=True)
        fingerprint = hashlib.sha256(told.encode()).hexdigest()
        if self.copied and fingerprint not in self._own:
            raise BuildError(
                f"{name} would not come out as in the last build, though nothing changed",
                remedy="make every table anew: cytoreg refresh --full",
            )
        made = self._own.get(fingerprint) or self._taken_over(fingerprint)
        taken = bool(made)
        self.taken_over += taken
        if not taken:
            make()
            made = [(p, content_of(self.con, p)) for p in (parts() if callable(parts) else parts)]
        for part, content in made:
            self._contents.pop(part.table, None)
            if part.where == "true":
                self._contents[part.table] = content
        if any(f'"{RUN}"' in content for _, content in made):
            made = [(part, "") for part, _ in made]  # never taken over, nor the build copied
        if made:
            self._note(name, fingerprint, made, hashes(definition), sorted(given))
        return taken

    def content(self, table: str) -> str:
        """What stands for the rows of a table or view: equal only if they are equal."""
        if table not in self._contents:
            self._contents[table] = self._of_view(table) or content_of(self.con, Part(table))
        return self._contents[table]

    def _of_view(self, name: str) -> str:
        """A view's hash, from its SQL and what it reads; '' if it counts by its rows."""
        origin = self._origin
        if origin is None or name in origin.landed:
            return origin.landed[name] if origin else ""
        if name not in origin.views:
            return ""
        sql, reads = origin.views[name]
        told = json.dumps([sql, {table: self.content(table) for table in reads}], sort_keys=True)
        return hashlib.sha256(told.encode()).hexdigest()

    def _taken_over(self, fingerprint: str) -> list[tuple[Part, str]]:
        """Copy parts of the last build; [] if it has none, or they are not what was noted."""
        known = self._before.made.get(fingerprint, []) if self._before else []
        if self._before is None or not all(content for _, content in known):
            return []
        try:
            with transaction(self.con):
                for part, content in known:
                    self._before.copy(part, self.con)
                    if content_of(self.con, part) != content:
                        raise Differs
        except Differs:
            return []
        except duckdb.Error as error:
            if interrupted(error):
                raise KeyboardInterrupt from None
            return []
        return known

    def _note(
        self,
        name: str,
        fingerprint: str,
        made: list[tuple[Part, str]],
        definition: Mapping[str, str],
        reads: list[str],
    ) -> None:
        known = json.dumps(definition), json.dumps(reads)
        rows = [(name, fingerprint, p.table, p.where, content, *known) for p, content in made]
        values = ", ".join(f"({', '.join(map(literal, row))})" for row in rows)
        with transaction(self.con):
            self.con.execute(f"delete from quality.made where step = {literal(name)}")
            self.con.execute(f"{quality.TABLES['made'].into()} values {values}")


def _views(origin: Origin) -> dict[str, object]:
    return {name: sql for name, (sql, _) in origin.views.items()}

"""What a kind of source offers: one object that is a `Reader`, named by an entry point."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field
from inspect import cleandoc
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar, runtime_checkable

from cytoreg.sources.declaration import Source

if TYPE_CHECKING:
    from cytoreg.manifest import Landing
    from cytoreg.sources.items import Item
    from cytoreg.sources.unread import Unread

__all__ = ["Draft", "Reader"]

C = TypeVar("C", bound=Source)
"""The model of the kind's section."""


@dataclass(frozen=True)
class Draft:
    """The keys of a section without `kind` and `tables`, and the tables that there could be.

    `called` has what the source itself calls a table whose name cannot be one in cytoreg.toml.
    """

    keys: dict[str, object]
    tables: list[str]
    called: dict[str, str] = field(default_factory=dict)


@runtime_checkable
class Reader(Protocol[C]):
    """A kind of source. What has a body here suits a kind in files and need not be written again.

    `name` is what cytoreg.toml calls the source; files lie below `extracts`. Every method raises
    SourceError, with a remedy and no value of any record, for a source that is missing (`away`,
    `transient`: see SourceError) or is not what the project says; errors of a library do not leave
    it. The object is made whenever its kind is named: import what is heavy where it is used.
    """

    endings: tuple[str, ...] = ()
    """How names of its files end, in small letters, without the ending of a compression."""
    empty: str | None = None
    """What an empty cell lands as: a text of no length, or null."""
    several: bool = False
    """Whether a cell may have several values, one a line."""

    @property
    @abstractmethod
    def config(self) -> type[C]:
        """The model of its section; `kind` is a Literal of the entry point's name."""

    @abstractmethod
    def read(self, name: str, config: C, extracts: Path) -> Iterator[Item]:
        """Everything that the source holds, in reading order."""

    @abstractmethod
    def draft(self, name: str, where: str, extracts: Path) -> Draft:
        """A declaration of all that is found at a path or a URL, without a look at any value."""

    @abstractmethod
    def unread(self) -> list[Unread]:
        """The register of what such a source may hold and is not read."""

    def page(self) -> str:
        """Its documentation, as Markdown; below it stand its keys and what is not read."""
        return cleandoc(self.config.__doc__ or "")

    def inputs(self, name: str, config: C, extracts: Path) -> list[Path]:
        """The files that the source is read from; [] when it is a server."""
        from cytoreg.sources.files import find

        found = (path for glob in config.patterns for path in find(name, glob, extracts))
        return list(dict.fromkeys(found))

    def sample(self, name: str, config: C, extracts: Path) -> Iterator[Item]:
        """A few of what `read` yields, for who only wants to look."""
        return self.read(name, config, extracts)

    def changes(
        self, name: str, config: C, extracts: Path, earlier: Landing
    ) -> Iterator[Item] | None:
        """What `read` yields, from an earlier landing of the same declaration and what changed.

        With a `Merged` for each table that came so; None where there is only `read`.
        """
        return None

    def shown(self, name: str, config: C) -> str:
        """Where the source is read from, without secrets."""
        return next(iter(config.patterns), "")

    def about(self, name: str, config: C) -> str:
        """What a server says of itself; empty for files."""
        return ""

    def recognizes(self, where: str, extracts: Path) -> bool | None:
        """Whether files with one of `endings` are of this kind; None when nothing tells.

        Raises ConfigError, with a remedy, for files that no kind reads.
        """
        return None

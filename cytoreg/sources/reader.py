"""The interface of a kind of source: one object that is a `Reader`, named by an entry point."""

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
    """The keys of a section without `kind` and `tables`, and the possible tables.

    `called` has the source's own name for a table if it cannot be used in cytoreg.toml.
    """

    keys: dict[str, object]
    tables: list[str]
    called: dict[str, str] = field(default_factory=dict)


@runtime_checkable
class Reader(Protocol[C]):
    """A kind of source. The methods implemented here suit a kind in files and can be inherited.

    `name` is the source's name in cytoreg.toml; files are below `extracts`. Every method raises
    SourceError, with a remedy and no value of any record, for a source that is missing (`away`,
    `transient`: see SourceError) or does not match the project; errors of a library do not leave
    it. The object is created whenever its kind is named: import heavy modules where they are used.
    """

    endings: tuple[str, ...] = ()
    """Suffixes of its files, in lower case, without the suffix of a compression."""
    empty: str | None = None
    """The landed form of an empty cell: an empty text, or null."""
    several: bool = False
    """Whether a cell may have several values, one per line."""

    @property
    @abstractmethod
    def config(self) -> type[C]:
        """The model of its section; `kind` is a Literal of the entry point's name."""

    @abstractmethod
    def read(self, name: str, config: C, extracts: Path) -> Iterator[Item]:
        """Everything that the source holds, in reading order."""

    @abstractmethod
    def draft(self, name: str, where: str, extracts: Path) -> Draft:
        """A declaration of everything found at a path or a URL, without any look at values."""

    @abstractmethod
    def unread(self) -> list[Unread]:
        """The register of content that such a source may have and that is not read."""

    def page(self) -> str:
        """Its documentation, as Markdown; its keys and what is not read are appended."""
        return cleandoc(self.config.__doc__ or "")

    def inputs(self, name: str, config: C, extracts: Path) -> list[Path]:
        """The files from which the source is read; [] for a server."""
        from cytoreg.sources.files import find

        found = (path for glob in config.patterns for path in find(name, glob, extracts))
        return list(dict.fromkeys(found))

    def sample(self, name: str, config: C, extracts: Path) -> Iterator[Item]:
        """A few of the items that `read` yields, for a quick look."""
        return self.read(name, config, extracts)

    def changes(
        self, name: str, config: C, extracts: Path, earlier: Landing
    ) -> Iterator[Item] | None:
        """What `read` yields, made from an earlier landing and the changes since.

        With a `Merged` for each table made this way; None if only `read` is possible.
        """
        return None

    def shown(self, name: str, config: C) -> str:
        """The place from which the source is read, without secrets."""
        return next(iter(config.patterns), "")

    def about(self, name: str, config: C) -> str:
        """How a server identifies itself; empty for files."""
        return ""

    def recognizes(self, where: str, extracts: Path) -> bool | None:
        """Whether files with one of `endings` are of this kind; None when it cannot be decided.

        Raises ConfigError, with a remedy, for files that no kind reads.
        """
        return None

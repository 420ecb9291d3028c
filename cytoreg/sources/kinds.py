"""The available kinds of source: cytoreg's own, and those of other packages.

A package adds a kind by an entry point of the group `cytoreg.sources`: its name is the kind's, its
object a `Reader`. A kind is imported only when a source of it is declared, or when all kinds are
listed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from cytoreg.errors import ConfigError, kind_and_place, perhaps
from cytoreg.sources.declaration import Source
from cytoreg.sources.items import Item, Unexpected
from cytoreg.sources.reader import Reader

if TYPE_CHECKING:
    from cytoreg.manifest import Landing

GROUP = "cytoreg.sources"
OWN = {
    kind: EntryPoint(kind, f"cytoreg.sources.{place}", GROUP)
    for kind, place in {
        "cda": "cda.reader:CDA",
        "csv": "text.reader:CSV",
        "dataset_json": "cdisc.reader:DATASET_JSON",
        "excel": "excel.reader:EXCEL",
        "fhir": "fhir.reader:FHIR",
        "fixed_width": "text.reader:FIXED_WIDTH",
        "hl7": "hl7.reader:HL7",
        "json": "json.reader:JSON",
        "naaccr_flat": "naaccr.reader:NAACCR_FLAT",
        "naaccr_xml": "naaccr.reader:NAACCR_XML",
        "odm": "cdisc.reader:ODM",
        "parquet": "parquet.reader:PARQUET",
        "redcap": "redcap.reader:REDCAP",
        "sas": "statistics.reader:SAS",
        "spss": "statistics.reader:SPSS",
        "sql": "sql.reader:SQL",
        "stata": "statistics.reader:STATA",
    }.items()
}
"""cytoreg's own kinds, as a table, so that they are found even where cytoreg is not installed."""


@cache
def kinds() -> Mapping[str, EntryPoint]:
    """Every kind by its name, cytoreg's own first; nothing is imported.

    Raises ConfigError when two packages have a kind of the same name.
    """
    found = dict(OWN)
    for entry in entry_points(group=GROUP):
        if entry.name in found:
            raise ConfigError(
                f"two kinds of source are called {entry.name}: {owner(found[entry.name])} and"
                f" {owner(entry)} each have one",
                remedy="uninstall one of the packages, or give its kind another name",
            )
        found[entry.name] = entry
    return found


def owner(entry: EntryPoint) -> str:
    """The package, with its version, to which an entry point belongs."""
    return f"{entry.dist.name} {entry.dist.version}" if entry.dist else "cytoreg"


def reader(kind: str) -> Reader[Source]:
    """The reader of a kind, imported now.

    Raises ConfigError for an unknown kind, and for one that cannot be imported.
    """
    known = kinds()
    if kind not in known:
        raise ConfigError(
            f"there is no kind {kind}{perhaps(kind, known)}",
            remedy=f"there are {', '.join(known)}; another comes with the package that has it",
        )
    return _loaded(known[kind])


def _loaded(entry: EntryPoint) -> Reader[Source]:
    where = f"the kind {entry.name} of {owner(entry)} ({entry.value})"
    remedy = "repair that package, or uninstall it"
    try:
        found: object = entry.load()
    except Exception as error:
        what = f"{kind_and_place(error)}: {error}"
        raise ConfigError(f"{where} cannot be imported: {what}", remedy=remedy) from None
    if isinstance(found, type) or not isinstance(found, Reader):
        raise ConfigError(
            f"{where} is not a Reader",
            remedy="let its entry point name an object that has all that"
            " cytoreg.sources.reader.Reader has",
        )
    model: object = found.config
    if not (isinstance(model, type) and issubclass(model, Source)) or get_args(
        model.model_fields["kind"].annotation
    ) != (entry.name,):
        raise ConfigError(
            f"{where} has no model of its section",
            remedy=f'let its `config` be a subclass of Source with kind: Literal["{entry.name}"]',
        )
    return found


def kind_of(config: Source) -> Reader[Source]:
    """The reader for this source's kind."""
    return reader(config.kind)


def origin(name: str, config: Source) -> str:
    """The place from which a source is read, without secrets."""
    return kind_of(config).shown(name, config)


def reading(name: str, config: Source, extracts: Path, earlier: Landing | None) -> Iterator[Item]:
    """What a source holds; where its kind can, from an earlier landing and the changes since."""
    kind = kind_of(config)
    items = kind.changes(name, config, extracts, earlier) if earlier else None
    items = items or kind.read(name, config, extracts)
    if config.expect.trailer:
        from cytoreg.sources.expect import trailers, without_trailers

        items = without_trailers(name, items, trailers(name, config, extracts))
    return chain(_passed_over(name, config, extracts), without_missing(items, config))


def _passed_over(name: str, config: Source, extracts: Path) -> Iterator[Item]:
    from cytoreg.sources.files import passed_over

    paths = (path for glob in config.patterns for path in passed_over(name, glob, extracts))
    for member, count in Counter(path.name for path in paths).items():
        yield Unexpected(f"{member} in a zip archive, which is not read", count)


def sampling(name: str, config: Source, extracts: Path) -> Iterator[Item]:
    """A few of the items that `reading` yields, for a quick look."""
    return without_missing(kind_of(config).sample(name, config, extracts), config)


def without_missing(items: Iterator[Item], config: Source) -> Iterator[Item]:
    """Items with the texts declared in `missing` replaced by empty cells."""
    if not config.missing:
        return items
    from cytoreg.sources.missing import emptied

    return emptied(items, config.missing, kind_of(config).empty)


def about(name: str, config: Source) -> str:
    """How a server identifies itself; empty for files."""
    return kind_of(config).about(name, config)

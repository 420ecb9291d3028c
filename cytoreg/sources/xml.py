"""XML of any standard: its root, read safely, and the kind that a root belongs to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any, cast

from lxml import etree

from cytoreg.errors import ConfigError, CytoregError
from cytoreg.sources.files import source_files

SAFE: dict[str, Any] = {
    "resolve_entities": False,
    "no_network": True,
    "remove_comments": True,
    "remove_pis": True,
}
"""Options of a parser that opens nothing else and expands no entity."""

_CHUNK = 1 << 16


def root_of(
    pieces: Iterable[bytes], *, encoding: str | None = None, huge_tree: bool = False
) -> etree._Element | None:
    """The root with its attributes, before anything below it is read; None for an empty file.

    Raises XMLSyntaxError for text that is not XML.
    """
    parser = etree.XMLPullParser(events=("start",), encoding=encoding, huge_tree=huge_tree, **SAFE)
    error: etree.XMLSyntaxError | None = None
    for piece in pieces:
        try:
            parser.feed(piece)
        except etree.XMLSyntaxError as raised:  # perhaps after the root
            error = raised
        if (root := _first(parser)) is not None:
            return root
        if error:
            raise error
    parser.close()
    return _first(parser)


def has_doctype(root: etree._Element) -> bool:
    """Whether a document type declaration, whose entities could hide text, is above the root."""
    return bool(root.getroottree().docinfo.doctype)  # type: ignore[attr-defined]  # not in stubs


def in_pieces(file: IO[bytes]) -> Iterator[bytes]:
    """The bytes of a file from here on."""
    while piece := file.read(_CHUNK):
        yield piece


def kind_by_root(where: str, extracts: Path) -> str | None:
    """The kind of the first file whose root belongs to one; None if none can be read as XML.

    Raises ConfigError when all of them are XML that no kind reads.
    """
    other = ""
    try:
        for file in source_files("", where, extracts):
            with file.open() as stream:
                root = root_of(in_pieces(stream))
            if root is None:
                return None
            space, _, name = str(root.tag).rpartition("}")
            if kind := _KINDS.get((space[1:], name)) or _KINDS.get(("", name)):
                return kind
            what = "is XML, but neither NAACCR XML nor CDA nor ODM"
            other = other or f"{file.path.name} {what}: its root is {name}"
    except (CytoregError, etree.XMLSyntaxError):  # this is reported when the file is read
        return None
    raise ConfigError(other, remedy="in place of FHIR in XML ask for FHIR in JSON")


_KINDS = {
    ("", "NaaccrData"): "naaccr_xml",
    ("", "ODM"): "odm",
    ("urn:hl7-org:v3", "ClinicalDocument"): "cda",
}
"""The kind of a root by its namespace ("": any) and its name."""


def _first(parser: etree.XMLPullParser) -> etree._Element | None:
    return next((cast("etree._Element", found) for _, found in parser.read_events()), None)

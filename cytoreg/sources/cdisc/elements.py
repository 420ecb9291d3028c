"""The elements of an ODM file, one after the other, in bounded memory.

expat counts lines exactly however many there are, and keeps no tree. A document type declaration is
refused before any entity of it could be used.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.parsers import expat

from cytoreg.sources.files import SourceFile
from cytoreg.sources.text_file import TextFile, as_text

SPACES = ("", "http://www.cdisc.org/ns/odm/v1.2", "http://www.cdisc.org/ns/odm/v1.3")
"""The namespaces of versions 1.1 (none), 1.2 and 1.2.1, 1.3 to 1.3.2."""
SEPARATOR = "}"
"""Between namespace and name, as expat gives them."""

_REMEDY = "export it as ODM 1.3.2 and check that all of it arrived"
_CHUNK = 1 << 18
_SAYS = re.compile(r"<\?xml[^>]*?encoding\s*=\s*[\"']([A-Za-z][\w.-]*)")
_WIDE = {b"<\0?\0": "utf-16-le", b"\0<\0?": "utf-16-be"}
_OTHER = "http://www.w3.org/2001/XMLSchema-instance", "http://www.w3.org/XML/1998/namespace"


class NotOdm(Exception):
    """Why the file is refused, to follow its name."""


class Elements:
    """What is made of a file's elements; a subclass takes their starts, texts and ends.

    `space` is the prefix of every name of the standard, as expat gives it.
    """

    def __init__(self) -> None:
        self.parser = expat.ParserCreate("utf-8", SEPARATOR)
        self.parser.buffer_text = True
        self.parser.StartDoctypeDeclHandler = self._doctype
        self.parser.StartNamespaceDeclHandler = self._prefix
        self.parser.StartElementHandler = self._root
        self.space = ""
        self.done = False
        self._prefixes: dict[str, str] = {}
        self._locals: dict[str, str] = {}

    def begin(self, attributes: dict[str, str]) -> None:
        """Take the attributes of the root."""
        raise NotImplementedError

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Take the start of an element below the root."""
        raise NotImplementedError

    def end(self, name: str) -> None:
        """Take the end of an element, the root's too."""
        raise NotImplementedError

    def text(self, text: str) -> None:
        """Take some of an element's text."""
        raise NotImplementedError

    @property
    def line(self) -> int:
        """The line of what is taken now."""
        return self.parser.CurrentLineNumber

    def local(self, name: str) -> str:
        """The name of an element or attribute of the standard; others have their prefix."""
        if (known := self._locals.get(name)) is not None:
            return known
        space, _, local = name.rpartition(SEPARATOR)
        prefix = "" if not space or self.space == space + SEPARATOR else self._prefixes[space]
        self._locals[name] = local = f"{prefix}:{local}" if prefix else local
        return local

    def others(self, attributes: dict[str, str], known: frozenset[str]) -> dict[str, str]:
        """The attributes that are not among the known, by their names with a prefix."""
        return {
            self.local(name): value
            for name, value in attributes.items()
            if name not in known and name.rpartition(SEPARATOR)[0] not in _OTHER
        }

    def _root(self, name: str, attributes: dict[str, str]) -> None:
        space, _, local = name.rpartition(SEPARATOR)
        if local != "ODM":
            raise NotOdm(f"is XML, but not ODM: its root is {local[:40]}")
        version = attributes.get("ODMVersion", "")
        if space not in SPACES or not re.match(r"1\.|$", version):
            told = version if version[:2] == "2." else f"of the namespace {space[:60]}"
            raise NotOdm(f"is ODM {told}, where versions 1.1 to 1.3.2 are read")
        self.space = space + SEPARATOR if space else ""
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.CharacterDataHandler = self.text
        self.begin(attributes)

    def _doctype(self, *_: object) -> None:
        raise NotOdm("has a document type declaration, which ODM 1.2 and 1.3 do not have")

    def _prefix(self, prefix: str | None, space: str) -> None:
        self._prefixes.setdefault(space, prefix or "x")


def take(file: SourceFile, elements: Elements) -> Iterator[None]:
    """Let `elements` take a file, some of it at a time, until it is `done`.

    Raises SourceError for a file that is not ODM, or not well-formed to its end.
    """
    text = _as_declared(file)
    parser = elements.parser
    try:
        with text.open_utf8() as stream:
            while chunk := stream.read(_CHUNK):
                parser.Parse(chunk, False)
                yield
                if elements.done:
                    return
            parser.Parse(b"", True)
            yield
    except expat.ExpatError as error:  # its place alone: the message of others may quote text
        raise file.refused(_why(error, text.encoding), _REMEDY) from None
    except NotOdm as error:
        raise file.refused(str(error), _REMEDY) from None


def _why(error: expat.ExpatError, encoding: str) -> str:
    place = f"at line {error.lineno}"
    if error.code == expat.errors.codes[expat.errors.XML_ERROR_INVALID_TOKEN]:
        return f"is not well-formed XML, or not in {encoding}, {place}"
    ends = expat.errors.XML_ERROR_NO_ELEMENTS, expat.errors.XML_ERROR_UNCLOSED_TOKEN
    if error.code in map(expat.errors.codes.get, ends):
        return f"is cut off, or not XML: it ends {place}"
    return f"is not well-formed XML {place}"


def _as_declared(file: SourceFile) -> TextFile:
    """The file in the encoding of its byte-order mark, else in the one that it declares."""
    head = file.head()[:400]
    if wide := _WIDE.get(head[:4]):
        return TextFile(file.source, file.path, file.where, wide)
    found = _SAYS.search(head.decode("latin-1"))
    said = found[1] if found else "utf-8"
    if said.casefold().startswith("utf-16"):  # a text saved again in UTF-8
        said = "utf-8"
    return as_text(file, said)

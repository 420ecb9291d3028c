"""The content of a NAACCR XML file below its root, element by element, in bounded memory.

The file is fed to the parser in pieces that end where a Patient ends. A piece that is not
well-formed is read again Patient by Patient, so that a bad byte costs only the patient in which it
occurs; that patient's raw text is kept. A file that is cut off, or not NAACCR XML, is refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from io import BufferedReader
from typing import IO, cast

from lxml import etree

from cytoreg.sources import xml
from cytoreg.sources.naaccr import pieces
from cytoreg.sources.naaccr.pieces import PATIENT, ROOT, Endless

_MOST_LINES = 65_535
"""Up to this number libxml2 counts lines exactly."""


@dataclass(frozen=True)
class Found:
    """A complete element directly below the root, and the line on which it begins."""

    element: etree._Element
    line: int


@dataclass(frozen=True)
class Broken:
    """Text that is not an element: its line, the text, and whether a Patient begins in it."""

    line: int
    raw: str
    patient: bool


class NotNaaccr(Exception):
    """Why the file is refused, to follow its name."""


def root_of(file: IO[bytes]) -> etree._Element:
    """The root with its attributes, before anything else is read.

    Raises NotNaaccr for other XML and for a document type declaration, whose entities could hide
    text or other files.
    """
    try:
        root = xml.root_of(xml.in_pieces(file), huge_tree=True)
    except etree.XMLSyntaxError as error:
        raise _not_well_formed(error.lineno) from None
    if root is None:
        raise _not_well_formed(None)
    if (name := _local(root)) != ROOT:
        raise NotNaaccr(f"is XML, but not NAACCR XML: its root is {name}, not {ROOT}")
    if xml.has_doctype(root):
        raise NotNaaccr("has a document type declaration, which NAACCR XML does not have")
    return root


def below_root(file: BufferedReader) -> Iterator[Found | Broken]:
    """Everything below the root in order. An element is emptied when the next one is requested.

    Raises NotNaaccr when the file is not well-formed outside its patients.
    """
    reader = _Reader()
    try:
        for piece, whole in pieces.cut(file):
            yield from reader.take(piece, whole)
    except Endless:
        raise NotNaaccr(
            f"has a {PATIENT} that does not end within {pieces.LONGEST >> 20} MiB"
        ) from None
    yield from reader.end()


class _Reader:
    """The parser, the elements that are not yet passed on, and its place in the file."""

    def __init__(self) -> None:
        self._parser = _parser()
        self._root: etree._Element | None = None
        self._done: etree._Element | None = None  # passed on, but still the last in the tree
        self._open: etree._Element | None = None  # the last in the tree, perhaps incomplete
        self._box: etree._Element | None = None  # the same, if it is not a Patient and contains one
        self._boxed = 0  # bytes of pieces since it began
        self._line = 1  # of the piece
        self._parser_line = 1  # of the parser's first line
        self._opening = b""

    def take(self, piece: bytes, whole: bool) -> Iterator[Found | Broken]:
        """The complete elements after this piece."""
        try:
            self._parser.feed(piece)
            failed = next(iter(self._parser.feed_error_log.filter_from_errors()), None)
        except etree.XMLSyntaxError as error:
            failed = error
        ended, nested = self._events()
        boxed = self._in_box(len(piece))
        # The parser may wait for an end, as after an ampersand: nothing refused, nothing complete.
        waits = whole and not boxed and (ended is None or ended.getnext() is not None)
        done = not (failed or nested or waits)
        if done:
            yield from self._complete(ended)
            self._opening = self._opening or pieces.opening_of(piece)
        elif self._opening and not boxed and pieces.begins(piece):
            yield from self._mend(piece)
        elif failed:
            line = failed.lineno if isinstance(failed, etree.XMLSyntaxError) else failed.line
            raise _not_well_formed(line, self._parser_line - 1)
        self._line += piece.count(b"\n")
        many = self._line - self._parser_line > _MOST_LINES // 2
        if done and whole and not boxed and self._opening and many:
            if self._root is not None:
                yield from self._text(self._root.text)
            self._begin_anew(self._line)  # beyond that, line numbers would be only approximate

    def end(self) -> Iterator[Found | Broken]:
        """The rest when the file ends."""
        try:
            self._parser.close()
        except etree.XMLSyntaxError as error:
            raise _not_well_formed(error.lineno, self._parser_line - 1) from None
        if self._root is None:
            raise NotNaaccr("is not well-formed XML at line 1 (cut off, or not XML)")
        for element in self._root:
            if element is not self._done:
                yield self._found(element)
            yield from self._text(element.tail)
        yield from self._text(self._root.text)

    def _events(self) -> tuple[etree._Element | None, bool]:
        """The last Patient that ended, and whether one is in a wrong place."""
        ended, nested = None, False
        for event, found in self._parser.read_events():
            element = cast("etree._Element", found)
            parent = element.getparent()
            if event == "start":
                self._root = element if parent is None else self._root
            elif parent is self._root:
                ended = element
            elif parent is not None and _space(element) == _space(parent.getroottree().getroot()):
                *_, top, _ = element.iterancestors()
                if _local(top) == PATIENT:
                    nested = True
                else:
                    self._box = top
        return ended, nested

    def _in_box(self, size: int) -> bool:
        """Whether the tree ends in an unknown element with a Patient in it, which may continue."""
        if self._box is None or self._root is None or self._box is not self._root[-1]:
            self._box, self._boxed = None, 0
            return False
        self._boxed += size
        if self._boxed > pieces.LONGEST:
            raise NotNaaccr(
                f"has a {PATIENT} in an element {_local(self._box)}, which NAACCR XML does not have"
            )
        return True

    def _complete(self, ended: etree._Element | None) -> Iterator[Found | Broken]:
        """Pass on the elements that cannot grow any more, and remove them from the tree."""
        self._open = None
        if self._root is None:
            return
        for element in list(self._root):
            last = element.getnext() is None
            if element is self._done:
                pass
            elif last and element is not ended:
                self._open = element
            else:
                yield self._found(element)
                self._done = element
            if not last:
                yield from self._text(element.tail)
                _parent(element).remove(element)
            elif element is ended:
                element.clear(keep_tail=True)  # type: ignore[call-arg]  # newer than lxml-stubs

    def _text(self, text: str | None) -> Iterator[Broken]:
        """Text between elements that is not blank."""
        if text and (text := text.strip()):
            yield Broken(self._line, text, patient=False)

    def _found(self, element: etree._Element) -> Found:
        return Found(element, self._line_of(element))

    def _line_of(self, element: etree._Element) -> int:
        line = line_of(element)
        # Within a piece of more lines, the piece's first line is the best approximation.
        return self._line if line >= _MOST_LINES else line + self._parser_line - 1

    def _mend(self, piece: bytes) -> Iterator[Found | Broken]:
        """The patients of a piece that is not well-formed as a whole, each parsed separately."""
        if self._root is not None:
            yield from self._text(self._root.text)
        if self._open is not None:
            yield self._found(self._open)
        body, rest = pieces.without_end(piece)
        line = self._line
        for part in pieces.patients(body):
            text = part.strip()
            if text:
                blank = len(part) - len(part.lstrip())
                yield from self._alone(text, line + part[:blank].count(b"\n"))
            line += part.count(b"\n")
        self._begin_anew(line, rest)

    def _begin_anew(self, line: int, rest: bytes = b"") -> None:
        """Continue with another parser from this line, as if the root began there."""
        self._parser, self._parser_line = _parser(), line
        self._parser.feed(self._opening + rest)
        self._root = self._done = self._open = self._box = None
        self._events()

    def _alone(self, text: bytes, line: int) -> Iterator[Found | Broken]:
        """A part of the file that should be one element."""
        parser = etree.XMLParser(**xml.SAFE, huge_tree=True)
        try:
            root = etree.fromstring(self._opening + text + pieces.closing_of(self._opening), parser)
        except etree.XMLSyntaxError:
            root = None
        texts = [] if root is None else [root.text, *(element.tail for element in root)]
        if root is None or any(text and text.strip() for text in texts):
            patient = pieces.begins(text)
            yield Broken(line, text.decode("utf-8", "backslashreplace"), patient)
        else:
            yield from (Found(element, line) for element in root)


def _parser() -> etree.XMLPullParser:
    return etree.XMLPullParser(
        events=("start", "end"), tag=[f"{{*}}{ROOT}", f"{{*}}{PATIENT}"], **xml.SAFE, huge_tree=True
    )


def _not_well_formed(line: int | None, lines_before: int = 0) -> NotNaaccr:
    """The place alone: the parser's message may quote the text."""
    return NotNaaccr(
        f"is not well-formed XML at line {(line or 1) + lines_before} (cut off, or not XML)"
    )


def _parent(element: etree._Element) -> etree._Element:
    return cast("etree._Element", element.getparent())


def _space(element: etree._Element) -> str:
    return str(element.tag).rpartition("}")[0]


def line_of(element: etree._Element) -> int:
    """The line on which an element begins in the parser's input."""
    line: int | None = element.sourceline  # type: ignore[assignment]  # wrong in lxml-stubs
    return line or 0


def _local(element: etree._Element) -> str:
    return str(element.tag).rpartition("}")[2]

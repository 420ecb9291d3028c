"""The content of a NAACCR XML file below its root, element by element, in bounded memory.

The file is fed to the parser in pieces that end where a Patient ends. A piece that is not
well-formed is read again Patient by Patient, so that a bad byte costs only the patient, or the
unknown element, in which it occurs; its raw text is kept. A file that is cut off, or not NAACCR
XML, is refused.
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
"""Below this number libxml2 counts lines exactly; findings/lxml_line_past_65534.sh."""
_NESTED = 1 << 20
"""Bytes after which a Patient with another one in it is taken for one without an end."""


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
        raise _endless(PATIENT) from None
    yield from reader.end()


class _Reader:
    """The parser, the elements that are not yet passed on, and its place in the file.

    Pieces are held until all that begins in them has ended, and then passed on. If they are not
    well-formed, they are read again part by part.
    """

    def __init__(self) -> None:
        self._parser = _parser()
        self._root: etree._Element | None = None
        self._done: etree._Element | None = None  # passed on, but still the last in the tree
        self._opening: bytes | None = None  # empty if the file cannot be read part by part
        self._begun = False  # whether something was passed on
        self._held: list[bytes] = []
        self._broken: list[bytes] = []  # parts of an element that has not ended, without parser
        self._depth = 0  # how many elements are open in these parts
        self._size = 0  # bytes of pieces and parts
        self._missed = 0  # ends of Patients in the pieces that the parser has not come to
        self._line = 1  # of the pieces or parts
        self._parser_line = 1  # of the parser's first line
        self._failed = 0  # the line on which it failed

    def take(self, piece: bytes, whole: bool) -> Iterator[Found | Broken]:
        """The complete elements after this piece."""
        if self._opening is None:
            self._opening = pieces.opening_of(piece)
        self._held.append(piece)
        self._size += len(piece)
        if self._broken:
            if whole:
                yield from self._mend()
            return
        ended = self._feed(piece)
        last = None if self._root is None or not len(self._root) else self._root[-1]
        name = "" if last is None or last is ended else _local(last)  # of what has not ended
        if not self._opening:
            if self._failed:
                raise _not_well_formed(self._failed)
            yield from self._complete(ended)
        elif whole:
            self._missed += pieces.ends(piece, -self._missed)
            nested = name == PATIENT and self._size > _NESTED
            # The parser may wait, as after an ampersand, and refuse nothing.
            if self._failed or self._missed > 0 or nested:
                yield from self._mend()
            elif not name:
                yield from self._complete(ended)
        if name and self._size > pieces.LONGEST:
            raise _endless(name)

    def end(self) -> Iterator[Found | Broken]:
        """The rest when the file ends."""
        if not self._broken:
            try:
                self._parser.close()
            except etree.XMLSyntaxError as error:
                self._fail(error.lineno)
        if self._broken or self._failed:
            yield from self._mend(last=True)
            return
        root = self._root
        yield from self._text(None if root is None else root.text)
        for element in [] if root is None else root:
            if element is not self._done:
                yield self._found(element)
            yield from self._text(element.tail)

    def _feed(self, piece: bytes) -> etree._Element | None:
        """Let the parser take a piece; the last Patient below the root that ended in it."""
        try:
            self._parser.feed(piece)
            failed = next(iter(self._parser.feed_error_log.filter_from_errors()), None)
            if failed:
                self._fail(failed.line)
        except etree.XMLSyntaxError as error:
            self._fail(error.lineno)
        ended = None
        for event, found in self._parser.read_events():
            element = cast("etree._Element", found)
            parent = element.getparent()
            if event == "start":
                self._root = element if parent is None else self._root
            elif parent is not None and _local(element) == PATIENT:
                self._missed -= 1
                ended = element if parent is self._root else ended
        return ended

    def _fail(self, line: int | None) -> None:
        self._failed = self._failed or (line or 1) + self._parser_line - 1

    def _complete(self, ended: etree._Element | None) -> Iterator[Found | Broken]:
        """Pass on the elements that cannot grow any more, and remove them from the tree."""
        before = self._done
        if self._root is not None and len(self._root):
            yield from self._text(self._root.text)
            self._root.text = None
        for element in [] if self._root is None else list(self._root):
            last = element.getnext() is None
            if element is not self._done and (element is ended or not last):
                yield self._found(element)
                self._done = element
            if not last:
                yield from self._text(element.tail)
                _parent(element).remove(element)
            elif element is ended:
                element.clear(keep_tail=True)  # type: ignore[call-arg]  # newer than lxml-stubs
        self._line += sum(piece.count(b"\n") for piece in self._held)
        self._held.clear()
        self._begun = True
        if self._done is not before:
            self._size = 0
        if self._opening and self._line - self._parser_line > _MOST_LINES // 2:
            self._begin_anew()  # beyond that, line numbers would be only approximate

    def _mend(self, *, last: bool = False) -> Iterator[Found | Broken]:
        """What is held, each Patient and each text between two of them parsed separately.

        An element with Patients in it that is not one is parsed whole. One that does not end, and
        damage before the first Patient, refuse the file, as does the end of one that is cut off.
        """
        data, head = b"".join(self._held), not self._begun and not self._broken
        body, rest = pieces.without_end(data) if last else (data, b"")
        if not self._opening or (last and not rest):
            raise _not_well_formed(self._failed or self._line)
        self._held.clear()
        if head:
            start = pieces.after_opening(data)
            self._line += body[:start].count(b"\n")
            body = body[start:]
        for part in pieces.patients(body):
            self._broken.append(part)
            self._depth = pieces.depth(part, self._depth)
            if not self._depth:
                text = b"".join(self._broken)
                self._broken.clear()
                for found in self._alone(text):
                    if head and isinstance(found, Broken) and not found.patient:
                        raise _not_well_formed(found.line)
                    yield found
                self._line += text.count(b"\n")
                head = False
        self._begun = True
        if self._broken and last:
            raise _not_well_formed(self._line + _blank(self._broken[0]))
        if not self._broken:
            self._begin_anew(rest)
        elif self._size > pieces.LONGEST:
            raise _endless("between its patients")

    def _begin_anew(self, rest: bytes = b"") -> None:
        """Continue with another parser from this line, as if the root began there."""
        self._parser, self._parser_line = _parser(), self._line
        self._root = self._done = None
        self._missed = self._failed = self._size = 0
        self._feed((self._opening or b"") + rest)

    def _text(self, text: str | None) -> Iterator[Broken]:
        """Text between elements that is not blank."""
        if text and (text := text.strip()):
            yield Broken(self._line, text, patient=False)

    def _found(self, element: etree._Element) -> Found:
        line = line_of(element)
        # Within a piece of more lines, the piece's first line is the best approximation.
        return Found(element, line + self._parser_line - 1 if line else self._line)

    def _alone(self, text: bytes) -> Iterator[Found | Broken]:
        """A part of the file that should be one or several elements."""
        line = self._line + _blank(text)
        text, opening = text.strip(), self._opening or b""
        parser = etree.XMLParser(**xml.SAFE, huge_tree=True)
        try:
            root = etree.fromstring(opening + text + pieces.closing_of(opening), parser)
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


def _not_well_formed(line: int | None) -> NotNaaccr:
    """The place alone: the parser's message may quote the text."""
    return NotNaaccr(f"is not well-formed XML at line {line or 1} (cut off, or not XML)")


def _endless(name: str) -> NotNaaccr:
    return NotNaaccr(f"has an element {name} that does not end within {pieces.LONGEST >> 20} MiB")


def _blank(text: bytes) -> int:
    """How many lines end before the text begins."""
    return text[: len(text) - len(text.lstrip())].count(b"\n")


def _parent(element: etree._Element) -> etree._Element:
    return cast("etree._Element", element.getparent())


def _space(element: etree._Element) -> str:
    return str(element.tag).rpartition("}")[0]


def line_of(element: etree._Element) -> int:
    """The line on which an element begins in the parser's input; 0 where that is not counted."""
    line: int | None = element.sourceline  # type: ignore[assignment]  # wrong in lxml-stubs
    return line if line and line < _MOST_LINES else 0


def _local(element: etree._Element) -> str:
    return str(element.tag).rpartition("}")[2]

"""Parse a file as CDA documents, or refuse it with a reason.

A document is parsed twice: its beginning under libxml2's limits, to refuse a document type
declaration before any of its entities could be used; then all of it without them, since an image in
base64 is longer than they allow.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from typing import cast

from lxml import etree

from cytoreg.sources.cda.paths import CDA
from cytoreg.sources.cda.standing import Head
from cytoreg.sources.cda.values import (
    XSI_TYPE,
    Element,
    attribute,
    decoded,
    identifier,
    media_type,
    type_of,
)
from cytoreg.sources.xml import SAFE, has_doctype, root_of

LONGEST = 64 << 20
"""A larger file is not a document."""
ROOT = "ClinicalDocument"

_CHUNK = 1 << 12
_KEPT = 1 << 20
"""Number of bytes kept of a refused document."""
_IN_CDA = f"{{{CDA}}}"
_BESIDE = etree.XPath("count(//*[@nullFlavor and (@value or @code or @extension)])")
_BASE64 = etree.XPath("//*[@representation='B64']")
_CONTRADICTED = re.compile(
    rb"(?:\xef\xbb\xbf)?<\?xml[^>]*encoding\s*=\s*[\"']utf-16", re.IGNORECASE
)
"""A wrong declaration of UTF-16, as in a text that was saved again in UTF-8."""
_DOCTYPE = "a document type declaration, which CDA does not have"
_SAYS = re.compile(rb"encoding\s*=\s*[\"']([A-Za-z][\w.-]*)")


@dataclass(frozen=True)
class Document:
    """A document: its root; in its tree, CDA names have no namespace and types no prefix.

    `contradicted` counts the elements that have a value beside their nullFlavor, `undecoded` those
    whose plain text in base64 cannot be read.
    """

    root: Element
    head: Head
    contradicted: int
    undecoded: int


@dataclass(frozen=True)
class Broken:
    """Content that is not a document: why, and its raw text."""

    reason: str
    raw: str


def document(data: bytes, *, whole: bool = True) -> Document | Broken:
    """Parse these bytes as a document; unless `whole`, only the head is certain to be parsed.

    In any case the XML is checked to be well-formed to its end.
    """
    if not data.strip():
        return Broken("an empty file", "")
    if not data.startswith((b"\xff\xfe", b"\xfe\xff")):
        data = data.lstrip(b"\r\n\t ")
    encoding = "utf-8" if _CONTRADICTED.match(data) else None
    try:
        _check_beginning(data, encoding)
        parser = etree.XMLParser(huge_tree=True, encoding=encoding, **SAFE)
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        code = getattr(error, "code", 0)
        undecoded: bool = code == etree.ErrorTypes.ERR_INVALID_ENCODING
        what = "bytes that are not in its encoding" if undecoded else "XML that is not well-formed"
        return _broken(f"{what}, at line {error.lineno or 1}", data)
    except _Refused as error:
        return _broken(str(error), data)
    content = blake2b(etree.tostring(root, method="c14n"), digest_size=16).digest()
    for element in root:
        if whole or element.tag != f"{_IN_CDA}component":
            _simplify(element)
    root.tag = ROOT
    if identifier(root.find("id")) is None:
        return _broken("a document without an id", data)
    beside = int(cast("float", _BESIDE(root)))
    return Document(root, _head(root, content), beside, _undecoded(root) if whole else 0)


def _undecoded(root: Element) -> int:
    found = cast("list[Element]", _BASE64(root))
    return sum(
        media_type(one) == "text/plain" and bool((one.text or "").strip()) and not decoded(one)
        for one in found
    )


class _Refused(Exception):
    """The reason, without a value."""


def _check_beginning(data: bytes, encoding: str | None) -> None:
    """Refuse a document type declaration, or another root; may raise XMLSyntaxError."""
    pieces = (data[at : at + _CHUNK] for at in range(0, len(data), _CHUNK))
    try:
        root = root_of(pieces, encoding=encoding)
    except etree.XMLSyntaxError:
        if b"<!DOCTYPE" in data[: 1 << 16].replace(b"\0", b""):
            raise _Refused(_DOCTYPE) from None
        raise
    if root is None:
        raise _Refused("XML without a root")
    if has_doctype(root):
        raise _Refused(_DOCTYPE)
    if root.tag != _IN_CDA + ROOT:
        _, _, local = str(root.tag).rpartition("}")
        if local == ROOT:
            raise _Refused(f"a {ROOT} that is not in the namespace {CDA}")
        raise _Refused(f"XML of another standard: its root is {local[:40]}")


def _broken(reason: str, data: bytes) -> Broken:
    told = _SAYS.search(data[:200].replace(b"\0", b""))
    wide = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    encoding = "utf-16" if wide else told[1].decode() if told else "utf-8"
    try:
        raw = data[:_KEPT].decode(encoding, "backslashreplace")
    except LookupError:
        raw = data[:_KEPT].decode("utf-8", "backslashreplace")
    return Broken(reason, raw.replace("\0", "\\x00"))


def _simplify(root: Element) -> None:
    for element in root.iter(f"{_IN_CDA}*"):
        element.tag = str(element.tag)[len(_IN_CDA) :]
        if (name := type_of(element)) is not None:
            element.set(XSI_TYPE, name)


def _head(root: Element, content: bytes) -> Head:
    version = attribute(root.find("versionNumber"), "value") or ""
    return Head(
        id=identifier(root.find("id")) or "",
        set_id=identifier(root.find("setId")),
        version=int(version) if version.isdecimal() else None,
        time=attribute(root.find("effectiveTime"), "value") or "",
        replaces=parents(root, "RPLC"),
        patients=tuple(_ids(root.iterfind("recordTarget/patientRole/id"))),
        content=content,
    )


def parents(root: Element, relation: str) -> tuple[str, ...]:
    """The ids of documents that this one replaces (RPLC), appends (APND) or transforms (XFRM)."""
    related = (one for one in root.iterfind("relatedDocument") if one.get("typeCode") == relation)
    return tuple(x for one in related for x in _ids(one.iterfind("parentDocument/id")))


def _ids(elements: Iterator[Element]) -> Iterator[str]:
    return (text for text in map(identifier, elements) if text)

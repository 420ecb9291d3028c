"""XPath as projects write it: CDA names without a prefix, `sdtc:` and `xsi:` names with theirs."""

from __future__ import annotations

import math
import re
from functools import lru_cache

from lxml import etree

from cytoreg.sources.cda.values import Element, said

CDA = "urn:hl7-org:v3"
PREFIXES = {"sdtc": "urn:hl7-org:sdtc", "xsi": "http://www.w3.org/2001/XMLSchema-instance"}


_XPATH_ERROR: type[Exception] = etree.XPathError  # not in the stubs
_LITERAL = re.compile(r"\"[^\"]*\"|'[^']*'")
_PREFIX = re.compile(r"([A-Za-z_][\w.-]*):(?=[A-Za-z_*])")


class Wrong(ValueError):
    """An invalid XPath."""

    def __init__(self, text: str) -> None:
        super().__init__(f"{text!r} is not an XPath such as code/@code")


@lru_cache(maxsize=1024)
def path_of(text: str) -> etree.XPath:
    """The compiled XPath; raises Wrong for an invalid one, or an unknown prefix or function.

    An unknown function that is reached only in some documents is found when they are read.
    """
    try:
        path = etree.XPath(text, namespaces=PREFIXES)
        path(etree.Element("ClinicalDocument"))
    except _XPATH_ERROR:
        raise Wrong(text) from None
    if not PREFIXES.keys() >= set(_PREFIX.findall(_LITERAL.sub("", text))):
        raise Wrong(text)
    return path


def pick(path: etree.XPath, element: Element) -> tuple[str | None, bool]:
    """The first value that an XPath finds from here, and whether there are further ones.

    The value of an element is its text. Surrounding blanks are removed, and an empty value counts
    as none. Raises Wrong.
    """
    found = _found(path, element)
    if isinstance(found, bool):
        return ("true" if found else "false"), False
    if isinstance(found, float):
        return (f"{found:.15g}" if math.isfinite(found) else None), False
    if not isinstance(found, list):
        return str(found).strip() or None, False
    texts = (said(x) if isinstance(x, etree._Element) else str(x).strip() for x in found)
    values = [text for text in texts if text]
    return (values[0], len(set(values)) > 1) if values else (None, False)


def elements(path: etree.XPath, root: Element) -> list[Element]:
    """The elements that an XPath finds, in the order of the document; raises Wrong."""
    found = _found(path, root)
    if not isinstance(found, list):
        raise Wrong(path.path)
    return [one for one in found if isinstance(one, etree._Element)]


def _found(path: etree.XPath, element: Element) -> object:
    try:
        return path(element)
    except _XPATH_ERROR:
        raise Wrong(path.path) from None

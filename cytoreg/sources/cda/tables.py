"""The ready-made tables: the content of their rows, column by column."""

from __future__ import annotations

from collections.abc import Iterator

from cytoreg.sources.cda.document import Document, parents
from cytoreg.sources.cda.persons import PATIENT, custodian, organization, patient, person
from cytoreg.sources.cda.statements import (
    ENTRY,
    PATIENT_ITSELF,
    STATEMENTS,
    SUBJECT,
    Subject,
    statement,
    subject,
)
from cytoreg.sources.cda.values import (
    Element,
    Narrative,
    attribute,
    coded,
    decoded,
    flavor,
    identifier,
    identifiers,
    is_base64,
    joined,
    media_type,
    plain,
    said,
)

ALL = ("document_id", "replaced_by")
"""Columns of every table: the document, and the one that replaces it."""
_DOCUMENT = (
    "set_id", "version", "effective_time", "code", "code_system", "code_name", "title", "status",
    "language", "template_ids", "author_time", "author_id", "author_name", "author_organization",
    "custodian_id", "custodian_name", "authenticator_time", "authenticator_name", "replaces",
    "appends", "transforms", "order_ids", "service_code", "service_low", "service_high",
    "encounter_id", "body_type", "body_text",
)  # fmt: skip
_SECTION = (
    "section", "parent_section", "code", "code_system", "code_name", "title", "text",
    "template_ids", "section_ids", "null_flavor", *SUBJECT,
)  # fmt: skip
COLUMNS = {
    "": (*ALL, *SUBJECT),
    "document": (*ALL, *_DOCUMENT),
    "patient": (*ALL, *PATIENT),
    "section": (*ALL, *_SECTION),
    "entry": (*ALL, *ENTRY),
}
"""The columns of each ready-made table; those of "" belong to project-defined tables."""

Told = tuple[str | None, ...]
_BODY = "component/structuredBody"


def rows(found: Document) -> Iterator[tuple[str, Element, Told]]:
    """Table, element and values of each row of a document, without the columns of every table."""
    root = found.root
    narrative = {str(one.get("ID")): one for one in root.iter() if one.get("ID")}
    yield "document", root, _document(root)
    for target in root.iterfind("recordTarget"):
        yield "patient", target, patient(target)
    yield from _body(root, narrative)


def _document(root: Element) -> Told:
    author, signed = root.find("author"), root.find("legalAuthenticator")
    service = root.find("documentationOf/serviceEvent")
    lasted = service.find("effectiveTime") if service is not None else None
    low, high = (lasted.find(x) if lasted is not None else None for x in ("low", "high"))
    encounter = root.find("componentOf/encompassingEncounter/id")
    status = root.find("{urn:hl7-org:sdtc}statusCode")
    return (
        identifier(root.find("setId")),
        attribute(root.find("versionNumber"), "value"),
        attribute(root.find("effectiveTime"), "value"),
        *coded(root.find("code")),
        said(root.find("title")),
        attribute(status, "code"),
        attribute(root.find("languageCode"), "code"),
        identifiers(root.iterfind("templateId")),
        attribute(author.find("time") if author is not None else None, "value"),
        identifier(author.find("assignedAuthor/id") if author is not None else None),
        person(author.find("assignedAuthor")) if author is not None else None,
        organization(author.find("assignedAuthor")) if author is not None else None,
        *custodian(root),
        attribute(signed.find("time") if signed is not None else None, "value"),
        person(signed.find("assignedEntity")) if signed is not None else None,
        joined(parents(root, "RPLC")),
        joined(parents(root, "APND")),
        joined(parents(root, "XFRM")),
        identifiers(root.iterfind("inFulfillmentOf/order/id")),
        attribute(service.find("code") if service is not None else None, "code"),
        attribute(low, "value") or attribute(lasted, "value"),
        attribute(high, "value") or attribute(lasted, "value"),
        identifier(encounter),
        *_unstructured(root),
    )


def _unstructured(root: Element) -> tuple[str | None, str | None]:
    """The media type of a body without structure, and its text if it is plain text."""
    body = root.find("component/nonXMLBody/text")
    if body is None:
        return None, None
    media = media_type(body)
    if is_base64(body):
        return media, decoded(body)
    return media, plain(body) if media == "text/plain" else None


def _body(root: Element, narrative: Narrative) -> Iterator[tuple[str, Element, Told]]:
    """Sections, and the statements in them at any depth, in the order of the document."""
    body = root.find(_BODY)
    if body is None:
        return
    places: dict[Element, tuple[str, str]] = {}  # its number and that of its section
    specimens: dict[Element, Element | None] = {}
    subjects: dict[Element, Subject] = {}
    sections = statements = 0
    code: dict[str, str | None] = {"": None}  # of a section, by its number
    for element in body.iter("section", *STATEMENTS):
        above = next((one for one in element.iterancestors() if one in places), None)
        number, section = places.get(above, ("", "")) if above is not None else ("", "")
        outer_subject = subjects[above] if above is not None else PATIENT_ITSELF
        told_subject = subjects[element] = subject(element.find("subject"), outer_subject)
        if element.tag == "section":
            sections += 1
            places[element] = "", str(sections)
            code[str(sections)] = attribute(element.find("code"), "code")
            yield "section", element, (
                str(sections), section or None, *_section(element), *told_subject,
            )  # fmt: skip
            continue
        statements += 1
        places[element] = str(statements), section
        own = element.find("specimen/specimenRole")
        outer = specimens.get(above) if above is not None else None
        specimens[element] = own if own is not None else outer
        told = statement(element, narrative, specimens[element])
        yield "entry", element, (
            str(statements), number or None, section or None, code[section], *told_subject, *told,
        )  # fmt: skip


def _section(element: Element) -> Told:
    text = element.find("text")
    return (
        *coded(element.find("code")),
        said(element.find("title")),
        plain(text) if text is not None and not text.get("nullFlavor") else None,
        identifiers(element.iterfind("templateId")),
        identifiers(element.iterfind("id")),
        flavor(element) or flavor(text),
    )

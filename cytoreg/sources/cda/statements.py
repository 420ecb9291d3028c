"""Clinical statements: acts, observations, procedures and the like as rows of `entry`."""

from __future__ import annotations

from typing import cast

from lxml import etree

from cytoreg.sources.cda.values import (
    Element,
    Narrative,
    attribute,
    bound,
    coded,
    flavor,
    identifier,
    identifiers,
    in_words,
    joined,
    qualifiers,
    referred,
    scalar,
    translations,
    truth,
    type_of,
    unit,
)

STATEMENTS = {
    "act": "ACT", "encounter": "ENC", "observation": "OBS", "observationMedia": "OBS",
    "organizer": "CLUSTER", "procedure": "PROC", "regionOfInterest": "ROIOVL",
    "substanceAdministration": "SBADM", "supply": "SPLY",
}  # fmt: skip
"""The elements that are clinical statements (CDA R2, 4.3.6), and their usual classes."""

SUBJECT = ("subject", "subject_name")
"""Columns for the person whom a row is about."""

ENTRY = (
    "entry", "parent_entry", "section", "section_code", *SUBJECT, "relation", "relation_inverted",
    "class", "mood", "negated", "null_flavor", "entry_ids", "template_ids", "code", "code_system",
    "code_name", "code_text", "code_null_flavor", "code_translation", "code_translation_system",
    "code_translation_name", "text", "status", "effective_time", "effective_low", "effective_high",
    "effective_high_null_flavor", "value_type", "value", "value_unit", "value_system", "value_name",
    "value_text", "value_null_flavor", "value_translation", "value_translation_system",
    "value_translation_name", "value_qualifiers", "value_low", "value_low_inclusive", "value_high",
    "value_high_inclusive", "further_values", "interpretation", "method", "method_system",
    "method_name", "target_site", "target_site_system", "target_site_name",
    "target_site_qualifiers", "specimen_id", "specimen", "specimen_system", "specimen_name",
    "product", "product_system", "product_name", "dose", "dose_unit", "route",
)  # fmt: skip
"""The first four say where in its document the statement is."""

Subject = tuple[str | None, str | None]
PATIENT_ITSELF: Subject = None, None

_REPEATED = ("PIVL_TS", "EIVL_TS")


def statement(
    element: Element, narrative: Narrative, specimen: Element | None
) -> tuple[str | None, ...]:
    """The columns of a statement from `relation` on."""
    above = element.getparent()
    relation = above.get("typeCode", "COMP") if above is not None else None
    inverted = above.get("inversionInd") if above is not None else None
    code = element.find("code")
    values = element.findall("value")
    value = values[0] if values else None
    further = joined(in_words(one, narrative) for one in values[1:])
    return (
        relation, truth(inverted), element.get("classCode") or STATEMENTS[str(element.tag)],
        element.get("moodCode"), truth(element.get("negationInd")), flavor(element),
        identifiers(element.iterfind("id")), identifiers(element.iterfind("templateId")),
        *coded(code), _original(code, narrative), flavor(code), *translations(code),
        referred(element.find("text"), narrative),
        attribute(element.find("statusCode"), "code"),
        *_time(element),
        *_value(value, narrative), further,
        joined(attribute(one, "code") for one in element.iterfind("interpretationCode")),
        *coded(element.find("methodCode")),
        *_site(element),
        *_specimen(specimen),
        *_product(element),
    )  # fmt: skip


_NEAREST = etree.XPath("ancestor-or-self::*[subject][1]/subject")


def about(element: Element) -> Subject:
    """The subject of any element."""
    return subject(next(iter(cast("list[Element]", _NEAREST(element))), None), PATIENT_ITSELF)


def subject(element: Element | None, outer: Subject) -> Subject:
    """The person whom a statement is about, if not the patient: the relation's code, and the name.

    It is stated where it changes, and applies to everything within (CDA R2, 4.4). A person without
    a stated relation is PRS.
    """
    if element is None:
        return outer
    related = element.find("relatedSubject")
    if related is None or related.get("nullFlavor"):
        return flavor(related) or flavor(element) or "PRS", None
    if related.get("classCode") == "PAT":
        return PATIENT_ITSELF
    code, _, name = coded(related.find("code"))
    return code or "PRS", name


def _original(code: Element | None, narrative: Narrative) -> str | None:
    """The words that were coded; they are there even if no code was found (nullFlavor)."""
    return referred(code.find("originalText"), narrative) if code is not None else None


def _time(element: Element) -> tuple[str | None, ...]:
    """The moment, or the bounds of the interval, and why its end is unknown.

    A frequency (PIVL_TS, EIVL_TS) is neither.
    """
    times = element.findall("effectiveTime")
    time = next((one for one in times if type_of(one) not in _REPEATED), None)
    if time is None:
        return None, None, None, None
    moment = attribute(time, "value")
    if moment is None and not time.get("nullFlavor"):
        moment = attribute(time.find("center"), "value")
    (low, _), (high, _) = bound(time, "low"), bound(time, "high")
    return moment, low, high, flavor(time.find("high"))


def _value(value: Element | None, narrative: Narrative) -> tuple[str | None, ...]:
    if value is None:
        return (None,) * 15
    _, system, name = coded(value)
    text = referred(value, narrative) if value.get("code") else None
    return (
        type_of(value), scalar(value, narrative), unit(value), system, name,
        _original(value, narrative) or text, flavor(value), *translations(value),
        qualifiers(value), *bound(value, "low"), *bound(value, "high"),
    )  # fmt: skip


def _site(element: Element) -> tuple[str | None, ...]:
    site = element.find("targetSiteCode")
    return *coded(site), qualifiers(site)


def _specimen(role: Element | None) -> tuple[str | None, ...]:
    if role is None:
        return (None,) * 4
    return identifier(role.find("id")), *coded(role.find("specimenPlayingEntity/code"))


def _product(element: Element) -> tuple[str | None, ...]:
    """What was given or supplied, the amount at a time, and the route."""
    if element.tag not in ("substanceAdministration", "supply"):
        return (None,) * 6
    material = element.find(".//manufacturedMaterial/code")
    dose = element.find("doseQuantity")
    amount = attribute(dose, "value")
    if amount is None and dose is not None:
        (low, _), (high, _) = bound(dose, "low"), bound(dose, "high")
        amount = low if low == high else None
    return *coded(material), amount, unit(dose), attribute(element.find("routeCode"), "code")

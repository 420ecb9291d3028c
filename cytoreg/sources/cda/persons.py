"""Patients, and the persons and organizations of a document's header."""

from __future__ import annotations

from collections.abc import Iterable

from cytoreg.sources.cda.values import (
    Element,
    attribute,
    coded,
    flavor,
    identifier,
    identifiers,
    joined,
    said,
    truth,
)

PATIENT = (
    "patient_ids", "name", "family_name", "given_names", "birth_name", "prefix", "suffix", "sex",
    "sex_system", "sex_null_flavor", "birth_time", "birth_null_flavor", "deceased",
    "deceased_time", "race", "further_races", "ethnicity", "marital_status", "street", "city",
    "state", "postal_code", "country", "address", "telecoms", "provider_id", "provider_name",
)  # fmt: skip

_SDTC = "{urn:hl7-org:sdtc}"
_OTHER_NAMES = {"L": 1, None: 2, "C": 3, "OR": 3}
"""Uses of names: legal first, then without a use; aliases and pseudonyms last (EntityNameUse)."""
_OTHER_ADDRESSES = {
    "HP": 1,
    "H": 2,
    "PHYS": 3,
    None: 4,
    "TMP": 7,
    "HV": 7,
    "WP": 8,
    "OLD": 9,
    "BAD": 9,
}
"""Uses of addresses: home first, a former address last (AddressUse)."""
_BORN, _CALLED, _INITIAL = "BR", "CL", "IN"
_STREET = ("houseNumber", "houseNumberNumeric", "direction", "streetName", "streetNameBase",
           "streetNameType", "additionalLocator", "unitID", "unitType", "postBox")  # fmt: skip


def patient(target: Element) -> tuple[str | None, ...]:
    """The columns of PATIENT."""
    role = target.find("patientRole")
    if role is None:
        return (None,) * len(PATIENT)
    who = role.find("patient")
    if who is None:
        who = role.makeelement("patient")
    sex, birth = who.find("administrativeGenderCode"), who.find("birthTime")
    code, system, _ = coded(sex)
    provider = role.find("providerOrganization")
    return (
        identifiers(role.iterfind("id")),
        *_name(_best(who.findall("name"), _OTHER_NAMES)),
        code, system, flavor(sex),
        attribute(birth, "value"), flavor(birth),
        truth(attribute(who.find(f"{_SDTC}deceasedInd"), "value")),
        attribute(who.find(f"{_SDTC}deceasedTime"), "value"),
        attribute(who.find("raceCode"), "code"),
        joined(attribute(one, "code") for one in who.iterfind(f"{_SDTC}raceCode")),
        attribute(who.find("ethnicGroupCode"), "code"),
        attribute(who.find("maritalStatusCode"), "code"),
        *_address(_best(role.findall("addr"), _OTHER_ADDRESSES)),
        joined(attribute(one, "value") for one in role.iterfind("telecom")),
        identifier(provider.find("id")) if provider is not None else None,
        said(provider.find("name")) if provider is not None else None,
    )  # fmt: skip


def _best(elements: list[Element], uses: dict[str | None, int]) -> Element | None:
    """The one with the most preferred use; those whose time has ended come last."""
    there = [one for one in elements if not one.get("nullFlavor")]

    def rank(one: Element) -> tuple[bool, int]:
        ended = any(
            attribute(one.find(f"{time}/high"), "value") for time in ("validTime", "useablePeriod")
        )
        told: list[str | None] = [*(one.get("use") or "").split()] or [None]
        ranks = [uses.get(use, 6) for use in told]
        return ended, max(ranks) if {"BAD", "OLD"} & set(told) else min(ranks)

    return min(there, key=rank, default=None)


def _name(name: Element | None) -> tuple[str | None, ...]:
    """The whole name, family name, given names, birth name, prefix and suffix."""
    if name is None:
        return (None,) * 6
    spoken = [(str(one.tag), _qualified(one), said(one)) for one in name]
    told = [(tag, marks, text) for tag, marks, text in spoken if text]
    families = [text for tag, marks, text in told if tag == "family" and not _aside(marks)]
    born = [text for tag, marks, text in told if tag == "family" and _BORN in marks]
    called = [text for tag, marks, text in told if tag == "family" and _CALLED in marks]
    givens = [text for tag, marks, text in told if tag == "given" and not _aside(marks)]
    nicknames = [text for tag, marks, text in told if tag == "given" and _aside(marks)]
    before = [text for tag, marks, text in told if tag == "prefix" and "VV" in marks]
    family = [*before, *families] if families else (called or born)
    return (
        _spoken(name),
        " ".join(family) or None,
        " ".join(givens or nicknames[:1]) or None,
        " ".join(born) or None,
        " ".join(text for tag, marks, text in told if tag == "prefix" and "VV" not in marks)
        or None,
        " ".join(text for tag, _, text in told if tag == "suffix") or None,
    )


def _qualified(part: Element) -> frozenset[str]:
    return frozenset((part.get("qualifier") or "").split())


def _aside(marks: Iterable[str]) -> bool:
    """Whether a part of a name is a birth name or a nickname."""
    return not {_BORN, _CALLED}.isdisjoint(marks)


def _spoken(name: Element | None) -> str | None:
    """A name as it is written, its parts separated by blanks."""
    if name is None or name.get("nullFlavor"):
        return None
    if not len(name):
        return said(name)
    parts = [said(one) for one in name if one.tag not in ("validTime", "delimiter")]
    return " ".join(text for text in (*(name.text or "").split(), *parts) if text) or None


def _address(address: Element | None) -> tuple[str | None, ...]:
    """Street, city, state, postal code, country; the whole address if it has loose text."""
    if address is None:
        return (None,) * 6
    lines = [said(one) for one in address.iterfind("streetAddressLine")]
    if not any(lines):
        parts = [said(one) for one in address if one.tag in _STREET]
        lines = [" ".join(text for text in parts if text)]
    loose = [text.strip() for text in (address.text, *(one.tail for one in address)) if text]
    cities = ("city", "state", "postalCode", "country")
    return (
        ", ".join(line for line in lines if line) or None,
        *(said(address.find(part)) for part in cities),
        " ".join(" ".join(map(str, address.itertext())).split()) if any(loose) else None,
    )


def person(role: Element | None) -> str | None:
    """The name of the person in a role, or of the software."""
    if role is None:
        return None
    device = role.find("assignedAuthoringDevice/softwareName")
    return _spoken(role.find("assignedPerson/name")) or said(device)


def organization(role: Element | None) -> str | None:
    """The name of the organization to which a role belongs."""
    return said(role.find("representedOrganization/name")) if role is not None else None


def custodian(root: Element) -> tuple[str | None, str | None]:
    """Id and name of the organization that keeps the document."""
    keeper = root.find("custodian/assignedCustodian/representedCustodianOrganization")
    if keeper is None:
        return None, None
    return identifier(keeper.find("id")), said(keeper.find("name"))

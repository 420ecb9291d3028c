"""Which of a message's results for one code are valid, by OBX-11.

HL7 table 0085 (v2.8.2): F final, C corrected, A amended, U final without being sent again, V, B, P,
R, S: a result. D deleted and W posted as wrong: neither this nor the result that it withdraws is
valid. X cannot be obtained, N not asked, I pending, O a description of the order: no result.
"""

from __future__ import annotations

from collections.abc import Collection

from cytoreg.sources.hl7.paths import NULL

CODE, SUB_ID, VALUE, STATUS = 3, 4, 5, 11
"""Fields of an OBX."""
IDENTITY = frozenset({0, 1, 2, CODE, SUB_ID, STATUS})
"""Fields that are also given for a result that is not valid."""
NO_RESULT = frozenset("DWXNIO")
_TAKEN_BACK = frozenset("DWX")
_CORRECTED = frozenset("CA")
_EARLY = frozenset("PRS")
_PLAIN = "F", ""
_REMARKS = "NTE", "PRT"

Fields = list[str]


def in_doubt(found: list[Fields]) -> bool:
    """Whether any of these results is not simply final."""
    for fields in found:  # noqa: SIM110 - for each code of each message: any() costs twice as much
        if len(fields) > STATUS and fields[STATUS] not in _PLAIN:
            return True
    return False


def standing(found: list[Fields], every: bool, of_one_code: bool) -> list[Fields]:
    """The valid ones among results that are read together, in the order of the message.

    For one code and sub-identifier (OBX-4) a corrected result replaces the others, and a final one
    those that are not final. A withdrawal removes the results before it with the same value, or, if
    it has none, all that are not corrections. With `every`, whose texts continue from one OBX to
    the next, no result replaces another.
    """
    alike: dict[tuple[str, str], list[Fields]] = {}
    for fields in found:
        code = "" if of_one_code else _text(fields, CODE)
        alike.setdefault((code, _text(fields, SUB_ID)), []).append(fields)
    left: list[Fields] = []
    for group in alike.values():
        kept = [fields for place, fields in enumerate(group) if _holds(fields, group[place + 1 :])]
        if every:
            left += kept
            continue
        # "U" confirms the result before it, mostly without its value.
        told = [fields for fields in kept if _text(fields, VALUE) or _status(fields) != "U"] or kept
        corrected = [fields for fields in told if _status(fields) in _CORRECTED]
        final = [fields for fields in told if _status(fields) not in _EARLY]
        left += corrected[-1:] or final or told
    return left


def apart(segments: list[Fields], codes: Collection[str], component: str) -> list[list[Fields]]:
    """An order's segments, once per specimen if it has results for several.

    Specimens are distinguished by the sub-identifier (OBX-4; for its data type OG, version 2.8.2,
    by the group) of valid results, if one of `codes` has results with several. Each specimen's own
    results come first; those without a sub-identifier, or with another one, belong to all
    specimens.
    """
    told: dict[str, dict[str, None]] = {}
    group, group_of = "", []
    for fields in segments:
        if fields[0] not in _REMARKS:  # remarks belong to the result before them
            group = _group(fields, component)
        group_of.append(group)
        if fields[0] == "OBX" and group and _status(fields) not in NO_RESULT:
            code = _text(fields, CODE).partition(component)[0]
            if code in codes:
                told.setdefault(code, {})[group] = None
    groups = {group: None for those in told.values() if len(those) > 1 for group in those}
    if not groups:
        return [segments]
    first = next(at for at, group in enumerate(group_of) if group in groups)
    head = [at for at, fields in enumerate(segments[:first]) if fields[0] != "OBX"]
    common = [
        at for at, group in enumerate(group_of) if group not in groups and at not in set(head)
    ]
    return [
        [segments[at] for at in (*head, *_places(group_of, group), *common)] for group in groups
    ]


def _places(group_of: list[str], group: str) -> list[int]:
    return [at for at, other in enumerate(group_of) if other == group]


def _group(fields: Fields, component: str) -> str:
    """What identifies a result's specimen: the sub-identifier, or the group in it."""
    if fields[0] != "OBX":
        return ""
    first, _, rest = _text(fields, SUB_ID).partition(component)
    return rest.partition(component)[0].strip() or first.strip()


def _holds(fields: Fields, later: list[Fields]) -> bool:
    if _status(fields) in NO_RESULT:
        return False
    value, is_corrected = _text(fields, VALUE), _status(fields) in _CORRECTED
    return not any(
        _status(other) in _TAKEN_BACK
        and (_text(other, VALUE) == value or not (_text(other, VALUE) or is_corrected))
        for other in later
    )


def _status(fields: Fields) -> str:
    return _text(fields, STATUS).upper()


def _text(fields: Fields, at: int) -> str:
    text = fields[at].strip() if at < len(fields) else ""
    return "" if text == NULL else text

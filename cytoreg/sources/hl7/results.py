"""Which of a message's results with one code stand, by OBX-11.

HL7 table 0085 (v2.8.2): F final, C corrected, A amended, U final without being sent again, V, B, P,
R, S: a result. D deleted and W posted as wrong: there is none, nor the one it takes back. X cannot
be obtained, N not asked, I pending, O a description of the order: no result.
"""

from __future__ import annotations

from cytoreg.sources.hl7.paths import NULL

CODE, SUB_ID, VALUE, STATUS = 3, 4, 5, 11
"""Fields of an OBX."""
IDENTITY = frozenset({0, 1, 2, CODE, SUB_ID, STATUS})
"""Fields that are told of a result that does not stand too."""
NO_RESULT = frozenset("DWXNIO")
_TAKEN_BACK = frozenset("DWX")
_CORRECTED = frozenset("CA")
_EARLY = frozenset("PRS")
_PLAIN = "F", ""

Fields = list[str]


def in_doubt(found: list[Fields]) -> bool:
    """Whether any of these results is more, or less, than a final one."""
    for fields in found:  # noqa: SIM110 - for each code of each message: any() costs twice as much
        if len(fields) > STATUS and fields[STATUS] not in _PLAIN:
            return True
    return False


def standing(found: list[Fields], every: bool, of_one_code: bool) -> list[Fields]:
    """Of results that are asked for together, in the order of the message, those that stand.

    Of one code and sub-identifier (OBX-4) a corrected result replaces the others, and a final one
    those that are not. One that is taken back takes back those before it that have its value, or
    if it has none, all that no correction made. With `every`, whose texts go on in one OBX after
    the other, no result replaces another.
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

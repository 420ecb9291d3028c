"""The register of what a kind of source has and cytoreg does not read: `unread.py` of its folder.

docs/generate.py writes it into the page of each kind.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

INSTEAD = {
    "refused": "the source stops, with an error that says so",
    "kept raw": "the record goes into `landing.reject`, with its reason; the others land",
    "counted": "it is passed over, and counted in the manifest",
    "as text": "it lands as text that says less than the source does, or as another kind of value",
    "ignored": "nothing tells that it was there",
}
"""What may happen to what is not read."""


class Unread(NamedTuple):
    """Something that a source of this kind may hold, and what happens instead of reading it.

    `where` is the place in the kind's standard or the version that has it, "" if there is none.
    """

    feature: str
    instead: Literal["refused", "kept raw", "counted", "as text", "ignored"]
    detail: str
    where: str = ""

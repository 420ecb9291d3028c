"""The register of what a kind of source may hold and cytoreg does not read: `unread.py` in its folder.

docs/generate.py writes it into the page of each kind.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

INSTEAD = {
    "refused": "the source stops, with an error that says why",
    "kept raw": "the record goes into `landing.reject`, with its reason; the others land",
    "counted": "it is skipped, and counted in the manifest",
    "as text": "it lands as text with less information than the source has, or as another kind of value",
    "ignored": "it is skipped without any notice",
}
"""What happens to the things that are not read."""


class Unread(NamedTuple):
    """Something that a source of this kind may hold, and what happens instead of reading it.

    `where` is the place in the kind's standard or the version that has it, "" if there is none.
    """

    feature: str
    instead: Literal["refused", "kept raw", "counted", "as text", "ignored"]
    detail: str
    where: str = ""

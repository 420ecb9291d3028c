"""A message as a tree, by the order of its segments.

PID contains ORC, which contains OBR, which contains OBX, which contains its notes: a segment
belongs to the nearest one before it with a higher rank. So an OBX belongs to its own order and its
own patient, never to a neighbour's, whatever the version and the type of the message.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

Fields = list[str]

_OTHER, _REMARK = 4, 5
RANKS = {"MSH": 0, "PID": 1, "ORC": 2, "OBR": 3, "NTE": _REMARK, "PRT": _REMARK}
"""Ranks of segments, 0 being the highest; all others have that of OBX or PV1."""


@dataclass(frozen=True)
class Part:
    """The part of a message for one row: `own`, a segment and what follows below its rank.

    `place` is that of its segment, `above` of the one to which it belongs.
    """

    own: list[Fields]
    place: int
    above: int


class Tree:
    """The segments of a message, and the place of each one's parent (-1 for the first)."""

    def __init__(self, segments: list[Fields]) -> None:
        self.segments = segments
        self.above: list[int] = []
        self._below: dict[int, list[Fields]] = {}
        latest = [-1] * 6  # by rank: the place of the last segment, while its content continues
        for place, fields in enumerate(segments):
            rank = RANKS.get(fields[0], _OTHER)
            above = max(latest[:rank], default=-1)
            self.above.append(above)
            if rank < _REMARK:
                self._below.setdefault(above, []).append(fields)
            latest[rank] = place
            latest[rank + 1 :] = [-1] * (5 - rank)

    def around(self, place: int) -> list[Fields]:
        """A segment and those that belong to it directly, without remarks on it alone."""
        return [self.segments[place], *self._below.get(place, [])]

    def parts(self, name: str) -> Iterator[Part]:
        """One part for each segment of this name, in order."""
        rank = RANKS.get(name, _OTHER)
        start = -1
        for place, fields in enumerate(self.segments):
            if fields[0] == name or RANKS.get(fields[0], _OTHER) < rank:
                if start >= 0:
                    yield Part(self.segments[start:place], start, self.above[start])
                start = place if fields[0] == name else -1
        if start >= 0:
            yield Part(self.segments[start:], start, self.above[start])

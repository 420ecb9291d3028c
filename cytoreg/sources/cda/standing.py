"""Which of a source's documents are current, and which documents replace the others.

A replacement names what it replaces (relatedDocument RPLC), or has its setId and a higher
versionNumber (CDA R2, 4.2.3.1); an addendum (APND) is current beside its parent. A document
delivered twice word for word counts once; a different one with the same id is a document of its
own.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby


@dataclass(frozen=True, slots=True)
class Head:
    """A document's header data on itself and its versions; ids as root^extension."""

    id: str
    set_id: str | None
    version: int | None
    time: str
    replaces: tuple[str, ...]
    patients: tuple[str, ...]
    content: bytes

    @property
    def key(self) -> bytes:
        """A key that is equal for equal documents, wherever they are."""
        return self.content


def _key(identifier: str) -> str:
    root, sign, extension = identifier.partition("^")
    return root.casefold() + sign + extension


class Standing:
    """The documents of a source in reading order, some of them current.

    `by` has, for the number of each document that is not current, the id of its replacement: its
    own id if a later copy is current. `odd` counts unclear cases, in words.
    """

    def __init__(self, heads: Iterable[Head]) -> None:
        self.by: dict[int, str] = {}
        self.odd: Counter[str] = Counter()
        copies: dict[bytes, list[int]] = defaultdict(list)
        self._one: dict[bytes, Head] = {}
        self._called: dict[str, list[bytes]] = defaultdict(list)
        for number, head in enumerate(heads):
            copies[head.key].append(number)
            if self._one.setdefault(head.key, head) is head:
                self._called[_key(head.id)].append(head.key)
        after = self._successors()
        for key, numbers in copies.items():
            last = self._last(key, after)
            stands = numbers[-1] if last == key else None
            self.by.update((number, self._one[last].id) for number in numbers if number != stands)
        standing = ([key for key in keys if key not in after] for keys in self._called.values())
        if alike := sum(max(0, len(keys) - 1) for keys in standing):
            self.odd["document with the id of another, and other content: both are kept"] += alike

    def _successors(self) -> dict[bytes, bytes]:
        """By document, the one that directly replaces it."""
        rivals: dict[bytes, list[bytes]] = defaultdict(list)
        for head in sorted(self._one.values(), key=_rank):
            for parent in {x for id_ in head.replaces for x in self._called.get(_key(id_), ())}:
                if _key(self._one[parent].id) != _key(head.id):
                    rivals[parent].append(head.key)
        after = {parent: keys[-1] for parent, keys in rivals.items()}
        sets: dict[str, list[Head]] = defaultdict(list)
        for head in self._one.values():
            if head.set_id:
                sets[_key(head.set_id)].append(head)
        for those in sets.values():
            self._versions([head for head in those if head.version is not None], after)
            if len(those) > 1 and (
                bare := sum(x.version is None and x.key not in after for x in those)
            ):
                self.odd["document with the setId of another and no version: both are kept"] += bare
        for keys in rivals.values():
            if (left := sum(key not in after for key in keys)) > 1:
                self.odd["document that replaces what another does too: both are kept"] += left - 1
        return after

    def _versions(self, heads: list[Head], after: dict[bytes, bytes]) -> None:
        """Let the latest version of a set replace the patient's others."""
        latest: dict[str, Head] = {}  # by patient; under "" for all
        unnamed: list[Head] = []
        alike = 0
        for _, group in groupby(sorted(heads, key=_rank, reverse=True), lambda one: one.version):
            those = [head for head in group if head.key not in after]
            for head in those:
                found = [latest[x] for x in map(_key, head.patients) if x in latest] + unnamed[:1]
                found = found if head.patients else [*latest.values()][:1]
                if found:
                    after[head.key] = max(found, key=_rank).key
                elif latest:
                    self.odd["document with the setId of another patient's: both are kept"] += 1
            alike += max(0, sum(head.key not in after for head in those) - 1)
            for head in those:
                latest.setdefault("", head)
                for patient in map(_key, head.patients):
                    latest.setdefault(patient, head)
                unnamed += [head] * (not head.patients)
        if alike:
            self.odd["document with the setId and version of another: both are kept"] += alike

    def _last(self, key: bytes, after: dict[bytes, bytes]) -> bytes:
        """The current replacement of a document; if documents replace each other, the latest."""
        seen = [key]
        while (key := after.get(key, b"")) and key not in seen:
            seen.append(key)
        if not key:
            return seen[-1]
        ring = seen[seen.index(key) :]
        return max(ring, key=lambda one: (_rank(self._one[one]), one))


def _rank(head: Head) -> tuple[int, str]:
    return head.version or 0, head.time

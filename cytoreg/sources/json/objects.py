"""JSON objects, and the values at paths in them, as written in the file."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TypeVar

import msgspec

from cytoreg.sources.json.paths import Path

_T = TypeVar("_T")

Members = dict[str, msgspec.Raw]

SURROGATE = "half of a surrogate pair"
TWICE = "a key that is given twice"
DEEP = "lists or objects nested too deeply"

_HALF = re.compile(rb"\\u[dD][89a-fA-F]")
_KEYS_AT_ONCE = 10_000

_objects = msgspec.json.Decoder(Members)
_lists = msgspec.json.Decoder(list[msgspec.Raw])
_strings = msgspec.json.Decoder(str)
_encode = msgspec.json.Encoder().encode


class NoObject(Exception):
    """Why a text is not a JSON object."""


class Objects:
    """Reads objects as members whose values are still text; caches the length of written keys."""

    def __init__(self) -> None:
        self._lengths: dict[tuple[str, ...], int] = {}

    def members(self, text: bytes) -> Members:
        """The members of an object; their values are JSON without blanks.

        Raises NoObject for anything but an object, and for a duplicate key, since only one of its
        values could be landed.
        """
        dense, found = _decoded(text, _objects, "no JSON object")
        keys = tuple(found)
        length = self._lengths.get(keys)
        if length is None:
            if len(self._lengths) >= _KEYS_AT_ONCE:
                self._lengths.clear()
            length = 1 + max(1, sum(len(_encode(key)) + 2 for key in keys))  # braces, colons
            self._lengths[keys] = length
        if length + sum(map(len, found.values())) != len(dense) and _twice(dense):
            raise NoObject(TWICE)
        return found


def array(text: bytes) -> list[msgspec.Raw]:
    """The values of a list, each JSON without blanks; raises NoObject for anything but a list."""
    return _decoded(text, _lists, "no JSON list")[1]


def _decoded(text: bytes, decoder: msgspec.json.Decoder[_T], otherwise: str) -> tuple[bytes, _T]:
    """A text without blanks, and its value; for another kind of JSON, NoObject says `otherwise`."""
    try:
        dense = msgspec.json.format(text, indent=-1)
        return dense, decoder.decode(dense)
    except msgspec.ValidationError:
        raise NoObject(otherwise) from None
    except RecursionError:
        raise NoObject(DEEP) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        at = re.search(r"\(byte (\d+)\)", str(error))
        where = f" at its byte {int(at[1]) + 1}" if at else ""
        half = not at and _HALF.search(text)
        raise NoObject(SURROGATE if half else f"no JSON{where}") from None


def _twice(dense: bytes) -> bool:
    """Whether the outermost object gives a key twice."""
    twice = False

    def pairs(found: list[tuple[str, object]]) -> None:
        nonlocal twice
        twice = len({key for key, _ in found}) < len(found)  # the outermost object ends last

    json.loads(dense, object_pairs_hook=pairs)
    return twice


@dataclass
class Tree:
    """Columns by the paths to their values: those that end here, and the branches."""

    here: list[int] = field(default_factory=list)
    below: dict[str | int, Tree] = field(default_factory=dict)

    @classmethod
    def of(cls, paths: list[Path]) -> Tree:
        """The tree of the paths of columns 0, 1, …"""
        root = cls()
        for number, path in enumerate(paths):
            tree = root
            for step in path:
                tree = tree.below.setdefault(step, cls())
            tree.here.append(number)
        return root


def fill(row: list[msgspec.Raw | None], tree: Tree, members: Members, objects: Objects) -> None:
    """Put the values of an object into the columns of the tree; missing ones stay None."""
    for step, branch in tree.below.items():
        value = members.get(step)  # type: ignore[arg-type]  # a place in a list is no key
        if value is None:
            continue
        if branch.below:
            _put(row, branch, value, objects)
        else:
            for number in branch.here:
                row[number] = value


def _put(row: list[msgspec.Raw | None], tree: Tree, value: msgspec.Raw, objects: Objects) -> None:
    for number in tree.here:
        row[number] = value
    if not tree.below:
        return
    text = bytes(value)
    if text.startswith(b"{"):
        fill(row, tree, objects.members(text), objects)
    elif text.startswith(b"["):
        values = _lists.decode(text)
        for step, branch in tree.below.items():
            if isinstance(step, int) and step < len(values):
                _put(row, branch, values[step], objects)


def listed(members: Members, path: Path, objects: Objects) -> list[bytes]:
    """The values of the list at a path; lists on the way are searched, too.

    A value that is not a list counts as one value, null and missing ones as none.
    """
    values = [bytes(value) for key, value in members.items() if path[:1] == (key,)]
    for step in path[1:]:
        spread = [each for value in values for each in _spread(value)]
        inner = [objects.members(each) for each in spread if each.startswith(b"{")]
        values = [bytes(found[step]) for found in inner if isinstance(step, str) and step in found]
    return [each for value in values for each in _spread(value)]


def _spread(value: bytes) -> list[bytes]:
    if value.startswith(b"["):
        return [bytes(each) for each in _lists.decode(value)]
    return [] if value == b"null" else [value]


def object_of(members: Members) -> bytes:
    """Members as one JSON object."""
    return _encode(members)

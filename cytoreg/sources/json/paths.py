"""Paths into JSON: `code.coding[0].display`.

A path consists of keys and of positions in lists, counted from 0; `["a key"]` is a key with other
characters. `$` is the record itself, and may begin any path.
"""

from __future__ import annotations

import re

import msgspec

Path = tuple[str | int, ...]

_STEP = re.compile(r'\.?([^.\[\]"\s$][^.\[\]"]*)|\.?\[(\d+)\]|\.?\[("(?:[^"\\]|\\.)*")\]')


def path_of(text: str) -> Path | None:
    """The steps of a path; None if it is invalid."""
    rest = text.removeprefix("$").removeprefix("." if text.startswith("$.") else "")
    steps: list[str | int] = []
    while rest:
        found = _STEP.match(rest)
        if not found or (rest.startswith(".") and not steps):
            return None
        name, number, quoted = found.groups()
        try:
            steps.append(name or (int(number) if number else msgspec.json.decode(quoted, type=str)))
        except ValueError:
            return None
        rest = rest[found.end() :]
    return tuple(steps) if text.strip() else None

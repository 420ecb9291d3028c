"""Explain mistakes in cytoreg.toml with the names of the file and without its values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, cast, get_args, get_origin

from pydantic import BaseModel, ValidationError

from cytoreg.errors import perhaps
from cytoreg.project.benchmarks import Benchmark, Figure
from cytoreg.project.config import Config, Endpoint
from cytoreg.project.outcomes import Measure, Outcome, Word
from cytoreg.sources.kinds import reader

_SOURCE = 2
"""Position in a path below `sources` at which the keys of the source begin."""


def explain(error: ValidationError, kinds: Mapping[str, str]) -> str:
    """Which keys are wrong and why; an unknown key with the key or section that is probably meant.

    `kinds` has the declared kind of each source.
    """
    lines = []
    for item in error.errors(include_url=False, include_input=False):
        what = item["msg"]
        if item["type"] == "extra_forbidden":
            what = f"unknown key{_meant(item['loc'], kinds)}"
        lines.append(f"{'.'.join(map(str, item['loc']))}: {what}")
    return "; ".join(lines)


def _meant(place: Sequence[int | str], kinds: Mapping[str, str]) -> str:
    """The hint for an unknown key: a similar key, or the section to which it belongs."""
    name, kind, above = str(place[-1]), cast("object", Config), place[:-1]
    if place[0] == "sources" and len(place) > _SOURCE:
        kind, above = reader(kinds[str(place[1])]).config, place[_SOURCE:-1]
    for part in above:
        kind = _below(kind, part)
    known = kind.model_fields if isinstance(kind, type) and issubclass(kind, BaseModel) else ()
    if hint := perhaps(name, known):
        return hint
    homes = [(key, where) for where, section in _sections() for key in section.model_fields]
    if where := [where for key, where in homes if key == name]:
        return f" (it belongs into {where[0]})"
    hint = perhaps(name, (key for key, _ in homes))
    where = [where for key, where in homes if hint == f" (perhaps {key})"]
    return f"{hint[:-1]} in {where[0]})" if where else ""


def _sections() -> Iterator[tuple[str, type[BaseModel]]]:
    for name, field in Config.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield f"[{name}]", field.annotation
    yield "[survival.NAME]", Endpoint
    yield "[outcome.NAME]", Outcome
    yield "[outcome.NAME.measures.NAME]", Measure
    yield "[benchmark.NAME]", Benchmark
    yield "[[benchmark.NAME.figures]]", Figure
    yield "[words.NAME]", Word


def _below(kind: object, part: int | str) -> object:
    """The type of the value under a key of this type; None if it is unknown."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        field = kind.model_fields.get(str(part))
        return field.annotation if field else None
    origin: object = get_origin(kind)
    parts: tuple[object, ...] = get_args(kind)
    if origin is Annotated:
        return _below(parts[0], part)
    if origin is dict:
        return parts[1]
    for one in parts:  # of a union, the section among the possible types
        if isinstance(one, type) and issubclass(one, BaseModel):
            return _below(one, part)
    return None

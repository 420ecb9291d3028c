"""What is wrong in cytoreg.toml, in the words of the file and without its values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, get_args, get_origin

from pydantic import BaseModel, ValidationError

from cytoreg.errors import perhaps
from cytoreg.project.benchmarks import Benchmark, Figure
from cytoreg.project.config import Config, Endpoint
from cytoreg.project.outcomes import Measure, Outcome, Word

_SOURCE = 2
"""Where in a place below `sources` the kind stands, which is no key."""


def explain(error: ValidationError) -> str:
    """What is wrong with which keys; an unknown key with the one, or the section, that is meant."""
    lines = []
    for item in error.errors(include_url=False, include_input=False):
        place = item["loc"]
        keys = [
            str(part)
            for number, part in enumerate(place)
            if number != _SOURCE or place[0] != "sources"
        ]
        what = item["msg"]
        if item["type"] == "extra_forbidden":
            what = f"unknown key{_meant(place)}"
        elif item["type"] == "union_tag_not_found":
            keys, what = [*keys, "kind"], "Field required"
        lines.append(f"{'.'.join(keys)}: {what}")
    return "; ".join(lines)


def _meant(place: Sequence[int | str]) -> str:
    """The hint for an unknown key: a key of its section that is like it, or where it belongs."""
    name = str(place[-1])
    kind: object = Config
    for part in place[:-1]:
        kind = _below(kind, part)
    if hint := perhaps(name, getattr(kind, "model_fields", ())):
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
    """The type of what stands under a key of a value of this type; None where that is not told."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        field = kind.model_fields.get(str(part))
        return field.annotation if field else None
    origin, parts = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _below(parts[0], part)
    if origin is dict:
        found: object = parts[1]
        return found
    for one in parts:  # of a union, the kind of source that `part` says, or what may be left out
        if isinstance(one, type) and issubclass(one, BaseModel):
            if (said := one.model_fields.get("kind")) is None:
                return _below(one, part)
            if part in get_args(said.annotation):
                return one
    return None

"""The keys of a section of cytoreg.toml, with type, default and meaning, from its model.

A key's meaning is the docstring below its field, or the field's description.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterable, Iterator
from inspect import cleandoc, getsource
from itertools import pairwise
from textwrap import dedent
from types import UnionType
from typing import Annotated, Literal, NamedTuple, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from cytoreg.sources.declaration import Source

WORDS = {str: "text", bool: "`true` or `false`", int: "whole number", float: "number"}
LIMITS = {"ge": "from {}", "gt": "above {}", "le": "to {}"}


class Key(NamedTuple):
    """A key; `type`, `default` and `meaning` are Markdown, `meaning` is "" if it has none."""

    name: str
    type: str
    default: str
    meaning: str


def keys(model: type[BaseModel]) -> list[Key]:
    """The keys of a section; of a kind of source those that not every source has."""
    meanings = docstrings(model)
    return [
        Key(name, type_of(field), default_of(field), meanings.get(name, field.description or ""))
        for name, field in own(model)
    ]


def own(model: type[BaseModel]) -> list[tuple[str, FieldInfo]]:
    """The fields of `keys`."""
    is_kind = issubclass(model, Source) and model is not Source
    common = Source.model_fields if is_kind else {}
    return [each for each in model.model_fields.items() if each[0] not in common]


def sections(model: type[BaseModel]) -> Iterator[tuple[str, type[BaseModel]]]:
    """The sections below a section, at any depth, each with the key under which it is."""
    for name, field in own(model):
        for one in _classes(field.annotation):
            if issubclass(one, BaseModel):
                yield name, one
                yield from sections(one)


def _classes(annotation: object) -> Iterator[type]:
    """Every class in an annotation."""
    inner: tuple[object, ...] = get_args(annotation)
    if isinstance(annotation, type) and not inner:
        yield annotation
    for part in inner:
        yield from _classes(part)


def docstrings(model: type[BaseModel]) -> dict[str, str]:
    """The docstring below each field of a model and of those it inherits from."""
    found: dict[str, str] = {}
    for one in reversed(model.__mro__):
        if issubclass(one, BaseModel) and one is not BaseModel:
            for pair in pairwise(_statements(one)):
                match pair:
                    case ast.AnnAssign(ast.Name(name)), ast.Expr(ast.Constant(str(text))):
                        found[name] = cleandoc(text)
    return found


def _statements(model: type[BaseModel]) -> list[ast.stmt]:
    """The statements in the body of a class; none if its source is not at hand."""
    try:
        (declared,) = ast.parse(dedent(getsource(model))).body
    except (OSError, TypeError, SyntaxError, ValueError):
        return []
    return declared.body if isinstance(declared, ast.ClassDef) else []


def type_of(field: FieldInfo) -> str:
    """The type of a key's value, with its limits."""
    parts: list[object] = field.metadata
    written = (getattr(each, "json_schema_input_type", PydanticUndefined) for each in parts)
    given = next((one for one in written if one is not PydanticUndefined), field.annotation)
    return " ".join([_type(given), *_limits(parts)])


def _limits(metadata: Iterable[object]) -> Iterator[str]:
    """The limits of a number, in words."""
    for each in metadata:
        if isinstance(each, FieldInfo):
            yield from _limits(each.metadata)
        for name, words in LIMITS.items():
            if isinstance(value := getattr(each, name, None), int | float):
                yield words.format(f"{value:g}")


def _type(annotation: object) -> str:
    """The type of a value as TOML has it."""
    inner: tuple[object, ...] = get_args(annotation)
    origin: object = get_origin(annotation)
    if origin is Annotated:
        return " ".join([_type(inner[0]), *_limits(inner[1:])])
    if origin is Literal:
        return _or(f"`{_toml(value)}`" for value in inner)
    if origin in (Union, UnionType):
        return _or(_type(one) for one in inner if one is not type(None))
    if origin is list:
        plural = {"text": "texts", "number": "numbers"}
        return f"list of {plural.get(_type(inner[0]), 'tables')}"
    return WORDS.get(annotation, "table") if isinstance(annotation, type) else "table"


def _or(parts: Iterable[str]) -> str:
    """`a, b or c`, each once."""
    *first, last = dict.fromkeys(parts)
    return f"{', '.join(first)} or {last}" if first else last


def default_of(field: FieldInfo) -> str:
    """The default as TOML writes it; nothing for an empty one."""
    if field.is_required():
        return "*required*"
    value: object = field.get_default()
    if isinstance(value, BaseModel):
        inner = {name: one for name, one in value if one not in ("", [])}
        return f"`{_toml(inner)}`" if inner else ""
    return "" if value in (None, "", {}) else f"`{_toml(value)}`"


def _toml(value: object) -> str:
    """A value as TOML writes it."""
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{name} = {_toml(one)}' for name, one in value.items())} }}"
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, float):
        return f"{value:g}"
    return f"'{value}'" if value == '"' else json.dumps(value, ensure_ascii=False)

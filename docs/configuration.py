"""The page of cytoreg.toml: prose from configuration.in.md, tables of keys from the models.

A key's meaning is the docstring below its field.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from inspect import cleandoc, getsource
from itertools import pairwise
from pathlib import Path
from textwrap import dedent
from types import UnionType
from typing import Annotated, Literal, Union, get_args, get_origin

from markdown_text import code, literal, table
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

PROSE = Path(__file__).with_name("configuration.in.md")
WORDS = {str: "text", bool: "`true` or `false`", int: "whole number", float: "number"}
LIMITS = {"ge": "from {}", "gt": "above {}", "le": "to {}"}


def page() -> str:
    """The whole page; ends the program for a section that the prose does not place."""
    from cytoreg.project.config import Config
    from cytoreg.sources.declaration import Source

    models = {model.__name__: model for model in sections(Config)} | {"Source": Source}
    models |= {model.__name__: model for model in sections(Source)}
    prose = PROSE.read_text(encoding="utf-8")
    placed = set(re.findall(r"{{ (\w+) }}", prose))
    if differ := placed.symmetric_difference({*models, "kinds"}):
        sys.exit(f"docs/configuration.in.md and the models differ in: {', '.join(sorted(differ))}")
    tables = {name: keys(model) for name, model in models.items()} | {"kinds": kinds()}
    return re.sub(r"{{ (\w+) }}\n", lambda found: tables[found[1]], prose)


def sections(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """The models of the sections below a model."""
    for field in model.model_fields.values():
        for one in classes(field.annotation):
            if issubclass(one, BaseModel):
                yield one
                yield from sections(one)


def classes(annotation: object) -> Iterator[type]:
    """Every class in an annotation."""
    if isinstance(annotation, type) and not get_args(annotation):
        yield annotation
    for part in get_args(annotation):
        yield from classes(part)


def keys(model: type[BaseModel]) -> str:
    """The table of a section's keys."""
    meanings = docstrings(model)
    if missing := [name for name in model.model_fields if name not in meanings]:
        sys.exit(f"keys of {model.__name__} without a docstring: {', '.join(missing)}")
    rows = [
        (f"`{name}`", type_of(field), default_of(field), literal(meanings[name]))
        for name, field in model.model_fields.items()
    ]
    return table(("key", "type", "default", "meaning"), rows)


def docstrings(model: type[BaseModel]) -> dict[str, str]:
    """The docstring below each field of a model and of those it inherits from."""
    found = {}
    for one in reversed(model.__mro__):
        if issubclass(one, BaseModel) and one is not BaseModel:
            (declared,) = ast.parse(dedent(getsource(one))).body
            for pair in pairwise(declared.body):
                match pair:
                    case ast.AnnAssign(ast.Name(name)), ast.Expr(ast.Constant(str(text))):
                        found[name] = cleandoc(text)
    return found


def type_of(field: FieldInfo) -> str:
    """The type of a key's value, with its limits."""
    limits = [
        words.format(f"{value:g}")
        for each in field.metadata
        for name, words in LIMITS.items()
        if (value := getattr(each, name, None)) is not None
    ]
    written = (
        getattr(each, "json_schema_input_type", PydanticUndefined) for each in field.metadata
    )
    given = next((one for one in written if one is not PydanticUndefined), field.annotation)
    return " ".join([kind_of(given), *limits])


def kind_of(annotation: object) -> str:
    """The type of a value as TOML has it."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return kind_of(inner[0])
    if origin is Literal:
        return ", ".join(f"`{value}`" for value in inner)
    if origin in (Union, UnionType):
        return " or ".join(kind_of(one) for one in inner if one is not type(None))
    if origin is list:
        plural = {"text": "texts", "number": "numbers"}
        return f"list of {plural.get(kind_of(inner[0]), 'tables')}"
    return WORDS.get(annotation, "table") if isinstance(annotation, type) else "table"


def default_of(field: FieldInfo) -> str:
    """The default as TOML writes it; nothing for an empty one."""
    if field.is_required():
        return "*required*"
    value = field.get_default()
    if value in (None, "") or isinstance(value, dict):
        return ""
    if isinstance(value, BaseModel):
        inner = ", ".join(f"{name} = {one}" for name, one in value if one not in ("", []))
        return code(f"{{ {inner} }}") if inner else ""
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{value:g}`" if isinstance(value, float) else code(str(value))


def kinds() -> str:
    """The table of cytoreg's own kinds of source."""
    from cytoreg.sources.kinds import OWN, reader

    rows = [
        (f"[`{kind}`](../sources/{kind}.md)", literal(cleandoc(reader(kind).config.__doc__ or "")))
        for kind in OWN
    ]
    return table(("kind", "what it reads"), [(kind, text.split("\n")[0]) for kind, text in rows])

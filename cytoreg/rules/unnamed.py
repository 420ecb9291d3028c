"""Schemas in a project's schemas/ that no name in a file refers to, so that nothing reads them."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

import pandera.pandas as pa
from pandera.api.dataframe.model import DataFrameModel as AnyModel

from cytoreg.errors import ConfigError

_REMEDY = (
    "give it a name of its own at the top of a file of schemas/, or one that begins with an"
    " underscore if it is a building block"
)


def all_models() -> set[type]:
    """Every Pandera model in this process."""
    found: set[type] = set()
    waiting: list[type] = [AnyModel]
    while waiting:
        below: set[type] = set(waiting.pop().__subclasses__()) - found
        found |= below
        waiting += below
    return found


def refuse_unnamed(package: str, taken: Collection[object], before: Collection[type]) -> None:
    """Raise ConfigError for a schema in a module of `package` that is not among those `taken`.

    before: the models that existed before the package was imported. Names that begin with an
    underscore, and base classes, are building blocks.
    """
    known = {id(one) for one in taken}
    used = {base for one in taken if isinstance(one, type) for base in one.__mro__}
    modules = {
        name: module for name, module in sys.modules.items() if name.startswith(f"{package}.")
    }
    for model in all_models() - set(before) - used:
        if model.__module__ in modules and not model.__qualname__.startswith("_"):
            raise _unnamed(modules[model.__module__].__file__, model.__qualname__)
    for module in modules.values():
        for place, schema in _schemas(vars(module), ""):
            if id(schema) not in known:
                raise _unnamed(module.__file__, place)


def _schemas(named: Mapping[str, object], where: str) -> Iterator[tuple[str, object]]:
    """Schema objects among named values, in collections and in classes, with their places."""
    for name, value in named.items():
        if not str(name).startswith("_"):
            yield from _within(f"{where}{name}", value, named.get("__name__"))


def _within(place: str, value: object, module: object) -> Iterator[tuple[str, object]]:
    if isinstance(value, pa.DataFrameSchema):
        yield place, value
    elif isinstance(value, dict):
        for key, part in value.items():
            yield from _within(f"{place}[{key!r}]", part, module)
    elif isinstance(value, list | tuple | set | frozenset):
        for number, part in enumerate(value):
            yield from _within(f"{place}[{number}]", part, module)
    elif isinstance(value, type) and value.__module__ == module and not issubclass(value, AnyModel):
        yield from _schemas({**vars(value), "__name__": module}, f"{place}.")


def _unnamed(file: str | None, what: str) -> ConfigError:
    return ConfigError(
        f"{Path(file or '')}: {what} is a schema that no file of schemas/ gives a name to, and"
        " would judge nothing",
        remedy=_REMEDY,
    )

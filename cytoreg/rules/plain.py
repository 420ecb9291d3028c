"""Plain Pandera as entities: models that do not inherit from Entity, and schema objects.

Each becomes an Entity of the same name, with its declared columns, checks and keys. What cannot be
judged exactly as by Pandera is refused when it is compiled to rules (compile.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path

import pandera.pandas as pa
from pandera.api.dataframe.model_components import FieldInfo

from cytoreg.errors import ConfigError
from cytoreg.rules.annotation import REMEDY, column_type
from cytoreg.rules.entity import Entity


def building_blocks_apart(
    models: Mapping[type[pa.DataFrameModel], Path], others: Iterable[type] = ()
) -> list[tuple[type[pa.DataFrameModel], Path]]:
    """Plain models, with their files, that are not base classes of other models."""
    bases = {base for model in (*models, *others) for base in model.__mro__[1:]}
    return [(model, path) for model, path in models.items() if model not in bases]


def adopt_model(model: type[pa.DataFrameModel]) -> type[Entity]:
    """A plain model as an entity of the same name. Raises ConfigError for an unknown type."""
    named = {"__doc__": model.__dict__.get("__doc__") or "", "__module__": __name__}
    try:
        return type(model.__name__, (Entity, model), named)
    except (NameError, TypeError) as error:
        raise ConfigError(
            f"{model.__name__}: its annotations cannot be read: {error}", remedy=REMEDY
        ) from None


def adopt_schema(name: str, schema: pa.DataFrameSchema) -> type[Entity]:
    """A `pa.DataFrameSchema` as an entity called `name`.

    Raises ConfigError for columns that are not given by name.
    """
    if not re.fullmatch(r"[A-Za-z]\w*", name):
        raise ConfigError(
            f"{name}: is not a name for an entity",
            remedy="give the schema a name such as procedure",
        )
    fields: dict[str, object] = {}
    annotations: dict[str, object] = {}
    columns: dict[object, pa.Column] = schema.columns
    for number, (column, part) in enumerate(columns.items()):
        if not isinstance(column, str):
            raise ConfigError(
                f"{name}: {column!r} is not a name for a column", remedy="columns are named by text"
            )
        if part.dtype is None:
            raise ConfigError(
                f"{name}.{column}: has no type", remedy="give the Column a type, such as str"
            )
        # A column or a check may have the name of a model's own attribute, such as `validate`.
        attribute = f"column_{number}"
        annotations[attribute] = column_type(f"{name}.{column}", part.dtype)
        fields[attribute] = FieldInfo(
            alias=column,
            checks=list(part.checks),
            nullable=part.nullable,
            nullable_explicit=True,
            unique=part.unique,
            title=part.title,
            description=part.description,
            metadata=part.metadata,
        )
    checks = {f"check_{n}": _on_rows(name, check) for n, check in enumerate(schema.checks)}
    config = type("Config", (), {"unique": schema.unique, "metadata": schema.metadata})
    made: type[Entity] = type(
        _class_name(name),
        (Entity,),
        {
            "__doc__": schema.description or schema.title or "",
            "__module__": __name__,
            "__annotations__": annotations,
            "Config": config,
            **fields,
            **checks,
        },
    )
    return made


def _on_rows(name: str, check: pa.Check) -> object:
    """A check of the whole frame in the form of a model, with the same name and scope."""
    if isinstance(check, pa.Hypothesis) or check.groupby:
        raise ConfigError(
            f"{name}.{check.name}: a statement about the whole table gives no finding for a row",
            remedy="make it an expectation in expectations/",
        )
    asked = partial(check._check_fn, **check._check_kwargs)

    def function(cls: type[Entity], frame: object) -> object:
        return asked(frame)

    function.__name__ = str(check.name)
    if scope := getattr(check._check_fn, "cytoreg_scope", None):
        function.__dict__["cytoreg_scope"] = scope
    said: Mapping[str, object] = {
        "element_wise": check.element_wise,
        "ignore_na": check.ignore_na,
        "raise_warning": check.raise_warning,
        "error": check.error,
        "description": check.description,
    }
    return pa.dataframe_check(**said)(function)


def _class_name(name: str) -> str:
    """A class name whose snake case is the entity's: `operative_finding` → `OperativeFinding`."""
    return "".join(part.capitalize() for part in name.split("_")) if "_" in name else name

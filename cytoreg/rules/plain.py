"""Plain Pandera as entities: models that do not inherit from Entity, and schema objects.

Each becomes an Entity of the same name, with its declared columns, checks and keys. What cannot be
judged exactly as by Pandera is refused when it is compiled to rules (compile.py).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path

import pandera.pandas as pa
from pandera.api.dataframe.model_components import FieldInfo

from cytoreg.errors import ConfigError
from cytoreg.rules.annotation import REMEDY, column_type
from cytoreg.rules.entity import Entity
from cytoreg.rules.pandera_types import checks_of

_SAID = ("nullable", "unique", "title", "description", "metadata")
_field: Callable[..., object] = FieldInfo  # Pandera writes no types of what it takes


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
        dtype: object = part.dtype
        if dtype is None:
            raise ConfigError(
                f"{name}.{column}: has no type", remedy="give the Column a type, such as str"
            )
        # A column or a check may have the name of a model's own attribute, such as `validate`.
        attribute = f"column_{number}"
        annotations[attribute] = column_type(f"{name}.{column}", dtype)
        fields[attribute] = _field(
            alias=column,
            checks=list(checks_of(part)),
            nullable_explicit=True,
            **_said_of(part, *_SAID),
        )
    checks = {f"check_{n}": _on_rows(name, check) for n, check in enumerate(checks_of(schema))}
    config = type("Config", (), _said_of(schema, "unique", "metadata"))
    described = _said_of(schema, "description", "title")
    made: type[Entity] = type(
        _class_name(name),
        (Entity,),
        {
            "__doc__": described["description"] or described["title"] or "",
            "__module__": __name__,
            "__annotations__": annotations,
            "Config": config,
            **fields,
            **checks,
        },
    )
    return made


def _said_of(part: pa.Column | pa.DataFrameSchema, *names: str) -> dict[str, object]:
    """What a column or a schema says under these names of its attributes, such as `title`."""
    return {name: getattr(part, name) for name in names}


def _on_rows(name: str, check: pa.Check) -> object:
    """A check of the whole frame in the form of a model, with the same name and scope."""
    if isinstance(check, pa.Hypothesis) or check.groupby:
        raise ConfigError(
            f"{name}.{check.name}: a statement about the whole table gives no finding for a row",
            remedy="make it an expectation in expectations/",
        )
    asked: Callable[[object], object] = partial(check._check_fn, **check._check_kwargs)

    def function(cls: type[Entity], frame: object) -> object:
        return asked(frame)

    function.__name__ = str(check.name)
    scope: object = getattr(check._check_fn, "cytoreg_scope", None)
    if scope:
        function.__dict__["cytoreg_scope"] = scope
    said: Mapping[str, object] = {
        "element_wise": check.element_wise,
        "ignore_na": check.ignore_na,
        "raise_warning": check.raise_warning,
        "error": check.error,
        "description": check.description,
    }
    decorated: object = pa.dataframe_check(**said)(function)
    return decorated


def _class_name(name: str) -> str:
    """A class name whose snake case is the entity's: `operative_finding` → `OperativeFinding`."""
    return "".join(part.capitalize() for part in name.split("_")) if "_" in name else name

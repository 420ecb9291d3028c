"""A kind of record as a Pandera model, whose declarations are checks that Pandera runs as well."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from inspect import getattr_static
from types import MappingProxyType
from typing import ClassVar

import pandas as pd
import pandera.pandas as pa
from pandera.api.dataframe.model_components import FieldInfo

from cytoreg.rules.annotation import column_type
from cytoreg.rules.evaluate import passes
from cytoreg.rules.pandera_types import DTYPES
from cytoreg.rules.vocabulary import Agreement, Declaration, Newest, entity_name, what_is_given


class Entity(pa.DataFrameModel):
    """A kind of record: a subclass in `schemas/<entity>.py`, whose docstring describes the table.

    >>> import pandas as pd
    >>> from cytoreg import judge
    >>> from cytoreg.rules import Entity, field, rule
    >>> class Stay(Entity):
    ...     "One stay in hospital."
    ...
    ...     number: str = field("Number of the stay.", key=True, unique=True)
    ...     days: int = field("Days in hospital.", unit="d", ge=0)
    ...     icu_days: int = field("Of these in intensive care.", unit="d", nullable=True)
    ...
    ...     icu_within_stay = rule("icu_days <= days", "Longer in intensive care than in hospital.")
    >>> stays = pd.DataFrame({"number": ["1", "2", "3"], "days": [5, -1, 3], "icu_days": [0, 0, 4]})
    >>> judge(Stay, stays).to_pandas()[["rule", "severity", "row"]]
                       rule  severity  row
    0          stay.days.ge  critical    2
    1  stay.icu_within_stay  critical    3
    """

    _declarations: ClassVar[Mapping[str, Declaration]] = MappingProxyType({})
    _newest: ClassVar[Newest] = Newest(())

    class Config:
        """Text is read by cytoreg's grammars; lineage columns are allowed."""

        coerce = True
        strict = False

    def __init_subclass__(cls, **kwargs: object) -> None:
        name = entity_name(cls)
        own = inspect.get_annotations(cls, eval_str=True)
        for column in _inherited(cls):
            # Pandera would make a new field, without checks, for an annotation without a field.
            attribute: object = getattr_static(cls, column, None)
            if isinstance(attribute, FieldInfo):
                setattr(cls, column, attribute)
        cls.__annotations__ = {
            column: _annotation(name, column, python)
            for column, python in {**_inherited(cls), **own}.items()
        }
        declared = dict(cls._declarations)
        members: dict[str, object] = dict(vars(cls))
        for attribute, value in members.items():
            if isinstance(value, Newest) and attribute != "_newest":
                delattr(cls, attribute)
                cls._newest = value
                continue
            declaration = value.comparison(name) if isinstance(value, Agreement) else value
            if isinstance(declaration, Declaration):
                declared[attribute] = declaration
                setattr(cls, attribute, _pandera_check(attribute, declaration))
        cls._declarations = MappingProxyType(declared)
        super().__init_subclass__(**kwargs)  # type: ignore[no-untyped-call]  # Pandera's own


def _annotation(entity: str, column: str, python: object) -> object:
    if column.startswith("_"):
        return python
    return DTYPES[column_type(f"{entity}.{column}", python)]


def _inherited(cls: type) -> dict[str, object]:
    """Annotations of the plain Pandera models among a class's bases, the nearest last."""
    found: dict[str, object] = {}
    for base in reversed(cls.__mro__[1:]):
        plain = issubclass(base, pa.DataFrameModel) and not issubclass(base, Entity)
        if plain and base is not pa.DataFrameModel:
            found |= inspect.get_annotations(base, eval_str=True)
    return {
        name: python
        for name, python in found.items()
        if name != "Config" and not name.startswith("_")
    }


def _pandera_check(name: str, declaration: Declaration) -> classmethod:  # type: ignore[type-arg]
    """The declaration as a Pandera dataframe check that never touches a database."""

    def check(cls: type[Entity], frame: pd.DataFrame) -> pd.Series:
        return passes(cls, declaration, frame, what_is_given())

    check.__name__ = name
    decorated: classmethod = pa.dataframe_check(  # type: ignore[type-arg]
        description=declaration.reason or None, raise_warning=declaration.severity != "critical"
    )(check)
    return decorated

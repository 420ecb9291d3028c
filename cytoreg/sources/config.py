"""`[sources.<name>]` of cytoreg.toml, for any kind: the model of its kind defines the keys."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, PlainValidator, ValidationInfo

from cytoreg.errors import perhaps
from cytoreg.sources.declaration import Source
from cytoreg.sources.kinds import kinds, reader

__all__ = ["AnySource"]


def _known(kind: str) -> str:
    if kind not in (known := kinds()):
        there = ", ".join(known)
        raise ValueError(f"there is no kind {kind!r}{perhaps(kind, known)}; there are {there}")
    return kind


class _Kind(BaseModel):
    """The key that selects the model for the others."""

    kind: Annotated[str, AfterValidator(_known)]


def _of_its_kind(section: object, info: ValidationInfo) -> Source:
    """The section validated by its kind's model; errors name its keys."""
    if isinstance(section, Source):
        return section
    model = reader(_Kind.model_validate(section).kind).config
    return model.model_validate(section, context=info.context)


AnySource = Annotated[Source, PlainValidator(_of_its_kind)]

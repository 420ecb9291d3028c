"""Tests of texts that need Python: a verdict for each distinct text, as in GX's pandas engine."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from cytoreg.errors import ConfigError

Accepts = Callable[[str], bool]


def matches(patterns: Sequence[str], how: Callable[[Sequence[object]], bool]) -> Accepts:
    """The text matches any (or all) of the patterns somewhere."""
    found = [re.compile(pattern).search for pattern in patterns]
    return lambda text: how([search(text) for search in found])


def read_date(text: str) -> datetime:
    """The date or moment that dateutil reads in a text. Raises ValueError or OverflowError."""
    from dateutil.parser import parse  # type: ignore[import-untyped]

    read: Callable[[str], datetime] = parse
    return read(text)


def dates() -> Accepts:
    """dateutil can read the text as a date."""

    def accepts(text: str) -> bool:
        try:
            read_date(text)
        except (ValueError, OverflowError):
            return False
        return True

    return accepts


def dates_like(form: str) -> Accepts:
    """The text is a date in this `strptime` format. Raises ConfigError for an invalid format."""
    try:
        datetime.strptime(datetime(2016, 2, 29, 13, 5, 59).strftime(form), form)
    except (ValueError, re.error):
        raise ConfigError(
            "strftime_format: cannot be read back", remedy="use the codes of Python's strptime"
        ) from None

    def accepts(text: str) -> bool:
        try:
            datetime.strptime(text, form)
        except ValueError:
            return False
        return True

    return accepts


def json_texts() -> Accepts:
    """The text is JSON."""
    return lambda text: _json(text) is not _NONE


class _Validator(Protocol):
    """A validator of jsonschema's, for one version of JSON Schema."""

    def __init__(self, schema: Mapping[str, Any]) -> None: ...
    @classmethod
    def check_schema(cls, schema: Mapping[str, Any]) -> None: ...
    def is_valid(self, instance: object) -> bool: ...


def json_of(schema: Mapping[str, Any]) -> Accepts:
    """The text is JSON that fits the schema. Raises ConfigError for an invalid schema."""
    from jsonschema import SchemaError  # type: ignore[import-untyped]
    from jsonschema.validators import validator_for  # type: ignore[import-untyped]

    kind: type[_Validator] = validator_for(schema)
    try:
        kind.check_schema(schema)
    except SchemaError as error:
        raise ConfigError(f"json_schema: is not a JSON schema: {error.message}") from None
    valid = kind(schema).is_valid

    def accepts(text: str) -> bool:
        value = _json(text)
        return value is not _NONE and valid(value)

    return accepts


_NONE = object()


def _json(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return _NONE

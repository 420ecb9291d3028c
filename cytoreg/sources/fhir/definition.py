"""Read the JSON of a ViewDefinition, and report mistakes with their place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cytoreg.sources.fhir.fhirpath import Literal


class ViewError(ValueError):
    """A ViewDefinition that cannot be run: where in it, and why."""


def constants(view: Mapping[str, object]) -> dict[str, Literal]:
    """The constants of a view by their names."""
    found: dict[str, Literal] = {}
    for number, item in enumerate(list_at(view, "constant", "the view")):
        at = f"constant[{number}]"
        constant = object_at(item, at)
        name = text_at(constant, "name", at)
        values = {key: value for key, value in constant.items() if key.startswith("value")}
        if len(values) != 1:
            raise ViewError(f"{at} ({name}): exactly one value[x] is expected")
        ((key, value),) = values.items()
        if isinstance(value, bool):
            found[name] = Literal("boolean", str(value).lower())
        elif isinstance(value, int | float):
            found[name] = Literal("number", str(value))
        elif isinstance(value, str):
            dated = key in ("valueDate", "valueDateTime", "valueInstant", "valueTime")
            found[name] = Literal("date" if dated else "string", value)
        else:
            raise ViewError(f"{at} ({name}): {key} is not supported, only primitive types are")
    return found


def object_at(value: object, at: str) -> Mapping[str, object]:
    """A value as a JSON object."""
    if not isinstance(value, dict):
        raise ViewError(f"{at} is not a JSON object")
    return value


def list_at(of: Mapping[str, object], key: str, at: str) -> Sequence[object]:
    """The list under a key, empty when there is none."""
    value = of.get(key, [])
    if not isinstance(value, list):
        raise ViewError(f"{at}: `{key}` is not a list")
    return value


def text_at(of: Mapping[str, object], key: str, at: str) -> str:
    """The text under a key, which must be there."""
    value = of.get(key)
    if not isinstance(value, str) or not value:
        raise ViewError(f"{at}: `{key}` is missing or not a text")
    return value

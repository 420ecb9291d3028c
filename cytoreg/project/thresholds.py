"""Section [thresholds] of cytoreg.toml: the share of records that may violate a rule."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase

from pydantic import Field, model_validator

from cytoreg.sources.declaration import Section

__all__ = ["Threshold", "named"]


class Threshold(Section):
    """The share of the records to which a rule applies that may violate it, and why."""

    share: float = Field(ge=0, le=1)
    """The largest share that passes. A number in place of the table is the share."""
    note: str = ""
    """Why this much, and who decided it; shown beside the result."""

    @model_validator(mode="before")
    @classmethod
    def _of_number(cls, given: Mapping[str, object] | float | str) -> object:
        if isinstance(given, int | float) and not isinstance(given, bool):
            return {"share": given}
        if isinstance(given, Mapping) and "share" not in given:
            raise ValueError(
                "no share; a rule's name has dots and stands in quotes:"
                ' "tumor.grade_fits_ki67" = 0.05'
            )
        return given


def named(thresholds: Mapping[str, Threshold], rule: str) -> str | None:
    """The name in [thresholds] that counts for a rule: its own, else the longest with * or ?.

    Of two with equally many other characters the first in the alphabet counts.
    """
    if rule in thresholds:
        return rule
    fitting = [name for name in thresholds if fnmatchcase(rule, name)]
    ranked = sorted((-len(name.strip("*?")), name) for name in fitting)
    return ranked[0][1] if ranked else None

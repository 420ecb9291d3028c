"""Row rules: declared once in `schemas/*.py`, judged as SQL, explained everywhere."""

from cytoreg.rules.declare import (
    Entity,
    agrees,
    compare,
    field,
    given,
    references,
    rowwise,
    rule,
    whole_table,
)

__all__ = [
    "Entity",
    "agrees",
    "compare",
    "field",
    "given",
    "references",
    "rowwise",
    "rule",
    "whole_table",
]

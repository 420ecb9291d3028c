"""Defects of the death index."""

from __future__ import annotations

from functools import partial

from cytoreg.demo.defects.defect import RARE, Defect

_death = partial(Defect, "death_index", "deaths")
DEFECTS: tuple[Defect, ...] = (
    _death("death.unparsable", "line cut short", action="cut", weight=RARE),
    _death(
        "death.death_after_birth",
        "died before birth",
        changes={"death_date": "(x.birth_date[1:4]::integer - 3) || '0615'"},
    ),
    _death(
        "death.unique",
        "certificate listed twice",
        action="repeat",
        where="x._pid is not null",
    ),
    _death(
        "death.death_date.type",
        "died on a 30 February",
        changes={"death_date": "x.death_date[1:4] || '0230'"},
    ),
    _death("death.sex.isin", "sex code that does not exist", changes={"sex": "'X'"}),
    _death(
        "death.ssn_last4.str_matches",
        "letter among the last four digits",
        changes={"ssn_last4": "x.ssn_last4[1:3] || 'O'"},
    ),
)

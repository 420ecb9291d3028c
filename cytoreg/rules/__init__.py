"""Row rules: declared once in `schemas/*.py`, judged as SQL, explained everywhere.

Authors of schemas use Entity, field, PartialDate, PartialDatetime, rule, references, has, compare,
agrees, determined and newest_by (see declare.py); the refresh uses load_schemas and judge;
documents and reports use catalogue, dictionary, sql_of.
"""

from cytoreg.rules.catalogue import (
    Column,
    EntityRules,
    Rule,
    catalogue,
    compare_in,
    dictionary,
    look_at,
)
from cytoreg.rules.compile import compile_schemas
from cytoreg.rules.declare import (
    agrees,
    compare,
    determined,
    field,
    has,
    newest_by,
    references,
    rule,
)
from cytoreg.rules.entity import Entity
from cytoreg.rules.judge import begin, finish, judge, judge_alone, judge_beside_others
from cytoreg.rules.load import load_schemas
from cytoreg.rules.partial_date import PartialDate, PartialDatetime
from cytoreg.rules.python_check import rowwise, whole_table
from cytoreg.rules.statement import sql_of
from cytoreg.rules.vocabulary import given

__all__ = [
    "Column",
    "Entity",
    "EntityRules",
    "PartialDate",
    "PartialDatetime",
    "Rule",
    "agrees",
    "begin",
    "catalogue",
    "compare",
    "compare_in",
    "compile_schemas",
    "determined",
    "dictionary",
    "field",
    "finish",
    "given",
    "has",
    "judge",
    "judge_alone",
    "judge_beside_others",
    "load_schemas",
    "look_at",
    "newest_by",
    "references",
    "rowwise",
    "rule",
    "sql_of",
    "whole_table",
]

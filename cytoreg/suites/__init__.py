"""Expectation suites: whole tables judged inside the database; only counts are returned.

types.py lists which engine judges each of Great Expectations' types.
"""

from cytoreg.suites.file import load_suites
from cytoreg.suites.judge import MARTS, judge_tables, record
from cytoreg.suites.prove import prove_suites
from cytoreg.suites.result import CheckResult
from cytoreg.suites.suite import Item, Suite

__all__ = [
    "MARTS",
    "CheckResult",
    "Item",
    "Suite",
    "judge_tables",
    "load_suites",
    "prove_suites",
    "record",
]

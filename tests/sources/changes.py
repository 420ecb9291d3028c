"""Bytes changed at random, for tests that no reader loses a record by them."""

from __future__ import annotations

import codecs
import os

from hypothesis import HealthCheck, assume, settings
from hypothesis import strategies as st

EXAMPLES = int(os.environ.get("CYTOREG_EXAMPLES", "25"))
"""How often the laws are tried: a few times in a run of all tests, thousands of times by hand."""

HOW_OFTEN = settings(
    max_examples=EXAMPLES * 4,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

Change = tuple[float, int, bytes]
"""Where (as a share of the file), how many bytes go, and what comes instead."""

CUT_OFF = st.tuples(st.floats(0, 1), st.just(10**6), st.just(b""))


def changes(pieces: list[bytes]) -> st.SearchStrategy[list[Change]]:
    new = st.sampled_from(pieces) | st.binary(max_size=2)
    return st.lists(st.tuples(st.floats(0, 1), st.integers(0, 12), new), min_size=1, max_size=3)


def changed(text: bytes, wanted: list[Change]) -> tuple[bytes, list[tuple[int, int]]]:
    """The text with these changes, and which of its bytes they touch.

    A change may reach into the one behind it, and then takes as many bytes more of the text.
    """
    spans, before = [], 0
    for share, gone, new in sorted(wanted, reverse=True):
        at = int(share * len(text))
        before += gone
        spans.append((at - 1, at + before + 1))
        text = text[:at] + new + text[at + gone :]
    return text, spans


def assume_unmarked(text: bytes) -> None:
    """Leave out a text that became one of UTF-16 by its first bytes: all of it means another."""
    assume(not text.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)))


def touches(spans: list[tuple[int, int]], first: int, last: int) -> bool:
    return any(start < last and first < end for start, end in spans)

"""Law: whatever way a comparison is judged, it finds what looking at every pair of rows finds."""

from __future__ import annotations

import pytest
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st
from rules_verdict import AS_OF, EXAMPLES, frame_of, judged_by_duckdb

from cytoreg.rules import Entity, PartialDate, agrees, compare, compile_schemas, field
from cytoreg.rules.contradiction import alternatives
from cytoreg.rules.evaluate import passes
from cytoreg.rules.requirement import Pairwise
from cytoreg.rules.vocabulary import Given


class Other(Entity):
    """Rows of another entity."""

    key: str = field("Key.", nullable=True)
    a: int = field("A number.", nullable=True)
    b: int = field("A number.", nullable=True)
    day: PartialDate = field("A date.", nullable=True)
    text: str = field("A text.", nullable=True)


SHAPES = {
    "differs": "a <> {other}.a",
    "same": "a = {other}.a",
    "same_as_b": "a = {other}.b",
    "below": "a < {other}.a",
    "not_above": "a <= {other}.b + 1",
    "above": "{other}.a < b",
    "not_below": "{other}.b <= a",
    "if_known": "text = 'x' or {other}.text = 'x' or a = {other}.a",
    "none": "{other}.text <> 'x'",
    "none_to_both": "text = 'y' or {other}.text <> 'x'",
    "two_equal": "a <> {other}.a or b <> {other}.b",
    "two_unequal": "a = {other}.a or b = {other}.b",
    "equal_and_above": "a <> {other}.a or b >= {other}.b",
    "between": "a between {other}.a and {other}.b",
    "same_day": "day = {other}.day",
    "other_day": "day <> {other}.day",
    "not_before": "day >= {other}.day",
    "days_apart": "latest(day) >= earliest({other}.day) - 1",
    "function": "starts_with(text, {other}.text)",
    "coalesced": "coalesce(a - {other}.b, 0) <= 0",
    "case": "case when text = 'x' then a >= {other}.a else b >= {other}.b end",
    "by_extract": "day <= $as_of or {other}.a < 3",
}


def model() -> type[Entity]:
    """An entity that is compared in every way with its own rows and with another's."""
    rules: dict[str, object] = {}
    for name, holds in SHAPES.items():
        for other in ("thing", "other"):
            rules[f"{name}_{other}"] = compare(
                other, on="key", holds=holds.format(other=other), severity="warning"
            )
    rules["mapped"] = compare("thing", {"key": "text"}, "a <= thing.a", severity="warning")
    rules["agrees"] = agrees("a", on="key")
    rules["agrees_when"] = agrees("a", on="key", when="text <> 'x'")
    rules["agrees_day"] = agrees("day", on="key")
    rules["on_b_too"] = agrees("text", on=("key", "b"))
    columns = {
        "key": field("Key.", nullable=True),
        "a": field("A number.", nullable=True),
        "b": field("A number.", nullable=True),
        "day": field("A date.", nullable=True),
        "text": field("A text.", nullable=True),
    }
    annotations = {"key": str, "a": int, "b": int, "day": PartialDate, "text": str}
    made = type(
        "Thing",
        (Entity,),
        {"__module__": __name__, "__annotations__": annotations, **columns, **rules},
    )
    return made


Thing = model()
ROW = st.fixed_dictionaries(
    {
        "key": st.sampled_from(["x", "y", None]),
        "a": st.sampled_from(["1", "2", "3", None]),
        "b": st.sampled_from(["1", "2", None]),
        "day": st.sampled_from(["2016-12-31", "2017-01-01", "2017-01", "2016", "2017", None]),
        "text": st.sampled_from(["x", "y", "xy", None]),
        "_source": st.sampled_from(["a", "b", "c"]),
    }
)


SCHEMAS = compile_schemas([Thing, Other])


@settings(max_examples=EXAMPLES, deadline=None)
@drawn(st.lists(ROW, max_size=8), st.lists(ROW, max_size=5))
def test_a_comparison_finds_what_every_pair_of_rows_says(things, others):
    frames = {"thing": frame_of(Thing, things), "other": frame_of(Other, others)}
    columns = Other.to_schema().columns
    typed = {name: part.dtype.coerce(frames["other"][name]) for name, part in columns.items()}
    seen = Given(AS_OF, {"other": frames["other"].assign(**typed)})
    expected = {
        (f"thing.{name}", row)
        for name, declaration in Thing._declarations.items()
        for row, held in enumerate(passes(Thing, declaration, frames["thing"], seen))
        if not held
    }
    assert judged_by_duckdb(SCHEMAS, frames) == expected


def test_this_law_has_comparisons_by_group_and_by_pair():
    tests = [rule.test for rule in SCHEMAS["thing"].rules if isinstance(rule.test, Pairwise)]
    ways = [way for test in tests for way in alternatives(test.holds)]
    assert {way.by_group for way in ways} == {True, False}
    assert {order.op for way in ways for order in way.orders} == {"<>", "<", "<=", ">", ">="}


@pytest.mark.parametrize("rule", ["differs", "same", "not_above", "if_known", "same_day"])
def test_common_comparisons_need_no_pairs(rule):
    (test,) = [r.test for r in SCHEMAS["thing"].rules if r.id == f"thing.{rule}_thing"]
    assert all(way.by_group for way in alternatives(test.holds))

"""What a schema may say, and what is refused while schemas load rather than at night."""

from __future__ import annotations

import warnings
from datetime import date

import pandas as pd
import pandera.errors
import pandera.pandas as pa
import pytest

from cytoreg.errors import ConfigError
from cytoreg.rules import (
    Entity,
    agrees,
    catalogue,
    compare,
    compile_schemas,
    dictionary,
    field,
    given,
    references,
    rule,
)


class BodySite(Entity):
    """A site."""

    code: str = field(
        "Code.", key=True, str_matches="^C[0-9]{2}$", reasons={"unique": "Twice."}, unique=True
    )
    size_mm: int = field("Size.", unit="mm", nullable=True, in_range=(0, 500), warn="in_range")
    found: date = field("Day.", nullable=True)

    found_by_extract = rule("found <= $as_of", "Found later.", severity="info")


def by_id(model: type[Entity]) -> dict[str, object]:
    return {r.id: r for r in catalogue(compile_schemas([model]))}


def test_rules_are_named_by_entity_column_and_check():
    assert list(by_id(BodySite)) == [
        "body_site.code.required",
        "body_site.code.unique",
        "body_site.code.str_matches",
        "body_site.size_mm.type",
        "body_site.size_mm.in_range",
        "body_site.found.type",
        "body_site.found_by_extract",
    ]


def test_a_rule_has_a_severity_and_a_reason_written_or_generated():
    rules = by_id(BodySite)
    assert [(r.severity, r.reason) for r in rules.values()] == [
        ("critical", "code is missing."),
        ("critical", "Twice."),
        ("critical", "code does not have the form ^C[0-9]{2}$."),
        ("critical", "size_mm is not a whole number."),
        ("warning", "size_mm is not between 0 and 500 mm."),
        ("critical", "found is not a date."),
        ("info", "Found later."),
    ]


def test_generated_reasons_say_what_is_required():
    class Probe(Entity):
        """Checks without a reason of their own."""

        a: int = field("a", ge=1, lt=9, eq=2, ne=3, notin=[4])
        b: str = field("b", isin=list("abcdefghijkl"), str_length={"min_value": 2}, nullable=True)
        c: date = field("c", in_range=(date(2000, 1, 1), date(2001, 1, 1), True, False))

        a_small = rule("a < 5")
        site = references("body_site", on={"b": "code"})
        same = compare("body_site", on={"b": "code"}, holds="a = body_site.size_mm")
        agree = agrees("a", on="b")

    reasons = {
        r.id.removeprefix("probe."): r.reason for r in catalogue(compile_schemas([Probe, BodySite]))
    }
    assert reasons["a.ge"] == "a is below 1."
    assert reasons["a.lt"] == "a is not below 9."
    assert reasons["a.eq"] == "a is not 2."
    assert reasons["a.ne"] == "a is 3."
    assert reasons["a.notin"] == "a is one of 4."
    assert reasons["b.isin"] == "b is none of the 12 listed values."
    assert reasons["b.str_length"] == "b does not have at least 2 characters."
    assert (
        reasons["c.in_range"] == "c is not between 2000-01-01 and 2001-01-01 (without 2001-01-01)."
    )
    assert reasons["a_small"] == "Does not hold: a < 5"
    assert reasons["site"] == "No accepted body_site has this b = body_site.code."
    assert reasons["same"] == "Contradicts body_site: a = body_site.size_mm"
    assert reasons["agree"] == "a is not the same in another source."


def test_the_dictionary_has_a_line_for_every_column():
    entries = dictionary(compile_schemas([BodySite]))
    assert [(e.column, e.type, e.unit, e.constraints) for e in entries] == [
        ("code", "text", "", ("key", "required", "unique", "str_matches(^C[0-9]{2}$)")),
        ("size_mm", "integer", "mm", ("in_range(min_value=0, max_value=500) (warning)",)),
        ("found", "date", "", ()),
    ]


def test_entities_come_after_those_they_refer_to():
    class Alpha(Entity):
        """Refers to Zulu."""

        code: str = field("c")
        zulu = references("zulu", on="code")

    class Zulu(Entity):
        """Refers to nobody."""

        code: str = field("c")

    assert list(compile_schemas([Alpha, Zulu])) == ["zulu", "alpha"]


def test_a_circle_of_references_is_refused():
    class Alpha(Entity):
        """Refers to Zulu."""

        code: str = field("c")
        zulu = references("zulu", on="code")

    class Zulu(Entity):
        """Refers to Alpha."""

        code: str = field("c")
        alpha = compare("alpha", on="code", holds="code = alpha.code")

    with pytest.raises(ConfigError, match=r"circle: .*alpha.*zulu"):
        compile_schemas([Alpha, Zulu])


@pytest.mark.parametrize(
    ("holds", "message"),
    [
        ("size_mm <", "not a SQL expression"),
        ("size_mm < width", "no such column"),
        ("size_mm < 'a'", "cannot combine integer and text"),
        ("found < 5", "cannot combine date and integer"),
        ("size_mm + 1", "is integer, not a condition"),
        ("size_mm < (select 1)", "not in the language"),
        ("random() < 0.5", "not in the language"),
        ("current_date > found", "not in the language"),
        ("code ilike 'a'", "not in the language"),
        ("code like code", "not in the language"),
        ("size_mm in (select 1)", "not in the language"),
        ("patient.size_mm < 1", "no other row of that name"),
        ("date_diff('month', found, found) < 1", "no difference in units of month"),
        ("found = date '2000-02-30'", "is no date"),
        ("cast(found as decimal) > 1", "no such type"),
        ("regexp_matches(code, '(?=a)')", "cannot match this pattern"),
        ("regexp_matches(code, '(')", "the pattern is not valid"),
        ("true < false", "no order"),
        ("found + found is null", "expected a number"),
        ("substr(code, size_mm, 1) = 'a'", "whole numbers from 1"),
        ("size_mm < 99999999999999999999", "too large"),
        ("not size_mm", "is integer, expected true/false"),
    ],
)
def test_an_expression_that_could_mean_two_things_or_fail_is_refused(holds, message):
    broken = type("Probe", (BodySite,), {"wrong": rule(holds), "__module__": __name__})
    with pytest.raises(ConfigError, match=message) as caught:
        compile_schemas([broken])
    assert "probe.wrong" in str(caught.value)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"x": references("nobody", on="code")}, "there is no entity nobody"),
        ({"x": references("body_site", on="colour")}, "colour is not a column of this entity"),
        (
            {"x": references("body_site", on={"code": "colour"})},
            "colour is not a column of the other",
        ),
        ({"x": references("body_site", on={"size_mm": "code"})}, "different types"),
        ({"x": references("body_site", on=[])}, "names no column"),
        ({"x": compare("body_site", on="code", holds="colour = 1")}, "no such column"),
        ({"x": compare("body_site", on="code", holds="probe.code = code")}, "no other row"),
        ({"unparsable": rule("true")}, "two rules would be called probe.unparsable"),
    ],
)
def test_a_rule_that_looks_at_what_is_not_there_is_refused(body, message):
    broken = type("Probe", (BodySite,), {**body, "__module__": __name__})
    with pytest.raises(ConfigError, match=message):
        compile_schemas([broken, BodySite])


def test_a_severity_for_a_check_that_is_not_made_is_refused():
    class Probe(Entity):
        """A slip of the pen."""

        a: int = field("a", warn="in_rnage", in_range=(1, 2))

    with pytest.raises(ConfigError, match=r"probe\.a: .*in_rnage"):
        compile_schemas([Probe])


def test_an_unknown_severity_or_type_is_refused():
    with pytest.raises(ConfigError, match="severity 'fatal'"):
        rule("true", severity="fatal")
    with pytest.raises(ConfigError, match=r"probe\.a: .* is not a type for a column"):

        class Probe(Entity):
            """A list is no value of a cell."""

            a: list = field("a")


@pytest.mark.parametrize(
    "asks",
    [
        {"a": field("a", default=1)},
        {"a": field("a", regex=True)},
        {"Config": type("Config", (), {"add_missing_columns": True})},
        {"Config": type("Config", (), {"drop_invalid_rows": True})},
        {"shout": pa.parser("a")(lambda cls, series: series)},
    ],
)
def test_what_pandera_would_change_in_the_data_is_refused(asks):
    body = {"__annotations__": {"a": int}, "a": field("a"), "__module__": __name__, **asks}
    with pytest.raises(ConfigError, match="rows are judged as staging gives them"):
        compile_schemas([type("Probe", (Entity,), body)])


def test_the_same_model_judges_a_frame_in_pandera_alone():
    """A schema is also plain Pandera: it reads text, and a warning only warns."""

    class Probe(Entity):
        """A finding at a site."""

        code: str = field("c")
        size_mm: int = field("s", ge=0, warn="ge")
        site = references("body_site", on="code")

    sites = pd.DataFrame({"code": ["C17"]})
    good = pd.DataFrame({"code": ["C17"], "size_mm": ["-7"]})
    with given(body_site=sites), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert Probe.validate(good, lazy=True)["size_mm"].tolist() == [-7]
    assert any("greater_than_or_equal_to" in str(w.message) for w in caught)
    with given(body_site=sites.iloc[:0]), pytest.raises(pandera.errors.SchemaErrors) as errors:
        Probe.validate(good.assign(size_mm="1"), lazy=True)
    assert set(errors.value.failure_cases["check"]) == {"site"}


def test_pandera_alone_says_what_it_needs_to_judge_a_comparison():
    class Probe(Entity):
        """Refers to a site."""

        code: str = field("c")
        site = references("body_site", on="code")

    with pytest.raises(Exception, match="accepted rows are not given"):
        Probe.validate(pd.DataFrame({"code": ["C17"]}))

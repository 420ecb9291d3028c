"""FHIR, changed at random: no line is lost, no view is run that cannot be, no text is SQL."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cytoreg.errors import SourceError
from cytoreg.sources.fhir import files
from cytoreg.sources.fhir.config import FhirSource
from cytoreg.sources.fhir.definition import ViewError
from cytoreg.sources.fhir.flatten import engine, flatten
from cytoreg.sources.fhir.macros import MARK
from cytoreg.sources.fhir.numbers import marked
from cytoreg.sources.fhir.view import compile_view
from cytoreg.sources.items import Reject, Rows, Unexpected

LINE = (
    '{"resourceType":"Observation","id":"o1","code":{"coding":[{"system":"a\\\\","code":"x"}]},'
    '"valueQuantity":{"value":-5.10e1,"unit":"\\u00b5g [1, 2]"},"note":[{"text":"\\"1.5\\": 2"}]}'
)
VIEW = {
    "resource": "Observation",
    "select": [
        {
            "column": [
                {"name": "id", "path": "id"},
                {"name": "value", "path": "value.ofType(Quantity).value"},
                {"name": "code", "path": "code.coding.where(system.exists()).code.first()"},
            ]
        }
    ],
}
WORDS = [
    *("id", "name", "value", "deceased", "where", "exists", "first", "ofType", "extension", "join"),
    *("getReferenceKey", "iif", "not", "count", "lowBoundary", "Quantity", "startsWith", "last"),
    *("and", "or", "in", "contains", "implies", "xor", "%c", "%rowIndex", "$this", "true", "{}"),
    *("'a'", "'it\\'s; --'", "1", "-2.50", "@2010", "(", ")", "[", "]", ".", ",", "=", "!=", "<"),
    *("<=", ">", "|", "+", "-", "*", "/", "&", "~", "'\\u0041\"'", "`x`", "div", "is", "0"),
]


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with engine() as connection:
        yield connection


def test_no_byte_loses_a_line(tmp_path: Path) -> None:
    """Every line is a row, kept raw, or counted; the marks of numbers are in no value."""
    config = FhirSource.model_validate(
        {"kind": "fhir", "path": "a.ndjson", "tables": {"t": "e"}, "views": {"t": VIEW}}
    )
    rng = random.Random(2017)
    for _ in range(25):
        lines = [LINE.replace("o1", f"o{number}").encode() for number in range(12)]
        content = bytearray(b"\n".join(lines) + b"\n")
        for _ in range(rng.randrange(1, 8)):
            at = rng.randrange(len(content))
            content[at : at + rng.randrange(3)] = rng.randbytes(rng.randrange(3))
        (tmp_path / "a.ndjson").write_bytes(content)
        numbers: list[int] = []
        counted = 0
        try:
            for item in files.read("lab", config, tmp_path):
                match item:
                    case Rows(_, rows):
                        numbers += rows["_row"].to_pylist()
                        texts = [str(value) for value in rows.to_pylist()]
                        assert not any(MARK in text for text in texts)
                    case Reject():
                        numbers.append(item.row)
                        assert item.raw or item.reason == "a blank line"
                    case Unexpected():
                        counted += item.count
        except SourceError as error:
            assert "µg" not in str(error)
            continue
        whole = bytes(content).replace(b"\r\n", b"\n").replace(b"\r", b"\n").rstrip(b"\n")
        assert len(numbers) == len(set(numbers))
        assert len(numbers) + counted == whole.count(b"\n") + 1


def test_an_expression_of_any_words_is_refused_or_can_be_run(
    con: duckdb.DuckDBPyConnection,
) -> None:
    rng = random.Random(2017)
    line = pa.array([LINE, '{"resourceType":"Observation","name":[1,"b",null,true,{"x":[[2]]}]}'])
    run = 0
    for _ in range(500):
        words = [rng.choice(WORDS) for _ in range(rng.randrange(1, 9))]
        path = rng.choice(["", " "]).join(words)
        use = rng.choice(["path", "where", "forEach", "repeat"])
        view: dict[str, object] = {"resource": "Observation", "select": []}
        view["constant"] = [{"name": "c", "valueString": "it's \"; --"}]
        node: dict[str, object] = {"column": [{"name": "a", "path": "$this"}]}
        if use == "path":
            node["column"] = [{"name": "a", "path": path, "collection": rng.random() < 0.3}]
        elif use == "where":
            view["where"] = [{"path": path}]
        else:
            node[use] = [path] if use == "repeat" else path
        view["select"] = [node]
        try:
            views = {"t": compile_view(view)}
        except ViewError:
            continue
        flatten(con, views, line)
        run += 1
    assert run > 30


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=30))
@settings(max_examples=15, deadline=None)
def test_a_string_of_a_view_is_data(text: str) -> None:
    quoted = text.replace("\\", "\\\\").replace("'", "\\'")
    view = {
        "resource": "Observation",
        "constant": [{"name": "c", "valueString": text}],
        "select": [
            {
                "column": [
                    {"name": "written", "path": f"'{quoted}'"},
                    {"name": "constant", "path": "%c"},
                    {"name": "found", "path": "note.where(text = %c).text"},
                    {"name": "url", "path": f"extension('{quoted}').value.ofType(string)"},
                ]
            }
        ],
    }
    resource = {
        "resourceType": "Observation",
        "note": [{"text": text}, {"text": f"{text}'"}],
        "extension": [{"url": text, "valueString": "yes"}],
    }
    with engine() as con:
        views = {"t": compile_view(view)}
        block = flatten(con, views, pa.array([json.dumps(resource)]))
    (row,) = block.rows["t"].drop_columns("_row").to_pylist()
    assert row == {"written": text, "constant": text, "found": text, "url": "yes"}


NUMBERS = st.one_of(
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(["0", "-0.0", "1E+9", "5.10", "1" * 60, "0.00000000001"]),
)
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, st.text()),
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.text(), inner)),
    max_leaves=12,
)


@given(st.lists(st.tuples(VALUES, st.sampled_from([None, 1])), min_size=1, max_size=4))
@settings(max_examples=150, deadline=None)
def test_marked_numbers_are_the_same_json_with_their_digits(
    values: list[tuple[object, int | None]],
) -> None:
    lines = [json.dumps({"a": value, "b": [value]}, indent=indent) for value, indent in values]
    found = marked(pa.array(lines)).to_pylist()
    for line, text in zip(lines, found, strict=True):
        kept = json.loads(line, parse_float=_marked, parse_int=_marked)
        assert json.loads(text) == kept


def _marked(text: str) -> str:
    return MARK + text

"""JSON in any arrangement: each record a row or a reject, each value as it stands in the file."""

from __future__ import annotations

import json
import random
from collections.abc import Callable

import pytest

from cytoreg.errors import ConfigError, SourceError
from cytoreg.project.load import Project
from cytoreg.sources import blocks
from cytoreg.sources.items import Item, Reject, Rows
from cytoreg.sources.kinds import kind_of

LAB = """
[sources.lab]
kind = "json"
path = "*.json"
tables = { result = "laboratory" }
"""
NESTED = """
[sources.lab]
kind = "json"
path = "*.json"
records = "data.items"
tables = { visit = "visit", result = "laboratory", flag = "flag" }
each = { result = "panels.results", flag = "flags" }
[sources.lab.columns]
visit = { number = "id", system = "coding[0].system", second = 'coding[1]["a code"]', all = "$" }
flag = { flag = "$" }
"""
Make = Callable[[str], Project]


def write(project: Project, *contents: bytes) -> None:
    for number, content in enumerate(contents):
        (project.extracts / f"{number}.json").write_bytes(content)


def read(project: Project) -> list[Item]:
    config = project.config.sources["lab"]
    return list(kind_of(config).read("lab", config, project.extracts))


@pytest.mark.parametrize(
    "content",
    [
        b'{"a":1,"b":"x"}\n{"b":null,"a":2}\n',
        b'{"a":1,"b":"x"}\r\n\r\n{"a":2}\r\n\r\n',
        b'[{"a":1,"b":"x"},{"a":2}]',
        b'[\n  {\n    "a": 1,\n    "b": "x"\n  },\n  {"a": 2}\n]\n',
        b'{\n"a": 1,\n"b": "x"\n}\n{\n"a": 2\n}\n',
        b'{"a":1,"b":"x"}{"a":2}',
        b'\xef\xbb\xbf[{"a":1,"b":"x"}]\n[{"a":2}]',
        '[{"a":1,"b":"x"},{"a":2}]'.encode("utf-16"),
    ],
)
def test_records_are_found_however_they_are_arranged(
    project: Make, landed: Callable, content: bytes
) -> None:
    lab = project(LAB)
    write(lab, content)
    landing, rows, rejects = landed(lab, "lab", "a, b, _items, _file, _row")
    assert rows == [("1", "x", None, "0.json", 1), ("2", None, None, "0.json", 2)]
    assert rejects == []
    assert set(landing.files[0].headings) == {"a", "b"}


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("5.10", "5.10"),
        ("-1E+5", "-1E+5"),
        ("123456789012345678901234567890", "123456789012345678901234567890"),
        ("true", "true"),
        ("null", None),
        ('"null"', "null"),
        ('""', ""),
        ('"\\u00e9 \\"q\\" \\\\ \\/ \\n \\ud83d\\ude00"', 'é "q" \\ / \n \U0001f600'),
        ('"a\\u0000b"', "a\0b"),
        ('{ "c" : [ 1.0 , "x y" ] }', '{"c":[1.0,"x y"]}'),
        ("[]", "[]"),
    ],
)
@pytest.mark.parametrize("form", ['{"a": %s}\n{"a": 1}', '[{"a":\n%s}]'])
def test_a_value_lands_as_it_is_written(
    project: Make, landed: Callable, written: str, text: str | None, form: str
) -> None:
    lab = project(LAB)
    write(lab, (form % written).encode())
    assert landed(lab, "lab", "a")[1][0] == (text,)


def test_lists_inside_records_are_tables_of_their_own(project: Make, landed: Callable) -> None:
    lab = project(NESTED)
    records = (
        b'{"id":7,"coding":[{"system":"s"},{"a code":"c"}],"more":1,"flags":["x",2],'
        b'"panels":[{"results":[{"k":1.50},{"k":2}]},{},{"results":{"k":3}}]},'
        b'{"id":8,"flags":null,"coding":"?"}'
    )
    write(lab, b'{"next":null,"data":{"total":2,"items":[' + records + b"]}}")
    landing, rows, rejects = landed(lab, "lab", "number, system, second, _items, _row")
    assert rows == [("7", "s", "c", '{"more":1}', 1), ("8", None, None, None, 2)]
    assert landing.unexpected == {"key more of visit": 1}
    assert landed(lab, "lab", '"all"')[1][1] == ('{"id":8,"flags":null,"coding":"?"}',)
    assert landed(lab, "lab", "k, _row, _parent_row", "result")[1] == [
        ("1.50", 1, 1), ("2", 2, 1), ("3", 3, 1)
    ]  # fmt: skip
    assert landed(lab, "lab", "flag, _row, _parent_row", "flag")[1] == [("x", 1, 1), ("2", 2, 1)]
    assert rejects == []


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (b'{"a":1', "no JSON"),
        (b'{"a":01}', "no JSON at its byte 7"),
        (b"[1]", "no JSON object"),
        (b"17", "no JSON object"),
        (b'{"a":1,"b":2,"a":3}', "a key that is given twice"),
        (b'{"a":1,"\\u0061":3}', "a key that is given twice"),
        (b'{"a":"\\ud800"}', "half of a surrogate pair"),
        (b'{"a":"\xe9"}', "bytes that are not in the declared encoding"),
        (b'{"a":"\0"}', "no JSON at its byte 7"),
        (b'{"a":NaN}', "no JSON at its byte 6"),
        (b'{"a":' + b"[" * 9999 + b"]" * 9999 + b"}", "lists or objects nested too deeply"),
        (b'{"a":"x}', "no JSON"),
    ],
)
def test_what_is_no_object_is_kept_raw_and_the_others_go_on(
    project: Make, landed: Callable, record: bytes, reason: str
) -> None:
    lab = project(LAB)
    write(lab, b'{"a":"1"}\n' + record + b'\n{"a":"3"}\n')
    _, rows, rejects = landed(lab, "lab", "a, _row")
    assert rows == [("1", 1), ("3", 3)]
    ((table, row, line, why, raw),) = rejects
    assert (table, row, line, raw) == ("result", 2, 2, record.decode("utf-8", "backslashreplace"))
    assert why.startswith(reason)


def test_a_broken_record_of_a_list_costs_itself(project: Make, landed: Callable) -> None:
    lab = project(LAB)
    write(lab, b'[{"a":"1"},\n{"a":"2" b},\n{"a":3 4},null,{"a":"5"} {},\n\n{"a":"6"},]')
    _, rows, rejects = landed(lab, "lab", "a, _row")
    assert rows == [("1", 1), ("6", 6)]
    assert [(row, line, raw) for _, row, line, _, raw in rejects] == [
        (2, 2, '{"a":"2" b}'), (3, 3, '{"a":3 4}'), (4, 3, "null"), (5, 3, '{"a":"5"} {}')
    ]  # fmt: skip


def test_keys_that_cannot_be_columns_are_kept_beside_them(project: Make, landed: Callable) -> None:
    lab = project(LAB)
    write(lab, b'[{"a":1,"A":2,"_row":3,"":4}]')
    landing, rows, _ = landed(lab, "lab", "a, _items, _row")
    assert rows == [("1", '{"A":2,"_row":3,"":4}', 1)]
    assert landing.unexpected == {f"key {key} of result": 1 for key in ("A", "_row", "")}


@pytest.mark.parametrize("columns", ["", '[sources.lab.columns]\nresult = { a = "a" }'])
@pytest.mark.parametrize("member", ["8812345", "2009-02-11"])
def test_a_patients_number_that_is_a_key_becomes_no_name(
    project: Make, landed: Callable, columns: str, member: str
) -> None:
    lab = project(LAB + columns)
    write(lab, f'[{{"a":1,"{member}":{{"b":2}}}},{{"a":3}}]'.encode())
    landing, rows, _ = landed(lab, "lab", "a, _items")
    assert rows == [("1", f'{{"{member}":{{"b":2}}}}'), ("3", None)]
    assert landing.unexpected == {"key that is a value of result": 1}
    kept = [path for path in landing.folder.iterdir() if path.suffix == ".json"]
    assert kept
    assert [path for path in kept if member in path.read_text(encoding="utf-8")] == []


def test_a_column_that_no_record_has_is_noted(project: Make, landed: Callable) -> None:
    lab = project(LAB + '[sources.lab.columns]\nresult = { a = "a", gone = "b.c" }')
    write(lab, b'{"a":1}\n{"a":2}')
    landing, rows, _ = landed(lab, "lab", "a, gone")
    assert rows == [("1", None), ("2", None)]
    assert landing.unexpected == {"column gone of result, in no record": 2}


def test_files_of_different_keys_land_in_one_table(project: Make, landed: Callable) -> None:
    lab = project(LAB)
    write(lab, b'{"a":1}', b'[{"b":2}]', b"[]")
    assert landed(lab, "lab", "a, b, _file")[1] == [("1", None, "0.json"), (None, "2", "1.json")]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'[{"a":"secret"}', r"0\.json is cut off"),
        (b'[{"a":"secret"},{"a":"sec', r"0\.json is cut off"),
        (b'[{"a":"secret},\n{"a":"1"}]', r"0\.json has a bracket on line 2 without an opening one"),
        (b'[{"a":"secret"}}]', r"0\.json has a bracket on line 1 without an opening one"),
        (b"<html>secret</html>", r"0\.json is a web page \(HTML\)"),
        (b"secret", r"0\.json is not JSON: it begins with neither"),
        (b"", r"0\.json is empty"),
    ],
)
def test_a_file_that_is_no_whole_json_is_refused(
    project: Make, content: bytes, message: str
) -> None:
    lab = project(LAB)
    write(lab, content)
    with pytest.raises(SourceError, match=message) as caught:
        read(lab)
    assert caught.value.remedy
    assert "secret" not in str(caught.value)


def test_records_that_are_not_there_are_an_error(project: Make) -> None:
    lab = project(LAB + 'records = "data.items"')
    write(lab, b'{"data":{"other":[{"a":1}]},"items":[{}]}')
    with pytest.raises(SourceError, match="has nothing at the path `records`"):
        read(lab)


@pytest.mark.parametrize(
    "wrong",
    [
        'records = "a..b"',
        'records = "a[0]"',
        'each = { other = "a" }',
        'each = { result = "$" }',
        'columns = { result = { a = "b[x]" } }',
        'columns = { result = { _row = "b" } }',
        'columns = { other = "all" }',
    ],
)
def test_a_declaration_that_cannot_be_meant_is_refused(project: Make, wrong: str) -> None:
    with pytest.raises(ConfigError):
        project(LAB + wrong)


def _value(chance: random.Random, deep: int = 0) -> object:
    kinds = [1.5, 10**20, "é", 'a"\\b', "x,{}[]:\n", "", None, True]
    if deep < 2:
        kinds += [[_value(chance, deep + 1)] * 2, {"k": _value(chance, deep + 1)}]
    return chance.choice(kinds)


@pytest.mark.parametrize("seed", range(4))
def test_pieces_of_any_size_give_the_same_records(
    project: Make, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    chance = random.Random(seed)
    lab = project(LAB + 'records = "w.v"')
    records = [{key: _value(chance) for key in "abc"} for _ in range(8)]
    both = {"u": records, "w": {"v": records}}
    text = json.dumps(both, ensure_ascii=False, indent=seed % 3 or None)
    expected = [[*map(_back, record.values())] for record in records]
    write(lab, text.encode())
    for size in (1, 7, 64, 8 << 20):
        monkeypatch.setattr(blocks, "SIZE", size)
        tables = [item.rows for item in read(lab) if isinstance(item, Rows)]
        found = [row for table in tables for row in table.select(list("abc")).to_pylist()]
        assert [[*map(_back, row.values())] for row in found] == expected


def _back(value: object) -> str | None:
    """A value as text: what json makes of it, in one notation."""
    if value is None:
        return None
    text = value if isinstance(value, str) else json.dumps(value)
    try:
        return json.dumps(json.loads(text))
    except ValueError:
        return text


def test_changed_bytes_lose_no_line(project: Make) -> None:
    lab, chance = project(LAB), random.Random(3)
    lines = [b'{"id":%d,"name":"N \\"%d\\"","v":[1.50,{"x":null}]}' % (n, n) for n in range(8)]
    for _ in range(120):
        data = bytearray(b"\n".join(lines))
        for _ in range(chance.randint(1, 3)):
            data[chance.randrange(len(data))] = chance.choice(b'{}[]",:\\ \x00\xff1n')
        write(lab, bytes(data))
        try:
            items = read(lab)
        except SourceError as error:
            assert "N " not in str(error)
            continue
        count = sum(len(i.rows) if isinstance(i, Rows) else isinstance(i, Reject) for i in items)
        assert count == len([line for line in bytes(data).split(b"\n") if line.strip()])


def test_changed_bytes_of_a_list_are_refused_or_lose_nothing(project: Make) -> None:
    """Every id that is still in the file is in a row or in a reject's text."""
    lab, chance = project(LAB), random.Random(4)
    records = [b'{"id":"<%d>","v":[1.50,{"x":"y"}]}' % n for n in range(8)]
    for _ in range(120):
        data = bytearray(b"[" + b",\n".join(records) + b"]")
        for _ in range(chance.randint(1, 3)):
            data[chance.randrange(1, len(data))] = chance.choice(b'{}[]",:\\ \x00\xff1n\n')
        write(lab, bytes(data))
        try:
            items = read(lab)
        except SourceError:
            continue
        text = "".join(
            str(item.rows.to_pydict()) if isinstance(item, Rows) else str(item)
            for item in items
            if isinstance(item, Rows | Reject)
        )
        assert [n for n in range(8) if b"<%d>" % n in data and f"<{n}>" not in text] == []

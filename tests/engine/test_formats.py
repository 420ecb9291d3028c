"""An answer as a file: its suffix says how, what it holds is the same, and it is whole or not."""

from __future__ import annotations

import json
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import openpyxl
import pyarrow as pa
import pytest
from pyarrow import parquet

from cytoreg.errors import ConfigError
from cytoreg.publication.formats import SUFFIXES, form_of, save
from cytoreg.publication.query import query

SQL = """
select 7 as n, 1.5 as share, 'ä "quoted", text' as text, date '2016-02-29' as day, true as yes
union all select null, null, null, null, null order by 1"""


@pytest.fixture
def published(tmp_path: Path) -> Path:
    path = tmp_path / "registry.duckdb"
    duckdb.connect(str(path)).close()
    return path


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_every_suffix_holds_the_same(suffix: str, published: Path, tmp_path: Path) -> None:
    file = tmp_path / f"answer{suffix.upper()}"
    save(query(published, SQL), form_of(file), file)
    form = SUFFIXES[suffix]
    if form == "xlsx":
        sheet = openpyxl.load_workbook(file).active
        assert sheet is not None
        head, *rows = sheet.iter_rows(values_only=True)
        assert head == ("n", "share", "text", "day", "yes")
        assert rows[0] == (7, 1.5, 'ä "quoted", text', datetime(2016, 2, 29), True)
        return
    if form == "arrow":
        rows = duckdb.from_arrow(pa.ipc.open_file(file).read_all()).fetchall()
    else:
        reader = {"csv": "read_csv", "parquet": "read_parquet"}.get(form, "read_json")
        rows = duckdb.sql(f"from {reader}('{file}')").fetchall()
    assert [tuple(row) for row in rows] == [
        (7, 1.5, 'ä "quoted", text', date(2016, 2, 29), True),
        (None,) * 5,
    ]


@pytest.mark.parametrize("name", ["answer", "answer.txt", "answer.csv.gz", "answer.xls"])
def test_a_suffix_that_says_nothing_is_refused_with_those_that_do(name: str) -> None:
    with pytest.raises(ConfigError) as error:
        form_of(Path(name))
    assert ".csv, .json, .ndjson, .jsonl, .parquet, .arrow, .feather, .xlsx" in error.value.remedy


def test_a_file_is_written_whole_or_not_at_all(published: Path, tmp_path: Path) -> None:
    file = tmp_path / "answer.csv"
    file.write_text("yesterday's")
    fails = (
        "select case when i = 250000 then error('SECRET') else i end as i from range(300000) t(i)"
    )
    with pytest.raises(ConfigError) as error:
        save(query(published, fails), "csv", file)
    assert "SECRET" not in str(error.value)
    assert file.read_text() == "yesterday's"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["answer.csv", "registry.duckdb"]
    with pytest.raises(ConfigError, match="cannot be written"):
        save(query(published, SQL), "csv", tmp_path / "no" / "such.csv")
    with pytest.raises(ConfigError, match="cannot be written"):
        save(query(published, SQL), "csv", tmp_path)


def test_a_link_stays_a_link(published: Path, tmp_path: Path) -> None:
    (tmp_path / "real.csv").write_text("yesterday's")
    (tmp_path / "link.csv").symlink_to("real.csv")
    save(query(published, "select 1 as a"), "csv", tmp_path / "link.csv")
    assert (tmp_path / "link.csv").is_symlink()
    assert (tmp_path / "real.csv").read_text() == '"a"\n1\n'


def test_columns_of_one_name_are_told_apart(published: Path, tmp_path: Path) -> None:
    file = tmp_path / "answer.json"
    save(query(published, "select 1 as a, 2 as a, 3 as a_1"), "json", file)
    assert json.loads(file.read_text()) == [{"a": 1, "a_1": 2, "a_1_1": 3}]


def test_json_has_no_word_for_what_is_no_number(published: Path, tmp_path: Path) -> None:
    file = tmp_path / "answer.ndjson"
    save(query(published, "select 'nan'::double as a, 1e300 as b"), "ndjson", file)
    assert file.read_text() == '{"a": null, "b": 1e+300}\n'


def test_what_is_summed_up_keeps_every_digit(published: Path, tmp_path: Path) -> None:
    sql = "select sum(key) as total from (values (9007199254740991), (2)) as record(key)"
    exact = 9007199254740993
    for suffix, read in {
        "csv": lambda path: path.read_text().splitlines()[1],
        "json": lambda path: json.loads(path.read_text())[0]["total"],
        "parquet": lambda path: parquet.read_table(path)["total"][0].as_py(),
        "xlsx": lambda path: openpyxl.load_workbook(path).active["A2"].value,
    }.items():
        save(query(published, sql), suffix, file := tmp_path / f"sum.{suffix}")
        assert Decimal(read(file)) == exact, suffix


def test_a_sheet_takes_no_text_for_anything_else(published: Path, tmp_path: Path) -> None:
    sql = (
        "select '=1+1' as formula, '0012' as number, date '1850-01-01' as early, 'x' as link,"
        " 9007199254740993 as large, [1, null] as list, 'nan'::double as none,"
        " timestamptz '2016-01-02 03:04:05Z' as instant"
    )
    file = tmp_path / "answer.xlsx"
    save(query(published, sql), "xlsx", file)
    sheet = openpyxl.load_workbook(file).active
    assert sheet is not None
    (row,) = sheet.iter_rows(min_row=2, values_only=True)
    assert row[:4] == ("=1+1", "0012", "1850-01-01", "x")
    assert row[4:7] == ("9007199254740993", "[1, null]", "nan")
    assert str(row[7]).startswith("2016-01-02 03:04:05")
    assert sheet["A2"].data_type == "s"
    with pytest.raises(ConfigError, match="a cell of long is longer"):
        save(query(published, "select repeat('x', 40000) as long"), "xlsx", file)

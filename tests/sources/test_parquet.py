"""Parquet files: every type lands as text from which the value can be had back, no row is lost."""

from __future__ import annotations

import base64
import datetime as dt
import random
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cytoreg.errors import SourceError
from cytoreg.project.load import Project
from cytoreg.sources.items import Reject, Rows
from cytoreg.sources.kinds import kind_of
from cytoreg.sources.parquet.text import interval

LAB = """
[sources.lab]
kind = "parquet"
path = "*.parquet"
tables = { result = "laboratory" }
columns = "all"
"""
Make = Callable[[str], Project]


def write(project: Project, *tables: pa.Table | dict, **options: object) -> list[Path]:
    paths = []
    for number, table in enumerate(tables):
        table = table if isinstance(table, pa.Table) else pa.table(table)
        paths.append(project.extracts / f"{number}.parquet")
        pq.write_table(table, paths[-1], **options)
    return paths


def read(project: Project) -> list[Rows | Reject]:
    config = project.config.sources["lab"]
    items = kind_of(config).read("lab", config, project.extracts)
    return [item for item in items if isinstance(item, Rows | Reject)]


NOON = dt.datetime(2024, 2, 29, 12, 0, 0)
ENDLESS = ["infinity", "-infinity"]  # as DuckDB and PostgreSQL write them
LEAST = "-2562047788:00:54.775808"
POINT = pa.struct({"x": pa.float64(), "y": pa.string()})


@pytest.mark.parametrize(
    ("array", "texts"),
    [
        (pa.array(["", "é", None]), ["", "é", None]),
        (pa.array(["a", "b", None], pa.large_string()), ["a", "b", None]),
        (pa.array(["a", "a", None]).dictionary_encode(), ["a", "a", None]),
        (pa.array([0.1, 5.0, 1e300, float("nan")]), ["0.1", "5", "1e+300", "nan"]),
        (pa.array([0.1], pa.float32()), ["0.1"]),
        (pa.array([2**64 - 1], pa.uint64()), ["18446744073709551615"]),
        (pa.array([Decimal("5.10"), Decimal("-0.05")]), ["5.10", "-0.05"]),
        (pa.array([Decimal("12345678901234567890.123")]), ["12345678901234567890.123"]),
        (pa.array([True, False, None]), ["true", "false", None]),
        (pa.array([dt.date(2024, 2, 29), dt.date(1, 1, 1)]), ["2024-02-29", "0001-01-01"]),
        (pa.array([NOON], pa.timestamp("us")), ["2024-02-29T12:00:00"]),
        (pa.array([1], pa.timestamp("ns")), ["1970-01-01T00:00:00.000000001"]),
        (pa.array([NOON], pa.timestamp("ms", "Europe/Zurich")), ["2024-02-29T12:00:00Z"]),
        (pa.array([dt.time(7, 5, 0, 250000)]), ["07:05:00.250000"]),
        (pa.array([2**31 - 1, 1 - 2**31, 2**31 - 3], pa.date32()), [*ENDLESS, "2147483645"]),
        (pa.array([2**63 - 1, 1 - 2**63, None], pa.timestamp("us")), [*ENDLESS, None]),
        (pa.array([2**63 - 1, 1 - 2**63], pa.timestamp("us", "UTC")), ENDLESS),
        (pa.array([90, None, -1], pa.duration("s")), ["00:01:30", None, "-00:00:01"]),
        (pa.array([90_000, -250], pa.duration("ms")), ["00:01:30", "-00:00:00.250"]),
        (pa.array([90_000_000, -(2**63)], pa.duration("us")), ["00:01:30", LEAST]),
        (pa.array([90_000_000_000, 1], pa.duration("ns")), ["00:01:30", "00:00:00.000000001"]),
        (pa.array([[90_000]], pa.list_(pa.duration("ms"))), ['["00:01:30"]']),
        (pa.array([b"\x00\xff", None]), ["00ff", None]),
        (pa.array([b"ab"], pa.binary(2)), ["6162"]),
        (pa.nulls(2), [None, None]),
        (pa.array([[1, None], [], None]), ["[1,null]", "[]", None]),
        (pa.array([{"x": 0.5, "y": 'a"é'}, None], POINT), ['{"x":0.5,"y":"a\\"é"}', None]),
        (
            pa.array([[{"x": float("inf"), "y": None}], None], pa.list_(POINT)),
            ['[{"x":"inf","y":null}]', None],
        ),
        (
            pa.array(
                [[("a", Decimal("1.50"))], [], None], pa.map_(pa.string(), pa.decimal128(5, 2))
            ),
            ['{"a":1.50}', "{}", None],
        ),
        (pa.array([[NOON]], pa.list_(pa.timestamp("s"))), ['["2024-02-29T12:00:00"]']),
    ],
    ids=lambda value: str(value.type) if isinstance(value, pa.Array) else "",
)
def test_every_type_is_text(
    project: Make, landed: Callable, array: pa.Array, texts: list[str | None]
) -> None:
    lab = project(LAB)
    write(lab, {"a": array})
    assert landed(lab, "lab", "a, _row")[1] == [*zip(texts, range(1, len(texts) + 1), strict=True)]


def test_int96_is_read_in_microseconds(project: Make, landed: Callable) -> None:
    lab = project(LAB)
    moments = [dt.datetime(9999, 12, 31), dt.datetime(1, 1, 1), dt.datetime(2020, 1, 1, 1, 2, 3, 4)]
    write(lab, {"a": moments}, use_deprecated_int96_timestamps=True)
    assert landed(lab, "lab", "a")[1] == [
        ("9999-12-31T00:00:00",),
        ("0001-01-01T00:00:00",),
        ("2020-01-01T01:02:03.000004",),
    ]


def test_intervals_are_months_days_and_a_clock(project: Make, landed: Callable) -> None:
    lab = project(LAB)
    most = [4294967295] * 3
    bits = [None, *(b"".join(n.to_bytes(4, "little") for n in v) for v in ([1, 2, 3250], most))]
    path = lab.extracts / "0.parquet"
    duckdb.sql(
        "copy (select interval '14 months 1 day 3.25 seconds' as a union all select null)"
        f" to '{path}'"
    )
    assert landed(lab, "lab", "a")[1] == [("14 months 1 day 00:00:03.250",), (None,)]
    assert interval(pa.array(bits, pa.binary(12))).to_pylist() == [
        None,
        "1 month 2 days 00:00:03.250",
        "4294967295 months 4294967295 days 1193:02:47.295",
    ]


@pytest.mark.parametrize("value", ["[interval '1 day']", "{'i': interval '1 day'}"])
def test_intervals_within_a_column_are_refused(project: Make, value: str) -> None:
    lab = project(LAB)
    duckdb.sql(f"copy (select 1 as i, {value} as a) to '{lab.extracts / '0.parquet'}'")
    with pytest.raises(SourceError, match=r"0\.parquet has intervals in a list, struct or map"):
        read(lab)


def test_integers_of_128_bits_are_named_for_what_they_are(project: Make) -> None:
    lab = project(LAB)
    schema = bytearray(pa.schema([("a", pa.int64())]).serialize().to_pybytes())
    schema[schema.index(b"\x40\0\0\0")] = 128  # the width, as Polars writes that of an Int128
    path = lab.extracts / "0.parquet"
    numbers = pa.array([(5).to_bytes(16, "little")], pa.binary(16))
    with pq.ParquetWriter(path, pa.schema([("a", pa.binary(16))]), store_schema=False) as file:
        file.write_table(pa.table({"a": numbers}))
        file.add_key_value_metadata({"ARROW:schema": base64.b64encode(schema).decode()})
    with pytest.raises(SourceError, match=r"0\.parquet has integers of 128 bits") as caught:
        read(lab)
    assert caught.value.remedy == "write that column as a decimal or as text"


@pytest.mark.parametrize("compression", ["none", "snappy", "gzip", "zstd", "brotli", "lz4"])
def test_any_compression_is_read(project: Make, landed: Callable, compression: str) -> None:
    lab = project(LAB)
    write(lab, {"n": list(range(5000))}, compression=compression, row_group_size=700)
    _, rows, _ = landed(lab, "lab", "count(*), sum(n::int), max(_row), min(_row)")
    assert rows == [(5000, 12497500, 5000, 1)]


def test_files_with_other_columns_land_in_one_table(project: Make, landed: Callable) -> None:
    lab = project(
        LAB.replace('"all"', '{ mrn = ["MRN", "patient"], room = [] }\noptional = ["room"]')
    )
    write(lab, {"MRN": ["1"], "more": [2]}, {"room": ["A"], "patient": [3]})
    landing, rows, _ = landed(lab, "lab", "mrn, room, more, _file, _row")
    assert rows == [("1", None, "2", "0.parquet", 1), ("3", "A", None, "1.parquet", 1)]
    assert landing.unexpected == {"column more": 1}
    assert [file.headings for file in landing.files] == [["MRN", "more"], ["room", "patient"]]


def test_a_missing_column_is_an_error(project: Make) -> None:
    lab = project(LAB.replace('"all"', '{ mrn = ["MRN"], sex = ["SEX"] }'))
    write(lab, {"MRN": ["1"], "SEX_": ["f"]})
    with pytest.raises(SourceError, match=r"no heading for column sex.*perhaps.*'SEX_'"):
        read(lab)


def test_a_file_without_rows_is_no_rows(project: Make, landed: Callable) -> None:
    lab = project(LAB)
    write(lab, pa.table({"a": pa.array([], pa.int8())}))
    landing, rows, rejects = landed(lab, "lab", "a")
    assert (rows, rejects) == ([], [])
    assert landing.tables[0].columns["a"] == "string"


def test_text_that_is_not_utf_8_is_kept_raw_and_the_others_go_on(
    project: Make, landed: Callable
) -> None:
    lab = project(LAB)
    latin = pa.array([b"a", b"caf\xe9", b"c"]).view(pa.string())
    nested = pa.ListArray.from_arrays(
        [0, 1, 2, 3], pa.array([b"x", b"y", b"\xff"]).view(pa.string())
    )
    write(lab, pa.table({"a": latin, "n": [1, 2, 3], "l": nested}))
    _, rows, rejects = landed(lab, "lab", "a, n, l, _row")
    assert rows == [("a", "1", '["x"]', 1)]
    undecodable = "bytes that are not in the declared encoding"
    assert rejects == [
        ("result", 2, 2, undecodable, '{"a": "636166e9", "n": "2", "l": "[\\"y\\"]"}'),
        ("result", 3, 3, undecodable, '{"a": "c", "n": "3", "l": "[\\"ff\\"]"}'),
    ]


def test_an_encrypted_file_is_refused(project: Make) -> None:
    import pyarrow.parquet.encryption as pe

    lab = project(LAB)

    class Keys(pe.KmsClient):
        def wrap_key(self, key_bytes: bytes, _: str) -> bytes:
            return key_bytes

        def unwrap_key(self, wrapped_key: bytes, _: str) -> bytes:
            return wrapped_key

    factory = pe.CryptoFactory(lambda _: Keys())
    for plain in (False, True):
        encryption = pe.EncryptionConfiguration(
            footer_key="f", column_keys={"c": ["a"]}, plaintext_footer=plain
        )
        properties = factory.file_encryption_properties(pe.KmsConnectionConfig(), encryption)
        write(lab, {"a": ["secret"]}, encryption_properties=properties)
        with pytest.raises(SourceError, match=r"0\.parquet is an encrypted Parquet file"):
            read(lab)


@pytest.mark.parametrize(
    ("cut", "message"),
    [
        (slice(0, -5), "whose end, which says what is in it, is damaged or missing"),
        (slice(0, 100), "whose end, which says what is in it, is damaged or missing"),
        (slice(0, 0), "is not a Parquet file"),
        (slice(1, None), "is not a Parquet file"),
    ],
)
def test_a_cut_file_is_refused(project: Make, cut: slice, message: str) -> None:
    lab = project(LAB)
    (path,) = write(lab, {"a": ["x"] * 100})
    path.write_bytes(path.read_bytes()[cut])
    with pytest.raises(SourceError, match=message):
        read(lab)


def test_a_damaged_row_group_is_named(project: Make) -> None:
    lab = project(LAB)
    columns = {"a": [str(n) for n in range(3000)]}
    (path,) = write(lab, columns, row_group_size=1000, compression="zstd", write_page_checksum=True)
    second = pq.ParquetFile(path).metadata.row_group(1).column(0)
    data = bytearray(path.read_bytes())
    data[second.dictionary_page_offset + 60] ^= 255
    path.write_bytes(bytes(data))
    with pytest.raises(SourceError, match=r"0\.parquet: row group 2 of 3 is damaged"):
        read(lab)


def test_changed_bytes_are_refused_or_lose_no_row(project: Make) -> None:
    lab, chance = project(LAB), random.Random(2)
    columns = {"a": [f"name {n % 7}" for n in range(400)], "b": [[n] for n in range(400)]}
    (path,) = write(lab, columns, row_group_size=150, compression="zstd", write_page_checksum=True)
    whole = path.read_bytes()
    for _ in range(80):
        data = bytearray(whole)
        for _ in range(chance.randint(1, 4)):
            data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        path.write_bytes(bytes(data))
        try:
            items = read(lab)
        except SourceError as error:
            assert "name " not in str(error)
        else:
            assert sum(len(i.rows) if isinstance(i, Rows) else 1 for i in items) == 400

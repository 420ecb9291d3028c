"""SAS, SPSS and Stata: dates, missing values, labels, and damage that crashes a library."""

from __future__ import annotations

import datetime
import random
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyreadstat
import pytest

from cytoreg.errors import ConfigError, SourceError
from cytoreg.landing.land import land
from cytoreg.project.load import Project
from cytoreg.sources.statistics import formats, values

Make = Callable[[str], Project]


def declared(kind: str, file: str, *lines: str) -> str:
    return "\n".join(
        [
            "[sources.study]",
            f'kind = "{kind}"',
            f'path = "{file}"',
            'tables = { visits = "visit" }',
            *(lines or ('columns = "all"',)),
        ]
    )


def test_spss_lands_codes_dates_and_missing_values(project: Make, landed: Callable) -> None:
    study = project(declared("spss", "a.sav"))
    write_spss(study.extracts / "a.sav")
    _, rows, _ = landed(study, "study")
    assert [row[:6] for row in rows] == [
        ("12", "1", "a", "2016-01-02", "a.sav", 1),
        ("0.3", "99", "NA", None, "a.sav", 2),
        (None, None, None, "1875-01-01", "a.sav", 3),
    ]


def test_labels_land_on_request(project: Make, landed: Callable) -> None:
    study = project(declared("spss", "a.sav", 'columns = "all"', "labels = true"))
    write_spss(study.extracts / "a.sav")
    _, rows, _ = landed(study, "study", "sex, s")
    assert rows == [("male", "a"), ("unknown", "not answered"), (None, None)]


def write_spss(path: Path) -> None:
    frame = pd.DataFrame(
        {
            "x": [12.0, 0.3, np.nan],
            "sex": [1.0, 99.0, np.nan],
            "s": ["a  ", "NA", ""],
            "d": [datetime.date(2016, 1, 2), None, datetime.date(1875, 1, 1)],
        }
    )
    pyreadstat.write_sav(
        frame,
        path,
        variable_value_labels={"sex": {1: "male", 99: "unknown"}, "s": {"NA": "not answered"}},
        missing_ranges={"sex": [99], "s": ["NA"]},
    )


@pytest.mark.parametrize("version", [8, 10, 12, 13, 14, 15])
def test_stata_tells_its_missing_values_apart(
    project: Make, landed: Callable, version: int
) -> None:
    study = project(declared("stata", "a.dta"))
    frame = pd.DataFrame({"x": [0.1, "a", "z", None], "s": ["a", "", " b", "c"]})
    pyreadstat.write_dta(
        frame, study.extracts / "a.dta", version=version, missing_user_values={"x": ["a", "z"]}
    )
    _, rows, _ = landed(study, "study", "x, s, _row")
    assert rows == [("0.1", "a", 1), (".a", None, 2), (".z", " b", 3), (None, "c", 4)]


def test_labels_of_statas_missing_values_land_too(project: Make, landed: Callable) -> None:
    frame = pd.DataFrame({"x": [1.0, "a", "b", "z", None], "s": ["a", "b", "c", "d", "e"]})
    study = project(declared("stata", "a.dta", 'columns = "all"', "labels = true"))
    pyreadstat.write_dta(
        frame,
        study.extracts / "a.dta",
        missing_user_values={"x": ["a", "b", "z"]},
        variable_value_labels={"x": {1: "alive", "a": "refused", "b": "not asked"}},
    )
    _, rows, _ = landed(study, "study", "x, s")
    assert rows == [("alive", "a"), ("refused", "b"), ("not asked", "c"), (".z", "d"), (None, "e")]


def test_stata_keeps_small_and_long_values(project: Make, landed: Callable) -> None:
    study = project(declared("stata", "a.dta"))
    frame = pd.DataFrame(
        {
            "single": np.array([0.1, 16777216], np.float32),
            "small": np.array([-127, 100], np.int8),
            "text": ["x" * 3000, "y"],
            "moment": pd.to_datetime(["2016-01-02 03:04:05.678", "1850-05-06 00:00:00.000"]),
        }
    )
    path = study.extracts / "a.dta"
    frame.to_stata(path, write_index=False, version=118, convert_strl=["text"])
    _, rows, _ = landed(study, "study", "single, small, text, moment")
    assert rows == [
        ("0.1", "-127", "x" * 3000, "2016-01-02 03:04:05.678"),
        ("16777216", "100", "y", "1850-05-06 00:00:00"),
    ]


@pytest.mark.parametrize("version", [5, 8])
def test_a_transport_file_lands_what_sas_wrote(
    project: Make, landed: Callable, version: int
) -> None:
    study = project(declared("sas", "a.xpt"))
    frame = pd.DataFrame(
        {
            "x": [12.0, 1 / 3, np.nan, -1e-30],
            "s": ["a", "é", "", " b"],
            "d": [datetime.date(2016, 1, 2), None, datetime.date(1850, 5, 6), None],
        }
    )
    pyreadstat.write_xport(frame, study.extracts / "a.xpt", file_format_version=version)
    _, rows, _ = landed(study, "study", "x, s, d, _row")
    assert rows == [
        ("12", "a", "2016-01-02", 1),
        ("0.3333333333333333", "é", None, 2),
        (None, None, "1850-05-06", 3),
        ("-1e-30", " b", None, 4),
    ]


def transport(path: Path, sets: dict[str, list[tuple[bytes, bytes]]]) -> Path:
    """A transport file of version 5: data sets of a number of 8 bytes and a text of 4."""
    blank = b" " * 80

    def header(kind: str, numbers: str = "0" * 30) -> bytes:
        return f"HEADER RECORD*******{kind:8}HEADER RECORD!!!!!!!{numbers}  ".encode()

    parts = [header("LIBRARY"), blank, blank]
    for name, records in sets.items():
        parts += [
            header("MEMBER", "000000000000000001600000000140"),
            header("DSCRPTR"),
            f"{'SAS':8}{name:8}".encode().ljust(80),
            blank,
            header("NAMESTR", "000000000200000000000000000000"),
        ]
        described = b"".join(
            struct.pack(">hhhh8s40s8shhh2s8shhi52x", kind, 0, width, 1, label, b"", b"", 0, 0, 0,
                        b"", b"", 0, 0, start)
            for kind, width, label, start in ((1, 8, b"X       ", 0), (2, 4, b"S       ", 8))
        )  # fmt: skip
        data = b"".join(number.ljust(8, b"\0") + text.ljust(4) for number, text in records)
        for part in (described, data):
            parts.append(part.ljust(-(-len(part) // 80) * 80))
            if part is described:
                parts.append(header("OBS"))
    path.write_bytes(b"".join(parts))
    return path


ONE = b"A\x10"  # 1 as IBM's 360 writes it


def test_a_transport_file_tells_missing_values_apart(project: Make, landed: Callable) -> None:
    study = project(declared("sas", "a.xpt"))
    transport(
        study.extracts / "a.xpt",
        {
            "A": [
                (ONE, b"a"),
                (b".", b"b"),
                (b"A", b"c"),
                (b"_", b"d"),
                (b"", b"e"),
                (b"\xc1\x10", b"f"),
            ]
        },
    )
    _, rows, _ = landed(study, "study", "X")
    assert rows == [("1",), (None,), (".A",), ("._",), ("0",), ("-1",)]


def test_one_of_several_data_sets_is_chosen(project: Make, landed: Callable) -> None:
    sets = {"A": [(ONE, b"a")] * 3, "B": [(ONE, b"b")] * 20}
    study = project(declared("sas", "a.xpt"))
    transport(study.extracts / "a.xpt", sets)
    with pytest.raises(SourceError, match="2 data sets; in it are A, B"):
        land(study, "study")
    study = project(declared("sas", "a.xpt", 'columns = "all"', 'dataset = "b"'))
    _, rows, _ = landed(study, "study", '"S"')
    assert rows == [("b",)] * 20


def test_text_in_another_encoding_is_kept_raw(project: Make, landed: Callable) -> None:
    records = [(ONE, b"a"), (ONE, b"caf\xe9"), (ONE, b"c")]
    study = project(declared("sas", "a.xpt"))
    transport(study.extracts / "a.xpt", {"A": records})
    _, rows, rejects = landed(study, "study", '"S", _row')
    assert rows == [("a", 1), ("c", 3)]
    assert [(row, raw[-7:]) for _, row, _, _, raw in rejects] == [(2, "caf\\xe9")]
    study = project(declared("sas", "a.xpt", 'columns = "all"', 'encoding = "cp1252"'))
    _, rows, _ = landed(study, "study", '"S"')
    assert rows == [("a",), ("café",), ("c",)]


@pytest.mark.parametrize("cut", [1, 80])
def test_a_transport_file_that_breaks_off_is_refused(project: Make, cut: int) -> None:
    study = project(declared("sas", "a.xpt"))
    path = transport(study.extracts / "a.xpt", {"A": [(ONE, b"mark")] * 40})
    path.write_bytes(path.read_bytes()[:-cut])
    with pytest.raises(SourceError, match=r"a\.xpt cannot be read: it .*ends"):
        land(study, "study")


@pytest.mark.parametrize(
    ("system", "format", "value", "text"),
    [
        ("sas", "DATE9", 20455, "2016-01-02"),
        ("sas", "YYMMDD10.", -40051, "1850-05-06"),
        ("sas", "DATE9", 0.5, "0.5"),
        ("sas", "DATE9", 5e6, "5000000"),
        ("sas", "DATETIME20", 1767323045.5, "2016-01-02 03:04:05.500"),
        ("sas", "E8601DT", 1767323045, "2016-01-02 03:04:05"),
        ("sas", "TIME8", 108300, "30:05:00"),
        ("sas", "HHMM", -60, "-00:01:00"),
        ("sas", "TOD8.", 48600, "13:30:00"),
        ("sas", "TOD8.", 1767323045, "2016-01-02 03:04:05"),
        ("sas", "TIMEAMPM11.", 1767323045.5, "2016-01-02 03:04:05.500"),
        ("sas", "TIMEAMPM11.", -3600, "1959-12-31 23:00:00"),
        ("sas", "YYQRC8.", 20455, "2016-01-02"),
        ("sas", "DEUDFDD10.", 20455, "2016-01-02"),
        ("sas", "NLDATML.", 1767323045, "2016-01-02 03:04:05"),
        *(
            ("sas", users_own, 2, "2")
            for users_own in ("TIMEPT.", "QTRF.", "TODAY.", "DATEFL.", "DTX.", "YYMMX8.", "HOURLY.")
        ),
        ("sas", "BEST12", 20455, "20455"),
        ("sas", "COMMA10.2", 1234.5, "1234.5"),
        ("sas", "DOLLAR", 1, "1"),
        ("sas", "$CHAR", 1, "1"),
        ("spss", "DATE11", 13671072000, "2016-01-02"),
        ("spss", "DATETIME20", 13671083045, "2016-01-02 03:04:05"),
        ("spss", "DATE11", 13671083045, "2016-01-02 03:04:05"),
        ("spss", "TIME8", 108300.25, "30:05:00.250"),
        ("spss", "MONTH", 3, "3"),
        ("spss", "F8.2", 12, "12"),
        ("stata", "%td", 20455, "2016-01-02"),
        ("stata", "%tdDD/NN/CCYY", 20455, "2016-01-02"),
        ("stata", "%tc", 1767323045678, "2016-01-02 03:04:05.678"),
        ("stata", "%tm", 672, "2016m1"),
        ("stata", "%tq", -1, "1959q4"),
        ("stata", "%tw", 52, "1961w1"),
        ("stata", "%th", 1, "1960h2"),
        ("stata", "%9.0g", 0.1 + 0.2, "0.30000000000000004"),
        ("stata", "%12.0f", 123456789012345680, "123456789012345680"),
    ],
)
def test_a_number_is_what_its_format_says(
    system: str, format: str, value: float, text: str
) -> None:
    found = values.numbers([value, None], system, formats.shown(system, format))
    assert found.to_pylist() == [text, None]


def test_declared_columns_are_found_by_the_names_of_variables(
    project: Make, landed: Callable
) -> None:
    study = project(
        declared("spss", "*.sav", 'optional = ["site"]', "[sources.study.columns]",
                 'number = ["NR", "ID"]', 'site = []')
    )  # fmt: skip
    for name, variable in (("a", "NR"), ("b", "ID")):
        frame = pd.DataFrame({variable: [1.0], "Extra": [name]})
        pyreadstat.write_sav(frame, study.extracts / f"{name}.sav")
    landing, rows, _ = landed(study, "study", 'number, site, "Extra", _file, _row')
    assert rows == [("1", None, "a", "a.sav", 1), ("1", None, "b", "b.sav", 1)]
    assert landing.unexpected == {"column Extra": 2}
    (study.extracts / "b.sav").unlink()
    pyreadstat.write_sav(pd.DataFrame({"NRS": [1.0], "Extra": ["a"]}), study.extracts / "a.sav")
    with pytest.raises(SourceError, match="none of the declared headings"):
        land(study, "study")


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "is empty"),
        (b"\x72\x02\x01\x00" + bytes(100), 'is a Stata file\n.*kind = "stata"'),
        (b"**COMPRESSED** **COMPRESSED**", "is a CPORT file"),
        (b"id,x\n", "is not a SAS file"),
    ],
)
def test_another_file_is_refused_as_what_it_is(project: Make, content: bytes, what: str) -> None:
    study = project(declared("sas", "a.sas7bdat"))
    (study.extracts / "a.sas7bdat").write_bytes(content)
    with pytest.raises(SourceError, match=rf"a\.sas7bdat {what}"):
        land(study, "study")


@pytest.mark.parametrize("kind", ["sav", "dta", "xpt"])
def test_bytes_changed_at_random_are_refused_or_read(project: Make, kind: str) -> None:
    study = project(declared({"sav": "spss", "dta": "stata", "xpt": "sas"}[kind], f"a.{kind}"))
    path = study.extracts / f"a.{kind}"
    frame = pd.DataFrame({"x": np.arange(60) / 7, "s": ["MARKED"] * 60})
    write = {
        "sav": pyreadstat.write_sav,
        "dta": pyreadstat.write_dta,
        "xpt": pyreadstat.write_xport,
    }
    write[kind](frame, path)
    whole = path.read_bytes()
    dice = random.Random(kind)
    outcomes = set()
    for _ in range(150 if kind == "xpt" else 8):  # a process a file where a library may crash
        broken = bytearray(whole)
        for _ in range(dice.choice((1, 3, 20))):
            broken[dice.randrange(len(broken))] = dice.randrange(256)
        path.write_bytes(broken[: dice.choice((len(broken), dice.randrange(len(broken))))])
        try:
            outcomes.add(land(study, "study").kind)
        except SourceError as error:
            assert error.remedy
            assert "MARKED" not in str(error)
            outcomes.add("refused")
    assert "refused" in outcomes


def test_labels_are_not_for_sas(project: Make) -> None:
    with pytest.raises(ConfigError):
        project(declared("sas", "a.xpt", 'columns = "all"', "labels = true"))

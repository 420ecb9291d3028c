"""Catalogs of SAS formats: labels in the place of codes.

No library writes a catalog: `write_catalog` makes one from what ReadStat reads of it (32 bits,
little-endian), and the data beside it are a transport file.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from pathlib import Path

import pandas as pd
import pyreadstat
import pytest

from cytoreg.errors import ConfigError, SourceError
from cytoreg.landing.land import land
from cytoreg.project.load import Project

Make = Callable[[str], Project]
Labels = Mapping[float | str, str]

_MAGIC = bytes.fromhex("c2ea8163b31411cfbd92080009c7318c181f1011")
_PAGE = 4096
STUDY = """
[sources.study]
kind = "sas"
path = "*.xpt"
catalog = "*.sas7bcat"
tables = { visits = "visit" }
columns = "all"
"""
SEX = {1.0: "male", 2.0: "female"}
CONSENT = {"Y": "given", "N": "refused"}


def write_catalog(path: Path, formats: Mapping[str, Labels]) -> None:
    head = bytearray(1024)
    head[12:32] = _MAGIC
    head[32:40] = b"\x22\x22\x00\x32\x22\x01\x002"
    head[70], head[84:92] = 20, b"SAS FILE"
    pages = [bytearray(_PAGE) for _ in range(4)]
    struct.pack_into("<III", head, 196, len(head), _PAGE, len(pages))
    head[216:224] = b"9.0401M6"
    at = 16
    for number, (name, labels) in enumerate(formats.items()):
        block = bytearray(106)
        block[8:16] = name.ljust(8).encode()
        struct.pack_into("<II", block, 38, len(labels), len(labels))
        for place, code in enumerate(labels):
            entry = bytearray(38)
            struct.pack_into("<H6xI", entry, 2, 32, place)
            if isinstance(code, str):
                entry[22:38] = code.ljust(16).encode()
            else:
                struct.pack_into(">d", entry, 22, -code)
            block += entry
        for label in labels.values():
            block += struct.pack("<8xH", len(label)) + label.encode() + b"\0"
        index = 856 + number * 212
        struct.pack_into("<4sIH40xc", pages[1], index, b"XLSR", 3, at, b"O")
        struct.pack_into("<IHH", pages[2], at, 0, 0, len(block))
        pages[2][at + 16 : at + 16 + len(block)] = block
        at += 16 + len(block)
    path.write_bytes(head + b"".join(pages))


def write_visits(path: Path) -> None:
    frame = pd.DataFrame(
        {"sex": [1.0, 2.0, 9.0, None], "consent": ["Y", "N", "X", ""], "age": [1.0, 2.0, 3.0, 4.0]}
    )
    formats = {"sex": "SEX8", "consent": "$CONS3", "age": "BEST8"}
    pyreadstat.write_xport(frame, path, variable_format=formats)


def test_codes_land_as_the_labels_of_a_catalog(project: Make, landed: Callable) -> None:
    study = project(STUDY)
    write_visits(study.extracts / "a.xpt")
    write_catalog(study.extracts / "a.sas7bcat", {"SEX": SEX, "$CONS": CONSENT})
    landing, rows, _ = landed(study, "study", "sex, consent, age, _file, _row")
    assert rows == [
        ("male", "given", "1", "a.xpt", 1),
        ("female", "refused", "2", "a.xpt", 2),
        ("9", "X", "3", "a.xpt", 3),
        (None, None, "4", "a.xpt", 4),
    ]
    assert [file.name for file in landing.files] == ["a.xpt", "a.sas7bcat"]
    assert landing.unexpected == {}


def test_a_catalog_that_changes_is_read_anew(project: Make, landed: Callable) -> None:
    study = project(STUDY)
    write_visits(study.extracts / "a.xpt")
    write_catalog(study.extracts / "a.sas7bcat", {"SEX": SEX})
    landed(study, "study")
    write_catalog(study.extracts / "a.sas7bcat", {"SEX": {1.0: "m", 2.0: "f"}})
    _, rows, _ = landed(study, "study", "sex, consent")
    assert rows == [("m", "Y"), ("f", "N"), ("9", "X"), (None, None)]


def test_a_catalog_of_no_use_is_told(project: Make, landed: Callable) -> None:
    study = project(STUDY)
    write_visits(study.extracts / "a.xpt")
    write_catalog(study.extracts / "a.sas7bcat", {"GENDER": SEX})
    landing, rows, _ = landed(study, "study", "sex")
    assert rows == [("1",), ("2",), ("9",), (None,)]
    assert landing.unexpected == {"file without a variable under a format of the catalog": 1}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"a,b\n1,2\n", "is not a catalog of formats"),
        (b"", "is not a catalog of formats"),
        (bytes(12) + _MAGIC + bytes(500), "cannot be read: it is damaged"),
    ],
)
def test_what_is_no_catalog_is_refused(project: Make, content: bytes, reason: str) -> None:
    study = project(STUDY)
    write_visits(study.extracts / "a.xpt")
    (study.extracts / "a.sas7bcat").write_bytes(content)
    with pytest.raises(SourceError, match=rf"a\.sas7bcat {reason}"):
        land(study, "study")


def test_a_catalog_that_breaks_off_is_refused(project: Make) -> None:
    study = project(STUDY)
    write_visits(study.extracts / "a.xpt")
    write_catalog(study.extracts / "a.sas7bcat", {"SEX": SEX})
    whole = (study.extracts / "a.sas7bcat").read_bytes()
    (study.extracts / "a.sas7bcat").write_bytes(whole[:-_PAGE])
    with pytest.raises(SourceError, match="cannot be read: it is damaged"):
        land(study, "study")


def test_catalogs_that_disagree_are_refused(project: Make) -> None:
    study = project(STUDY)
    write_visits(study.extracts / "a.xpt")
    write_catalog(study.extracts / "a.sas7bcat", {"SEX": SEX, "YES": {1.0: "yes"}})
    write_catalog(study.extracts / "b.sas7bcat", {"SEX": {1.0: "female"}})
    with pytest.raises(SourceError, match=r"b\.sas7bcat gives format SEX other labels"):
        land(study, "study")


def test_a_catalog_lands_nothing_of_its_own(project: Make) -> None:
    study = project(STUDY.replace("*.xpt", "*.sas7bcat").replace('catalog = "*.sas7bcat"\n', ""))
    write_catalog(study.extracts / "a.sas7bcat", {"SEX": SEX})
    with pytest.raises(SourceError, match="is a catalog of formats, not a data set") as told:
        land(study, "study")
    assert "`catalog`" in str(told.value.remedy)


def test_a_catalog_is_for_sas(project: Make) -> None:
    with pytest.raises(ConfigError, match="catalog"):
        project(STUDY.replace('"sas"', '"stata"'))

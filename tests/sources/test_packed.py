"""Compressed files and archives are read as what is in them; damaged ones are refused whole."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import random
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyreadstat
import pytest

from cytoreg import connect
from cytoreg.errors import SourceError
from cytoreg.landing import deliveries
from cytoreg.project.load import Project
from cytoreg.sources import files
from cytoreg.sources.items import Reject, Rows
from cytoreg.sources.kinds import kind_of

LOG = """
[sources.log]
kind = "csv"
path = "*"
tables = { cases = "procedure" }
[sources.log.columns]
number = ["NO"]
name = ["NAME"]
"""
TEXT = b"NO,NAME\n" + b"".join(b"%d,name %d\n" % (n, n * n) for n in range(1, 5000))
PACK: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zst": lambda data: pa.compress(data, codec="zstd", asbytes=True),
}
Make = Callable[[str], Project]


def zipped(**files: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


PACK["zip"] = lambda data: zipped(**{"a.csv": data})


def put(project: Project, name: str, content: bytes) -> Path:
    path = project.extracts / name
    path.write_bytes(content)
    return path


def read(project: Project, source: str = "log") -> Iterator[Rows | Reject]:
    config = project.config.sources[source]
    for item in kind_of(config).read(source, config, project.extracts):
        if isinstance(item, Rows | Reject):
            yield item


@pytest.mark.parametrize("kind", PACK)
def test_a_compressed_file_is_read_as_what_is_in_it(
    project: Make, landed: Callable, kind: str
) -> None:
    log = project(LOG)
    put(log, "night", PACK[kind](TEXT))
    landing, rows, rejects = landed(log, "log", "count(*), max(_row), any_value(_file)")
    assert rows == [(4999, 4999, "night")]
    assert rejects == []
    assert [file.name for file in landing.files] == ["night"]


@pytest.mark.parametrize("kind", ["gz", "bz2", "xz", "zst"])
def test_a_file_compressed_in_parts_is_one(project: Make, landed: Callable, kind: str) -> None:
    log = project(LOG)
    put(log, "night", PACK[kind](TEXT[:1000]) + PACK[kind](TEXT[1000:]))
    assert landed(log, "log", "count(*)")[1] == [(4999,)]


def test_an_archive_of_several_files_is_a_folder(project: Make, landed: Callable) -> None:
    log = project(LOG)
    content = {"b/2.csv": b"NO,NAME\n2,b\n", "a.csv.gz": gzip.compress(b"NO,NAME\n1,a\n")}
    put(log, "night.zip", zipped(**content, **{"b/": b"", "__MACOSX/._a": b"\0", ".x": b"\0"}))
    landing, rows, _ = landed(log, "log", "number, _file, _row")
    assert rows == [("1", "night.zip/a.csv.gz", 1), ("2", "night.zip/b/2.csv", 1)]
    assert [file.name for file in landing.files] == ["night.zip"]


def test_a_pattern_chooses_among_an_archives_members(project: Make, landed: Callable) -> None:
    log = project(LOG.replace('"*"', '"*.zip/lab*.csv"'))
    put(log, "night.zip", zipped(**{"readme.txt": b"?", "lab.csv": b"NO,NAME\n1,a\n"}))
    put(log, "readme.txt", b"?")
    assert landed(log, "log", "number, _file")[1] == [("1", "night.zip/lab.csv")]
    with pytest.raises(SourceError, match=r"no file in night\.zip matches x\*"):
        list(read(project(LOG.replace('"*"', '"*.zip/x*"'))))


def test_files_about_the_others_of_an_archive_are_named_and_not_read(
    project: Make, landed: Callable
) -> None:
    log = project(LOG)
    lab = b"NO,NAME\n%d,a\n"
    about = {
        "readme.txt": b"?", "MANIFEST.csv": b"lab.csv,1", "doc/Layout.pdf": b"%PDF", "a.md5": b"0",
    }  # fmt: skip
    for night in (1, 2):
        more = {f"lab{night}.CSV": lab % night, f"lab{night}.txt.gz": gzip.compress(lab % 9)}
        put(log, f"{night}.zip", zipped(**about, **more))
    landing, rows, rejects = landed(log, "log", "number, _file")
    assert rows == [
        ("1", "1.zip/lab1.CSV"), ("9", "1.zip/lab1.txt.gz"),
        ("2", "2.zip/lab2.CSV"), ("9", "2.zip/lab2.txt.gz"),
    ]  # fmt: skip
    assert rejects == []
    assert landing.unexpected == {
        f"{name} in a zip archive, which is not read": 2
        for name in ("readme.txt", "MANIFEST.csv", "Layout.pdf", "a.md5")
    }
    draft = connect.offered(log, "new", "csv", "1.zip")
    assert draft.keys["path"] == "1.zip"
    assert sorted(landed(project(LOG.replace('"*"', '"1.zip"')), "log", "number")[1]) == [
        ("1",), ("9",),
    ]  # fmt: skip


def test_all_of_an_archive_is_read_if_nothing_in_it_has_an_ending_of_the_kind(
    project: Make, landed: Callable
) -> None:
    log = project(LOG)
    put(log, "a.zip", zipped(lab=b"NO,NAME\n1,a\n", **{"lab.asc": b"NO,NAME\n2,a\n"}))
    put(log, "b.zip", zipped(**{"readme.txt": b"?", "old.asc": b"NO,NAME\n3,a\n"}))
    landing, rows, _ = landed(log, "log", "number, _file")
    assert rows == [("1", "a.zip/lab"), ("2", "a.zip/lab.asc"), ("3", "b.zip/old.asc")]
    assert landing.unexpected == {"readme.txt in a zip archive, which is not read": 1}


def test_a_member_of_another_kind_is_overlooked(project: Make) -> None:
    log = project(LOG.replace('"*"', '"*.zip"'))
    lab = b"NO,NAME\n1,a\n"
    put(log, "a.zip", zipped(**{"a.csv": lab, "b.csv.part": lab, "c.json": b"{}", "d.pdf": b"%"}))
    (drift,) = deliveries.overlooked(log, "log")
    assert (drift.what, drift.severity) == ("overlooked", "warning")
    assert drift.reason.startswith("files a.zip/b.csv.part, a.zip/c.json lie beside")


@pytest.mark.parametrize(
    ("declared", "content"),
    [
        ('kind = "fixed_width"\nlength = 3\ncolumns = { a = { start = 1, width = 3 } }', b"abc\n"),
        ('kind = "hl7"\ncolumns = { t = { a = "MSH-10" } }', b"MSH|^~\\&|||||||ADT^A01|7|P|2.5\r"),
        (
            'kind = "naaccr_xml"\nitems = { root = [], patient = "all" }',
            b'<NaaccrData recordType="A" xmlns="http://naaccr.org/naaccrxml"><Patient>'
            b'<Item naaccrId="patientIdNumber">7</Item></Patient></NaaccrData>',
        ),
        (
            'kind = "cda"',
            b'<ClinicalDocument xmlns="urn:hl7-org:v3"><id root="1.2.3"/><recordTarget>'
            b"</recordTarget></ClinicalDocument>",
        ),
        (
            'kind = "odm"\ngroups = { t = ["IG"] }',
            b'<ODM xmlns="http://www.cdisc.org/ns/odm/v1.3"><ClinicalData StudyOID="S">'
            b'<SubjectData SubjectKey="1"><ItemGroupData ItemGroupOID="IG"/></SubjectData>'
            b"</ClinicalData></ODM>",
        ),
        ('kind = "naaccr_flat"\nitems = []', b"I" + b" " * 15 + b"140" + b" " * 3320 + b"\n"),
    ],
)
@pytest.mark.parametrize("kind", ["zst", "zip"])
def test_every_kind_of_text_may_be_compressed(
    project: Make, landed: Callable, declared: str, content: bytes, kind: str
) -> None:
    table = "patient" if "xml" in declared or "cda" in declared else "t"
    some = project(f'[sources.s]\npath = "*"\ntables = {{ {table} = "e" }}\n{declared}\n')
    put(some, "a", PACK[kind](content))
    _, rows, rejects = landed(some, "s", "_file, _row")
    assert (rows, rejects) == ([("a", 1)], [])


@pytest.mark.parametrize("pack", ["gz", "zip", "folder"])
def test_workbooks_and_statistical_files_may_be_packed(
    project: Make, landed: Callable, pack: str
) -> None:
    frame = pd.DataFrame({"a": ["x", "y"]})
    for kind, name in (("excel", "a.xlsx"), ("spss", "a.sav"), ("stata", "a.dta")):
        some = project(
            f'[sources.s]\nkind = "{kind}"\npath = "packed"\n'
            'tables = { t = "e" }\ncolumns = "all"\n'
        )
        path = some.extracts / name
        if kind == "excel":
            frame.to_excel(path, index=False)
        else:
            (pyreadstat.write_sav if kind == "spss" else pyreadstat.write_dta)(frame, path)
        data = path.read_bytes()
        path.unlink()
        several = {name: data, f"in/{name}": data}
        put(some, "packed", zipped(**several) if pack == "folder" else PACK[pack](data))
        landing, rows, rejects = landed(some, "s", "a, _file")
        place = "packed" if pack != "folder" else f"packed/{name}"
        place += "#Sheet1" if kind == "excel" else ""
        assert rows[:2] == [("x", place), ("y", place)]
        assert (len(rows), rejects) == (4 if pack == "folder" else 2, [])
        assert [file.name for file in landing.files] == ["packed"]


def test_no_more_is_unpacked_onto_the_disk_than_there_should_be(
    project: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "_MOST", 1000)
    book = project(
        '[sources.s]\nkind = "excel"\npath = "a"\ntables = { t = "e" }\ncolumns = "all"\n'
    )
    put(book, "a", zipped(**{"a.xlsx": bytes(2000)}))
    with pytest.raises(SourceError, match="a unpacks to more than"):
        list(read(book, "s"))


@pytest.mark.parametrize("kind", PACK)
def test_a_cut_archive_is_refused_whole(project: Make, kind: str) -> None:
    log = project(LOG)
    data = PACK[kind](TEXT)
    for size in {len(data) * k // 10 for k in range(1, 10)} | {len(data) - 1, 12}:
        put(log, "night", data[:size])
        with pytest.raises(SourceError, match=r"(?s)night is a compressed file .*damaged.*\n.*"):
            list(read(log))


@pytest.mark.parametrize("kind", PACK)
def test_a_damaged_archive_loses_no_row_in_silence(project: Make, kind: str) -> None:
    """Every way out is allowed but fewer records: whole, refused, or rejects beside the rows."""
    log, chance = project(LOG), random.Random(5)
    data = PACK[kind](TEXT)
    for _ in range(60):
        broken = bytearray(data)
        broken[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        put(log, "night", bytes(broken))
        try:
            found = list(read(log))
        except SourceError as error:
            assert "name " not in str(error)
        else:
            rows = sum(len(item.rows) if isinstance(item, Rows) else 1 for item in found)
            assert rows == 4999 or kind == "zst"  # Arrow writes it without a checksum


def with_flag(data: bytes) -> bytes:
    """The archive as if its first member were encrypted."""
    at = data.rindex(b"PK\x01\x02")
    return data[:6] + b"\1" + data[7 : at + 8] + b"\1" + data[at + 9 :]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (with_flag(zipped(a=TEXT)), "night is encrypted in its zip archive"),
        (zipped(), "night is an empty zip archive"),
        (zipped(**{"/etc/passwd": b"x", "a": TEXT}), "a path that leads out of it"),
        (zipped(**{"../x": b"x", "a": TEXT}), "a path that leads out of it"),
        (zipped(**{"[Content_Types].xml": b"x", "a": b""}), "an Office document, not text"),
        (zipped(**{"a.zip": zipped(a=TEXT)}), "a zip archive or an Office document, not text"),
        (gzip.compress(gzip.compress(gzip.compress(gzip.compress(TEXT)))), "again and again"),
        (gzip.compress(b""), "night is empty"),
        (b"7z\xbc\xaf\x27\x1cx", "night is a 7-Zip archive"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",  # archives hold the time
)
def test_an_archive_that_cannot_be_read_is_one_clear_error(
    project: Make, content: bytes, message: str
) -> None:
    log = project(LOG)
    put(log, "night", content)
    with pytest.raises(SourceError, match=message) as caught:
        list(read(log))
    assert caught.value.remedy


def test_two_members_of_one_name_are_refused(project: Make) -> None:
    log = project(LOG)
    with (
        pytest.warns(UserWarning, match="Duplicate"),
        zipfile.ZipFile(log.extracts / "night", "w") as archive,
    ):
        archive.writestr("a.csv", TEXT)
        archive.writestr("a.csv", TEXT)
    with pytest.raises(SourceError, match="two files of the same name"):
        list(read(log))


def test_a_text_that_begins_like_an_archive_is_text(project: Make, landed: Callable) -> None:
    log = project(LOG.replace('["NO"]', '["BZh9NO"]'))
    put(log, "night", b"BZh9NO,NAME\n1,a\n")
    assert landed(log, "log", "number")[1] == [("1",)]

"""A password that a source declares opens its zip archives and workbooks, and is never shown."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import msoffcrypto
import pytest
import pyzipper
import xlsxwriter

from cytoreg.errors import ConfigError, SourceError
from cytoreg.landing.check import check
from cytoreg.landing.land import land
from cytoreg.project.load import Project

SECRET = "Blaue-Tür-77"
SOURCE = """
[sources.log]
kind = "{kind}"
path = "night*"
password = "${{LOG_PASSWORD:-}}"
tables = {{ cases = "procedure" }}
[sources.log.columns]
number = ["NO"]
name = ["NAME"]
"""
TEXT = b"NO,NAME\n" + b"".join(b"%d,name %d\n" % (n, n * n) for n in range(1, 500))
Make = Callable[[str], Project]


def zipped(path: Path, encoding: str = "utf-8") -> None:
    with pyzipper.AESZipFile(path, "w", pyzipper.ZIP_DEFLATED) as archive:
        archive.setpassword(SECRET.encode(encoding))
        archive.setencryption(pyzipper.WZ_AES, nbits=256)
        archive.writestr("a.csv", TEXT)


def workbook(path: Path, secret: str = SECRET) -> None:
    plain = io.BytesIO()
    with xlsxwriter.Workbook(plain, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        for at, line in enumerate(TEXT.decode().splitlines()):
            sheet.write_row(at, 0, line.split(","))
    with path.open("wb") as out:
        msoffcrypto.OfficeFile(plain).encrypt(secret, out)


def by_zip(path: Path) -> None:
    zipped(path)


FILES = [("csv", "night.zip", by_zip), ("excel", "night.xlsx", workbook)]


@pytest.fixture
def tidy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder


@pytest.mark.parametrize(("kind", "name", "write"), FILES)
def test_the_password_opens_a_file_and_leaves_nothing_behind(
    project: Make, monkeypatch: pytest.MonkeyPatch, tidy: Path, kind: str, name: str,
    write: Callable[[Path], None],
) -> None:  # fmt: skip
    monkeypatch.setenv("LOG_PASSWORD", SECRET)
    log = project(SOURCE.format(kind=kind))
    write(log.extracts / name)
    landing = land(log, "log")
    assert landing.tables[0].rows == 499
    assert all(well for _, well, _ in check(log, "log"))
    assert not [path for path in tidy.rglob("*") if path.is_file()]
    kept = b"".join(path.read_bytes() for path in landing.folder.rglob("*") if path.is_file())
    assert SECRET.encode() not in kept


@pytest.mark.parametrize("encoding", ["utf-8", "cp437", "cp1252"])
def test_a_password_is_tried_in_the_encodings_that_programs_use(
    project: Make, monkeypatch: pytest.MonkeyPatch, encoding: str
) -> None:
    monkeypatch.setenv("LOG_PASSWORD", SECRET)
    log = project(SOURCE.format(kind="csv"))
    zipped(log.extracts / "night.zip", encoding)
    assert land(log, "log").tables[0].rows == 499


@pytest.mark.parametrize("declared", ["", "Geheim-und-falsch"])
@pytest.mark.parametrize(("kind", "name", "write"), FILES)
def test_a_missing_or_wrong_password_is_one_clear_error_without_it(
    project: Make, monkeypatch: pytest.MonkeyPatch, tidy: Path, kind: str, name: str,
    write: Callable[[Path], None], declared: str,
) -> None:  # fmt: skip
    monkeypatch.setenv("LOG_PASSWORD", declared)
    log = project(SOURCE.format(kind=kind))
    write(log.extracts / name)
    why = "the password does not fit" if declared else "no password is declared"
    with pytest.raises(SourceError, match=rf"night.* and {why}") as caught:
        land(log, "log")
    assert "LOG_PASSWORD" not in str(caught.value)
    assert "NAME_FILE" in caught.value.remedy
    told = str(caught.value) + str(check(log, "log")) + repr(log.config)
    assert SECRET not in told
    assert not declared or declared not in told
    assert not [path for path in tidy.rglob("*") if path.is_file()]


def test_a_workbook_that_excel_opens_without_asking_opens_beside_others_with_a_password(
    project: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOG_PASSWORD", SECRET)
    log = project(SOURCE.format(kind="excel"))
    workbook(log.extracts / "night1.xlsx")
    workbook(log.extracts / "night2.xlsx", "VelvetSweatshop")
    assert land(log, "log").tables[0].rows == 998


def test_a_workbook_damaged_in_its_encrypted_bytes_may_be_damaged(
    project: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOG_PASSWORD", SECRET)
    log = project(SOURCE.format(kind="excel"))
    workbook(log.extracts / "night.xlsx")
    file = bytearray((log.extracts / "night.xlsx").read_bytes())
    with msoffcrypto.olefile.OleFileIO(bytes(file)) as parts:
        last = parts.openstream("EncryptedPackage").read()[-64:]
    at = file.index(last)
    file[at : at + 64] = bytes(64)
    (log.extracts / "night.xlsx").write_bytes(file)
    with pytest.raises(SourceError, match="the password does not fit or the file is damaged"):
        land(log, "log")


def test_another_password_does_not_land_the_same_files_again(
    project: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOG_PASSWORD", SECRET)
    log = project(SOURCE.format(kind="csv"))
    by_zip(log.extracts / "night.zip")
    land(log, "log")
    monkeypatch.setenv("LOG_PASSWORD", SECRET + "!")
    assert land(project(SOURCE.format(kind="csv")), "log").reused


def test_a_password_of_a_server_of_tables_is_refused_without_showing_it(
    project: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOG_PASSWORD", "Geheim77")
    with pytest.raises(ConfigError, match="`password` is for sources in files") as caught:
        project(
            '[sources.his]\nkind = "sql"\nurl = "sqlite:///x.db"\npassword = "${LOG_PASSWORD}"\n'
            'tables = { cases = "procedure" }\n[sources.his.columns]\ncases = ["no"]\n'
        )
    assert "Geheim77" not in str(caught.value)

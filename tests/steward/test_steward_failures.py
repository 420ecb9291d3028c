"""What goes wrong is told on a page, without a value and without a traceback."""

from __future__ import annotations

import logging
import socket
import sqlite3

import pytest
from ward import Browser

from cytoreg.errors import ConfigError
from cytoreg.project.load import Project
from cytoreg.steward import pages_findings, texts, web
from cytoreg.steward.app import serve
from cytoreg.steward.store import FILE

SECRET = "MUSTERMANN-1931"


def test_an_unexpected_error_tells_no_value_to_the_page_or_the_log(
    steward: Browser, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(*_: object) -> None:
        raise ValueError(SECRET)

    monkeypatch.setattr(pages_findings, "page", fails)
    with caplog.at_level(logging.DEBUG):
        answer = steward.client.get("/findings")
    assert answer.status_code == 500
    assert "Something went wrong" in answer.text
    assert "ValueError" in caplog.text
    assert SECRET not in answer.text + caplog.text


def test_a_ledger_of_tomorrow_is_told(steward: Browser, ward: Project) -> None:
    ledger = ward.data / "ledger.sqlite"
    kept = ledger.read_bytes()
    with sqlite3.connect(ledger) as con:
        con.execute("update ledger_version set version = version + 100")
    try:
        answer = steward.client.get("/findings")
    finally:
        ledger.write_bytes(kept)
    assert answer.status_code == 503
    assert "the newer cytoreg" in answer.text


def test_accounts_that_are_locked_are_told_and_come_back(
    steward: Browser, ward: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cytoreg.steward.store.PATIENCE", 0.05)
    with sqlite3.connect(ward.data / FILE) as con:
        con.execute("begin exclusive")
        answer = steward.client.get("/findings")
        con.rollback()
    assert answer.status_code == 503
    assert "locked" in answer.text
    assert steward.client.get("/findings").status_code == 200


def test_nothing_published_is_told_with_the_remedy(ward: Project, steward: Browser) -> None:
    hidden = ward.published.with_name("hidden")
    ward.published.rename(hidden)
    try:
        answer = steward.client.get("/findings")
    finally:
        hidden.rename(ward.published)
    assert answer.status_code == 503
    assert "cytoreg refresh" in answer.text


@pytest.mark.parametrize("path", ["/nowhere", "/findings/F0123456789ABCDEF", "/static/no.css"])
def test_what_is_not_there_is_a_page_that_leads_on(steward: Browser, path: str) -> None:
    answer = steward.client.get(path)
    assert answer.status_code == 404
    assert 'href="/findings"' in answer.text


def test_a_form_that_is_too_large_or_none_does_nothing(steward: Browser) -> None:
    token = steward.token()
    for body, kind in (
        (b"csrf=" + token.encode() + b"&title=" + b"x" * (2 << 20), web_form()),
        (b"csrf=%ff%fe", web_form()),
        (b"{}", "application/json"),
    ):
        answer = steward.client.post("/views", content=body, headers={"content-type": kind})
        assert answer.status_code == 403


def web_form() -> str:
    return "application/x-www-form-urlencoded"


def test_every_text_that_a_page_names_is_in_the_catalogue() -> None:
    """And there is none that no page names."""
    import re

    shown = "\n".join(
        path.read_text(encoding="utf-8")
        for folder in (web.HERE, web.HERE / "templates")
        for path in folder.iterdir()
        if path.suffix in (".py", ".j2") and path.name != "texts.py"
    )
    named = set(re.findall(r"""\b(?:t|text)\(\s*['"]([a-z_0-9]+)['"][,)]""", shown))
    named |= set(re.findall(r"Problem\(\d+, \"([a-z_]+)\"\)", shown))
    prefixes = set(re.findall(r"""\bt\(\s*['"]([a-z_0-9]+_)['"] ~""", shown))
    prefixes |= set(re.findall(r"text\(f\"([a-z]+_)\{", shown))
    assert named - texts.TEXTS.keys() == set()
    unused = {
        name
        for name in texts.TEXTS.keys() - named
        if not name.startswith(tuple(prefixes)) and f'"{name}"' not in shown
    }
    assert unused == set()


def test_an_address_that_is_taken_is_one_clear_error(ward: Project) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=rf"cannot listen on 127\.0\.0\.1, port {port}"):
            serve(ward, "127.0.0.1", port, "", lambda: pytest.fail("it listens"))

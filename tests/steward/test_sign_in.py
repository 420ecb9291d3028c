"""Who may come in, for how long, and what of foreign forms is done: nothing."""

from __future__ import annotations

import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from ward import PASSWORD, Browser

from cytoreg.nights import audit
from cytoreg.project.load import Project
from cytoreg.steward import sessions
from cytoreg.steward.accounts import add, remove
from cytoreg.steward.store import FILE, opened

PAGES = ("/", "/findings", "/findings/F0123456789ABCDEF", "/records/P0123456789ABCDEF")


@pytest.mark.parametrize("page", PAGES)
def test_without_a_session_every_page_leads_to_the_sign_in(ward: Project, page: str) -> None:
    answer = Browser(ward).client.get(page)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/sign-in?next=%2F")


def test_a_sign_in_leads_to_the_page_asked_for_and_the_audit_says_so(ward: Project) -> None:
    browser = Browser(ward)
    browser.token("/sign-in")
    assert browser.sign_in("steward") == 303
    assert browser.client.get("/findings").status_code == 200
    last = audit.entries(ward)[-1]
    assert (last.who, last.what) == ("a-steward", "sign in")


@pytest.mark.parametrize(
    "after", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)"]
)
def test_a_sign_in_leads_to_no_other_site(ward: Project, after: str) -> None:
    browser = Browser(ward)
    form = {"name": "a-viewer", "password": PASSWORD, "next": after}
    answer = browser.client.post("/sign-in", data=form | {"csrf": browser.token("/sign-in")})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")


def test_the_cookie_is_closed_to_scripts_and_other_sites(ward: Project) -> None:
    for url, expected in (
        ("", ["cytoreg=", "HttpOnly", "SameSite=strict"]),
        ("https://registry.example", ["__Host-cytoreg=", "HttpOnly", "SameSite=strict", "Secure"]),
    ):
        browser = Browser(ward, url)
        form = {"name": "a-viewer", "password": PASSWORD, "csrf": browser.token("/sign-in")}
        cookie = browser.client.post("/sign-in", data=form).headers["set-cookie"]
        assert all(word in cookie for word in expected), cookie


def test_the_file_has_no_token_that_opens_a_session(ward: Project) -> None:
    browser = Browser(ward)
    browser.sign_in("viewer")
    token = browser.client.cookies["cytoreg"]
    assert token.encode() not in (ward.data / FILE).read_bytes()


def test_a_forged_token_opens_nothing(ward: Project) -> None:
    browser = Browser(ward)
    for forged in ("x" * 43, "", "' or 1=1 --"):
        browser.client.cookies.set("cytoreg", forged)
        assert browser.client.get("/findings").status_code == 303


@pytest.mark.parametrize(("column", "age"), [("seen_at", 31 * 60), ("began_at", 13 * 3600)])
def test_a_session_ends_when_idle_and_in_any_case(ward: Project, column: str, age: int) -> None:
    browser = Browser(ward)
    browser.sign_in("steward")
    token = browser.token()
    with opened(ward) as con:
        con.execute(f"update session set {column} = {column} - {age}")
    answer = browser.client.post("/views", data={"csrf": token, "title": "late"})
    assert answer.status_code == 401
    assert "Nothing was changed" in answer.text
    assert browser.client.get("/findings").status_code == 303


def test_a_session_ends_with_sign_out_and_with_the_account(ward: Project) -> None:
    browser = Browser(ward)
    browser.sign_in("viewer")
    token = browser.client.cookies["cytoreg"]
    assert browser.send("/sign-out", {}) == (303, "/sign-in")
    assert sessions.visitor(ward, token) is None
    add(ward, "a-guest", "viewer", PASSWORD)
    browser.sign_in("guest")
    remove(ward, "a-guest")
    assert browser.client.get("/findings").status_code == 303


def test_after_many_wrong_passwords_the_right_one_has_to_wait_too(ward: Project) -> None:
    add(ward, "a-target", "viewer", PASSWORD)
    browser = Browser(ward)
    found = [browser.sign_in("target", "wrong password") for _ in range(sessions.PER_ACCOUNT)]
    assert found == [401] * sessions.PER_ACCOUNT
    assert browser.sign_in("target") == 429
    assert browser.sign_in("viewer") == 303, "another account is not locked"
    with opened(ward) as con:
        con.execute("update failure set at = at - ?", (sessions.WINDOW + 1,))
    assert browser.sign_in("target") == 303


def test_many_who_sign_in_at_once_with_the_right_password_all_come_in(ward: Project) -> None:
    def come(_: int) -> object:
        return sessions.sign_in(ward, "a-admin", PASSWORD, "10.0.0.1")

    with ThreadPoolExecutor(sessions.PER_ADDRESS + 4) as pool:
        found = list(pool.map(come, range(sessions.PER_ADDRESS + 4)))
    assert all(isinstance(one, sessions.Visitor) for one in found)


def test_one_address_cannot_try_one_account_after_another(ward: Project) -> None:
    now = int(time.time())
    with opened(ward) as con:
        con.executemany(
            "insert into failure values (?, null, 'testclient')", [(now,)] * sessions.PER_ADDRESS
        )
    try:
        assert Browser(ward).sign_in("viewer") == 429
    finally:
        with opened(ward) as con:
            con.execute("delete from failure")


def test_a_name_that_is_no_account_is_not_kept(ward: Project) -> None:
    browser = Browser(ward)
    form = {"name": PASSWORD, "password": "x", "csrf": browser.token("/sign-in")}
    assert browser.client.post("/sign-in", data=form).status_code == 401
    with sqlite3.connect(ward.data / FILE) as con:
        assert con.execute("select name from failure").fetchall() == [(None,)]
        con.execute("delete from failure")


def test_a_form_without_the_token_of_its_session_does_nothing(steward: Browser) -> None:
    other = Browser(steward.project)
    other.sign_in("viewer")
    for token in ("", "0" * 64, "é", other.token()):
        answer = steward.client.post("/views", data={"csrf": token, "title": "forged"})
        assert answer.status_code == 403
    assert "forged" not in steward.client.get("/findings").text
    assert steward.client.post("/sign-in", data={"name": "a-viewer"}).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
    ],
)
def test_a_form_from_another_site_does_nothing(steward: Browser, headers: dict[str, str]) -> None:
    form = {"csrf": steward.token(), "title": "elsewhere"}
    assert steward.client.post("/views", data=form, headers=headers).status_code == 403
    assert "elsewhere" not in steward.client.get("/findings").text


def test_a_link_from_elsewhere_is_asked_again_from_here(ward: Project) -> None:
    """Its request comes without the cookie, which a session may nevertheless have."""
    answer = Browser(ward).client.get("/findings", headers={"sec-fetch-site": "cross-site"})
    assert answer.status_code == 200
    assert 'http-equiv="refresh"' in answer.text


def test_only_its_own_names_are_answered(ward: Project) -> None:
    for host, url, status in (
        ("evil.example", "", 400),
        ("localhost:8480", "", 200),
        ("[::1]:8480", "", 200),
        ("localhost", "https://registry.example", 400),
        ("registry.example", "https://registry.example", 200),
    ):
        answer = Browser(ward, url).client.get("/sign-in", headers={"host": host})
        assert answer.status_code == status, host


def test_no_page_may_run_a_script_in_its_text_be_framed_or_kept(steward: Browser) -> None:
    for page in ("/findings", "/nowhere", "/static/style.css"):
        headers = steward.client.get(page).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["x-content-type-options"] == "nosniff"
    assert steward.client.get("/findings").headers["cache-control"] == "no-store"
    text = steward.client.get("/findings").text
    assert "<script>" not in text
    assert " style=" not in text
    assert "<style" not in text
    assert " on" not in {part[:3] for part in text.split('"')}

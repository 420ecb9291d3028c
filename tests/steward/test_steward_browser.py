"""The application in a real browser, Debian's Chromium: keys, forms, and nothing executed."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
import uvicorn
from lives_registry import Stays
from ward import PASSWORD, findings

from cytoreg.nights import decisions
from cytoreg.project.load import Project
from cytoreg.steward.app import application

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
pytestmark = pytest.mark.skipif(
    not (CHROMIUM and DRIVER), reason="no Chromium: apt-get install chromium chromium-driver"
)


@pytest.fixture(scope="module")
def site(ward: Project) -> Iterator[str]:
    """The application, served on a port of its own."""
    config = uvicorn.Config(application(ward), port=0, log_level="error", access_log=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(10)


@pytest.fixture(scope="module")
def chrome(site: str) -> Iterator[Chrome]:
    """A browser in which a steward has signed in."""
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = str(CHROMIUM)
    for each in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage"):
        options.add_argument(each)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    browser = webdriver.Chrome(options, Service(str(DRIVER)))
    browser.implicitly_wait(5)
    browser.get(f"{site}/findings")
    field(browser, "name").send_keys("a-steward")
    field(browser, "password").send_keys(PASSWORD + "\n")
    yield browser
    browser.quit()


def field(browser: Chrome, name: str):
    return browser.find_element("name", name)


def keys(browser: Chrome, pressed: str) -> None:
    browser.switch_to.active_element.send_keys(pressed)


def heading(browser: Chrome, expected: str) -> None:
    """Wait for a page with this heading."""
    for _ in range(100):
        if browser.find_element("tag name", "h1").text == expected:
            return
        time.sleep(0.05)
    raise AssertionError(browser.find_element("tag name", "h1").text)


def test_a_sign_in_leads_to_the_page_asked_for(chrome: Chrome, site: str) -> None:
    heading(chrome, "5 findings")
    assert chrome.current_url == f"{site}/findings"


def test_keys_move_open_and_search(chrome: Chrome, site: str, ward: Project) -> None:
    chrome.get(f"{site}/findings")
    listed = [one for one in findings(ward) if one.state != "gone"]
    keys(chrome, "j")
    keys(chrome, "j")
    keys(chrome, "k")
    keys(chrome, "\n")
    heading(chrome, str(listed[0].reason))
    chrome.back()
    heading(chrome, "5 findings")
    keys(chrome, "/")
    assert chrome.switch_to.active_element.get_attribute("name") == "text"
    keys(chrome, "ward\n")
    heading(chrome, "3 findings")
    assert "text=ward" in chrome.current_url


def test_findings_are_ticked_by_keys_and_decided_at_once(
    chrome: Chrome, site: str, ward: Project
) -> None:
    chrome.get(f"{site}/findings?severity=critical")
    heading(chrome, "2 findings")
    for pressed in "jxjxa":
        keys(chrome, pressed)
    assert chrome.switch_to.active_element.get_attribute("name") == "act"
    keys(chrome, "close")
    field(chrome, "comment").send_keys("seen in the chart")
    chrome.find_element("css selector", "#decide button").click()
    heading(chrome, "2 findings")
    assert chrome.current_url == f"{site}/findings?severity=critical"
    told = decisions.history(ward.ledger_url)
    assert {(one.act, one.outcome, one.who, one.comment) for one in told} == {
        ("close", "corrected", "a-steward", "seen in the chart")
    }
    assert len(told) == 2


def test_the_next_night_is_shown_and_reopens_what_is_not_corrected(
    chrome: Chrome, site: str, ward: Project
) -> None:
    Stays(ward.root).night(("N1", "-1", "north"), ("N8", "-8", "north"))
    chrome.get(f"{site}/findings?status=open")
    heading(chrome, "2 findings")
    assert decisions.history(ward.ledger_url, limit=1)[0].who == decisions.NIGHT


def test_no_page_breaks_its_own_policy_or_runs_a_script_of_a_value(
    chrome: Chrome, site: str
) -> None:
    for page in ("/", "/findings?values=yes&state=all", "/rules", "/rules/stay.days.ge", "/sources",
                 "/completeness", "/nights", "/sources/ward"):  # fmt: skip
        chrome.get(site + page)
        assert chrome.find_elements("css selector", "main h1"), page
    said = [one for one in chrome.get_log("browser") if one["level"] == "SEVERE"]
    assert said == []


def test_no_page_is_wider_than_a_phone(chrome: Chrome, site: str) -> None:
    phone = {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": True}
    chrome.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", phone)
    try:
        for page in ("/", "/findings?values=yes", "/rules?all=yes", "/sources/ward", "/nights"):
            chrome.get(site + page)
            assert chrome.execute_script("return document.documentElement.scrollWidth") <= 390, page
    finally:
        chrome.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})

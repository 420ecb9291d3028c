"""Requests to REDCap and FHIR go through the proxy that the environment names."""

from __future__ import annotations

import logging
import socket
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import proxy_server
import pytest
from bulk_server import SOURCE, Bulk
from proxy_server import Proxy
from redcap_server import TOKEN, Redcap, serving

from cytoreg.errors import ConfigError, SourceError
from cytoreg.landing.land import land
from cytoreg.project.load import Project
from cytoreg.sources import retry

Make = Callable[..., Project]

RESEARCH = """
[sources.ehr]
kind = "redcap"
url = "{url}"
token_env = "RESEARCH_TOKEN"
tables = {{ enrollment = "patient" }}
"""
BRIEF = "deadline_minutes = 0.01\n"
USER, PASSWORD = "registry", "NOT-TO-BE-TOLD"


@pytest.fixture
def proxy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    """A proxy that the environment names, and whose certificate it trusts."""
    with proxy_server.serving(tmp_path) as running:
        use(monkeypatch, running.port)
        monkeypatch.setenv("SSL_CERT_FILE", str(running.trusted))
        yield running


def use(monkeypatch: pytest.MonkeyPatch, port: int) -> None:
    """Let the environment name this proxy alone, with a password."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    for name in ("HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, f"http://{USER}:{PASSWORD}@127.0.0.1:{port}")


@pytest.fixture(params=["redcap", "fhir"])
def source(
    request: pytest.FixtureRequest,
    bulk: Bulk,
    project: Callable[[str], Project],
    ehr: Callable[..., Project],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Make]:
    """A project whose source `ehr` is a server of that kind, with an address of http or https."""
    monkeypatch.setenv("RESEARCH_TOKEN", TOKEN)
    monkeypatch.setattr(retry, "PAUSE", 0.001)
    rows = [{"record_id": str(n), "sex": "2", "enrollment_complete": "2"} for n in range(5)]
    with serving(Redcap({"enrollment": ["record_id", "sex"]}, rows)) as redcap:

        def make(scheme: str, more: str = "") -> Project:
            for server in (redcap, bulk):
                server.url = scheme + server.url.removeprefix("http")
            if request.param == "redcap":
                return project(RESEARCH.format(url=redcap.url) + more)
            return ehr(bulk, SOURCE + more)

        yield make


def address(project: Project) -> str:
    """Host and port of the source's server."""
    url: str = project.source("ehr").url
    return url.split("/")[2]


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_source_lands_through_the_proxy(source: Make, proxy: Proxy, scheme: str) -> None:
    project = source(scheme)
    assert land(project, "ehr").tables[0].rows == 5
    assert {host for _, host in proxy.asked} == {address(project)}
    assert all((method == "CONNECT") == (scheme == "https") for method, _ in proxy.asked)
    assert all(shown.startswith("Basic ") for shown in proxy.shown)


@pytest.mark.parametrize("name", ["127.0.0.1", "example.com, 127.0.0.1", "*"])
def test_what_no_proxy_names_is_asked_directly(
    source: Make, proxy: Proxy, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("NO_PROXY", name)
    assert land(source("http"), "ehr").tables[0].rows == 5
    assert proxy.asked == []


REFUSALS = {
    "its password": (407, "refuses (status 407)", "write user and password into HTTPS_PROXY"),
    "the host": (403, "refuses (status 403)", "to let 127.0.0.1 pass, or name it in NO_PROXY"),
    "for now": (503, "answers with status 503, after ", "ask who runs the proxy"),
}


@pytest.mark.parametrize("refusal", REFUSALS)
def test_a_proxy_that_refuses_is_named_without_its_password(
    source: Make, proxy: Proxy, caplog: pytest.LogCaptureFixture, refusal: str
) -> None:
    caplog.set_level(logging.DEBUG)
    proxy.refuses, what, remedy = REFUSALS[refusal]
    with pytest.raises(SourceError) as caught:
        land(source("https", BRIEF), "ehr")
    assert f"cannot be reached: the proxy 127.0.0.1:{proxy.port} {what}" in caught.value.message
    assert remedy in caught.value.remedy
    assert caught.value.away
    nothing_told(caught.value, caplog)


def test_a_proxy_asks_for_a_password_of_unencrypted_requests_too(
    source: Make, proxy: Proxy
) -> None:
    proxy.refuses = 407
    with pytest.raises(SourceError, match=f"the proxy 127.0.0.1:{proxy.port} refuses") as caught:
        land(source("http"), "ehr")
    assert caught.value.away


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_is_not_there_is_named_without_its_password(
    source: Make,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    scheme: str,
) -> None:
    caplog.set_level(logging.DEBUG)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # nobody listens
        port = taken.getsockname()[1]
        use(monkeypatch, port)
        with pytest.raises(SourceError) as caught:
            land(source(scheme, BRIEF), "ehr")
    told = f"cannot be reached: the proxy 127.0.0.1:{port} cannot be reached, after "
    assert told in caught.value.message
    assert "ask who runs the proxy" in caught.value.remedy
    assert caught.value.away
    nothing_told(caught.value, caplog)


def test_a_proxy_whose_certificate_nobody_trusts_is_not_believed(
    source: Make, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(SourceError, match="is not trusted") as caught:
        land(source("https"), "ehr")
    assert "SSL_CERT_FILE" in caught.value.remedy


UNUSABLE = ["socks5://{}@127.0.0.1:1080", "ftp://{}@127.0.0.1:21", "http://{}@127.0.0.1:port"]


@pytest.mark.parametrize("url", UNUSABLE)
def test_a_proxy_that_cannot_be_used_is_an_error_without_its_password(
    source: Make,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    url: str,
) -> None:
    caplog.set_level(logging.DEBUG)
    use(monkeypatch, 1)
    monkeypatch.setenv("HTTPS_PROXY", url.format(f"{USER}:{PASSWORD}"))
    with pytest.raises(ConfigError, match="a proxy that cannot be used") as caught:
        land(source("http"), "ehr")
    nothing_told(caught.value, caplog)


@pytest.mark.parametrize("text", [None, "not a certificate"])
def test_certificates_that_cannot_be_read_are_an_error(
    source: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str | None
) -> None:
    named = tmp_path / "hospital.pem"
    if text:
        named.write_text(text, encoding="utf-8")
    monkeypatch.setenv("SSL_CERT_FILE", str(named))
    with pytest.raises(ConfigError, match="the certificates of this machine cannot be read"):
        land(source("http"), "ehr")


def nothing_told(error: Exception, caplog: pytest.LogCaptureFixture) -> None:
    """Neither the error, its traceback nor the log holds credentials or the proxy's page."""
    told = f"{error} {traceback.format_exception(error)} {caplog.text}"
    for secret in (USER + ":", PASSWORD, "SECRET"):
        assert secret not in told

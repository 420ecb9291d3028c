"""A server's bulk export: every resource once, whatever the server does meanwhile."""

from __future__ import annotations

import gzip
import logging
import os
import traceback
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from bulk_server import (
    FHIR,
    JSON,
    LINES,
    NDJSON,
    SOURCE,
    WHOLE,
    Bulk,
    Fault,
    breaks_off,
    cut_file,
    outcome,
)  # fmt: skip
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from redcap_server import HTML, answers, drips, hangs_up, sleeps

from cytoreg.errors import ConfigError, SourceError
from cytoreg.landing.check import check
from cytoreg.landing.land import land
from cytoreg.manifest import read as read_manifest
from cytoreg.project.load import Project

Make = Callable[..., Project]


def test_an_export_lands_every_resource_once(bulk: Bulk, ehr: Make, landed: Callable) -> None:
    hospital = ehr(bulk)
    landing, rows, rejects = landed(hospital, "ehr", "id, born")
    assert (rows, rejects) == (WHOLE, [])
    _, rows, _ = landed(hospital, "ehr", "id, _file, _row", table="result")
    assert rows == [
        ("o0", "Observation.000.ndjson", 1),
        ("o1", "Observation.000.ndjson", 2),
        ("o2", "Observation.001.ndjson", 1),
    ]
    assert bulk.ordered["path"] == ["/Patient/$export"]
    assert bulk.ordered["_type"] == ["Observation,Patient"]
    assert bulk.ordered["_outputFormat"] == [NDJSON]
    assert bulk.cancelled == 2  # the server is told that it may forget each export
    assert landing.origin == bulk.url
    told = (landing.folder / "manifest.json").read_text()
    assert "Simulated FHIR 1.2, FHIR 4.0.1, as of 2024-08-06T18:12:57Z" in told
    assert "Patient/$export?_outputFormat=application/fhir%2Bndjson" in told
    assert "SECRET" not in told
    assert "a-token" not in told


def test_what_did_not_change_is_the_landing_of_before(bulk: Bulk, ehr: Make) -> None:
    first = land(ehr(bulk), "ehr")
    again = land(ehr(bulk), "ehr")
    assert again.reused
    assert again.fingerprint == first.fingerprint


@pytest.mark.parametrize(
    ("export_", "path"), [("", "/$export"), ("Group/net", "/Group/net/$export")]
)
def test_a_group_or_everything_can_be_asked_for(
    export_: str, path: str, bulk: Bulk, ehr: Make
) -> None:
    land(ehr(bulk, SOURCE + f'export = "{export_}"\n'.replace("{", "{{")), "ehr")
    assert bulk.ordered["path"] == [path]


def test_progress_is_shown_in_per_cent_and_in_nothing_else(bulk: Bulk, ehr: Make) -> None:
    shown: list[tuple[str, int]] = []
    land(ehr(bulk), "ehr", progress=lambda label, rows, *_: shown.append((label, rows)))
    assert shown[0] == ("ehr: exporting on the server, per cent", 40)


def packed(text: str) -> Fault:
    """A file of this text, compressed, in the place of another."""

    def fault(to: BaseHTTPRequestHandler, _: str) -> None:
        data = gzip.compress(text.encode())
        to.send_response(200)
        to.send_header("content-type", NDJSON)
        to.send_header("content-length", str(len(data)))
        to.end_headers()
        to.wfile.write(data)

    return fault


FAULTS: dict[str, dict[str, list[Fault | None]]] = {
    "too many requests": {"order": [answers("", 429, FHIR, retry_after="0")]},
    "in maintenance while it works": {"status": [answers("", 503, FHIR)] * 7},
    "a web page for the state": {"status": [answers("<html>", 200, HTML)]},
    "a transient failure of the export": {"status": [answers(outcome("transient"), 500, FHIR)]},
    "no answer for the order": {"order": [hangs_up]},
    "silence": {"status": [sleeps]},
    "a file cut off after a length": {"file": [breaks_off, None, breaks_off]},
    "a file cut off without a sign": {"file": [None, cut_file, cut_file]},
    "a web page for a file": {"file": [answers("<html>", 200, HTML)]},
    "another thing for a file": {"file": [answers("busy", 200, "text/plain")]},
    "a file without a byte": {"file": [answers("", 200, NDJSON), None, answers("\n", 200, NDJSON)]},
    "a packed file without a resource": {"file": [packed("")]},
    "a packed file cut off between two lines": {"file": [packed(LINES["Observation"][0]), None]},
    "an error instead of a file": {"file": [answers(outcome("exception"), 200, NDJSON)]},
    "a file later": {"file": [answers("", 504, HTML)]},
}


@pytest.mark.parametrize("what", FAULTS)
@pytest.mark.parametrize("counts", [True, False])
def test_what_may_pass_is_tried_again_and_nothing_is_lost_or_doubled(
    what: str, counts: bool, bulk: Bulk, ehr: Make, landed: Callable
) -> None:
    if "packed file cut off" in what and not counts:
        pytest.skip("only its number tells")
    bulk.counts = counts
    bulk.faults = {step: list(faults) for step, faults in FAULTS[what].items()}
    _, rows, rejects = landed(ehr(bulk), "ehr", "id, born")
    assert (rows, rejects) == (WHOLE, [])
    assert not any(bulk.faults.values())


FINAL: dict[str, tuple[dict[str, list[Fault | None]], str]] = {
    "a refused token": ({"order": [answers("", 401, FHIR)]}, "refuses the token"),
    "an export that is not offered": (
        {"order": [answers(outcome("not-supported"), 400, FHIR)]},
        r"refuses the export \(status 400: not-supported\)",
    ),
    "an order without an address": (
        {"order": [answers("", 202, FHIR)] * 500},
        "without saying where",
    ),
    "an export that failed": (
        {"status": [None, answers(outcome("exception"), 500, FHIR)]},
        r"gave up the export \(status 500: exception\)",
    ),
    "an export that is forgotten": ({"status": [answers("", 404, FHIR)]}, "gave up the export"),
    "no manifest": ({"status": [answers('{"output": 1}', 200, JSON)]}, "not as the standard does"),
    "an expired link": (
        {"file": [None, answers("SECRET", 404, HTML)]},
        r"no longer gives a file of \w+ that it exported \(status 404\)",
    ),
    "a file that is always cut off": (
        {"file": [cut_file] * 500},
        "gives 1 resources in a file that should have 2|ends a file",
    ),
    "a server that is away": ({"order": [hangs_up] * 500}, r"after \d+ tries"),
    "a redirection": ({"order": [answers("", 302, FHIR, location="/x")]}, "another address"),
}


@pytest.mark.parametrize("what", FINAL)
def test_what_will_not_pass_is_said_without_a_secret_and_the_export_is_cancelled(
    what: str, bulk: Bulk, ehr: Make, thrice: None, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    faults, message = FINAL[what]
    bulk.faults = {step: list(given) for step, given in faults.items()}
    with pytest.raises(SourceError, match=message) as raised:
        land(ehr(bulk, SOURCE + "deadline_minutes = 0.05\n"), "ehr")
    told = "".join(traceback.format_exception(raised.value)) + "".join(caplog.text)
    assert "SECRET" not in told
    assert "a-token" not in told
    assert bulk.cancelled == ("order" not in faults)


def test_a_slow_server_ends_at_the_deadline(bulk: Bulk, ehr: Make) -> None:
    bulk.faults = {"file": [drips] * 5}
    with pytest.raises(SourceError, match="so slow that the deadline passed"):
        land(ehr(bulk, SOURCE + "deadline_minutes = 0.01\n"), "ehr")
    bulk.polls = 10_000
    bulk.faults = {}
    with pytest.raises(SourceError, match="has not finished the export in time"):
        land(ehr(bulk, SOURCE + "deadline_minutes = 0.01\n"), "ehr")
    assert bulk.cancelled == 2


def test_types_that_nobody_asked_for_and_errors_of_the_server_are_counted(
    bulk: Bulk, ehr: Make
) -> None:
    bulk.errors = [outcome("processing"), "no JSON", outcome("not-found")]
    bulk.per_file = 3
    bulk.lines = LINES | {"Patient": [*LINES["Patient"], "{}"]}
    usual = bulk.files
    bulk.files = lambda: [  # type: ignore[method-assign]
        *usual(),
        {"type": "Encounter", "url": f"{bulk.url}/files/Encounter/0", "count": 1},
    ]
    landing = land(ehr(bulk), "ehr")
    assert read_manifest(landing.folder).unexpected == {
        "Encounter: resources of a type that no view reads": 1,
        "the server's export reports an error: processing": 1,
        "the server's export reports an error: not-found": 1,
        "the server's export reports an error: of another kind": 1,
    }
    assert [table.rejects for table in landing.tables if table.table == "unknown"] == [1]


def test_a_file_that_the_server_says_is_empty_is_believed(
    bulk: Bulk, ehr: Make, landed: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = Bulk.files

    def files(self: Bulk) -> list[dict[str, object]]:
        empty = {"type": "Patient", "url": f"{self.url}/files/Patient/90", "count": 0}
        return [*given(self), empty]

    monkeypatch.setattr(Bulk, "files", files)
    assert landed(ehr(bulk), "ehr", "id, born")[1] == WHOLE


def test_a_manifest_of_several_pages_is_read_to_its_end(
    bulk: Bulk, ehr: Make, landed: Callable
) -> None:
    bulk.paged = True
    _, rows, _ = landed(ehr(bulk), "ehr", "id, born")
    assert rows == WHOLE


def test_files_that_need_no_token_are_not_told_it(bulk: Bulk, ehr: Make) -> None:
    bulk.secret = False
    land(ehr(bulk), "ehr")
    assert {token for step, token in bulk.asked if step == "file"} == {""}


SMART = SOURCE.replace(
    'token_env = "EHR_TOKEN"', 'client_id = "registry"\nkey_env = "EHR_KEY"\nexport = ""'
)


@pytest.mark.parametrize("kind", ["rsa", "ec"])
def test_a_client_signs_who_it_is_and_renews_a_token_that_ends(
    kind: str, bulk: Bulk, ehr: Make, landed: Callable, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    key = rsa.generate_private_key(65537, 2048) if kind == "rsa" else _curve()
    (tmp_path / "key.pem").write_bytes(_pem(key))
    monkeypatch.setenv("EHR_KEY", str(tmp_path / "key.pem"))
    bulk.public_key = key.public_key()

    def ends(to: object, text: str) -> None:
        bulk.token = "another"
        answers(outcome("expired"), 401, FHIR)(to, text)  # type: ignore[arg-type]

    bulk.faults = {"status": [ends], "file": [None, ends, None, ends]}
    _, rows, rejects = landed(ehr(bulk, SMART), "ehr", "id, born")
    assert (rows, rejects) == (WHOLE, [])
    assert bulk.given == 4


def test_a_client_that_the_server_does_not_know_is_told_so(
    bulk: Bulk, ehr: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EHR_KEY", _pem(_curve()).decode())
    bulk.public_key = _curve().public_key()  # not that of the key
    with pytest.raises(SourceError, match=r"/token gives no token for this client"):
        land(
            ehr(bulk, SMART.replace("client_id", f'token_url = "{bulk.url}/token"\nclient_id')),
            "ehr",
        )


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("", "is not set"),
        ("/nowhere/key.pem", "cannot be read"),
        ("-----BEGIN SECRET", "no private"),
    ],
)
def test_a_key_that_is_none_is_refused_without_its_text(
    value: str, message: str, bulk: Bulk, ehr: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EHR_KEY", value)
    with pytest.raises(ConfigError, match=message) as raised:
        land(ehr(bulk, SMART), "ehr")
    assert "SECRET" not in "".join(traceback.format_exception(raised.value))


def test_the_doctor_asks_for_a_few_resources_and_orders_no_export(bulk: Bulk, ehr: Make) -> None:
    found = check(ehr(bulk), "ehr")
    assert [well for _, well, _ in found] == [True, True, True]
    assert found[0][2] == f"{bulk.url}: Simulated FHIR 1.2, FHIR 4.0.1"
    assert "2 columns; first 5 rows" in found[1][2]
    assert not bulk.ordered


def test_no_token_and_no_https_are_refused(bulk: Bulk, ehr: Make) -> None:
    hospital = ehr(bulk)
    del os.environ["EHR_TOKEN"]
    with pytest.raises(ConfigError, match="EHR_TOKEN is not set"):
        land(hospital, "ehr")
    with pytest.raises(ConfigError, match="use https"):
        land(ehr(Bulk({}, url="http://example.org/fhir")), "ehr")


def _curve() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP384R1())


def _pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )

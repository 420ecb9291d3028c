"""A server on this machine that exports FHIR as Bulk Data says, and fails on demand."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import jwt
from redcap_server import send

JSON, FHIR, NDJSON = "application/json", "application/fhir+json", "application/fhir+ndjson"

Fault = Callable[[BaseHTTPRequestHandler, str], None]

SOURCE = """
[sources.ehr]
kind = "fhir"
url = "{url}"
token_env = "EHR_TOKEN"
timeout_seconds = 0.5
tables = {{ patient = "patient", result = "laboratory" }}
views = {{ patient = "patient.json", result = "result.json" }}
"""
PATIENT = {
    "resource": "Patient",
    "select": [{"column": [{"name": "id", "path": "id"}, {"name": "born", "path": "birthDate"}]}],
}
RESULT = {
    "resource": "Observation",
    "select": [{"column": [{"name": "id", "path": "id"}, {"name": "status", "path": "status"}]}],
}
LINES = {
    "Patient": [f'{{"resourceType":"Patient","id":"p{n}","birthDate":"1950"}}' for n in range(5)],
    "Observation": [
        f'{{"resourceType":"Observation","id":"o{n}","status":"final"}}' for n in range(3)
    ],
    "Encounter": ['{"resourceType":"Encounter","id":"e"}'],
}
WHOLE = [(f"p{n}", "1950") for n in range(5)]


@dataclass
class Bulk:
    """What is exported, `per_file` lines a file, after `polls` questions whether it is ready.

    `changed` are the lines that an export with `_since` gives, `deleted` those of its Bundles of
    deletions. Searches give `per_page` resources a page and `total` as their number.

    `faults` by step (metadata, token, order, status, file, search, cancel) are used up one a
    request; None lets one through. `token` is the one that is taken now. `public_key` makes the
    server give tokens to whom signs with its private half.
    """

    lines: dict[str, list[str]]
    per_file: int = 2
    polls: int = 1
    errors: list[str] = field(default_factory=list)
    changed: dict[str, list[str]] = field(default_factory=dict)
    deleted: list[str] = field(default_factory=list)
    time: str = "2024-08-06T18:12:57Z"
    group_changed: str = ""
    per_page: int = 20
    total: int | None = None
    searched: list[str] = field(default_factory=list)
    counts: bool = True
    secret: bool = True
    paged: bool = False
    token: str = "a-token"
    public_key: object = None
    faults: dict[str, list[Fault | None]] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    ordered: dict[str, list[str]] = field(default_factory=dict)
    cancelled: int = 0
    given: int = 0
    url: str = ""

    def files(self) -> list[dict[str, object]]:
        """The manifest's files."""
        found = []
        for kind in self.ordered["_type"][0].split(","):
            lines = self.given_of(kind)
            for first in range(0, len(lines), self.per_file):
                count = len(lines[first : first + self.per_file])
                file = {"type": kind, "url": f"{self.url}/files/{kind}/{first}?signed=SECRET"}
                found.append(file | ({"count": count} if self.counts else {}))
        return found

    def given_of(self, kind: str) -> list[str]:
        """The lines of a type that the export holds."""
        return (self.changed if "_since" in self.ordered else self.lines).get(kind, [])

    def manifest(self, page: int) -> str:
        """The answer when the export is ready; with `paged`, a page for each file."""
        files, link = self.files(), []
        if self.paged:
            link = [{"relation": "next", "url": f"{self.url}/status/7?page={page + 1}"}]
            link, files = link * (page + 1 < len(files)), files[page : page + 1]
        error = [{"type": "OperationOutcome", "url": f"{self.url}/files/errors/0"}]
        return json.dumps(
            {
                "transactionTime": self.time,
                "request": f"{self.url}/$export",
                "requiresAccessToken": self.secret,
                "output": files,
                "error": error * bool(self.errors),
                "deleted": [{"type": "Bundle", "url": f"{self.url}/files/deleted/0"}]
                * bool(self.deleted and "_since" in self.ordered),
                "link": link,
            }
        )


@contextmanager
def serving(bulk: Bulk) -> Iterator[Bulk]:
    """The server under `bulk.url` until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # an answer in one packet

        def do_GET(self) -> None:
            _answer(bulk, self, "GET")

        def do_POST(self) -> None:
            _answer(bulk, self, "POST")

        def do_DELETE(self) -> None:
            _answer(bulk, self, "DELETE")

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    bulk.url = f"http://127.0.0.1:{server.server_port}/fhir"
    try:
        yield bulk
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def outcome(code: str) -> str:
    """An OperationOutcome with one issue."""
    issue = {"severity": "error", "code": code, "diagnostics": "SECRET of Patient/p1"}
    return json.dumps({"resourceType": "OperationOutcome", "issue": [issue]})


def cut_file(to: BaseHTTPRequestHandler, text: str) -> None:
    """The first half of a file, as if that were all."""
    send(to, text[: len(text) // 2], 200, NDJSON)


def breaks_off(to: BaseHTTPRequestHandler, text: str) -> None:
    """Half of what was promised, then the connection is closed."""
    to.send_response(200)
    to.send_header("content-type", NDJSON)
    to.send_header("content-length", str(len(text.encode())))
    to.end_headers()
    to.wfile.write(text.encode()[: len(text) // 2])
    to.wfile.flush()
    to.close_connection = True


def _answer(bulk: Bulk, to: BaseHTTPRequestHandler, method: str) -> None:
    body = to.rfile.read(int(to.headers.get("content-length") or 0)).decode()
    parts = urlsplit(to.path)
    path, asked = parts.path.removeprefix("/fhir"), parse_qs(parts.query)
    step = _step(path, method)
    bulk.asked.append((step, to.headers.get("authorization", "")))
    waiting = bulk.faults.get(step, [])
    fault = waiting.pop(0) if waiting else None
    needs = step not in ("metadata", "token", "smart") and (step != "file" or bulk.secret)
    if needs and to.headers.get("authorization") != f"Bearer {bulk.token}":
        send(to, outcome("login"), 401, FHIR)
        return
    status, kind, text, more = _usual(bulk, to, step, path, asked, body)
    if fault:
        fault(to, text)
    else:
        send(to, text, status, kind, **more)


def _step(path: str, method: str) -> str:
    if method == "DELETE":
        return "cancel"
    if path.endswith("$export"):
        return "order"
    first = path.split("/")[1]
    known = {"status": "status", "files": "file", "metadata": "metadata", "token": "token"}
    return "smart" if first == ".well-known" else known.get(first, "search")


def _usual(
    bulk: Bulk,
    to: BaseHTTPRequestHandler,
    step: str,
    path: str,
    asked: dict[str, list[str]],
    body: str,
) -> tuple[int, str, str, dict[str, str]]:
    match step:
        case "metadata":
            told = {
                "resourceType": "CapabilityStatement",
                "software": {"name": "Simulated FHIR", "version": "1.2"},
                "fhirVersion": "4.0.1",
                "rest": [{"operation": [{"name": "patient-export"}]}],
            }
            return 200, FHIR, json.dumps(told), {}
        case "smart":
            return 200, JSON, json.dumps({"token_endpoint": f"{bulk.url}/token"}), {}
        case "token":
            form = parse_qs(body)
            try:
                claims = jwt.decode(
                    form["client_assertion"][0],
                    bulk.public_key,  # type: ignore[arg-type]
                    algorithms=["RS384", "ES384"],
                    audience=f"{bulk.url}/token",
                )
            except jwt.PyJWTError:
                return 400, JSON, '{"error": "invalid_client"}', {}
            assert claims["iss"] == claims["sub"] == "registry"
            assert claims["exp"] - claims["iat"] <= 300
            assert form["scope"] == ["system/*.read"]
            bulk.given += 1
            bulk.token = f"token-{bulk.given}"
            return 200, JSON, json.dumps({"access_token": bulk.token, "expires_in": 300}), {}
        case "order":
            assert to.headers["prefer"] == "respond-async"
            bulk.ordered = asked | {"path": [path]}
            return 202, FHIR, "", {"content_location": f"{bulk.url}/status/7"}
        case "status":
            if bulk.polls:
                bulk.polls -= 1
                return 202, JSON, "", {"x_progress": "about 40% of SECRET", "retry_after": "0"}
            return 200, JSON, bulk.manifest(int(asked.get("page", ["0"])[0])), {}
        case "cancel":
            bulk.cancelled += 1
            return 202, FHIR, "", {}
        case "file":
            _, _, kind, first = path.split("/")
            others = {"errors": bulk.errors, "deleted": bulk.deleted}
            lines = others[kind] if kind in others else bulk.given_of(kind)
            text = "".join(f"{line}\n" for line in lines[int(first) :][: bulk.per_file])
            return 200, NDJSON, text, {}
    kind = path.strip("/")
    if kind.startswith("Group/"):
        meta = {"lastUpdated": bulk.group_changed} if bulk.group_changed else {}
        return 200, FHIR, json.dumps({"resourceType": "Group", "meta": meta}), {}
    bulk.searched.append(to.path.removeprefix("/fhir/"))
    first = int(asked.get("from", ["0"])[0])
    lines = bulk.lines.get(kind, [])
    entries = [{"resource": json.loads(line)} for line in lines[first:][: bulk.per_page]]
    bundle = {"resourceType": "Bundle", "type": "searchset", "entry": entries}
    if bulk.total is not None:
        bundle["total"] = bulk.total
    if first + bulk.per_page < len(lines):
        after = f"{kind}?from={first + bulk.per_page}"
        bundle["link"] = [{"relation": "next", "url": f"{bulk.url}/{after}"}]
    return 200, FHIR, json.dumps(bundle), {}

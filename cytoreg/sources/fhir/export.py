"""The asynchronous `$export` of FHIR Bulk Data: request, wait, download file by file.

Only types that a view reads are requested, with all their resources. A file that was cut off is
downloaded again; its size is checked if the server gives it. When everything has been read, or
cytoreg gives up, the server is told to delete the export; after a crash it does so after a time.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Generator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlencode, urljoin

from cytoreg.errors import SourceError
from cytoreg.sources import retry
from cytoreg.sources.compression import open_unpacked
from cytoreg.sources.fhir.server import Server, issue_codes, json_object
from cytoreg.sources.http import Away, wanted_wait
from cytoreg.sources.items import Waiting

NDJSON = "application/fhir+ndjson"

NOT_OFFERED = (404, 405, 501)
"""Statuses of a server without `$export`."""

POLL = 2.0
"""Seconds before the second poll of an export; each further wait is longer."""

_LONGEST_WAIT = 120.0
_ISSUES_LEFT = 10_000
"""Most issues of error files that are counted one by one."""


@dataclass(frozen=True)
class Output:
    """A file of an export: the type of its resources, its address, their expected number."""

    kind: str
    url: str
    count: int | None


@dataclass(frozen=True)
class Manifest:
    """The result of an export: `time` is the moment whose data it shows."""

    time: str
    secret: bool
    outputs: list[Output]
    errors: list[Output]
    deleted: list[Output]


class NotOffered(Exception):
    """The server has no bulk export; the message says so if there is no other way."""


def query(server: Server, kinds: list[str], since: str = "") -> str:
    """The request, as written to the manifest of the landing."""
    level = f"{server.config.export}/" if server.config.export else ""
    wanted = [("_outputFormat", NDJSON), ("_type", ",".join(kinds))]
    wanted += [("_typeFilter", each) for each in server.config.type_filter]
    wanted += [("_since", since)] if since else []
    return f"{level}$export?{urlencode(wanted, safe='/,:')}"


def export(
    server: Server, kinds: list[str], since: str = ""
) -> Generator[Waiting | Manifest, None, None]:
    """Request an export and wait for it: yields its progress, and finally its manifest.

    With `since`, only changes after that instant. When the iteration is left, the server is told to
    delete the export. Raises NotOffered.
    """
    status = server.patiently(lambda: _order(server, query(server, kinds, since)))
    try:
        pause, ready = POLL, None
        while ready is None:
            ready, wait, done = server.patiently(lambda: _look(server, status))
            if ready is None:
                yield Waiting("exporting on the server, per cent", done)
                _sleep(server, max(wait, 0.05) if wait else pause)
                pause = min(pause * 1.5, _LONGEST_WAIT)
        yield _pages(server, ready)
    finally:
        with suppress(Away, SourceError):
            server.ask(status, allowed=(200, 202, 204, 404, 410), method="DELETE")


def fetch(server: Server, manifest: Manifest, output: Output, path: Path) -> int:
    """Download a complete file of the export; returns its number of resources, counted by lines.

    Raises SourceError when its link has expired.
    """

    def attempt() -> int:
        response = server.download(
            output.url, path, NDJSON, (200, 403, 404, 410), secret=manifest.secret
        )
        if response.status_code != 200:
            raise SourceError(
                server.source,
                f"{server.shown} no longer gives a file of {output.kind} that it exported"
                f" (status {response.status_code})",
                remedy="refresh again: the export is requested again",
                transient=True,
            )
        with path.open("rb") as file:
            start = file.read(100).lstrip(b"\xef\xbb\xbf \t\r\n")
        if start[:1] == b"<":
            raise Away("gives a web page instead of a file (maintenance, or a login)")
        if start and start[:1] != b"{" and start[:2] != b"\x1f\x8b":
            raise Away("gives something other than NDJSON")
        return _whole(output, path)

    return server.patiently(attempt)


def issues(server: Server, manifest: Manifest) -> Counter[str]:
    """The issues that the server reports, by severity and code; no text, no resource."""
    found: Counter[str] = Counter()
    path = server.folder / "errors.ndjson"
    for output in manifest.errors:
        fetch(server, manifest, replace(output, kind="OperationOutcome"), path)
        with open_unpacked(path, lambda error: error) as file:
            for number, line in enumerate(file):
                codes = issue_codes(line) if number < _ISSUES_LEFT else []
                for code in codes or ["of another kind"] * bool(line.strip()):
                    found[f"the server's export reports an error: {code}"] += 1
    return found


def _order(server: Server, query: str) -> str:
    """Request the export; returns the address of its status."""
    response, body = server.ask(
        server.at(query),
        allowed=(202, 400, 422, *NOT_OFFERED),
        headers={"prefer": "respond-async"},
    )
    if response.status_code != 202:
        codes = ", ".join(issue_codes(body)) or "no reason"
        if response.status_code in NOT_OFFERED and issue_codes(body):
            raise NotOffered(f"status {response.status_code}: {codes}")
        raise SourceError(
            server.source,
            f"{server.shown} refuses the export (status {response.status_code}: {codes})",
            remedy="check `export` in cytoreg.toml; cytoreg doctor shows what the server offers",
        )
    status: str = response.headers.get("content-location", "")
    if not status:
        raise Away("accepts an export without saying where it will be")
    return str(urljoin(str(response.url), status))


def _look(server: Server, status: str) -> tuple[dict[str, object] | None, float, int]:
    """The manifest if the export is ready; else how long to wait, and the progress in per cent."""
    accept = "application/json"
    response, body = server.ask(status, accept, (200, 202, 404, 410, 429, 500, 503))
    code = response.status_code
    if code == 200:
        return json_object(body), 0.0, 100
    if code in (202, 429, 503):
        said: str = response.headers.get("x-progress", "")
        percent = "".join(sign for sign in said.partition("%")[0][-4:] if sign.isdecimal())
        return None, wanted_wait(response), int(percent or 0) if "%" in said else 0
    codes = issue_codes(body)
    if code == 500 and (not codes or "transient" in codes):
        raise Away("fails (status 500)")
    raise SourceError(
        server.source,
        f"{server.shown} gave up the export (status {code}: {', '.join(codes) or 'no reason'})",
        remedy="refresh again; if it happens again, ask who runs the server",
        transient=True,
    )


def _sleep(server: Server, seconds: float) -> None:
    """Wait; raises SourceError when the deadline would pass meanwhile."""
    pause = min(seconds, _LONGEST_WAIT)
    if time.monotonic() + pause > server.deadline:
        raise SourceError(
            server.source,
            f"{server.shown} has not finished the export in time",
            remedy="give it more `deadline_minutes` in cytoreg.toml, or try later",
            transient=True,
        )
    retry.wait(pause)


def _pages(server: Server, first: dict[str, object]) -> Manifest:
    """The manifest with all its further pages."""
    manifest, seen = _manifest(server, first), {""}
    after = _next_page(first)
    while after not in seen:
        seen.add(after)
        page = server.json(server.at(after), "application/json")
        more = _manifest(server, page)
        manifest.outputs.extend(more.outputs)
        manifest.errors.extend(more.errors)
        manifest.deleted.extend(more.deleted)
        after = _next_page(page)
    return manifest


def _next_page(page: dict[str, object]) -> str:
    links = page.get("link")
    for link in links if isinstance(links, list) else []:
        if isinstance(link, dict) and link.get("relation") == "next":
            return str(link.get("url", ""))
    return ""


def _manifest(server: Server, told: dict[str, object]) -> Manifest:
    moment, secret = told.get("transactionTime"), told.get("requiresAccessToken", False)
    parts = {key: told.get(key) or [] for key in ("output", "error", "deleted")}
    files = {key: _outputs(server, part) for key, part in parts.items() if isinstance(part, list)}
    if not isinstance(moment, str) or len(files) != len(parts) or "output" not in told:
        raise SourceError(
            server.source,
            f"{server.shown} says that the export is ready, but not as the standard does",
            remedy="ask who runs the server",
        )
    as_of = moment if moment[:4].isdecimal() and len(moment) < 40 else "an unknown time"
    return Manifest(as_of, secret is True, files["output"], files["error"], files["deleted"])


def _outputs(server: Server, files: list[object]) -> list[Output]:
    found = []
    for file in files:
        url = file.get("url") if isinstance(file, dict) else None
        if not isinstance(file, dict) or not isinstance(url, str):
            continue
        kind, count = file.get("type"), file.get("count")
        named = kind if isinstance(kind, str) and kind.isalpha() else ""
        number = count if isinstance(count, int) else None
        found.append(Output(named, server.at(url), number))
    return found


def _whole(output: Output, path: Path) -> int:
    """The number of resources in a file; raises Away if it was cut off or is something else."""
    lines, outcomes, last = 0, 0, b""
    with open_unpacked(path, lambda _: Away("gives a file that cannot be unpacked")) as file:
        for line in file:
            if line.strip():
                lines, last = lines + 1, line
                outcomes += b'"OperationOutcome"' in line and bool(issue_codes(line))
    if lines == outcomes > 0 and output.kind not in ("OperationOutcome", ""):
        raise Away(f"gives an error instead of a file: {', '.join(issue_codes(last))}")
    if output.count is not None and lines != output.count:
        raise Away(f"gives {lines} resources in a file that should have {output.count}")
    if not lines and output.count is None and output.kind != "OperationOutcome":
        raise Away("gives a file without a resource, and does not say that there is none")
    try:
        json.loads(last or b"{}")
    except (ValueError, RecursionError):
        raise Away("ends a file in the middle of a line") from None
    return lines

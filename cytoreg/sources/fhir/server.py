"""A FHIR server: sending requests, and reading its description of itself."""

from __future__ import annotations

import json
import re
import tempfile
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from cytoreg.errors import ConfigError
from cytoreg.sources.fhir.config import FhirSource
from cytoreg.sources.fhir.token import Token, refused, statement, token_of
from cytoreg.sources.http import Away, Host, address, client

if TYPE_CHECKING:
    import httpx

FHIR = "application/fhir+json"

FRESH = 5.0
"""If a new token is refused within this many seconds, it is invalid rather than expired."""

_WORDS = re.compile(r"[\w .,()+/-]{1,60}")
_CODE = re.compile(r"[a-z-]{1,30}")


@dataclass(frozen=True)
class Server(Host):
    """A server, usable until the source's deadline; `folder` is for downloads."""

    config: FhirSource
    folder: Path
    token: Token

    def ask(
        self,
        url: str,
        accept: str = FHIR,
        allowed: Collection[int] = (200,),
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
    ) -> tuple[httpx.Response, bytes]:
        """A small response; raises Away and SourceError as `send` does."""
        sent = {**self._headers(url, accept, secret=True), **(headers or {})}
        request = self._request(method, url, headers=sent)
        response, body = self.send(request, self._and_expired(allowed))
        self._check_token(response, allowed)
        return response, body

    def download(
        self, url: str, path: Path, accept: str, allowed: Collection[int], *, secret: bool
    ) -> httpx.Response:
        """Download a large response to a file; `secret`: whether the token is sent."""
        request = self._request("GET", url, headers=self._headers(url, accept, secret=secret))
        response = self.save(request, path, self._and_expired(allowed) if secret else allowed)
        self._check_token(response, allowed)
        return response

    def json(
        self, url: str, accept: str = FHIR, allowed: Collection[int] = (200,)
    ) -> dict[str, object]:
        """A JSON object, with retries."""

        def attempt() -> dict[str, object]:
            return json_object(self.ask(url, accept, allowed)[1])

        return self.patiently(attempt)

    def at(self, path: str) -> str:
        """The address of a path below the server's."""
        return urljoin(self.config.url.rstrip("/") + "/", path)

    def _headers(self, url: str, accept: str, *, secret: bool) -> dict[str, str]:
        """The headers of a request; a token is never sent unencrypted."""
        try:
            address(self.source, url)
        except ConfigError:
            raise self.refused(
                "redirects to an address without https", "ask who runs the server"
            ) from None
        if not secret:
            return {"accept": accept}
        if self.token.renewable and not self.token.usable:
            self._renew()
        bearer = {"authorization": f"Bearer {self.token.text}"} if self.token.text else {}
        return {"accept": accept} | bearer

    def _and_expired(self, allowed: Collection[int]) -> Collection[int]:
        """`allowed`, with 401 if the token may have expired, since a new one would help."""
        age = time.monotonic() - self.token.given
        return (*allowed, 401) if self.token.renewable and age > FRESH else allowed

    def _check_token(self, response: httpx.Response, allowed: Collection[int]) -> None:
        if response.status_code == 401 and 401 not in allowed:
            self.token.text = ""
            raise Away("no longer takes the token")

    def _request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        data: Mapping[str, str] | None = None,
    ) -> httpx.Request:
        import httpx

        try:
            return self.client.build_request(method, url, headers=headers, data=data)
        except httpx.InvalidURL:
            raise self.refused("gives an address that is not one", "check `url`") from None

    def _renew(self) -> None:
        """Ask for another token."""
        url = self.config.token_url or self._token_url()
        shown = address(self.source, url)
        form = statement(self.source, self.config, url)
        request = self._request("POST", url, {"accept": "application/json"}, form)
        response, body = replace(self, shown=shown).send(request, (200, 400, 401))
        if response.status_code != 200 or not self.token.grant(json_object(body)):
            raise refused(self.source, shown)

    def _token_url(self) -> str:
        """The server's token endpoint."""
        url = self.at(".well-known/smart-configuration")
        request = self._request("GET", url, {"accept": "application/json"})
        _, body = self.send(request)
        found = json_object(body).get("token_endpoint")
        if not isinstance(found, str):
            raise self.refused(
                "does not say where it gives tokens",
                "write its token endpoint as `token_url` in cytoreg.toml",
            )
        return found


@contextmanager
def open_server(source: str, config: FhirSource) -> Iterator[Server]:
    """The server; raises ConfigError without a token if one is required."""
    shown = address(source, config.url)
    token = token_of(source, config)
    deadline = time.monotonic() + 60 * config.deadline_minutes
    with (
        tempfile.TemporaryDirectory(prefix="cytoreg-") as folder,
        client(source, config.timeout_seconds) as sender,
    ):
        yield Server(source, shown, deadline, sender, config, Path(folder), token)


def product(server: Server) -> tuple[str, bool]:
    """The server's product (`HAPI FHIR 7.2, FHIR 4.0.1`), and whether it declares exports."""
    told = server.json(server.at("metadata"))
    if told.get("resourceType") != "CapabilityStatement":
        raise server.refused(
            "does not describe itself as a FHIR server does",
            "`url` in cytoreg.toml is the base address: that below which metadata lies",
        )
    software = told.get("software")
    parts = [software.get("name"), software.get("version")] if isinstance(software, dict) else []
    named = " ".join(part for part in parts if isinstance(part, str) and _WORDS.fullmatch(part))
    version = told.get("fhirVersion")
    known = version if isinstance(version, str) and _WORDS.fullmatch(version) else "unknown"
    exports = re.search(r'"(group-|patient-)?export"|bulk-data', json.dumps(told)) is not None
    return f"{named or 'a server'}, FHIR {known}", exports


def json_object(body: bytes) -> dict[str, object]:
    """A response as a JSON object; raises Away for anything else."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        page = body.lstrip()[:1] == b"<"
        raise Away(
            "gives a web page instead of data (maintenance, or a login)"
            if page
            else "gives something other than JSON"
        )
    return value


def issue_codes(body: bytes) -> list[str]:
    """The codes of an OperationOutcome's issues, without data of a record; [] for anything else."""
    try:
        outcome = json_object(body)
    except Away:
        return []
    issues = outcome.get("issue")
    if outcome.get("resourceType") != "OperationOutcome" or not isinstance(issues, list):
        return []
    codes = [issue.get("code") for issue in issues if isinstance(issue, dict)]
    return sorted({code for code in codes if isinstance(code, str) and _CODE.fullmatch(code)})

"""Requests to a server that may be slow, away or in maintenance, with a time limit.

Temporary failures are retried with growing pauses until the source's deadline; permanent ones raise
SourceError at once. Neither message shows what was sent or received.
"""

from __future__ import annotations

import logging
import os
import ssl
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from functools import cache
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from cytoreg.errors import ConfigError, SourceError
from cytoreg.sources.retry import pauses, wait

if TYPE_CHECKING:
    import httpx

_MAY_PASS = {
    408: "gives up waiting (status 408)",
    425: "asks to try again later (status 425)",
    429: "gets too many requests (status 429)",
    500: "fails (status 500)",
    502: "is away (status 502)",
    503: "is unavailable or in maintenance (status 503)",
    504: "does not answer its gateway (status 504)",
}

for _name in ("httpx", "httpcore"):  # they log addresses that hold a signature, and headers
    logging.getLogger(_name).setLevel(logging.WARNING)

T = TypeVar("T")


class Away(Exception):
    """A temporary failure: its description, the seconds that the server asks for, and whom to ask.

    `whom`: who runs what has failed, if it lasts.
    """

    def __init__(self, why: str, wait: float = 0.0, *, whom: str = "the server") -> None:
        super().__init__(why)
        self.why, self.wait, self.whom = why, wait, whom


def address(source: str, url: str) -> str:
    """The URL without user, password and parameters, for messages.

    Raises ConfigError for a URL that is not http(s), and for one that would send a secret
    unencrypted: only this machine may be reached by http.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port = "", None
    if not host or parts.scheme not in ("http", "https"):
        raise ConfigError(
            f"source {source}: its url is not an address of the web",
            remedy="write it as https://host/path/",
        )
    if parts.scheme == "http" and not _is_here(host):
        raise ConfigError(
            f"source {source}: its url is http, by which anyone on the way reads the token",
            remedy="use https",
        )
    return f"{parts.scheme}://{host}{f':{port}' if port else ''}{parts.path}"


@cache  # reading them takes longer than asking a server of the same house
def _certificates(*_: str | None) -> ssl.SSLContext:
    """The authorities whose certificates are believed, as the environment now names them."""
    import httpx

    return httpx.create_ssl_context()


@contextmanager
def client(source: str, timeout: float) -> Iterator[httpx.Client]:
    """A client with the environment's proxy and certificates; `timeout` in seconds.

    Raises ConfigError when one of them cannot be used. It follows no redirects.
    """
    import httpx

    try:
        known = _certificates(*map(os.environ.get, ("SSL_CERT_FILE", "SSL_CERT_DIR")))
        made = httpx.Client(verify=known, timeout=timeout, follow_redirects=False)
    except OSError:
        raise ConfigError(
            f"source {source}: the certificates of this machine cannot be read",
            remedy="let SSL_CERT_FILE name a file of certificates in PEM, or do not set it",
        ) from None
    except (ValueError, ImportError, httpx.InvalidURL):
        raise ConfigError(
            f"source {source}: the environment names a proxy that cannot be used",
            remedy="write HTTPS_PROXY as http://host:port; SOCKS is not supported",
        ) from None
    with made:
        yield made


def proxy_of(url: httpx.URL) -> str:
    """Host and port of the proxy through which requests to `url` go; '' if they go directly."""
    named = getproxies()
    found = named.get(url.scheme) or named.get("all", "")
    if not found or proxy_bypass(url.host):
        return ""
    return found.rpartition("://")[2].rpartition("@")[2].partition("/")[0]


@dataclass(frozen=True)
class Host:
    """A server to send requests to; `shown` is its address in messages.

    No retry begins and no answer goes on after the `deadline`, in monotonic seconds.
    """

    source: str
    shown: str
    deadline: float
    client: httpx.Client

    def patiently(self, attempt: Callable[[], T]) -> T:
        """The result of `attempt`, retried while it raises Away.

        Raises SourceError when the time is used up: the server is away after all this waiting.
        """
        for number, usual in enumerate(pauses(), start=1):
            try:
                return attempt()
            except Away as away:
                pause = max(away.wait, usual)
                if time.monotonic() + pause > self.deadline:
                    raise self.refused(
                        f"{away.why}, after {number} {'try' if number == 1 else 'tries'}",
                        f"try again later; if that fails, ask who runs {away.whom}",
                        away=True,
                    ) from None
                wait(pause)
        raise AssertionError  # the pauses never end

    def send(
        self, request: httpx.Request, allowed: Collection[int] = (200,)
    ) -> tuple[httpx.Response, bytes]:
        """Send a small request; returns the response with its body.

        Refuses statuses not in `allowed`. Raises Away for temporary failures and SourceError for
        permanent ones.
        """
        body = bytearray()
        response = self._receive(request, allowed, body.extend)
        return response, bytes(body)

    def save(
        self, request: httpx.Request, path: Path, allowed: Collection[int] = (200,)
    ) -> httpx.Response:
        """Save a response's body in a file; returns the response without it, as `send` does."""
        with path.open("wb") as file:
            return self._receive(request, allowed, file.write)

    def _receive(
        self, request: httpx.Request, allowed: Collection[int], take: Callable[[bytes], object]
    ) -> httpx.Response:
        """The response; its body is passed to `take` in pieces."""
        import httpx

        try:
            response = self.client.send(request, stream=True)
            try:
                if response.status_code not in allowed:
                    self._refuse_status(response)
                for chunk in response.iter_bytes():
                    take(chunk)
                    if time.monotonic() > self.deadline:
                        raise self.refused(
                            "is so slow that the deadline passed",
                            "ask for less, give it more time in cytoreg.toml, or try later",
                            away=True,
                        )
                return response
            finally:
                response.close()
        except httpx.ConnectTimeout:
            raise self._unreached(request.url, "does not answer in time") from None
        except httpx.TimeoutException:
            raise Away("does not answer in time") from None
        except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError, httpx.DecodingError):
            raise Away("ends its answer early") from None
        except httpx.ConnectError as error:
            if "certificate" in str(error).casefold():
                raise SourceError(
                    self.source,
                    f"the certificate of {self.shown} is not trusted",
                    remedy="name the hospital's certificates in the environment variable"
                    " SSL_CERT_FILE",
                ) from None
            raise self._unreached(request.url, "cannot be reached") from None
        except httpx.ProxyError as error:
            status = str(error).partition(" ")[0]
            told = int(status) if status.isdecimal() else 0
            raise self._refused_by_proxy(request.url, told) from None
        except httpx.HTTPError as error:
            raise self.refused(
                f"cannot be reached: {type(error).__name__}", "check `url` in cytoreg.toml"
            ) from None

    def _unreached(self, url: httpx.URL, what: str) -> Away:
        """No connection to the server, or to the proxy that is on the way to it."""
        if proxy := proxy_of(url):
            return Away(f"cannot be reached: the proxy {proxy} {what}", whom="the proxy")
        return Away(what)

    def _refused_by_proxy(self, url: httpx.URL, status: int) -> Away | SourceError:
        """The proxy answered in place of the server, with this status or 0 if it has none."""
        what = f"cannot be reached: the proxy {proxy_of(url)}"
        if status in _MAY_PASS:
            return Away(f"{what} answers with status {status}", whom="the proxy")
        remedy = f"ask who runs the proxy to let {url.host} pass, or name it in NO_PROXY"
        if status == 407:
            remedy = "write user and password into HTTPS_PROXY: http://user:password@host:port"
        return self.refused(f"{what} refuses (status {status})", remedy, away=True)

    def _refuse_status(self, response: httpx.Response) -> None:
        status = response.status_code
        if status in _MAY_PASS:
            raise Away(_MAY_PASS[status], wanted_wait(response))
        if status == 407:
            raise self._refused_by_proxy(response.request.url, status)
        if status in (401, 403):
            raise self.refused(
                f"refuses the token (status {status}): it is wrong, has expired, or may not export",
                "ask for a new one and set it in the environment; cytoreg doctor checks it",
                away=True,
            )
        if 300 <= status < 400:
            raise self.refused(
                f"redirects to another address (status {status}), to which the token is not sent",
                "write the final address as `url` in cytoreg.toml",
            )
        raise self.refused(
            f"refuses the request (status {status})",
            "check `url` in cytoreg.toml and what the token's owner may see",
        )

    def refused(self, what: str, remedy: str, *, away: bool = False) -> SourceError:
        """The error that the server does not give what is asked of it."""
        return SourceError(self.source, f"{self.shown} {what}", remedy=remedy, away=away)


def wanted_wait(response: httpx.Response) -> float:
    """Seconds to wait by the server's Retry-After; 0 without it."""
    header: str = response.headers.get("retry-after", "")
    text = header.strip()
    if text.isdecimal():
        return float(text)
    try:
        until = parsedate_to_datetime(text)
    except ValueError:
        return 0.0
    return max(0.0, until.timestamp() - time.time())


def _is_here(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False

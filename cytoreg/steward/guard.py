"""Around every request: the host, the origin of forms, headers, and errors that tell no value."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse

from cytoreg.errors import kind_and_place
from cytoreg.steward.texts import text
from cytoreg.steward.web import Problem, explained

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from cytoreg.steward.web import House

__all__ = ["Guard"]

_CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; form-action 'self';"
    " base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "content-security-policy": _CSP,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    # Not no-referrer: browsers would send forms of ours with the origin "null".
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}
_log = logging.getLogger("cytoreg.steward")


class Guard:
    """The ASGI application around another one."""

    def __init__(self, app: ASGIApp, house: House) -> None:
        self._app = app
        self._house = house

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = False

        async def guarded(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                self._add_headers(MutableHeaders(scope=message), str(scope["path"]))
            await send(message)

        headers = Headers(scope=scope)
        if not self._house.hosts(headers.get("host", "")):
            await PlainTextResponse(text("host"), 400)(scope, receive, guarded)
            return
        if scope["method"] == "POST" and not self._ours(headers, str(scope["scheme"])):
            refused = explained(self._house, Request(scope), Problem(403, "forged"))
            await refused(scope, receive, guarded)
            return
        try:
            await self._app(scope, receive, guarded)
        except Exception as error:
            # Its text and the traceback may hold a patient's values: neither is logged.
            _log.error("unexpected %s at %s", kind_and_place(error), scope["path"])
            if begun:
                return
            failed = explained(self._house, Request(scope), Problem(500, "unexpected"))
            await failed(scope, receive, guarded)

    def _ours(self, headers: Headers, scheme: str) -> bool:
        """Whether a form was sent from a page of ours, as far as the browser says."""
        if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            return False
        ours = self._house.url or f"{scheme}://{headers.get('host', '')}"
        return headers.get("origin", ours) == ours

    def _add_headers(self, headers: MutableHeaders, path: str) -> None:
        for name, value in _HEADERS.items():
            headers[name] = value
        if self._house.secure:
            headers["strict-transport-security"] = "max-age=31536000"
        headers["cache-control"] = (
            "public, max-age=31536000, immutable" if path.startswith("/static/") else "no-store"
        )

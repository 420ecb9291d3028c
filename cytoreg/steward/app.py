"""The application: its addresses, and how it is served."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from cytoreg.errors import ConfigError
from cytoreg.identity.key import key_of
from cytoreg.steward import entrance, pages_decisions, pages_findings, pages_nights, pages_rules
from cytoreg.steward.guard import Guard
from cytoreg.steward.web import HERE, House, Problem, explained, house_of, page

if TYPE_CHECKING:
    from cytoreg.project.load import Project

__all__ = ["application", "serve"]

_LOOPBACK = ("127.0.0.1", "::1", "localhost")


def application(project: Project, url: str = "") -> Starlette:
    """The application of a registry, reached under `url`, or from this machine alone."""
    house = House(project, url)
    app = Starlette(
        routes=[
            Mount("/static", StaticFiles(directory=HERE / "static")),
            Route("/sign-in", entrance.sign_in, methods=["GET", "POST"]),
            Route("/sign-out", page(entrance.sign_out), methods=["POST"]),
            Route("/", page(pages_nights.night)),
            Route("/nights", page(pages_nights.nights)),
            Route("/nights/{run}", page(pages_nights.night)),
            Route("/nights/{run}/marts", page(pages_nights.marts)),
            Route("/rules", page(pages_rules.rules)),
            Route("/rules/{rule:path}", page(pages_rules.rule)),
            Route("/sources", page(pages_rules.sources)),
            Route("/sources/{source}", page(pages_rules.source)),
            Route("/completeness", page(pages_rules.completeness)),
            Route("/findings", page(pages_findings.worklist)),
            Route("/findings/{finding}", page(pages_findings.finding)),
            Route("/records/{record}", page(pages_findings.record)),
            Route("/find", page(pages_findings.find, "steward"), methods=["POST"]),
            Route("/decide", page(pages_decisions.decide, "steward"), methods=["POST"]),
            Route("/views", page(pages_findings.save_view), methods=["POST"]),
        ],
        middleware=[Middleware(Guard, house=house)],
        exception_handlers={404: _problem, 405: _problem},
    )
    app.state.house = house
    return app


def serve(project: Project, host: str, port: int, url: str, listening: Callable[[], None]) -> None:
    """Serve it until interrupted; `listening` is called once it can be reached.

    Raises ConfigError for an address that others reach without TLS, without a pseudonym key, and
    for an address on which it cannot listen.
    """
    import uvicorn

    parts = urlsplit(url)
    if url and (parts.scheme not in ("http", "https") or not parts.netloc or parts.path.strip("/")):
        raise ConfigError(
            "--url is not the address of a site", remedy="such as https://registry.example.org"
        )
    outside = [name for name in (host, parts.hostname) if name and name not in _LOOPBACK]
    if outside and parts.scheme != "https":
        raise ConfigError(
            f"passwords and patients' values would go to {outside[0]} unencrypted",
            remedy="put a server with TLS before it and name its address:"
            " --url https://registry.example.org",
        )
    key_of(project)
    served = uvicorn.Config(
        application(project, url.rstrip("/")),
        access_log=False,
        log_level="warning",
        server_header=False,
        # X-Forwarded-For is believed only of a proxy on this machine, or of $FORWARDED_ALLOW_IPS.
        proxy_headers=bool(url),
    )
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        bound = socket.create_server((host, port), family=family)
    except OSError as error:
        raise ConfigError(
            f"cannot listen on {host}, port {port}: {error.strerror}",
            remedy="stop what listens there, or choose another --port",
        ) from None
    with bound, suppress(KeyboardInterrupt):
        listening()
        uvicorn.Server(served).run(sockets=[bound])


async def _problem(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 404
    return explained(house_of(request), request, Problem(status, "not_found"))

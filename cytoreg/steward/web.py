"""What every page shares: who asks, in which role; forms; templates; errors as pages."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode, urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from cytoreg.errors import CytoregError
from cytoreg.steward import sessions
from cytoreg.steward.desk import Desks
from cytoreg.steward.sessions import Visitor, csrf
from cytoreg.steward.texts import TEXTS, text

if TYPE_CHECKING:
    from jinja2 import Environment

    from cytoreg.project.load import Project
    from cytoreg.steward.accounts import Role

__all__ = [
    "Answer",
    "Asked",
    "House",
    "Problem",
    "house_of",
    "inside",
    "no_session",
    "page",
    "see",
    "show",
]

HERE = Path(__file__).parent
MOST_BYTES = 1 << 20
"""Size of a form."""


class Problem(Exception):
    """What a visitor did cannot be answered: `status` of HTTP, and which text explains it."""

    def __init__(self, status: int, explained: str) -> None:
        super().__init__(explained)
        self.status = status
        self.explained = explained


@dataclass
class House:
    """The application's parts. url: under which it is reached, '' for this machine alone."""

    project: Project
    url: str = ""

    @cached_property
    def desks(self) -> Desks:
        """The prepared findings."""
        return Desks(self.project)

    @property
    def secure(self) -> bool:
        """Whether it is reached by TLS."""
        return self.url.startswith("https://")

    @property
    def cookie(self) -> str:
        """The name of the session's cookie; with the prefix no other host can set it."""
        return "__Host-cytoreg" if self.secure else "cytoreg"

    def hosts(self, host: str) -> bool:
        """Whether a request may name this host."""
        if self.url:
            return host == urlsplit(self.url).netloc
        return urlsplit(f"//{host}").hostname in ("localhost", "127.0.0.1", "::1")

    @cached_property
    def templates(self) -> Environment:
        """Templates, which escape all that they show."""
        from jinja2 import Environment, FileSystemLoader, StrictUndefined

        made = Environment(
            loader=FileSystemLoader(HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        made.globals |= {"t": text, "texts": TEXTS, "static": _static, "with_query": _with_query}
        made.filters["count"] = lambda number: f"{number:,}"
        return made


@dataclass(frozen=True)
class Asked:
    """A request that may be answered: who asks, for what, with which form."""

    house: House
    request: Request
    visitor: Visitor
    form: Mapping[str, list[str]] = field(default_factory=dict)

    @property
    def project(self) -> Project:
        """The registry."""
        return self.house.project

    @property
    def query(self) -> Mapping[str, str]:
        """The parameters of the address."""
        return self.request.query_params

    def path(self, name: str) -> str:
        """A part of the address."""
        return str(self.request.path_params[name])

    def value(self, name: str) -> str:
        """A field of the form, '' without it."""
        return next(iter(self.form.get(name, [])), "").replace("\0", "").strip()


Answer = Callable[[Asked], Response]


def house_of(request: Request) -> House:
    """The application that a request is to."""
    house: House = request.app.state.house
    return house


def page(answer: Answer, role: Role = "viewer") -> Callable[[Request], Awaitable[Response]]:
    """An endpoint for those who have this role; `answer` runs in a thread of its own."""

    async def endpoint(request: Request) -> Response:
        form = await read_form(request) if request.method == "POST" else {}
        return await run_in_threadpool(_answer, answer, role, request, form)

    return endpoint


def _answer(
    answer: Answer, role: Role, request: Request, form: Mapping[str, list[str]]
) -> Response:
    house = house_of(request)
    visitor: Visitor | None = None
    try:
        token = request.cookies.get(house.cookie, "")
        visitor = sessions.visitor(house.project, token) if token else None
        if visitor is None:
            return no_session(house, request)
        asked = Asked(house, request, visitor, form)
        if request.method == "POST" and not secrets.compare_digest(
            asked.value("csrf").encode(), csrf(visitor.token).encode()
        ):
            raise Problem(403, "forged")
        if not visitor.may(role):
            raise Problem(403, "forbidden")
        return answer(asked)
    except Problem as problem:
        return explained(house, request, problem, visitor)
    except CytoregError as error:
        return show(
            house, request, "error.html.j2", visitor, 503,
            title=text("error_503"), what=error.message, remedy=error.remedy,
        )  # fmt: skip


def explained(
    house: House, request: Request, problem: Problem, visitor: Visitor | None = None
) -> Response:
    """The page that explains a problem."""
    return show(
        house, request, "error.html.j2", visitor, problem.status,
        title=text(f"error_{problem.status}"), what=text(problem.explained), remedy="",
    )  # fmt: skip


def no_session(house: House, request: Request) -> Response:
    """To the sign-in; nothing of a form is done for whose session has ended."""
    if request.method == "POST":
        return explained(house, request, Problem(401, "ended"))
    if request.headers.get("sec-fetch-site") == "cross-site":
        # A link from elsewhere comes without the cookie; asked again from here, it comes with it.
        return show(house, request, "again.html.j2", None)
    query = f"?{request.url.query}" if request.url.query else ""
    after = urlencode({"next": request.url.path + query})
    return RedirectResponse(f"/sign-in?{after}", 303)


def show(
    house: House,
    request: Request,
    template: str,
    visitor: Visitor | None,
    status: int = 200,
    **shown: object,
) -> Response:
    """A page from a template."""
    content = house.templates.get_template(template).render(
        visitor=visitor,
        csrf=csrf(visitor.token) if visitor else "",
        here=request.url.path,
        registry=house.project.config.registry.title,
        **shown,
    )
    return HTMLResponse(content, status)


def see(where: str) -> Response:
    """To another page, after a form."""
    return RedirectResponse(where, 303)


async def read_form(request: Request) -> Mapping[str, list[str]]:
    """The fields of a form; what is not a form, or is too large, is none."""
    kind = request.headers.get("content-type", "").partition(";")[0]
    if kind != "application/x-www-form-urlencoded":
        return {}
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > MOST_BYTES:
            return {}
    form: dict[str, list[str]] = {}
    try:
        for name, value in parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=5000):
            form.setdefault(name, []).append(value)
    except ValueError:  # not UTF-8, or too many
        return {}
    return form


def inside(after: str) -> str:
    """A page of ours: the one to go on to, or the first."""
    parts = urlsplit(after.replace("\\", "/"))
    ours = after.startswith("/") and not after.startswith(("//", "/\\"))
    return after if ours and not parts.netloc and not parts.scheme and after.isprintable() else "/"


def _with_query(path: str, query: str) -> str:
    return f"{path}?{query}" if query else path


def _static(name: str) -> str:
    """The address of a file of ours, which changes with its content."""
    if name not in _DIGESTS:
        _DIGESTS[name] = hashlib.sha256((HERE / "static" / name).read_bytes()).hexdigest()[:12]
    return f"/static/{name}?{_DIGESTS[name]}"


_DIGESTS: dict[str, str] = {}

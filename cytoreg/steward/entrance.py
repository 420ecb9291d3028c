"""Signing in and out."""

from __future__ import annotations

import secrets
from collections.abc import Mapping

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from cytoreg.errors import CytoregError
from cytoreg.steward import sessions
from cytoreg.steward.sessions import Refused, csrf
from cytoreg.steward.texts import text
from cytoreg.steward.web import (
    Asked,
    House,
    Problem,
    explained,
    house_of,
    inside,
    read_form,
    see,
    show,
)

__all__ = ["sign_in", "sign_out"]


async def sign_in(request: Request) -> Response:
    """The form, and what it leads to."""
    if request.method == "POST":
        form = await read_form(request)
        return await run_in_threadpool(_signed_in, request, form)
    return await run_in_threadpool(_form, request, request.query_params.get("next", "/"))


def _form(
    request: Request, after: str, wrong: str = "", status: int = 200, wait: int = 0
) -> Response:
    house = house_of(request)
    visit = request.cookies.get(_visit(house)) or secrets.token_urlsafe(32)
    shown = show(
        house, request, "sign_in.html.j2", None, status,
        after=inside(after), wrong=wrong, token=csrf(visit),
    )  # fmt: skip
    _set(house, shown, _visit(house), visit)
    if wait:
        shown.headers["retry-after"] = str(wait)
    return shown


def _signed_in(request: Request, form: Mapping[str, list[str]]) -> Response:
    house = house_of(request)
    given = {name: values[0] for name, values in form.items()}
    visit = request.cookies.get(_visit(house), "")
    if not visit or not secrets.compare_digest(
        given.get("csrf", "").encode(), csrf(visit).encode()
    ):
        return explained(house, request, Problem(403, "forged"))
    after = inside(given.get("next", "/"))
    address = request.client.host if request.client else ""
    try:
        found = sessions.sign_in(
            house.project, given.get("name", ""), given.get("password", ""), address
        )
    except CytoregError as error:
        return _form(request, after, f"{error.message}: {error.remedy}", 503)
    if isinstance(found, Refused):
        if found.wait:
            wrong = text("too_often", minutes=-(-found.wait // 60))
            return _form(request, after, wrong, 429, found.wait)
        return _form(request, after, text("wrong_password"), 401)
    answer = see(after)
    _set(house, answer, house.cookie, found.token)
    answer.delete_cookie(_visit(house), secure=house.secure, httponly=True, samesite="strict")
    return answer


def sign_out(asked: Asked) -> Response:
    """End the session."""
    sessions.end(asked.project, asked.visitor.token)
    answer = see("/sign-in")
    answer.delete_cookie(
        asked.house.cookie, secure=asked.house.secure, httponly=True, samesite="strict"
    )
    return answer


def _visit(house: House) -> str:
    """The cookie of somebody who has not signed in yet, for the form's token."""
    return f"{house.cookie}-visit"


def _set(house: House, answer: Response, name: str, value: str) -> None:
    answer.set_cookie(name, value, secure=house.secure, httponly=True, samesite="strict")

"""What a steward decides about findings: the form's answer, and what its pages need."""

from __future__ import annotations

from datetime import date

from starlette.responses import Response

from cytoreg.errors import ConfigError
from cytoreg.nights import decisions
from cytoreg.nights.decision import ACTS, OUTCOMES, Act, Decision
from cytoreg.steward.accounts import accounts
from cytoreg.steward.texts import text
from cytoreg.steward.web import Asked, Problem, inside, see, show

__all__ = ["decide", "form"]


def form(asked: Asked, seen: int) -> dict[str, object] | None:
    """What the form needs: the acts, the outcomes, who can be asked; None for who may not decide.

    seen: the last decision that the page knows, taken before the page's findings are read.
    """
    if not asked.visitor.may("steward"):
        return None
    people = [one.name for one in accounts(asked.project) if one.role != "viewer"]
    return {
        "acts": list(ACTS), "outcomes": OUTCOMES, "people": people, "seen": seen,
        "back": asked.request.url.path
        + (f"?{asked.request.url.query}" if asked.request.url.query else ""),
    }  # fmt: skip


def decide(asked: Asked) -> Response:
    """Decide the same about all findings that were chosen, or about none, and go back."""
    seen = asked.value("seen")
    if not (seen.isascii() and seen.isdigit() and len(seen) < 19):
        raise Problem(400, "no_seen")
    findings = asked.form.get("finding", [])
    if not findings:
        raise Problem(400, "none_chosen")
    try:
        decisions.decide(
            asked.project.ledger_url, findings, _decision(asked), asked.visitor.name, seen=int(seen)
        )
    except ConfigError as error:
        return show(
            asked.house, asked.request, "error.html.j2", asked.visitor, 409,
            title=text("error_409"), what=error.message, remedy=error.remedy,
        )  # fmt: skip
    return see(inside(asked.value("back")))


def _decision(asked: Asked) -> Decision:
    """The decision that a form has; fields of other acts are left out."""
    act: Act | None = next((one for one in ACTS if one == asked.value("act")), None)
    if act is None:
        raise Problem(400, "no_act")
    assigns = act == "assign"
    try:
        due = date.fromisoformat(asked.value("due")) if assigns and asked.value("due") else None
    except ValueError:
        raise Problem(400, "no_due") from None
    return Decision(
        act,
        asked.value("comment"),
        asked.value("assignee") if assigns else "",
        due,
        asked.value("outcome") if act == "close" else "",
    )

"""The pages of the worklist: the list, one finding, one record, a search for a record."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

from starlette.responses import Response

from cytoreg.errors import ConfigError
from cytoreg.nights import audit, decisions
from cytoreg.nights.record import Record, Seen, look_up
from cytoreg.steward import pages_decisions, views
from cytoreg.steward.desk import Desk
from cytoreg.steward.texts import text
from cytoreg.steward.web import Asked, Problem, see, show
from cytoreg.steward.worklist import FACETS, Finding, Wanted, finding_of, of_record, page

__all__ = ["find", "finding", "record", "save_view", "worklist"]

_PSEUDONYM = re.compile("P[0-9A-F]{16}")
_TITLE = 60
"""Characters of a view's title."""


def worklist(asked: Asked) -> Response:
    """The findings that the address asks for."""
    wanted = Wanted.of(asked.query)
    desk = _desk(asked, wanted.run, values=bool(wanted.values))
    seen = desk.decided
    found = page(desk, wanted)
    if desk.private:
        _audit(asked, desk, found.findings)
    return show(
        asked.house, asked.request, "worklist.html.j2", asked.visitor,
        wanted=wanted, page=found, run=desk.run_id, private=desk.private, facet_names=FACETS,
        decide=pages_decisions.form(asked, seen),
        views=views.of(asked.project, asked.visitor.name), this_view=wanted.query(values=""),
    )  # fmt: skip


def finding(asked: Asked) -> Response:
    """One finding, with its value for those who may see it."""
    run = asked.query.get("run", "")
    desk = _desk(asked, run, values=True)
    seen = desk.decided
    found = finding_of(desk, asked.path("finding"))
    if found is None:
        raise Problem(404, "no_finding")
    if desk.private:
        _audit(asked, desk, [found])
    return show(
        asked.house, asked.request, "finding.html.j2", asked.visitor,
        finding=found, run=run, desk=desk,
        history=decisions.history(asked.project.ledger_url, [found.finding]),
        decide=pages_decisions.form(asked, seen),
    )  # fmt: skip


def record(asked: Asked) -> Response:
    """One record by its pseudonym: its findings, and for those who may, all that is known of it."""
    name, run = asked.path("record"), asked.query.get("run", "")
    if not _PSEUDONYM.fullmatch(name):
        raise Problem(404, "no_record")
    desk = _desk(asked, run, values=False)
    findings = of_record(desk, name)
    seen: Seen | None = None
    if asked.visitor.may("steward"):
        try:
            seen = look_up(asked.project, name, desk.run_id, who=asked.visitor.name)
        except ConfigError:
            if not findings:  # the record is gone; what was found on it is still known
                raise Problem(404, "no_record") from None
    elif not findings:
        raise Problem(404, "no_record")
    return show(
        asked.house, asked.request, "record.html.j2", asked.visitor,
        name=name, findings=findings, run=run, desk=desk,
        kinds=_by_kind(seen.records if seen else []), people=seen.golden if seen else [],
    )  # fmt: skip


def find(asked: Asked) -> Response:
    """To the page of the record that has this key; the key is in no address."""
    key, run = asked.value("key"), asked.value("run")
    try:
        if not key:
            raise ConfigError("no key")
        seen = look_up(asked.project, key, run or None, who=asked.visitor.name)
    except ConfigError:
        raise Problem(404, "no_record") from None
    name = next(filter(_PSEUDONYM.fullmatch, seen.names), "")
    if not name:
        raise Problem(404, "no_record")
    return see(f"/records/{name}" + (f"?{urlencode({'run': run})}" if run else ""))


def save_view(asked: Asked) -> Response:
    """Save or drop a view of the worklist, and go back to it."""
    title = asked.value("title")[:_TITLE]
    wanted = Wanted.of(dict(parse_qsl(asked.value("query"))))
    if asked.value("drop"):
        views.drop(asked.project, asked.visitor.name, asked.value("drop"))
    elif not title:
        raise Problem(400, "no_title")
    elif not views.save(asked.project, asked.visitor.name, title, wanted.query()):
        raise Problem(400, "too_many_views")
    return see(f"/findings?{wanted.query()}")


def _desk(asked: Asked, run: str, *, values: bool) -> Desk:
    """The desk that the visitor may see: with values only for a steward."""
    private = values and asked.visitor.may("steward")
    return asked.house.desks.of(run or None, private=private)


def _audit(asked: Asked, desk: Desk, shown: list[Finding]) -> None:
    """Record whose values are shown, before they are."""
    names = sorted({each.record or text("no_key") for each in shown})
    audit.record(
        asked.project,
        "findings --private",
        f"run {desk.run_id}; {', '.join(names) or 'none'}",
        asked.visitor.name,
    )


@dataclass(frozen=True)
class Kind:
    """Records of a kind side by side: the head of each, and what each has in a field.

    A head has source, file, row, and the rules that refused the record. A cell has the value as
    text, and whether it was refused.
    """

    name: str
    heads: list[tuple[str, str, int, tuple[str, ...]]]
    fields: list[tuple[str, list[tuple[str | None, bool]]]]


def _by_kind(records: list[Record]) -> list[Kind]:
    """The records by kind; fields that none of them has are left out."""
    kinds = []
    for kind in dict.fromkeys(each.entity for each in records):
        some = [each for each in records if each.entity == kind]
        fields = [(name, [_cell(each, name) for each in some]) for name in some[0].values]
        told = [(name, cells) for name, cells in fields if any(value for value, _ in cells)]
        heads = [(each.source, each.file, each.row, each.rules) for each in some]
        kinds.append(Kind(kind, heads, told))
    return kinds


def _cell(record: Record, name: str) -> tuple[str | None, bool]:
    return record.refused.get(name, record.values[name]), name in record.refused

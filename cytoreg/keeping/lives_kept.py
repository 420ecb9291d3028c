"""Whether the ledger holds a life for each finding of the night that it saw last, and no other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cytoreg.nights import life_ledger
from cytoreg.nights.lives import identified
from cytoreg.publication import publish
from cytoreg.warehouse.connection import in_memory, literal, private_spill

if TYPE_CHECKING:
    from cytoreg.nights.life_ledger import Night
    from cytoreg.project.load import Project

__all__ = ["last_night", "strayed"]


def last_night(project: Project) -> Night | None:
    """The last night in the ledger, if its run's export is kept as it was made.

    None too if somebody was forgotten since: the next night compares each finding.
    """
    last = max(life_ledger.nights(project.ledger_url), key=lambda one: one.number, default=None)
    if last is None or not last.content or not publish.as_exported(project, last.run_id):
        return None
    return last


def strayed(project: Project, night: Night) -> tuple[int, int]:
    """How many findings of a night have no open life, and how many open lives have no finding.

    Those without a record are left out: such are numbered, and no life ends when one is forgotten.
    """
    public = project.builds / night.run_id / publish.PUBLIC
    found = identified("public.quality.finding", '"key"')
    with in_memory(private_spill()) as con:
        con.execute(f"attach {literal(str(public))} as public (read_only)")
        con.register("_known", life_ledger.lives(project.ledger_url))
        counts: list[tuple[int, int]] = con.execute(
            "select count(*) filter (k.finding is null), count(*) filter (t.finding is null)"
            f" from (from ({found}) where record is not null) as t"
            " full join (from _known where record is not null) as k using (finding)"
        ).fetchall()
    return counts[0]

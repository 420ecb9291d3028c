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
    """The last night in the ledger, if its run's export is kept as it was made."""
    nights = life_ledger.nights(project.ledger_url)
    if not nights or publish.as_exported(project, nights[-1].run_id) is None:
        return None
    return nights[-1]


def strayed(project: Project, night: Night) -> tuple[int, int]:
    """How many findings of a night have no open life, and how many open lives have no finding."""
    public = project.builds / night.run_id / publish.PUBLIC
    found = identified("public.quality.finding", '"key"')
    with in_memory(private_spill()) as con:
        con.execute(f"attach {literal(str(public))} as public (read_only)")
        con.register("_known", life_ledger.lives(project.ledger_url))
        ((lacking, more),) = con.execute(
            "select count(*) filter (k.finding is null), count(*) filter (t.finding is null)"
            f" from ({found}) as t full join _known as k using (finding)"
        ).fetchall()
    return lacking, more

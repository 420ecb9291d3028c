"""Judge what was counted by the thresholds of cytoreg.toml: `quality.check_result`.

What judges only counts. The counts stay in `quality.check_count`, and the verdicts are made from
them, so that another threshold needs no other judging, the next build can take the counts over, and
a kept run can be judged by the thresholds of today.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from cytoreg.errors import ConfigError, perhaps
from cytoreg.nights.kept_runs import PRIVATE, answering
from cytoreg.project.thresholds import Threshold, named
from cytoreg.publication.reading import reading, tables_of
from cytoreg.warehouse import quality
from cytoreg.warehouse.connection import literal, transaction

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from cytoreg.project.load import Project

__all__ = ["COUNTS", "judge", "keep", "require_rules", "results", "verdict"]

COUNTS = "quality.check_count"

_OWN = literal("the rule")
"""Where a threshold comes from that cytoreg.toml does not set."""


def keep(con: DuckDBPyConnection) -> None:
    """Keep what was newly counted, in place of earlier counts of the same rules."""
    quality.ensure(con, "check_count", "check_result")
    counted = ", ".join(f'"{name}"' for name in quality.COUNTED)
    new = "quality.check_result where threshold_from is null"
    with transaction(con):
        con.execute(f"delete from {COUNTS} where (kind, rule) in (select (kind, rule) from {new})")
        con.execute(
            f"{quality.TABLES['check_count'].into()} select {counted} from {new} order by rowid"
        )
        con.execute("delete from quality.check_result where threshold_from is null")


def judge(con: DuckDBPyConnection, thresholds: Mapping[str, Threshold]) -> None:
    """Make `quality.check_result` from all that was counted."""
    keep(con)
    with transaction(con):
        con.execute("delete from quality.check_result")
        con.execute(f"{quality.TABLES['check_result'].into()} {verdict(con, thresholds)}")


def require_rules(thresholds: Mapping[str, Threshold], rules: Collection[str]) -> None:
    """Raise ConfigError for a name in [thresholds] that fits no rule and no expectation."""
    for name in thresholds:
        if not any(fnmatchcase(rule, name) for rule in rules):
            raise ConfigError(
                f"cytoreg.toml: [thresholds] {name} is no rule{perhaps(name, rules)}",
                remedy="name a rule as `cytoreg rules` does, or an expectation; * stands for more",
            )


def verdict(con: DuckDBPyConnection, thresholds: Mapping[str, Threshold]) -> str:
    """SELECT of `quality.check_result` from the counts, in their order.

    A rule does not apply to the other records of its entity that could be read.
    """
    rules: list[tuple[str]] = con.execute(
        f"select distinct rule from {COUNTS} order by 1"
    ).fetchall()
    said = [
        f"({literal(rule)}, {thresholds[name].share!r}::double, {literal(f'cytoreg.toml: {name}')},"
        f" {literal(thresholds[name].note)})"
        for (rule,) in rules
        if (name := named(thresholds, rule)) is not None
    ]
    values = ", ".join(said) or "(null::varchar, null::double, null::varchar, null::varchar)"
    return f"""
with said as (
  select * from (values {values}) as listed(rule, share, origin, note)
),
readable as (
  select entity, max(denominator - violated) as records
  from {COUNTS} where kind = 'row' and rule = entity || '.unparsable' group by entity
),
judged as (
  select counted.* replace (coalesce(share, threshold) as threshold), counted.rowid as place,
    case when kind = 'row' then greatest(records - denominator, 0) end as not_applicable,
    100.0 * violated / nullif(denominator, 0) as "percent",
    coalesce(origin, {_OWN}) as threshold_from, coalesce(note, '') as threshold_note
  from {COUNTS} as counted
  left join said using (rule)
  left join readable using (entity)
)
select * exclude (place) replace (
  case
    when status = 'error' then status
    when kind = 'row' and denominator = 0 then 'not applicable'
    when violated > threshold * denominator then 'fail'
    else 'pass'
  end as status
)
from judged
order by place"""


def results(project: Project, run: str) -> list[dict[str, object]]:
    """What a kept run counted, as today's thresholds judge it; the run itself keeps its verdicts.

    run: an id, "last" or "published". Raises ConfigError when it is not there or counted nothing.
    """
    one = answering(project, run, PRIVATE)
    with reading(one.folder / PRIVATE) as con:
        if "check_count" not in tables_of(con, "quality"):
            raise ConfigError(
                f"run {one.run_id} has no counts: it judged nothing, or an earlier cytoreg made it",
                remedy="choose another: cytoreg runs",
            )
        found: list[dict[str, object]] = (
            con.sql(verdict(con, project.config.thresholds)).to_arrow_table().to_pylist()
        )
    return found

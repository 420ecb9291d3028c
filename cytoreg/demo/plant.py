"""Plant the catalogue's defects and variants in the extracts' tables, and write down where.

A patient carries at most one, so that none hides another; if a rate is requested, a record carries
at most one.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from cytoreg.demo.defects import DEFECTS, Defect
from cytoreg.demo.sampling import Bools, Ints
from cytoreg.demo.variants import VARIANTS

if TYPE_CHECKING:
    import duckdb


Candidates = tuple[Ints, Ints, Bools]
_LOOKED_AT = 100_000
_KINDS = (*DEFECTS, *VARIANTS)


@dataclass(frozen=True)
class Planted:
    """Numbers of planted defects and variants by kind, and kinds for which no record was found."""

    count: int
    kinds: tuple[tuple[str, int], ...]
    variants: tuple[tuple[str, int], ...]
    missed: tuple[str, ...]


def kind(defect: Defect) -> str:
    """The name of a kind: its table and what it is."""
    return f"{defect.source}.{defect.table}: {defect.description}"


def plant(con: duckdb.DuckDBPyConnection, seed: int, rate: float | None = None) -> Planted:
    """Change the extracts' tables by the catalogue; the records depend on `seed` and `rate` alone.

    `rate` is the share of each table's records to change, divided among the kinds of the table by
    their weight; without it each kind has its own rate.
    """
    people: list[tuple[int]] = con.execute("select count(*) from person").fetchall()
    carries = np.zeros(people[0][0], dtype=np.bool_)
    weights: defaultdict[tuple[str, str], float] = defaultdict(float)
    for defect in _KINDS:
        weights[defect.source, defect.table] += defect.weight
    counts: list[int] = []
    missed: list[str] = []
    con.execute("create or replace temp table taken (source_table varchar, id bigint)")
    for number, defect in enumerate(_KINDS):
        rng = np.random.default_rng([seed, number])
        of_table = weights[defect.source, defect.table]
        share = defect.rate if rate is None else rate * defect.weight / of_table
        chosen = _targets(con, defect, share, carries if rate is None else None, rng)
        counts.append(len(chosen))
        if not len(chosen):
            missed.append(kind(defect))
            continue
        con.register("numbers", {"id": chosen[:, 0], "pid": chosen[:, 1]})
        con.execute("create or replace temp table target as select id, pid from numbers")
        con.unregister("numbers")
        con.execute(f"insert into taken select '{defect.source}_{defect.table}', id from target")
        _damage(con, defect, number)
        for statement in defect.then:
            con.execute(statement)
    counted = [(kind(defect), count) for defect, count in zip(_KINDS, counts, strict=True)]
    defects = len(DEFECTS)
    return Planted(
        count=sum(counts[:defects]),
        kinds=tuple(pair for pair in counted[:defects] if pair[1]),
        variants=tuple(pair for pair in counted[defects:] if pair[1]),
        missed=tuple(missed),
    )


def _targets(
    con: duckdb.DuckDBPyConnection,
    defect: Defect,
    share: float,
    carries: Bools | None,
    rng: np.random.Generator,
) -> Ints:
    """(rowid, patient or -1) of records to carry the defect, preferred ones first.

    Marks their patients in `carries`, if there is one.
    """
    table = f"extract.{defect.source}_{defect.table}"
    counted: list[tuple[int]] = con.execute(f"select count(*) from {table}").fetchall()
    total = counted[0][0]
    wanted = max(1, round(share * total))
    # Of a large table only every nth row is considered, unless too few of these can carry it.
    steps = (max(total // _LOOKED_AT, 1), 1)
    candidates = _candidates(con, defect, steps[0], int(rng.integers(steps[0])))
    chosen = _drawn(candidates, carries, rng)[:wanted]
    if len(chosen) < wanted:
        if steps[0] > 1:
            candidates = _candidates(con, defect, 1, 0)
        chosen = _drawn(candidates, carries, rng)[:wanted]
    if carries is not None:
        pids = chosen[:, 1]
        carries[pids[pids >= 0]] = True
    return chosen[np.argsort(chosen[:, 0])]


def _candidates(
    con: duckdb.DuckDBPyConnection, defect: Defect, step: int, first: int
) -> Candidates:
    """rowid, patient or -1, and whether it is preferred, of every nth row that can carry it."""
    name = f"{defect.source}_{defect.table}"
    found = con.execute(
        f"""select x.rowid as id, coalesce(x._pid, -1) as pid, ({defect.prefer}) as preferred
        from extract.{name} as x left join person as p on p.pid = x._pid
        anti join (select id from taken where source_table = '{name}') as t on t.id = x.rowid
        where x.rowid % {step} = {first} and x._defect is null and ({defect.where})
        order by x.rowid"""
    ).fetchnumpy()
    preferred = np.asarray(found["preferred"], dtype=np.bool_)
    return np.asarray(found["id"]), np.asarray(found["pid"]), preferred


def _drawn(candidates: Candidates, carries: Bools | None, rng: np.random.Generator) -> Ints:
    """(rowid, patient or -1) of rows, one per patient, in the order of choice."""
    ids, pids, preferred = candidates
    order = rng.permutation(len(ids))
    order = order[np.argsort(~preferred[order], kind="stable")]
    if carries is None:
        return np.column_stack([ids[order], pids[order]])
    order = order[(pids[order] < 0) | ~carries[pids[order]]]
    _, first = np.unique(np.where(pids[order] < 0, -1 - ids[order], pids[order]), return_index=True)
    order = order[np.sort(first)]
    return np.column_stack([ids[order], pids[order]])


def _damage(con: duckdb.DuckDBPyConnection, defect: Defect, number: int) -> None:
    """Apply the defect to the rows of table `target`."""
    table = f"extract.{defect.source}_{defect.table}"
    if defect.action in ("cut", "bytes"):
        con.execute(
            f"update {table} set _damage = '{defect.action}', _defect = {number}"
            " where rowid in (select id from target)"
        )
    elif defect.action == "change":
        values = ", ".join(f"({value}) as {name}" for name, value in defect.changes.items())
        changes = ", ".join(f"{name} = changed.{name}" for name in defect.changes)
        con.execute(
            f"""update {table} set {changes}, _defect = {number}
            from (
              select x.rowid as id, {values}
              from {table} as x left join person as p on p.pid = x._pid
              where x.rowid in (select id from target)
            ) as changed
            where {table}.rowid = changed.id"""
        )
    else:
        values = "".join(f", {value} as {name}" for name, value in defect.changes.items())
        con.execute(
            f"insert into {table} select x.* replace (1 as _copy, {number} as _defect{values})"
            f" from {table} as x left join person as p on p.pid = x._pid"
            " where x.rowid in (select id from target)"
        )


# How readers count the rows of each table, the name of a record, and rows above the first one.
_NUMBERED = {
    ("tumor_registry", "patient"): ("_sort, _copy", "patientIdNumber", 0),
    ("tumor_registry", "tumor"): ("_sort, _copy", "_record", 0),
    ("hospital", "patients"): ("mrn, _copy", "mrn", 0),
    ("hospital", "encounters"): ("_sort, _copy", "encounter_id", 0),
    ("hospital", "diagnoses"): ("_sort, _copy", "diagnosis_id", 0),
    ("or_log", "cases"): ("_sort, _copy", "case_number", 0),
    ("death_index", "deaths"): ("_sort, _copy", "certificate_number", 0),
    ("pathology", "report"): ("_sort, _copy", "message_number", 0),
    ("laboratory", "observation"): ("_sort, _copy", "id", 0),
    ("biomarkers", "result"): ("_sort, _copy", "_record", 4),
}
# Results are counted as rows of a view, which truncated lines are not.
_LESS_CUT = {
    ("laboratory", "observation"): " - if(_damage = 'cut', 0,"
    " count(*) filter (_damage = 'cut') over before)"
}
_FORMS = ("enrollment", "procedure", "complication", "follow_up")


def write_truth(con: duckdb.DuckDBPyConnection, folder: Path, defects: bool) -> None:
    """Write truth/defects.csv and variants.csv: what was planted, with the file and row that
    readers count; variants have no rule."""
    folder.mkdir(parents=True, exist_ok=True)
    if not defects:
        return
    con.register(
        "catalogue",
        {
            "number": np.arange(len(_KINDS)),
            "rule": np.array([defect.rule for defect in _KINDS], dtype=object),
            "name": np.array([kind(defect) for defect in _KINDS], dtype=object),
        },
    )
    parts = [
        f"""select * from (
          select '{source}' as source, '{table}' as source_table, _file as file,
            {above} + row_number() over before{_LESS_CUT.get((source, table), "")} as "row",
            {record}::varchar as record, _defect
          from extract.{source}_{table}
          window before as (partition by _file order by {order})
        ) where _defect is not null"""
        for (source, table), (order, record, above) in _NUMBERED.items()
    ]
    forms = " union all ".join(
        f"select '{form}' as form, {place} as place, _sort, _instance, _defect"
        f" from extract.research_{form}"
        for place, form in enumerate(_FORMS)
    )
    parts.append(
        f"""select * from (
          select 'research' as source, form as source_table, 'research/research_data.csv' as file,
            row_number() over (order by _sort, place, _instance) as "row",
            if(place = 0, _sort::varchar, _sort || '-' || _instance) as record, _defect
          from ({forms})
        ) where _defect is not null"""
    )
    planted = f"""
        select f.source, f.source_table, f.file, f."row", f.record, c.rule, c.name, c.number
        from ({" union all ".join(parts)}) as f
        join catalogue as c on c.number = f._defect::bigint"""
    for name, columns, which in (
        ("defect", "rule, name as defect", f"number < {len(DEFECTS)}"),
        ("variant", "name as variant", f"number >= {len(DEFECTS)}"),
    ):
        con.execute(
            f"""copy (
              select source, source_table, file, "row", record, {columns}
              from ({planted}) where {which} order by all
            ) to '{folder / f"{name}s.csv"}' (header, delimiter ',')"""
        )
    con.unregister("catalogue")

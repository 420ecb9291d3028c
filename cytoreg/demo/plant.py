"""Plants the catalogue's defects in the extracts' tables and writes down where.

A patient carries one defect at most, so that none hides another.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from cytoreg.demo.defects import DEFECTS, Defect
from cytoreg.demo.sampling import Bools, Ints

if TYPE_CHECKING:
    import duckdb


_LOOKED_AT = 100_000


@dataclass(frozen=True)
class Planted:
    """How many defects were planted, how many of each kind, and kinds that found no record."""

    count: int
    kinds: tuple[tuple[str, int], ...]
    missed: tuple[str, ...]


def kind(defect: Defect) -> str:
    """A kind's name: where and what."""
    return f"{defect.source}.{defect.table}: {defect.description}"


def plant(con: duckdb.DuckDBPyConnection, seed: int) -> Planted:
    """Change the extracts' tables as the catalogue says; targets depend on `seed` alone."""
    people = con.execute("select count(*) from person").fetchone()
    carries = np.zeros(people[0] if people else 0, dtype=np.bool_)
    counts: list[tuple[str, int]] = []
    missed: list[str] = []
    for number, defect in enumerate(DEFECTS):
        rng = np.random.default_rng([seed, number])
        rows = _targets(con, defect, carries, rng)
        if not len(rows):
            missed.append(kind(defect))
            continue
        con.register("numbers", {"id": rows})
        con.execute("create or replace temp table target as select id from numbers")
        con.unregister("numbers")
        _damage(con, defect, number)
        counts.append((kind(defect), len(rows)))
    return Planted(sum(count for _, count in counts), tuple(counts), tuple(missed))


def _targets(
    con: duckdb.DuckDBPyConnection,
    defect: Defect,
    carries: Bools,
    rng: np.random.Generator,
) -> Ints:
    """Rows (rowid) to carry the defect, preferred ones first; marks their patients in `carries`."""
    table = f"extract.{defect.source}_{defect.table}"
    counted = con.execute(f"select count(*) from {table}").fetchone()
    total = int(counted[0]) if counted else 0
    wanted = max(1, round(defect.rate * total))
    # Of a large table every so-many-th row is looked at, unless too few of them can carry it.
    for step in (max(total // _LOOKED_AT, 1), 1):
        chosen = _among(con, defect, carries, rng, step)[:wanted]
        if len(chosen) == wanted:
            break
    ids, pids = chosen.T
    carries[pids[pids >= 0]] = True
    return np.sort(ids)


def _among(
    con: duckdb.DuckDBPyConnection,
    defect: Defect,
    carries: Bools,
    rng: np.random.Generator,
    step: int,
) -> Ints:
    """(rowid, patient or -1) of rows that can carry it, one a patient, in the order of choice."""
    table = f"extract.{defect.source}_{defect.table}"
    found = con.execute(
        f"""select x.rowid as id, coalesce(x._pid, -1) as pid, ({defect.prefer}) as preferred
        from {table} as x left join person as p on p.pid = x._pid
        where x.rowid % {step} = {rng.integers(step)} and x._defect is null and ({defect.where})
        order by x.rowid"""
    ).fetchnumpy()
    ids, pids = np.asarray(found["id"]), np.asarray(found["pid"])
    order = rng.permutation(len(ids))
    order = order[np.argsort(~np.asarray(found["preferred"], dtype=np.bool_)[order], kind="stable")]
    order = order[(pids[order] < 0) | ~carries[pids[order]]]
    _, first = np.unique(np.where(pids[order] < 0, -1 - ids[order], pids[order]), return_index=True)
    order = order[np.sort(first)]
    return np.column_stack([ids[order], pids[order]])


def _damage(con: duckdb.DuckDBPyConnection, defect: Defect, number: int) -> None:
    """Do to the rows of table `target` what the defect says."""
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
        if defect.action == "resend":
            con.execute(_RESENT_TUMOUR)


# The abstract sent again reports one more tumour, of the skin, which has no record of its own yet.
_RESENT_TUMOUR = """
insert into extract.tumor_registry_tumor
select t.* replace (
  '03' as tumorRecordNumber, '03' as sequenceNumberHospital, 'C445' as primarySite,
  '8720' as histologicTypeIcdO3, '9' as gradePathological, null as ki67, '999' as tumorSizeSummary,
  left(t._record, 9) || '03' as _record, t._sort // 10 * 10 + 9 as _sort
)
from extract.tumor_registry_tumor as t
join extract.tumor_registry_patient as p on p._sort = t._sort // 10
where p.rowid in (select id from target) and t.tumorRecordNumber = '01'
"""

# How readers count the rows of each table, what a record is called, and rows above the first one.
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
_FORMS = ("enrollment", "procedure", "complication", "follow_up")


def write_truth(con: duckdb.DuckDBPyConnection, folder: Path, defects: bool) -> None:
    """Write truth/defects.csv: every planted defect with the file and row that readers count."""
    folder.mkdir(parents=True, exist_ok=True)
    if not defects:
        return
    con.register(
        "catalogue",
        {
            "number": np.arange(len(DEFECTS)),
            "rule": np.array([defect.rule for defect in DEFECTS], dtype=object),
            "defect": np.array([kind(defect) for defect in DEFECTS], dtype=object),
        },
    )
    parts = [
        f"""select * from (
          select '{source}' as source, '{table}' as source_table, _file as file,
            {above} + row_number() over (partition by _file order by {order}) as "row",
            {record}::varchar as record, _defect
          from extract.{source}_{table}
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
    con.execute(
        f"""copy (
          select f.source, f.source_table, f.file, f."row", f.record, c.rule, c.defect
          from ({" union all ".join(parts)}) as f
          join catalogue as c on c.number = f._defect::bigint
          order by all
        ) to '{folder / "defects.csv"}' (header, delimiter ',')"""
    )
    con.unregister("catalogue")

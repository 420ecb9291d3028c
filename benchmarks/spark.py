"""Judge national claims on DuckDB and on Spark, in one run on one machine.

    make test-spark                       # makes .venv-spark
    .venv-spark/bin/python benchmarks/spark.py --rows 2000000

Both read the same Parquet and write accepted, quarantine, findings, refused cells and results; the
verdicts must be equal. Not part of `make bench`, whose environment has no Spark.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import common
import duckdb

from cytoreg import rules, spark
from cytoreg.rules import Entity, PartialDate, compile_schemas, field, rule
from cytoreg.warehouse.connection import SCHEMAS

AS_OF = date(2016, 12, 31)


class Claim(Entity):
    """A claim for a hospital stay."""

    claim: str = field("Its number.", key=True, str_matches="^[0-9]{10}$")
    person: str = field("Pseudonym.", identity=True, str_length={"min_value": 8})
    sex: str = field("Sex.", isin=("f", "m", "x"))
    birth: PartialDate = field("Birth.", nullable=True)
    admitted: date = field("Admission.")
    discharged: date = field("Discharge.", nullable=True)
    diagnosis: str = field("ICD-10.", str_matches=r"^[A-Z][0-9]{2}(\.[0-9])?$")
    days: int = field("Days.", nullable=True, in_range={"min_value": 0, "max_value": 400})
    cost: float = field("Price.", nullable=True, ge=0, warn="ge")

    in_order = rule("admitted <= discharged", "Left before.", refuses="discharged")
    by_extract = rule("admitted <= $as_of", "Admitted after the extract.")
    born_before = rule("birth <= admitted", "Not yet born.", refuses="birth")
    days_fit = rule("days = discharged - admitted", "Days do not fit.", severity="warning")


def _claims(con: duckdb.DuckDBPyConnection, rows: int, folder: Path) -> None:
    """About 3 % of the rows break a rule."""
    con.execute(
        "copy (select lpad(i::varchar, if(i % 997 = 0, 9, 10), '0') as claim,"
        " md5((i % 700000)::varchar) as person,"
        " case when i % 501 = 0 then '9' when i % 2 = 0 then 'f' else 'm' end as sex,"
        " case when i % 3 = 0 then (1930 + i % 80)::varchar"
        "  else (date '1930-01-01' + (i % 25000)::int)::varchar end as birth,"
        " (date '2014-01-01' + (i % 1000)::int)::varchar as admitted,"
        " (date '2014-01-01' + (i % 1000 + i % 9 - (i % 403 = 0)::int * 9)::int)::varchar"
        "  as discharged,"
        " chr((65 + i % 26)::int) || lpad((i % 100)::varchar, 2, '0') || '.' || (i % 10)"
        "  as diagnosis,"
        " (i % 9)::varchar as days, ((i % 90000) / 7)::varchar as cost,"
        " 'claims' as _source, 'claim' as _table, 'claims.parquet' as _file, i as _row"
        f" from range({rows}) as listed(i))"
        f" to '{folder}' (format parquet, per_thread_output, row_group_size 200000)"
    )


def _seconds(what: Callable[[], object]) -> float:
    """Seconds by the clock."""
    began = time.perf_counter()
    what()
    return time.perf_counter() - began


def main() -> None:
    """Judge on both, compare, and tell."""
    options = common.sized(argparse.ArgumentParser(description=__doc__), rows=(2_000_000, 20_000))
    schemas = compile_schemas([Claim])
    with tempfile.TemporaryDirectory() as kept, duckdb.connect(f"{kept}/b.duckdb") as con:
        folder = Path(kept)
        con.execute("set threads = 2")
        for room in SCHEMAS:
            con.execute(f"create schema {room}")
        _claims(con, options.rows, folder / "claims")

        def on_duckdb() -> None:
            con.execute(f"create table staging.claim as from '{folder}/claims/*.parquet'")
            rules.judge(con, schemas, as_of=AS_OF)

        session = spark.connect("local[2]", spark__ui__enabled="false", spark__driver__memory="4g")
        session.sparkContext.setLogLevel("OFF")
        claims = session.read.parquet(str(folder / "claims"))

        def on_spark(place: str) -> spark.Judgement:
            return spark.judge(session, {"claim": claims}, schemas, folder / place, as_of=AS_OF)

        seconds = {
            "DuckDB": _seconds(on_duckdb),
            "Spark, first": _seconds(lambda: on_spark("first")),
            "Spark, warm": _seconds(lambda: on_spark("warm")),
        }
        judged = spark.latest(session, folder / "warm")
        columns = 'rule, "key", "row"'
        told = con.execute(
            f"select count(*), count(*) filter (not same) from (select {columns}, count(*) = 2 as"
            f" same from (select {columns} from quality.finding union all select {columns} from"
            f" '{judged.folder}/finding/*/*.parquet') group by all)"
        ).fetchone()
        session.stop()
    assert told and told[1] == 0, "the engines differ"
    print(f"{options.rows:,} rows, {told[0]:,} findings, the same on both; 2 threads each")
    for name, taken in seconds.items():
        print(f"{name:14} {taken:7.1f} s  {options.rows / taken / 2:12,.0f} rows a second and core")
    common.tell({"DuckDB": seconds["Spark, warm"] / seconds["DuckDB"]}, rows=options.rows)


if __name__ == "__main__":
    main()

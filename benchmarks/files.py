"""Delimited text into a landing, beside DuckDB's own reader and pandas.

Usage: python benchmarks/files.py [--mb 1000] [--threads 2] [--smallest]

One CSV file of laboratory results with 12 columns, made on the spot: numbers, dates, codes, quoted
free text with commas. Each side writes one Parquet file of text columns, compressed with zstd, in a
process of its own with as many threads. cytoreg also hashes the file, checks each record, numbers
the rows, writes a manifest and makes all of it durable. DuckDB: COPY (FROM read_csv(all_varchar))
TO. pandas: read_csv(dtype=str).to_parquet. Memory is the high-water mark of resident memory
(Linux), in MB.
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

from common import sized, tell

COLUMNS = (
    "result_id", "mrn", "order_id", "taken_at", "received_at", "test_code", "test_name", "value",
    "unit", "flag", "laboratory", "comment",
)  # fmt: skip
TESTS = [
    ("9811-7", "Chromogranin A", "ug/l"),
    ("2160-0", "Creatinine", "mg/dl"),
    ("1742-6", "ALT (GPT), serum", "U/l"),
    ("31145-1", "5-HIAA, urine", "umol/24 h"),
]
PROJECT = """
[registry]
name = "benchmark"
title = "Benchmark"
[linkage]
entity = "patient"
number = "number"
[linkage.precedence]
default = []
[sources.lab]
kind = "csv"
path = "*.csv"
tables = { results = "laboratory" }
columns = "all"
"""


def make(path: Path, size: int) -> None:
    """The file: blocks of 20,000 lines that differ in their numbers."""
    with path.open("w", encoding="utf-8") as file:
        file.write(",".join(COLUMNS) + "\n")
        number = 0
        while file.tell() < size:
            file.write("".join(map(line, range(number, number + 20_000))))
            number += 20_000


def line(n: int) -> str:
    """One result, its numbers scattered by a multiplication."""
    code, name, unit = TESTS[n % 4]
    x = n * 2654435761 % 2**32
    day = f"20{10 + x % 15}-{x // 7 % 12 + 1:02}-{x // 11 % 28 + 1:02}"
    comment = ("", "", "haemolytic", '"repeated, confirmed by phone"', "Grüße")[x % 5]
    flag = " HLN"[x // 3 % 4].strip()
    name = f'"{name}"' if "," in name else name
    return (
        f"{n},{x % 900_000:07},{x % 10**8:08},{day} {x // 13 % 24:02}:{x // 17 % 60:02},{day},"
        f"{code},{name},{x % 100_000 / 100},{unit},{flag},Lab {x // 23 % 9},{comment}\n"
    )


def cytoreg(folder: Path, threads: int) -> int:
    import pyarrow as pa

    from cytoreg.landing.land import land
    from cytoreg.project.load import load_project

    pa.set_cpu_count(threads)
    (folder / "cytoreg.toml").write_text(PROJECT, encoding="utf-8")
    landing = land(load_project(folder), "lab")
    return landing.tables[0].rows + landing.tables[0].rejects


def duckdb(folder: Path, threads: int) -> int:
    import duckdb as engine

    con = engine.connect(config={"threads": threads})
    (rows,) = con.execute(
        f"copy (from read_csv('{folder}/extracts/lab.csv', all_varchar = true))"
        f" to '{folder}/duckdb.parquet' (format parquet, compression zstd)"
    ).fetchone() or (0,)
    return int(rows)


def pandas(folder: Path, threads: int) -> int:
    import pandas as pd
    import pyarrow as pa

    pa.set_cpu_count(threads)
    table = pd.read_csv(folder / "extracts" / "lab.csv", dtype=str, keep_default_na=False)
    table.to_parquet(folder / "pandas.parquet", compression="zstd", index=False)
    return len(table)


SIDES: dict[str, Callable[[Path, int], int]] = {
    "cytoreg": cytoreg, "DuckDB": duckdb, "pandas": pandas
}  # fmt: skip


def measured(side: str, folder: Path, threads: int) -> dict[str, float]:
    """Seconds, processor seconds, rows and memory of one side, in a process of its own."""
    out = subprocess.run(
        [sys.executable, __file__, "--side", side, "--folder", folder, "--threads", str(threads)],
        check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    return dict(json.loads(out))


def run(side: str, folder: Path, threads: int) -> None:
    began = time.perf_counter()
    rows = SIDES[side](folder, threads)
    seconds = time.perf_counter() - began
    used = resource.getrusage(resource.RUSAGE_SELF)
    found = {
        "rows": rows, "seconds": seconds, "cpu": used.ru_utime + used.ru_stime,
        "mb": used.ru_maxrss / 1024,
    }  # fmt: skip
    print(json.dumps(found))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=min(2, os.cpu_count() or 1))
    parser.add_argument("--side", choices=SIDES)
    parser.add_argument("--folder", type=Path)
    given = sized(parser, mb=(1000, 2))
    if given.side:
        run(given.side, given.folder, given.threads)
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "extracts").mkdir()
        path = folder / "extracts" / "lab.csv"
        make(path, given.mb * 1_000_000)
        size = path.stat().st_size / 1e6
        print(f"{size:.0f} MB, {given.threads} threads")
        print(f"{'':10}{'s':>8}{'cpu s':>8}{'MB/s':>8}{'rows':>12}{'MB held':>10}")
        found = {side: measured(side, folder, given.threads) for side in SIDES}
        for side, one in found.items():
            print(
                f"{side:10}{one['seconds']:8.2f}{one['cpu']:8.2f}{size / one['seconds']:8.0f}"
                f"{one['rows']:12,.0f}{one['mb']:10.0f}"
            )
    ours = found.pop("cytoreg")["seconds"]
    tell({side: ours / one["seconds"] for side, one in found.items()}, mb=given.mb)


if __name__ == "__main__":
    main()

"""A whole refresh, stage by stage, beside DuckDB merely reading the same extracts into tables.

Usage: python benchmarks/refresh.py [--patients 100000] [--seed 2017] [--smallest]

Both run in fresh processes of their own on the same simulated extracts. Memory is the high-water
mark of resident memory in each stage (Linux; reset between stages), in MB.

The floor: CSV, REDCap and fixed-width files by `read_csv` with everything as text; the XML file as
text lines, unparsed, since DuckDB has no XML reader, and so are HL7 messages and FHIR resources;
the SQLite tables fetched through the standard library into Arrow and inserted, and the workbooks
not at all, since DuckDB's extensions for SQLite and Excel are not in its wheel.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from common import peak_mb, sized, tell

ROOT = Path(__file__).resolve().parents[1]


def reset_peak() -> None:
    """Let the kernel forget the high-water mark so far."""
    Path("/proc/self/clear_refs").write_text("5")


def measure_refresh(extracts: Path, data: Path) -> list[tuple[str, float, int]]:
    """(stage, seconds, peak MB) of an untracked refresh."""
    from datetime import date

    from cytoreg.nights import begin, stages
    from cytoreg.nights.finish import finish
    from cytoreg.project.load import load_project

    project = load_project(ROOT, extracts=extracts, data=data)
    run = begin.new_run(project, as_of=date(2016, 12, 31))
    measured = []

    def timed(name: str, function, *arguments) -> object:
        reset_peak()
        began = time.perf_counter()
        result = function(run, *arguments)
        measured.append((name, time.perf_counter() - began, peak_mb()))
        return result

    for source in project.config.sources:
        timed(f"land {source}", stages.land_source, source)
    for stage in stages.STAGES:
        timed(stage.name, stage)
    verdict = timed("gates, export, report, publish", finish)
    if not verdict.published:
        raise SystemExit(f"gate closed: {verdict.closed}")
    return measured


def measure_floor(extracts: Path, data: Path) -> list[tuple[str, float, int]]:
    """(source, seconds, peak MB) of reading the same extracts into DuckDB tables."""
    import sqlite3

    import duckdb
    import pyarrow as pa

    con = duckdb.connect(str(data / "floor.duckdb"))
    measured = []

    def timed(name: str, function) -> None:
        reset_peak()
        began = time.perf_counter()
        function()
        measured.append((name, time.perf_counter() - began, peak_mb()))

    def csv(name: str, pattern: str, extra: str = "") -> None:
        con.execute(
            f"create table {name} as select * from read_csv('{extracts}/{pattern}',"
            f" all_varchar = true, ignore_errors = true, strict_mode = false {extra})"
        )

    def hospital() -> None:
        source = sqlite3.connect(extracts / "hospital" / "hospital.db")
        for table in ("patients", "encounters", "diagnoses"):
            cursor = source.execute(f"select * from {table}")
            names = [column[0] for column in cursor.description]
            first = True
            while rows := cursor.fetchmany(100_000):
                columns = [pa.array(column, pa.string()) for column in zip(*rows, strict=True)]
                chunk = pa.table(columns, names=names)
                con.execute(
                    f"create table {table} as select * from chunk"
                    if first
                    else f"insert into {table} select * from chunk"
                )
                first = False
                del chunk

    lines = ", header = false, delim = '\x01', quote = '', columns = {'line': 'VARCHAR'}"
    timed("land tumor_registry", lambda: csv("xml", "tumor_registry/*.xml", lines))
    timed("land hospital", hospital)
    timed("land or_log", lambda: csv("or_log", "or_log/*.csv", ", union_by_name = true"))
    timed("land research", lambda: csv("research", "research/research_data.csv"))
    timed("land death_index", lambda: csv("deaths", "death_index/*.txt", lines))
    timed("land pathology", lambda: csv("pathology", "pathology/*.hl7", lines))
    timed("land laboratory", lambda: csv("laboratory", "laboratory/*.ndjson", lines))
    con.close()
    return measured


def main() -> None:
    """Simulate, measure both, print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=2017)
    parser.add_argument("--child", choices=["refresh", "floor"], help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = sized(parser, patients=(100_000, 60))
    if options.child:
        measure = {"refresh": measure_refresh, "floor": measure_floor}[options.child]
        data = options.folder / "data"
        data.mkdir(exist_ok=True)
        print(json.dumps(measure(options.folder / "extracts", data)))
        return

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        began = time.perf_counter()
        command = [sys.executable, "-m", "cytoreg", "simulate", str(folder / "extracts")]
        size = ["--patients", str(options.patients), "--seed", str(options.seed)]
        subprocess.run([*command, *size], check=True, stdout=subprocess.DEVNULL)
        bytes_ = sum(path.stat().st_size for path in (folder / "extracts").rglob("*.*"))
        print(
            f"{options.patients:,} patients simulated in {time.perf_counter() - began:.1f} s,"
            f" {bytes_ / 1e6:,.0f} MB of extracts\n"
        )
        results = {}
        for child in ("floor", "refresh"):
            output = subprocess.run(
                [sys.executable, __file__, "--child", child, "--folder", str(folder)],
                check=True,
                stdout=subprocess.PIPE,
                text=True,
            ).stdout
            results[child] = json.loads(output.splitlines()[-1])
    floor = {name: (seconds, peak) for name, seconds, peak in results["floor"]}
    print(f"{'stage':32} {'cytoreg s':>10} {'MB':>7} {'DuckDB read s':>14} {'MB':>7}")
    for name, seconds, peak in results["refresh"]:
        beside = f"{floor[name][0]:14.2f} {floor[name][1]:7,}" if name in floor else ""
        print(f"{name:32} {seconds:10.2f} {peak:7,} {beside}")
    total, read = (sum(item[1] for item in results[key]) for key in ("refresh", "floor"))
    print(f"{'total':32} {total:10.2f} {'':7} {read:14.2f}")
    tell({"DuckDB reading the same": total / read}, patients=options.patients)


if __name__ == "__main__":
    main()

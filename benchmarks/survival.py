"""Kaplan–Meier of a large cohort, side by side: SQL counts + ours, lifelines on rows, R on rows.

Usage: python benchmarks/survival.py [--rows 5000000] [--strata 3] [--smallest]

Every contender starts in a process of its own from the same Parquet file and gives the curve of
each stratum with its interval, the median and the median's interval; all must find the same. Ours
runs twice: as a notebook calls it (kaplan_meier), and as a build does (materialize), which checks
the cohort, estimates the whole of it too, adds landmarks, restricted means and log-rank tests of
all strata and of each pair, and writes the marts. Seconds include reading the file but not
starting the process and importing; memory is the process's high-water mark above that of its
start (Linux).
R is measured if Rscript with the survival package is installed; it is given the columns as raw
binary files, which it reads fastest.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from common import peak_mb, sized, tell

if TYPE_CHECKING:
    from cytoreg.survival import Quantile

R = """
suppressMessages(library(survival))
memory <- function() as.numeric(sub("[^0-9]*([0-9]+).*", "\\\\1",
  grep("VmHWM", readLines("/proc/self/status"), value = TRUE))) / 1024
folder <- commandArgs(TRUE)[1]
rows <- as.numeric(commandArgs(TRUE)[2])
before <- memory()
began <- proc.time()[["elapsed"]]
column <- function(name) readBin(file.path(folder, name), "integer", rows)
fit <- survfit(Surv(column("time"), column("event")) ~ column("stratum"), conf.type = "log-log")
medians <- summary(fit)$table[, c("median", "0.95LCL", "0.95UCL")]
cat(sprintf('{"seconds": %f, "mb": %f, "medians": [%s]}\\n', proc.time()[["elapsed"]] - began,
  memory() - before, paste(t(medians), collapse = ", ")))
"""


def make(folder: Path, rows: int, strata: int) -> None:
    """Times of up to 26 years, about 60 % events, `strata` strata of different hazard."""
    import duckdb
    import numpy as np

    rng = np.random.default_rng(2017)
    stratum = rng.integers(0, strata, rows, dtype=np.int32)
    death = rng.exponential(2500 * (1 + stratum / strata))
    end = rng.uniform(0, 9500, rows)
    time_days = np.minimum(death, end).astype(np.int32)
    event = (death <= end).astype(np.int32)
    for name, column in (("time", time_days), ("event", event), ("stratum", stratum)):
        column.tofile(folder / name)
    with duckdb.connect() as con:
        con.execute(
            f"copy (select unnest(?) as time_days, unnest(?) as event, unnest(?) as stratum)"
            f" to '{folder / 'cohort.parquet'}'",
            [time_days, event, stratum],
        )


def notebook(folder: Path) -> list[float]:
    """`kaplan_meier` on the file, and the medians of its curves."""
    import duckdb

    from cytoreg.survival.curves import curves
    from cytoreg.survival.kaplan_meier import quantile

    found = (
        quantile(curve) for _, curve in curves(duckdb.read_parquet(cohort_of(folder)), "stratum")
    )
    return [value for median in found for value in limits(median)]


def build(folder: Path) -> list[float]:
    """What `cytoreg.survival.materialize` does between the cohort and the marts."""
    import duckdb

    from cytoreg.project.config import Endpoint
    from cytoreg.survival import materialize

    with duckdb.connect() as con:
        con.execute(f"create view cohort as from '{cohort_of(folder)}'")
        endpoint = Endpoint(cohort="main.cohort", label="", strata=["stratum"])
        materialize(con, {"overall": endpoint})
        found = con.execute(
            "select median_days, median_lower, median_upper from marts.survival_summary"
            " where stratum_variable = 'stratum' order by cast(stratum as integer)"
        ).fetchall()
    return [float("nan") if value is None else value for row in found for value in row]


def lifelines_rows(folder: Path) -> list[float]:
    """lifelines' fitter on every row, as its documentation shows."""
    import duckdb
    from lifelines import KaplanMeierFitter
    from lifelines.utils import median_survival_times

    with duckdb.connect() as con:
        frame = con.execute(f"from '{cohort_of(folder)}'").df()
    found: list[float] = []
    for _, part in frame.groupby("stratum"):
        fitted = KaplanMeierFitter().fit(part["time_days"], part["event"])
        band = median_survival_times(fitted.confidence_interval_).to_numpy()[0]
        found += [fitted.median_survival_time_, *band]
    return found


def cohort_of(folder: Path) -> str:
    """The cohort's file."""
    return str(folder / "cohort.parquet")


def limits(median: Quantile) -> tuple[float, float, float]:
    """A median and its interval."""
    return median.estimate, median.lower, median.upper


CONTENDERS = {"notebook": notebook, "build": build, "lifelines": lifelines_rows}


def child(name: str, folder: Path) -> None:
    """Import, then measure one contender and print what it found."""
    if name == "lifelines":
        import duckdb  # noqa: F401
        import lifelines  # noqa: F401
    else:
        import pyarrow  # noqa: F401

        import cytoreg.survival  # noqa: F401
    before, began = peak_mb(), time.perf_counter()
    medians = CONTENDERS[name](folder)
    seconds = time.perf_counter() - began
    found = {"seconds": seconds, "mb": peak_mb() - before, "medians": [float(m) for m in medians]}
    print(json.dumps(found))


def main() -> None:
    """Make the cohort, run the contenders one after the other, print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--child", choices=CONTENDERS, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = sized(parser, rows=(5_000_000, 20_000), strata=(3, 3))
    if options.child:
        child(options.child, options.folder)
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make(folder, options.rows, options.strata)
        commands = {
            "cytoreg, kaplan_meier": [sys.executable, __file__, "--child", "notebook"],
            "cytoreg, materialize": [sys.executable, __file__, "--child", "build"],
            "lifelines on rows": [sys.executable, __file__, "--child", "lifelines"],
        }
        commands = {key: [*command, "--folder", name] for key, command in commands.items()}
        if shutil.which("Rscript"):
            (folder / "km.R").write_text(R)
            script = ["Rscript", str(folder / "km.R"), name, str(options.rows)]
            commands["R survfit on rows"] = script
        else:
            print("R is not measured: there is no Rscript here")
        found = {
            key: json.loads(subprocess.check_output(command, text=True).splitlines()[-1])
            for key, command in commands.items()
        }
    print(f"{options.rows:,} rows, {options.strata} strata\n")
    print(f"{'':24} {'seconds':>8} {'MB':>7} {'times ours':>11}")
    first, *_ = found.values()
    for key, result in found.items():
        times = result["seconds"] / first["seconds"]
        print(f"{key:24} {result['seconds']:8.2f} {result['mb']:7,.0f} {times:11.1f}")
    for key, result in found.items():
        if result["medians"] != first["medians"]:
            raise SystemExit(f"{key} has other medians or limits: {result['medians']}")
    print("\nthe same median in every stratum, days (95 % interval):", end=" ")
    medians = zip(*[iter(first["medians"])] * 3, strict=True)
    print(", ".join(f"{median:g} ({lower:g}–{upper:g})" for median, lower, upper in medians))
    ours = first["seconds"]
    peers = {peer: ours / result["seconds"] for peer, result in list(found.items())[1:]}
    tell(peers, rows=options.rows, strata=options.strata)


if __name__ == "__main__":
    main()

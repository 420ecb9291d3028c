"""Net survival (Pohar Perme), side by side: ours and relsurv's rs.surv, which must agree.

Usage: python benchmarks/net_survival.py [--patients 24000] [--many 1000000] [--smallest]

Every contender starts in a process of its own from the same file, with R's survexp.us as life table
(the built-in one where R is missing). More patients are measured beside fewer. Seconds include the
fit, not reading, importing and starting; memory is the process's high-water mark above that before
the fit (Linux). lifelines has no such estimator. R is measured if Rscript with relsurv is
installed; otherwise that is said.
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

import numpy as np
from common import peak_mb, sized, tell

TABLE = """
suppressMessages(library(survival))
d <- dimnames(survexp.us)
g <- expand.grid(age = as.integer(d[[1]]), sex = d[[2]], year = as.integer(d[[3]]))
g$q <- format(1 - exp(-365.25 * as.vector(survexp.us)), digits = 15)
write.csv(g, commandArgs(TRUE)[1], row.names = FALSE, quote = FALSE)
"""
R = """
suppressMessages({library(survival); library(relsurv)})
d <- read.csv(commandArgs(TRUE)[1])
d$year <- as.Date(d$start)
invisible(gc(reset = TRUE)); before <- sum(gc()[, 6])
seconds <- system.time(f <- rs.surv(Surv(time_days, event) ~ 1, data = d, ratetable = survexp.us,
  rmap = list(age = age_days, year = year, sex = sex), method = "pohar-perme", precision = 1,
  add.times = c(365, 1826, 3652)))[[3]]
s <- summary(f, times = c(365, 1826, 3652))
cat(format(c(seconds, sum(gc()[, 6]) - before, s$surv), digits = 15))
"""
DAYS = (365, 1826, 3652)


def write(path: Path, patients: int) -> None:
    """Patients operated on from 1990 to 2005, followed for up to 25 years, exponential deaths."""
    rng = np.random.default_rng(2017)
    death, end = rng.exponential(4000, patients), rng.uniform(1, 9000, patients)
    columns = {
        "time_days": np.ceil(np.minimum(death, end)).astype(int),
        "event": (death <= end).astype(int),
        "age_days": rng.integers(40 * 365, 75 * 365, patients),
        "sex": rng.choice(["male", "female"], patients),
        "start": np.datetime64("1990-01-01") + rng.integers(0, 5000, patients),
    }
    import pyarrow as pa
    import pyarrow.csv

    pa.csv.write_csv(pa.table(columns), path)


def ours(path: Path, table_file: Path) -> None:
    """Fit once, print seconds, memory and the estimates as JSON."""
    import pandas as pd

    from cytoreg.survival import LifeTable, net_survival

    cohort = pd.read_csv(path, parse_dates=["start"]).rename(columns={"start": "start_date"})
    table = (
        LifeTable.from_csv(table_file, calendar="birthday")
        if table_file.exists()
        else LifeTable.builtin("usa", calendar="birthday")
    )
    before, began = peak_mb(), time.perf_counter()
    at = np.array(DAYS) / 365.25
    found = net_survival(cohort, table, "pohar-perme", at, integral="relsurv")
    print(json.dumps([time.perf_counter() - began, peak_mb() - before, *found["estimate"]]))


def main() -> None:
    """Write the cohorts, run the contenders one after the other, print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    options = sized(parser, patients=(24_000, 500), many=(1_000_000, 2000))
    if options.child:
        ours(options.child, options.child.with_name("table.csv"))
        return

    def run(command: list[str]) -> str:
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    relsurv = has_relsurv()
    if not relsurv:
        print("R is not measured: there is no Rscript with relsurv here")
    print(
        f"{'Pohar Perme':34}{'patients':>10}{'seconds':>10}{'MB':>8}   after 365, 1826, 3652 days"
    )
    with tempfile.TemporaryDirectory() as name:
        if relsurv:
            run(["Rscript", "-e", TABLE, str(Path(name) / "table.csv")])
        seconds_of = {}
        for patients in (options.patients, options.many):
            path = Path(name) / "cohort.csv"
            write(path, patients)
            results = {"cytoreg": json.loads(run([sys.executable, __file__, "--child", str(path)]))}
            if patients == options.patients and relsurv:
                theirs = [float(word) for word in run(["Rscript", "-e", R, str(path)]).split()]
                results["relsurv, precision = 1"] = theirs
            for label, (seconds, memory, *estimates) in results.items():
                seconds_of[label, patients] = seconds / patients
                shown = ", ".join(f"{value:.5f}" for value in estimates)
                print(f"{label:34}{patients:>10,}{seconds:>10.2f}{memory:>8,.0f}   {shown}")
            if patients == options.patients and relsurv:
                check(results["cytoreg"], theirs)
    own = seconds_of.pop(("cytoreg", options.patients))
    tell(
        {
            f"{label}, {patients:,} patients, per patient": own / seconds
            for (label, patients), seconds in seconds_of.items()
        },
        patients=options.patients,
    )


def has_relsurv() -> bool:
    """Whether there is an R with the package."""
    if not shutil.which("Rscript"):
        return False
    found = subprocess.run(
        ["Rscript", "-e", "quit(status = !requireNamespace('relsurv', quietly = TRUE))"],
        capture_output=True,
        check=False,
    )
    return found.returncode == 0


def check(ours: list[float], theirs: list[float]) -> None:
    """Print how many times faster ours is; raise unless both found the same."""
    furthest = max(abs(one - other) for one, other in zip(ours[2:], theirs[2:], strict=True))
    if furthest > 1e-9:
        raise SystemExit(f"relsurv has other estimates: they differ by {furthest:.1e}")
    times = theirs[0] / ours[0]
    print(f"relsurv takes {times:.1f} times as long; estimates differ by {furthest:.0e}")


if __name__ == "__main__":
    main()

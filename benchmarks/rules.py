"""Row rules: compiled SQL in DuckDB beside its peers, same rows and same verdict.

Usage: python benchmarks/rules.py [--rows 1000000] [--peers PYTHON] [--smallest]

One Parquet file of text, 12 columns, and 32 rules: types, required, unique, ranges, codes,
patterns, conditions between columns, a reference and two comparisons with another table; about
one row in ten breaks one. Each side runs in a process of its own. Pandera gets what a careful
user would write for it: vectorized conversions and checks, the other table merged once. DuckDB
does more: it also writes the accepted and quarantined rows and one finding per rule and row.
Memory is the high-water mark of resident memory (Linux), in MB; the bare process is what imports
alone take. The SQL by hand writes the same tables as cytoreg. PYTHON is an interpreter with
`pandera[polars]` and `pointblank`, which cytoreg does not need; without it these two are left out.
Seconds are processor time; a ratio is cytoreg's to the other's.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

import duckdb
from common import peak_mb, sized, tell
from rules_data import CODES, PEOPLE, ROWS
from rules_peers import SIDES

AS_OF = date(2016, 12, 31)
REFUSE = {"by_extract", "discharge_after", "person_exists", "after_birth", "before_death"}


def judge_in_duckdb(folder: Path) -> dict[str, int]:
    """Violations by rule, as cytoreg judges them."""
    from cytoreg.rules import (
        Entity,
        compare,
        compile_schemas,
        field,
        judge,
        references,
        rule,
    )
    from cytoreg.warehouse.connection import open_build

    class Person(Entity):
        """A patient."""

        patient: str = field("Number.", key=True)
        birth_date: date = field("Birth.")
        death_date: date = field("Death.", nullable=True)

    class Case(Entity):
        """An operation."""

        case_number: str = field("Number.", key=True, unique=True, str_matches=r"^C[0-9]{9}$")
        patient: str = field("Patient.", str_matches=r"^[0-9]{7}$")
        day: date = field("Day.", in_range=(date(1990, 1, 1), date(2016, 12, 31)))
        discharge: date = field("Discharge.", nullable=True)
        minutes: int = field("Minutes.", in_range=(20, 1440))
        asa: int = field("ASA.", nullable=True, in_range=(1, 5), warn="in_range")
        blood: int = field("Blood loss.", nullable=True, ge=0, warn="ge")
        code: str = field("Code.", isin=CODES)
        ki67: float = field("Ki-67.", nullable=True, in_range=(0, 100))
        site: str = field("Site.", str_matches=r"^C[0-9]{2}\.[0-9]$")
        crisis: bool = field("Crisis.", nullable=True)
        surgeon: str = field("Surgeon.", nullable=True, str_length={"min_value": 1, "max_value": 4})

        by_extract = rule("day <= $as_of")
        discharge_after = rule("discharge >= day")
        short_stay = rule("date_diff('day', day, discharge) <= 180", severity="warning")
        plausible_loss = rule("blood <= 3500 or minutes > 60", severity="warning")
        crisis_is_long = rule("not crisis or minutes >= 60", severity="warning")
        person_exists = references("person", on="patient")
        after_birth = compare("person", on="patient", holds="day >= person.birth_date")
        before_death = compare("person", on="patient", holds="day <= person.death_date")

    with open_build(folder / "build.duckdb") as con:
        for entity in ("case", "person"):
            con.execute(
                f'create view staging."{entity}" as'
                f" select * from read_parquet('{folder}/{entity}.parquet')"
            )
        judge(con, compile_schemas([Person, Case]), as_of=AS_OF)
        return dict(
            con.execute(
                "select rule, violated from quality.check_result"
                " where entity = 'case' and rule <> 'case.unparsable'"
            ).fetchall()
        )


def judge_in_pandera(folder: Path) -> dict[str, int]:
    """The same from Pandera on pandas, in the way its documentation suggests for large frames."""
    import pandas as pd
    import pandera.pandas as pa

    text = pd.read_parquet(folder / "case.parquet")
    people = pd.read_parquet(folder / "person.parquet")
    for column in ("birth_date", "death_date"):
        people[column] = pd.to_datetime(people[column], format="%Y-%m-%d")
    typed = text.copy()
    for column in ("day", "discharge"):
        typed[column] = pd.to_datetime(text[column], format="%Y-%m-%d", errors="coerce")
    for column in ("minutes", "asa", "blood"):
        whole = text[column].where(text[column].str.fullmatch(r"[+-]?[0-9]+", na=False))
        typed[column] = pd.to_numeric(whole).astype("Int64")
    typed["ki67"] = pd.to_numeric(text["ki67"], errors="coerce")
    typed["crisis"] = text["crisis"].map({"true": True, "false": False}).astype("boolean")
    typed = typed.merge(people[["patient", "birth_date", "death_date"]], on="patient", how="left")
    counts: dict[str, int] = {}
    for column in ("day", "discharge", "minutes", "asa", "blood", "ki67", "crisis"):
        counts[f"case.{column}.type"] = int((text[column].notna() & typed[column].isna()).sum())
    for column in ("case_number", "patient", "day", "minutes", "code", "site"):
        counts[f"case.{column}.required"] = int(text[column].isna().sum())
    known = set(people["patient"])
    check = pa.Check

    def row(name: str, function) -> pa.Check:
        return check(lambda frame: function(frame).fillna(True).astype(bool), name=name)

    def either(left, right):
        return left | right

    first, last = pd.Timestamp(1990, 1, 1), pd.Timestamp(2016, 12, 31)
    # Rules between columns say nothing of a cell that its own column's check refuses.
    typed["sound_day"] = typed["day"].where(typed["day"].between(first, last))
    typed["sound_minutes"] = typed["minutes"].where(typed["minutes"].between(20, 1440))
    typed["sound_patient"] = text["patient"].where(text["patient"].str.fullmatch("[0-9]{7}"))
    schema = pa.DataFrameSchema(
        {
            "case_number": pa.Column(str, check.str_matches(r"^C[0-9]{9}$")),
            "patient": pa.Column(str, check.str_matches(r"^[0-9]{7}$")),
            "day": pa.Column("datetime64[ns]", check.in_range(first, last), nullable=True),
            "discharge": pa.Column("datetime64[ns]", nullable=True),
            "minutes": pa.Column("Int64", check.in_range(20, 1440), nullable=True),
            "asa": pa.Column("Int64", check.in_range(1, 5), nullable=True),
            "blood": pa.Column("Int64", check.ge(0), nullable=True),
            "code": pa.Column(str, check.isin(CODES)),
            "ki67": pa.Column(float, check.in_range(0, 100), nullable=True),
            "site": pa.Column(str, check.str_matches(r"^C[0-9]{2}\.[0-9]$")),
            "crisis": pa.Column("boolean", nullable=True),
            "surgeon": pa.Column(str, check.str_length(1, 4), nullable=True),
        },
        checks=[
            row("by_extract", lambda f: ~(f["sound_day"] > last)),
            row("discharge_after", lambda f: ~(f["discharge"] < f["sound_day"])),
            row("short_stay", lambda f: ~((f["discharge"] - f["sound_day"]).dt.days > 180)),
            row("plausible_loss", lambda f: either(f["blood"] <= 3500, f["sound_minutes"] > 60)),
            row("crisis_is_long", lambda f: either(~f["crisis"], f["sound_minutes"] >= 60)),
            row(
                "person_exists",
                lambda f: f["sound_patient"].isin(known) | f["sound_patient"].isna(),
            ),
            row("after_birth", lambda f: ~(f["sound_day"] < f["birth_date"])),
            row("before_death", lambda f: ~(f["sound_day"] > f["death_date"])),
        ],
    )
    short = {"greater_than_or_equal_to": "ge"}
    named = {
        f"case.{name}.{short.get(one.name, one.name)}": 0
        for name, column in schema.columns.items()
        for one in column.checks
    }
    counts |= named | {f"case.{one.name}": 0 for one in schema.checks}
    counts["case.case_number.unique"] = 0
    refused = pd.Index([])
    try:
        schema.validate(typed, lazy=True)
    except pa.errors.SchemaErrors as errors:
        for error in errors.schema_errors:
            rows = pd.Index(error.failure_cases["index"]).unique()
            name = short.get(error.check.name, error.check.name)
            if error.schema is schema:
                counts[f"case.{name}"] = len(rows)
            else:
                counts[f"case.{error.schema.name}.{name}"] = len(rows)
            if name in REFUSE or error.schema.name == "case_number":
                refused = refused.union(rows)
    numbers = pa.Column(str, unique=True, report_duplicates="exclude_first", name="case_number")
    try:  # a row that is refused is no version of another
        numbers.validate(typed.drop(index=refused), lazy=True)
    except pa.errors.SchemaErrors as errors:
        (error,) = errors.schema_errors
        counts["case.case_number.unique"] = error.failure_cases["index"].nunique()
    return counts


def child(side: str, folder: Path) -> None:
    """Judge once; print seconds, peak memory and violations as JSON."""
    import pandera.pandas  # noqa: F401 - both sides' imports are outside the clock

    import cytoreg.rules  # noqa: F401

    bare = peak_mb()
    began = time.process_time()
    judge = {"cytoreg": judge_in_duckdb, "pandera": judge_in_pandera}[side]
    counts = judge(folder)
    seconds = time.process_time() - began
    print(json.dumps({"seconds": seconds, "peak": peak_mb(), "bare": bare, "counts": counts}))


def peer(side: str, folder: Path) -> None:
    """The same for a side of rules_peers.py, whose interpreter need not have cytoreg."""
    import rules_peers

    began = time.process_time()
    counts = rules_peers.judge(side, folder)
    seconds = time.process_time() - began
    print(json.dumps({"seconds": seconds, "peak": peak_mb(), "counts": counts}))


def ran(python: str, side: str, folder: Path) -> dict:
    """What a side measured, in a process of its own."""
    command = [python, "-W", "ignore", __file__, "--child", side, "--folder", str(folder)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


LABELS = {
    "cytoreg": "cytoreg: findings and rows written",
    "sql": "SQL by hand: the same written",
    "pandera": "Pandera on pandas: findings counted",
    "polars": "Pandera on Polars: failure cases",
    "pointblank": "pointblank on Polars: extracts",
}


def main() -> None:
    """Write the rows, run every side, print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peers", metavar="PYTHON", help="has pandera[polars] and pointblank")
    parser.add_argument("--child", choices=list(LABELS), help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = sized(parser, rows=(1_000_000, 20_000))
    if options.child:
        (child if options.child in ("cytoreg", "pandera") else peer)(options.child, options.folder)
        return
    pythons = dict.fromkeys(("cytoreg", "sql", "pandera"), sys.executable)
    if options.peers:
        pythons |= dict.fromkeys(("polars", "pointblank"), options.peers)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for table, sql in (("case", ROWS.replace("$rows", str(options.rows))), ("person", PEOPLE)):
            duckdb.execute(f"copy ({sql}) to '{folder / table}.parquet'")
        results = {side: ran(python, side, folder) for side, python in pythons.items()}
    counts = {key.removeprefix("case."): n for key, n in results["cytoreg"]["counts"].items()}
    different = {}
    for side, result in results.items():
        found = {key.removeprefix("case."): n for key, n in result["counts"].items()}
        # The peers do not know which of two records with one number is the better version.
        rules = set(counts) - ({"case_number.unique"} if side in SIDES else set())
        if wrong := [rule for rule in rules if counts[rule] != found.get(rule, 0)]:
            different[side] = sorted(wrong)
    own = results["cytoreg"]["seconds"]
    ratios = {side: own / result["seconds"] for side, result in results.items()}
    print(f"{options.rows:,} rows, 12 columns, {len(counts)} rules")
    print(f"{'':42}{'seconds':>10}{'ratio':>8}{'peak MB':>10}")
    for side, result in results.items():
        told = f"{result['seconds']:>10.2f}{ratios[side]:>8.2f}{result['peak']:>10,}"
        print(f"{LABELS[side]:42}{told}")
    print(f"{'(bare process with cytoreg and Pandera)':60}{results['cytoreg']['bare']:>10,}")
    print(f"{sum(counts.values()):,} findings; {'DIFFERENT' if different else 'all agree'}")
    if different:
        raise SystemExit(f"different: {different}")
    del ratios["cytoreg"]
    tell(
        {LABELS[side].partition(":")[0]: ratio for side, ratio in ratios.items()}, rows=options.rows
    )


if __name__ == "__main__":
    main()

"""`simulate`: a hospital's extracts, written by its simulated source systems."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb

from cytoreg.demo import (
    fence,
    source_biomarkers,
    source_death_index,
    source_hospital,
    source_laboratory,
    source_or_log,
    source_pathology,
    source_research,
    source_tumor_registry,
)
from cytoreg.demo.persons import draw
from cytoreg.demo.plant import Planted, plant, write_truth
from cytoreg.errors import ConfigError
from cytoreg.progress import Progress, quiet

_FEWEST = 20
_MOST = 1_500_000  # more would need longer case numbers
_HIGHEST_RATE = 0.2
_MEMORY = "2GB"
_SYSTEMS = (
    *("tumor_registry", "hospital", "or_log", "research", "death_index", "laboratory"),
    *("biomarkers", "pathology", "truth"),
)


@dataclass(frozen=True)
class Simulation:
    """What was written: records by `source.table`, planted kinds, and kinds without a record."""

    folder: Path
    patients: int
    seed: int
    records: Mapping[str, int]
    defects: int
    kinds: int
    variants: int
    not_planted: tuple[str, ...]


def simulate(
    folder: Path,
    *,
    patients: int = 834,
    seed: int = 2017,
    defects: bool = True,
    rate: float | None = None,
    hospital_url: str | None = None,
    progress: Progress = quiet,
) -> Simulation:
    """Write the extracts of a simulated hospital with `patients` records to `folder`.

    With `defects`, errors are planted, and unusual but valid content (variants): a few of each
    kind, or, with `rate`, on that share of each table's records, at most 0.2. The same patients,
    seed, defects and rate give the same bytes. Extracts of an earlier call are replaced as a whole,
    each system by one rename. Raises ConfigError for an invalid number of patients or URL, and when
    `folder` (or the database) holds anything that no earlier call wrote, or that was changed since;
    then nothing is changed.
    """
    _check(patients, seed, defects, rate)
    fence.check(folder)
    source_hospital.check(hospital_url)
    try:
        fence.begin(folder)
    except OSError as error:
        raise ConfigError(
            f"{folder} cannot be written: {error.strerror}", remedy="name a folder of your own"
        ) from None
    for left_behind in folder.glob(f"{fence.WORK}*"):
        shutil.rmtree(left_behind, ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=fence.WORK) as name:
        work = Path(name)
        with duckdb.connect(str(work / "truth.duckdb")) as con:
            con.execute(f"set memory_limit = '{_MEMORY}'")
            con.execute("set enable_progress_bar = false")
            draw(con, patients, seed)
            progress("people", patients)
            records = _extract(con)
            planted = plant(con, seed, rate) if defects else Planted(0, (), (), ())
            progress("defects", planted.count)
            _write(con, work, hospital_url, records, progress)
            write_truth(con, work / "truth", defects)
            _write_parameters(work / "truth", patients, seed, records, planted, defects, rate)
        _swap(work, folder)
    return Simulation(
        folder=folder,
        patients=patients,
        seed=seed,
        records=records,
        defects=planted.count,
        kinds=len(planted.kinds),
        variants=sum(count for _, count in planted.variants),
        not_planted=planted.missed,
    )


def _check(patients: int, seed: int, defects: bool, rate: float | None) -> None:
    """Raise ConfigError for what cannot be simulated."""
    if not _FEWEST <= patients <= _MOST:
        raise ConfigError(
            f"cannot simulate {patients} patients", remedy=f"give {_FEWEST} to {_MOST:,}"
        )
    if seed < 0:
        raise ConfigError("cannot simulate with a negative seed", remedy="give 0 or more")
    if rate is not None and not (defects and 0 < rate <= _HIGHEST_RATE):
        raise ConfigError(
            f"cannot plant defects at a rate of {rate:g}",
            remedy=f"give a rate above 0, up to {_HIGHEST_RATE}, and no --no-defects",
        )


def _extract(con: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Build the output of each system as tables of text; count them."""
    con.execute("create schema extract")
    for module in (
        source_or_log,
        source_tumor_registry,
        source_hospital,
        source_research,
        source_death_index,
        source_laboratory,
        source_biomarkers,
        source_pathology,
    ):
        con.execute(module.TABLES)
    tables: list[tuple[str]] = con.execute(
        "select table_name from information_schema.tables where table_schema = 'extract' order by 1"
    ).fetchall()
    records = {}
    for (table,) in tables:
        source = next(system for system in _SYSTEMS if table.startswith(system))
        counted: list[tuple[int]] = con.execute(f"select count(*) from extract.{table}").fetchall()
        records[f"{source}.{table[len(source) + 1 :]}"] = counted[0][0]
    return records


def _write(
    con: duckdb.DuckDBPyConnection,
    work: Path,
    hospital_url: str | None,
    records: Mapping[str, int],
    progress: Progress,
) -> None:
    """Let every system write its extract below `work`."""

    def done(source: str) -> None:
        rows = (n for name, n in records.items() if name.startswith(f"{source}."))
        progress(source, sum(rows))

    for source, module in (
        ("or_log", source_or_log),
        ("tumor_registry", source_tumor_registry),
        ("research", source_research),
        ("death_index", source_death_index),
        ("laboratory", source_laboratory),
        ("biomarkers", source_biomarkers),
        ("pathology", source_pathology),
    ):
        module.write(con, work)
        done(source)
    source_hospital.write(con, work, hospital_url)
    done("hospital")


def _write_parameters(
    folder: Path,
    patients: int,
    seed: int,
    records: Mapping[str, int],
    planted: Planted,
    defects: bool,
    rate: float | None,
) -> None:
    """Write down how these extracts were made."""
    (folder / "parameters.json").write_text(
        json.dumps(
            {
                "patients": patients,
                "seed": seed,
                "defects": defects,
                "rate": rate,
                "records": records,
                "planted": planted.count,
                "kinds": dict(planted.kinds),
                "variants": dict(planted.variants),
                "not_planted": planted.missed,
            },
            indent=2,
        )
        + "\n",
        encoding="utf-8",
    )


def _swap(work: Path, folder: Path) -> None:
    """Put each system's new extract in place of its old one, and list the files as simulated."""
    new_files: fence.Written = {}
    for system in _SYSTEMS:
        new_files |= {
            f"{system}/{name}": known for name, known in fence.hashed(work / system).items()
        }
    fence.check(folder)  # somebody may have delivered meanwhile
    fence.write(folder, fence.written(folder), new_files)  # so that leftovers are recognized
    for system in _SYSTEMS:
        new, old, place = work / system, work / f"{system}.old", folder / system
        if place.exists():
            place.rename(old)
        if new.exists():
            new.rename(place)
    fence.write(folder, new_files)

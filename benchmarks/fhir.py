"""FHIR resources in MB/s: cytoreg's views beside bare parsers and a FHIRPath library.

    python benchmarks/fhir.py [--mb 200] [--smallest]     (fhirpathpy, if installed, on a part)

All read the same NDJSON in one process, one after the other. The bare passes parse each line and
take nothing out, or one element; the library evaluates the view's columns without its loops.
"""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import msgspec
from common import sized, tell

from cytoreg.sources.fhir import files
from cytoreg.sources.fhir.config import FhirSource
from cytoreg.sources.items import Reject, Rows

ROOT = Path(__file__).resolve().parents[1]
VIEW = json.loads((ROOT / "views" / "laboratory.json").read_text(encoding="utf-8"))
LINE = (
    '{"resourceType":"Observation","id":"LAB-%08d","status":"final","category":[{"coding":['
    '{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"laboratory"}]}'
    '],"code":{"coding":[{"system":"urn:simulated-hospital:assay","code":"CGA",'
    '"display":"Chromogranin A"}]},'
    '"subject":{"reference":"Patient/%07d","identifier":{"system":"urn:simulated-hospital:mrn",'
    '"value":"%07d"}},"effectiveDateTime":"2010-01-03T07:37:00Z","valueQuantity":{"value":%d.50,'
    '"unit":"ng/mL","system":"http://unitsofmeasure.org","code":"ng/mL"},"referenceRange":[{"high":'
    '{"value":36,"unit":"ng/mL"}}],"method":{"text":"ELISA 1"}}\n'
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    megabytes = sized(parser, mb=(200, 2)).mb
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "Observation.ndjson"
        lines = megabytes * 1_000_000 // len(LINE % (1, 1, 1, 1))
        with path.open("w", encoding="utf-8") as file:
            file.writelines(LINE % (n, n, n, n % 900) for n in range(lines))
        print(f"{lines:,} Observations, {path.stat().st_size / 1e6:.0f} MB")
        bare = {
            title: measure(title, path, parse)
            for title, parse in (
                ("json.loads, nothing taken out", parse_json),
                ("msgspec, nothing taken out", parse_msgspec),
                ("DuckDB read_ndjson_objects, one element", parse_duckdb),
            )
        }
        ours = measure("cytoreg, view of 11 columns", path, views)
        measure("cytoreg, 2 views", path, two_views)
        part = Path(folder) / "part.ndjson"
        with path.open("rb") as file:
            part.write_bytes(b"".join(next(file) for _ in range(2000)))
        measure("fhirpathpy, the same columns, 2,000 lines", part, library)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"peak memory {peak:.0f} MB")
    tell({title: ours / seconds for title, seconds in bare.items()}, mb=megabytes)


def measure(what: str, path: Path, read: Callable[[Path], str]) -> float:
    began = time.perf_counter()
    told = read(path)
    seconds = time.perf_counter() - began
    rate = (
        f"{path.stat().st_size / 1e6 / seconds:8.1f} MB/s" if told != "not installed" else " " * 13
    )
    print(f"{what:44} {rate}   {told}")
    return seconds


def parse_json(path: Path) -> str:
    with path.open("rb") as file:
        return f"{sum(json.loads(line) is not None for line in file):,} lines"


def parse_msgspec(path: Path) -> str:
    decode = msgspec.json.Decoder().decode
    with path.open("rb") as file:
        return f"{sum(decode(line) is not None for line in file):,} lines"


def parse_duckdb(path: Path) -> str:
    query = "select count(json_extract_string(json, '$.id')) from read_ndjson_objects(?)"
    (count,) = duckdb.execute(query, [str(path)]).fetchone() or (0,)
    return f"{count:,} lines"


def views(path: Path) -> str:
    return _read(path, 1)


def two_views(path: Path) -> str:
    return _read(path, 2)


def _read(path: Path, tables: int) -> str:
    names = [f"t{number}" for number in range(tables)]
    config = FhirSource.model_validate(
        {
            "kind": "fhir",
            "path": path.name,
            "tables": dict.fromkeys(names, "laboratory"),
            "views": dict.fromkeys(names, VIEW),
        }
    )
    rows = rejects = 0
    for item in files.read("laboratory", config, path.parent):
        rows += len(item.rows) if isinstance(item, Rows) else 0
        rejects += isinstance(item, Reject)
    return f"{rows:,} rows, {rejects} rejects"


def library(path: Path) -> str:
    try:
        from fhirpathpy import compile as compiled
        from fhirpathpy.models import models
    except ImportError:
        return "not installed"
    paths = [column["path"] for column in VIEW["select"][0]["column"]]
    paths = [text.replace("getResourceKey()", "id") for text in paths]
    functions = [compiled(text, models["r4"]) for text in [VIEW["where"][0]["path"], *paths]]
    rows = 0
    with path.open("rb") as file:
        for line in file:
            item = json.loads(line)
            rows += bool([function(item) for function in functions])
    return f"{rows:,} rows"


if __name__ == "__main__":
    main()

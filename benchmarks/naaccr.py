"""NAACCR XML and fixed width into rows and into a landing, beside lxml's bare pass over the XML.

Usage: python benchmarks/naaccr.py [--mb 300] [--smallest]

One XML file of patients with 25 items and one or two tumors with 90, made on the spot, and lines of
version 18 with the same items. The bare pass is `iterparse` that stops at each Patient and throws
it away: nothing is read of it, so that it is a bound and no peer. Each side runs in a process of
its own. Memory is the high-water mark of resident memory (Linux), in MB; it should not grow with
`--mb`.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from common import sized, tell

from cytoreg.sources.naaccr.items import LENGTHS, layout, levels

PATIENT = [item for item, level in levels().items() if level == "patient"][:25]
TUMOR = [place.item for place in layout(180) if levels()[place.item] == "tumor"][:90]
HEAD = (
    '<?xml version="1.0"?>\n<NaaccrData baseDictionaryUri="http://naaccr.org/naaccrxml/'
    'naaccr-dictionary-250.xml" recordType="I" specificationVersion="1.8"'
    ' xmlns="http://naaccr.org/naaccrxml">\n'
)
DECLARED = {"patient": PATIENT, "tumor": TUMOR}
ALL = {"patient": "all", "tumor": "all"}


def make_xml(path: Path, size: int) -> None:
    with path.open("w") as file:
        file.write(HEAD)
        number = 0
        while file.tell() < size:
            file.write(" <Patient>\n" + items(PATIENT, number, "  "))
            for which in range(1 + number % 2):
                file.write("  <Tumor>\n" + items(TUMOR, number + which, "   ") + "  </Tumor>\n")
            file.write(" </Patient>\n")
            number += 1
        file.write("</NaaccrData>\n")


def items(names: list[str], number: int, indent: str) -> str:
    return "".join(
        f'{indent}<Item naaccrId="{name}">{number * 7 % 10_000:04}</Item>\n' for name in names
    )


def make_flat(path: Path, size: int) -> None:
    places = {place.item: place for place in layout(180)}
    with path.open("w") as file:
        for number in range(size // LENGTHS[180]["I"]):
            line = [" "] * LENGTHS[180]["I"]
            line[0], line[16:19] = "I", "180"
            for name in (*PATIENT, *TUMOR):
                place = places.get(name)
                if place and place.end <= len(line):
                    text = f"{number * 7 % 10_000:04}"[: place.width]
                    line[place.start - 1 : place.start - 1 + len(text)] = text
            file.write("".join(line) + "\n")


def bare(folder: Path) -> int:
    from lxml import etree

    count = 0
    for _, patient in etree.iterparse(folder / "registry.xml", tag="{*}Patient"):
        count += 1
        patient.clear()
        while patient.getprevious() is not None:
            del patient.getparent()[0]
    return count


def read(folder: Path, wanted: object) -> int:
    from cytoreg.sources.items import Rows
    from cytoreg.sources.naaccr import xml as naaccr_xml
    from cytoreg.sources.naaccr.config import NaaccrXmlSource

    config = NaaccrXmlSource(
        kind="naaccr_xml", path="registry.xml", tables={"patient": "p", "tumor": "t"}, items=wanted
    )
    found = naaccr_xml.read("registry", config, folder)
    return sum(len(x.rows) for x in found if isinstance(x, Rows) and x.table == "patient")


def read_flat(folder: Path) -> int:
    from cytoreg.sources.items import Rows
    from cytoreg.sources.naaccr import flat as naaccr_flat
    from cytoreg.sources.naaccr.config import NaaccrFlatSource

    config = NaaccrFlatSource(
        kind="naaccr_flat", path="registry.txt", tables={"tumor": "t"}, items="all"
    )
    found = naaccr_flat.read("registry", config, folder)
    return sum(len(x.rows) for x in found if isinstance(x, Rows))


def landed(folder: Path) -> int:
    from cytoreg.landing.land import land
    from cytoreg.project.load import load_project

    (folder / "cytoreg.toml").write_text(
        f"""
[registry]
name = "bench"
title = "Bench"
[paths]
extracts = "."
[linkage]
entity = "patient"
number = "number"
[linkage.precedence]
default = []
[sources.registry]
kind = "naaccr_xml"
path = "registry.xml"
tables = {{ patient = "patient", tumor = "tumor" }}
items = {{ patient = {json.dumps(PATIENT)}, tumor = {json.dumps(TUMOR)} }}
"""
    )
    return land(load_project(folder), "registry").tables[0].rows


SIDES: dict[str, tuple[str, Callable[[Path], int]]] = {
    "lxml, bare pass": ("registry.xml", bare),
    "cytoreg, declared items": ("registry.xml", lambda folder: read(folder, DECLARED)),
    "cytoreg, items = all (two passes)": ("registry.xml", lambda folder: read(folder, ALL)),
    "cytoreg, landed (hashes, Parquet)": ("registry.xml", landed),
    "cytoreg, fixed width, all 774 items": ("registry.txt", read_flat),
}


def run(side: str, folder: Path) -> None:
    began = time.perf_counter()
    rows = SIDES[side][1](folder)
    seconds = time.perf_counter() - began
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    print(json.dumps({"seconds": seconds, "rows": rows, "memory": memory}))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--side", choices=SIDES)
    parser.add_argument("--folder", type=Path)
    options = sized(parser, mb=(300, 2))
    if options.side:
        run(options.side, options.folder)
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_xml(folder / "registry.xml", options.mb * 1_000_000)
        make_flat(folder / "registry.txt", options.mb * 1_000_000)
        print(f"{'':36} {'MB/s':>7} {'of bare':>8} {'rows':>9} {'memory MB':>10}")
        pace, ratios = 0.0, {}
        for side, (file, _) in SIDES.items():
            call = [sys.executable, __file__, "--side", side, "--folder", name]
            done = subprocess.run(call, check=True, capture_output=True, text=True)
            found = json.loads(done.stdout)
            speed = (folder / file).stat().st_size / 1e6 / found["seconds"]
            pace = pace or speed
            if side.startswith("cytoreg") and file.endswith("xml"):
                ratios[f"{side.removeprefix('cytoreg, ')}: lxml's bare pass"] = pace / speed
            share = f"{speed / pace:8.0%}" if file.endswith("xml") else f"{'':8}"
            print(f"{side:36} {speed:7.0f} {share} {found['rows']:9,} {found['memory']:10,}")
    tell(ratios, mb=options.mb)


if __name__ == "__main__":
    main()

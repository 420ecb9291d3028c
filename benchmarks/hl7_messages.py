"""HL7 v2 messages into rows, beside a bare split and the bare passes of two parsers.

Usage: python benchmarks/hl7_messages.py [--mb 100] [--smallest]

One file of pathology reports made on the spot: 13 segments, 2 kB each, text in several OBX of one
code. `hl7` and `hl7apy` (installed for this alone: pip install hl7 hl7apy) parse each message and
read nothing of it; they get a fiftieth of the file, and without them their line is left out. The
bare split is text.split for messages, segments and fields: no rule of HL7 is kept, so that it is a
bound and no peer. Each side runs in a process of its own; memory is the high-water mark of resident
memory (Linux), in MB; it should not grow with `--mb`.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from common import sized, tell

REPORT = {
    "control": "MSH-10", "sent": "MSH-7", "facility": "MSH-4.1", "mrn": "PID-3[5=MR].1",
    "family": "PID-5.1", "given": "PID-5.2", "born": "PID-7", "sex": "PID-8",
    "accession": "OBR-3.1", "collected": "OBR-7", "pathologist": "OBR-32.1.3", "status": "OBR-25",
    "diagnosis": "OBX[22637-3]*-5", "gross": "OBX[22634-0]*-5", "nature": "OBX[22633-2]-5",
    "ki67": "OBX[29593-1]-5",
}  # fmt: skip
RESULT = {
    "mrn": "PID-3[5=MR].1", "accession": "OBR-3.1", "code": "OBX-3.1", "value": "OBX-5",
    "unit": "OBX-6.1", "status": "OBX-11",
}  # fmt: skip
TEXT = "The specimen is received in formalin and consists of small bowel with one nodule. " * 2


def make(path: Path, size: int) -> None:
    with path.open("w", newline="") as file:
        number = 0
        while file.tell() < size:
            file.write("".join(f"{segment}\r" for segment in message(number)))
            number += 1


def message(number: int) -> Iterator[str]:
    yield rf"MSH|^~\&|LAB|SIM^33D^CLIA|REG|SIM|20250101||ORU^R01^ORU_R01|{number}|P|2.5.1"
    yield (
        f"PID|1||1{number:07}^^^SIM^MR~2{number:07}^^^SSA^SS||Simbo{number}^Xibo^A||19570706|F"
        "||2106-3^White^HL70005|1 Simulated Street^^Simcity^NY^12054^^H|||||M"
    )
    yield f"ORC|RE|||{number}||||||||||||||||||Simulated Hospital"
    yield (
        f"OBR|1||S25-{number}^SIM|11529-5^Surgical pathology^LN|||20250101|||||||||"
        "||||||20250102|||F|||||||1&Sim&Pathos&&&Dr."
    )
    yield "OBX|1|TX|22633-2^Nature of specimen^LN||Ileum, resection||||||F"
    for line in range(3):
        yield rf"OBX|{line + 2}|TX|22634-0^Gross pathology^LN||{TEXT}\T\ more||||||F"
    for line in range(3):
        yield f"OBX|{line + 5}|TX|22637-3^Final diagnosis^LN||{TEXT}||||||F"
    yield f"OBX|8|NM|29593-1^Ki-67^LN||{number % 40}|%|||||F"
    yield f"NTE|1||{TEXT}"


def split(folder: Path) -> int:
    text = (folder / "reports.hl7").read_bytes().decode()
    return sum(
        bool([segment.split("|") for segment in one.split("\r")]) for one in text.split("MSH|")[1:]
    )


def bare_hl7(folder: Path) -> int:
    import hl7

    return sum(hl7.parse(one) is not None for one in few(folder))


def bare_hl7apy(folder: Path) -> int:
    from hl7apy.parser import parse_message

    return sum(parse_message(one) is not None for one in few(folder))


def few(folder: Path) -> list[str]:
    text = (folder / "few.hl7").read_bytes().decode()
    return [f"MSH|{one}" for one in text.split("MSH|")[1:]]


def read(folder: Path, each: dict[str, str], **columns: dict[str, str]) -> int:
    from cytoreg.sources.hl7 import files
    from cytoreg.sources.hl7.config import Hl7Source
    from cytoreg.sources.items import Rows

    config = Hl7Source(
        kind="hl7", path="reports.hl7", tables=dict.fromkeys(columns, "pathology"),
        columns=columns, each=each,
    )  # fmt: skip
    found = files.read("pathology", config, folder)
    return sum(len(item.rows) for item in found if isinstance(item, Rows))


SIDES: dict[str, tuple[str, Callable[[Path], int]]] = {
    "bare split, all in memory": ("reports.hl7", split),
    "hl7, bare pass": ("few.hl7", bare_hl7),
    "hl7apy, bare pass": ("few.hl7", bare_hl7apy),
    "cytoreg, a row a message, 16 paths": (
        "reports.hl7", lambda folder: read(folder, {}, report=REPORT),
    ),
    "cytoreg, and a row an OBX, 6 paths": (
        "reports.hl7",
        lambda folder: read(folder, {"result": "OBX"}, report=REPORT, result=RESULT),
    ),
}  # fmt: skip


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
    options = sized(parser, mb=(100, 2))
    if options.side:
        run(options.side, options.folder)
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make(folder / "reports.hl7", options.mb * 1_000_000)
        make(folder / "few.hl7", options.mb * 20_000)
        print(f"{'':36} {'MB/s':>7} {'rows':>9} {'memory MB':>10}")
        pace = {}
        for side, (file, _) in SIDES.items():
            peer = side.partition(",")[0]
            if peer.startswith("hl7") and not importlib.util.find_spec(peer):
                print(f"{side:36} not installed")
                continue
            call = [sys.executable, __file__, "--side", side, "--folder", name]
            done = subprocess.run(call, check=True, capture_output=True, text=True)
            found = json.loads(done.stdout)
            speed = pace[side] = (folder / file).stat().st_size / 1e6 / found["seconds"]
            print(f"{side:36} {speed:7.1f} {found['rows']:9,} {found['memory']:10,}")
    ours = pace["cytoreg, a row a message, 16 paths"]
    peers = {side: speed / ours for side, speed in pace.items() if not side.startswith("cytoreg")}
    tell(peers, mb=options.mb)


if __name__ == "__main__":
    main()

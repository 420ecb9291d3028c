"""A page of the stewards' worklist beside a bare `select` of the same rows.

Usage: python benchmarks/steward.py [--patients 27000] [--requests 40] [--smallest]

A simulated hospital with as many defects as can be planted (about 100,000 findings at the usual
size) is validated once. `cytoreg steward` then serves it in a process of its own, and one client
asks for pages by HTTP: signed in, with filters, counts of every facet, text, any order, far pages.
The select is sent to DuckDB on an open connection to the run's findings with their lives, in
memory: the rows of the page and their number. Both take turns. Times are elapsed seconds; the ratio
is of the medians over all kinds of page.
"""

from __future__ import annotations

import argparse
import os
import re
import secrets
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx
from common import sized, tell

from cytoreg.project.load import Project, load_project
from cytoreg.steward.accounts import add
from cytoreg.steward.desk import Desks
from cytoreg.steward.worklist import ORDERS, PAGE

ROOT = Path(__file__).parents[1]
CYTOREG = [sys.executable, "-m", "cytoreg"]
KINDS = {  # what is asked for: parameters of the address, condition in SQL
    "first page": ("", "true"),
    "far page": ("page=900", "true"),
    "critical": ("severity=critical", "severity = 'critical'"),
    "one source": ("source=research", "source = 'research'"),
    "some rules": ("rule=follow_up.*", "rule::varchar glob 'follow_up.*'"),
    "text": ("text=operation", "lower(reason) like '%operation%'"),
    "oldest": ("order=oldest", "true"),
    "by record": ("order=record", "true"),
}


def make(folder: Path, patients: int) -> Project:
    """A registry whose last run, a validation, has many findings."""
    os.environ["CYTOREG_PSEUDONYM_KEY"] = secrets.token_hex(32)
    quiet = {"check": True, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    size = ["--patients", str(patients), "--rate", "0.2"]
    subprocess.run([*CYTOREG, "simulate", str(folder / "extracts"), *size], cwd=ROOT, **quiet)  # type: ignore[call-overload]
    (folder / "data").mkdir()
    places = ["--extracts", str(folder / "extracts"), "--data", str(folder / "data")]
    command = [*CYTOREG, "validate", "--as-of", "2016-12-31", *places]
    subprocess.run(command, cwd=ROOT, **(quiet | {"check": False}))  # type: ignore[call-overload]
    return load_project(ROOT, data=folder / "data")


def signed_in(port: int, password: str) -> httpx.Client:
    """A client with a session."""
    client = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60)
    for _ in range(600):
        try:
            shown = client.get("/sign-in").text
            break
        except httpx.TransportError:
            time.sleep(0.1)
    token = re.findall('name="csrf" value="([^"]+)"', shown)[0]
    client.post("/sign-in", data={"name": "anna", "password": password, "csrf": token})
    return client


def main() -> None:
    options = sized(
        argparse.ArgumentParser(description=__doc__), patients=(27_000, 60), requests=(40, 3)
    )
    with tempfile.TemporaryDirectory() as folder, socket.socket() as free:
        project = make(Path(folder), options.patients)
        password = secrets.token_hex(16)
        add(project, "anna", "steward", password)
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        command = [*CYTOREG, "steward", "--port", str(port), "--data", str(project.data)]
        server = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)
        try:
            measure(project, signed_in(port, password), options.requests)
        finally:
            server.terminate()
            server.wait()


def measure(project: Project, client: httpx.Client, requests: int) -> None:
    """Take turns, print a line for each kind of page, and the ratio."""
    began = time.perf_counter()
    desk = Desks(project).of("last", private=False)
    print(f"{desk.total:,} findings; prepared in {time.perf_counter() - began:.1f} s")
    con = desk.cursor()
    client.get("/findings?run=last")
    pages: list[float] = []
    selects: list[float] = []
    for kind, (query, where) in KINDS.items():
        address = f"/findings?run=last&{query}"
        order = ORDERS[{"oldest": "oldest", "by record": "record"}.get(kind, "")]
        offset = 899 * PAGE if kind == "far page" else 0
        mine, bare = [], []
        for _ in range(requests):
            began = time.perf_counter()
            answer = client.get(address)
            mine.append(time.perf_counter() - began)
            assert answer.status_code == 200, answer.status_code
            began = time.perf_counter()
            con.execute(f"select count(*) from finding where {where}").fetchall()
            con.execute(
                f"select * from finding where {where} order by {order} limit {PAGE} offset {offset}"
            ).fetchall()
            bare.append(time.perf_counter() - began)
        print(f"{kind:12} page {told(mine)}   select {told(bare)}")
        pages += mine
        selects += bare
    print(f"{'all':12} page {told(pages)}   select {told(selects)}")
    ratio = statistics.median(pages) / statistics.median(selects)
    tell({"select": ratio}, findings=desk.total, requests=requests)


def told(seconds: list[float]) -> str:
    """Median and 95th percentile in milliseconds."""
    p95 = sorted(seconds)[max(0, -(-95 * len(seconds) // 100) - 1)]
    return f"{1000 * statistics.median(seconds):6.1f} ms (p95 {1000 * p95:6.1f})"


if __name__ == "__main__":
    main()

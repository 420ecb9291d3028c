"""Reads simulated extracts the way their formats say, with nothing of cytoreg's own readers."""

from __future__ import annotations

import csv
import json
import re
import sqlite3
import xml.etree.ElementTree as ET
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl

NAMESPACE = "{http://naaccr.org/naaccrxml}"
OLD = [
    "CASE NO",
    "MRN",
    "PATIENT",
    "DATE",
    "INCISION",
    "CLOSE",
    "MINUTES",
    "ASA",
    "EBL",
    "PROC",
    "ROOM",
]
NEW = [
    "Case Number", "Patient MRN", "Patient Name", "Surgery Date", "Incision Time", "Closure Time",
    "Duration (min)", "ASA Class", "EBL (mL)", "Procedure Code", "Room",
]  # fmt: skip


def cases(folder: Path) -> list[dict[str, str]]:
    """The operating-room log in the old headings, dates in ISO."""
    rows = []
    for path in sorted((folder / "or_log").glob("*.csv")):
        new = int(path.stem[-4:]) >= 2004
        with path.open(encoding="utf-8-sig", newline="") as file:
            for row in csv.DictReader(file):
                case = dict(zip(OLD, row.values(), strict=True))
                if not new:
                    case["DATE"] = datetime.strptime(case["DATE"], "%m/%d/%Y").date().isoformat()
                rows.append(case)
    return rows


def research(folder: Path) -> dict[str, list[dict[str, str]]]:
    """The REDCap rows by instrument; '' is enrollment."""
    forms: dict[str, list[dict[str, str]]] = {}
    with (folder / "research" / "research_data.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            forms.setdefault(row["redcap_repeat_instrument"], []).append(row)
    return forms


def table(folder: Path, name: str) -> list[dict[str, str | None]]:
    """A table of the hospital's database in the order of its first column."""
    with sqlite3.connect(folder / "hospital" / "hospital.db") as database:
        database.row_factory = sqlite3.Row
        return [dict(row) for row in database.execute(f"select * from {name} order by 1")]


def tumor_registry(folder: Path) -> list[tuple[dict[str, str], list[dict[str, str]]]]:
    """Patients with their tumours."""

    def items(element: ET.Element) -> dict[str, str]:
        return {
            item.attrib["naaccrId"]: item.text or "" for item in element.findall(f"{NAMESPACE}Item")
        }

    root = ET.parse(folder / "tumor_registry" / "tumor_registry.xml").getroot()
    return [
        (items(patient), [items(tumor) for tumor in patient.findall(f"{NAMESPACE}Tumor")])
        for patient in root.findall(f"{NAMESPACE}Patient")
    ]


def death_lines(folder: Path) -> list[str]:
    text = (folder / "death_index" / "death_index.txt").read_text(encoding="utf-8")
    return text.split("\n")[:-1]


def reports(folder: Path) -> dict[str, list[list[list[str]]]]:
    """The pathologists' messages by file, each as its segments' fields: one for each order."""
    found = {}
    for path in sorted((folder / "pathology").glob("*.hl7")):
        text = path.read_bytes().decode("utf-8", "replace")
        whole = text.split("\nBTS|")[0].split("\nBHS|", 1)[1]
        messages = re.split(r"\n(?=MSH\|)", whole)[1:]
        found[f"pathology/{path.name}"] = [
            [segment.split("|") for segment in (head + order).split("\n")]
            for message in messages
            for head, *orders in [re.split(r"(?<=\n)(?=OBR\|)", message)]
            for order in orders
        ]
    return found


def observed(message: list[list[str]], code: str) -> str | None:
    """The value of the observation with this code."""
    for fields in message:
        if fields[0] == "OBX" and fields[3].split("^")[0] == code:
            return fields[5]
    return None


def results(folder: Path) -> list[dict[str, Any]]:
    """The laboratory's Observations by line; {} for a line that is no JSON."""
    text = (folder / "laboratory" / "Observation.ndjson").read_text(encoding="utf-8")

    def parsed(line: str) -> dict[str, Any]:
        try:
            return json.loads(line)
        except ValueError:
            return {}

    return [parsed(line) for line in text.splitlines()]


def sheets(folder: Path) -> dict[str, list[tuple[Any, ...]]]:
    """The cells of each typed sheet, all rows, under `workbook#sheet`."""
    found = {}
    for path in sorted((folder / "biomarkers").glob("*.xlsx")):
        book = openpyxl.load_workbook(path, read_only=True)
        for name in book.sheetnames:
            rows = list(book[name].iter_rows(values_only=True))
            found[f"biomarkers/{path.name}#{name}"] = rows
        book.close()
    return found


def truth(folder: Path) -> list[dict[str, str]]:
    with (folder / "truth" / "defects.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def survival(days: list[int], dead: list[bool], at: list[float]) -> tuple[list[float], int]:
    """Kaplan–Meier estimate at the given days, and the median, by their textbook definition."""
    time, event = np.array(days), np.array(dead)
    deaths, counts = np.unique(time[event], return_counts=True)
    at_risk = len(time) - np.searchsorted(np.sort(time), deaths)
    alive = np.cumprod(1 - counts / at_risk)
    shares = [float(alive[deaths <= day][-1]) for day in at]
    return shares, int(deaths[np.argmax(alive <= 0.5)])


def iso(text: str) -> date:
    """YYYYMMDD or YYYY-MM-DD as a date."""
    return date.fromisoformat(text)

"""Workbooks, SPSS, Stata and SAS transport files into Arrow text, beside openpyxl and pandas.

Usage: python benchmarks/sheets.py [--rows 200000] [--smallest]

A workbook of 10 columns (XlsxWriter) and files of 9 variables (pyreadstat), made on the spot with
the same kinds of value: numbers, codes, dates, texts. openpyxl walks through the rows only; pandas
ends with a data frame. Nothing here writes .sas7bdat, so that is not measured. Each side runs in a
process of its own. Memory is the high-water mark of resident memory (Linux) of the process and,
added, of its child, in MB.
"""

from __future__ import annotations

import argparse
import datetime
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from common import sized, tell


def make(folder: Path, rows: int) -> None:
    import numpy as np
    import pandas as pd
    import pyreadstat
    import xlsxwriter

    with xlsxwriter.Workbook(folder / "book.xlsx") as book:
        sheet, date = book.add_worksheet(), book.add_format({"num_format": "yyyy-mm-dd"})
        sheet.write_row(0, 0, [f"column {letter}" for letter in "abcdefghij"])
        for row in range(1, rows + 1):
            sheet.write_number(row, 0, row)
            sheet.write_string(row, 1, f"{row % 5000:07}")
            day = datetime.date(2000 + row % 20, 1 + row % 12, 1 + row % 28)
            sheet.write_datetime(row, 2, day, date)
            sheet.write_number(row, 3, row * 0.1)
            sheet.write_number(row, 4, row / 7)
            sheet.write_string(row, 5, "ABC"[row % 3])
            sheet.write_string(row, 6, "ug/l")
            sheet.write_boolean(row, 7, row % 2 == 0)
            sheet.write_string(row, 8, f"comment {row}")
            if row % 3:
                sheet.write_number(row, 9, row % 50)
    number = np.arange(rows)
    frame = pd.DataFrame(
        {
            "id": number,
            "mrn": [f"{row % 5000:07}" for row in range(rows)],
            "day": [datetime.date(2000 + row % 20, 1 + row % 12, 1) for row in range(rows)],
            "tenth": number * 0.1,
            "seventh": number / 7,
            "code": (number % 3).astype(float),
            "site": [["A", "B", "C"][row % 3] for row in range(rows)],
            "comment": [f"comment {row}" for row in range(rows)],
            "value": np.where(number % 3 == 0, np.nan, number % 50),
        }
    )
    pyreadstat.write_sav(frame, folder / "study.sav")
    pyreadstat.write_sav(frame, folder / "study.zsav", compress=True)
    pyreadstat.write_dta(frame, folder / "study.dta")
    pyreadstat.write_xport(frame, folder / "study.xpt", file_format_version=5)


def ours(path: Path) -> int:
    from pydantic import TypeAdapter

    from cytoreg.sources.config import AnySource
    from cytoreg.sources.items import Rows
    from cytoreg.sources.kinds import kind_of

    kinds = {"xlsx": "excel", "sav": "spss", "zsav": "spss", "dta": "stata", "xpt": "sas"}
    config = TypeAdapter(AnySource).validate_python(
        {
            "kind": kinds[path.suffix[1:]],
            "path": path.name,
            "tables": {"rows": "row"},
            "columns": "all",
        }
    )
    found = kind_of(config).read("bench", config, path.parent)
    return sum(len(item.rows) for item in found if isinstance(item, Rows))


def openpyxl_rows(path: Path) -> int:
    import openpyxl

    sheet = openpyxl.load_workbook(path, read_only=True, data_only=True).active
    return sum(1 for _ in sheet.iter_rows(values_only=True)) - 1


def pandas_excel(path: Path) -> int:
    import pandas as pd

    return len(pd.read_excel(path, dtype=str))


def pandas_calamine(path: Path) -> int:
    import pandas as pd

    return len(pd.read_excel(path, dtype=str, engine="calamine"))


def pandas_other(path: Path) -> int:
    import pandas as pd

    read = {"sav": pd.read_spss, "zsav": pd.read_spss, "dta": pd.read_stata, "xpt": pd.read_sas}
    return len(read[path.suffix[1:]](path))


SIDES: list[tuple[str, str, Callable[[Path], int]]] = [
    ("book.xlsx", "cytoreg", ours),
    ("book.xlsx", "openpyxl, rows only", openpyxl_rows),
    ("book.xlsx", "pandas, openpyxl", pandas_excel),
    ("book.xlsx", "pandas, calamine", pandas_calamine),
    *(
        (f"study.{form}", name, side)
        for form in ("sav", "zsav", "dta", "xpt")
        for name, side in (("cytoreg", ours), ("pandas", pandas_other))
    ),
]


def run(number: int, folder: Path) -> None:
    file, _, side = SIDES[number]
    began = time.perf_counter()
    rows = side(folder / file)
    seconds = time.perf_counter() - began
    who = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    memory = sum(resource.getrusage(one).ru_maxrss >> 10 for one in who)
    print(json.dumps({"seconds": seconds, "rows": rows, "memory": memory}))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--side", type=int)
    parser.add_argument("--make", action="store_true")
    parser.add_argument("--folder", type=Path)
    options = sized(parser, rows=(200_000, 1000))
    if options.side is not None:
        run(options.side, options.folder)
        return
    if options.make:
        make(options.folder, options.rows)
        return
    with tempfile.TemporaryDirectory() as name:
        itself = [sys.executable, __file__, "--folder", name]  # a child begins with our memory
        subprocess.run([*itself, "--make", "--rows", str(options.rows)], check=True)
        print(f"{'':12} {'':20} {'seconds':>8} {'rows/s':>10} {'memory MB':>10}")
        ours, ratios = {}, {}
        for number, (file, side, _) in enumerate(SIDES):
            call = [*itself, "--side", str(number)]
            done = subprocess.run(call, check=True, capture_output=True, text=True)
            found = json.loads(done.stdout)
            assert found["rows"] == options.rows
            pace = found["rows"] / found["seconds"]
            ours.setdefault(file, found["seconds"])
            if side != "cytoreg":
                ratios[f"{file}, {side}"] = ours[file] / found["seconds"]
            print(
                f"{file:12} {side:20} {found['seconds']:8.1f} {pace:10,.0f} {found['memory']:10,}"
            )
    tell(ratios, rows=options.rows)


if __name__ == "__main__":
    main()

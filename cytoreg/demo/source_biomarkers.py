"""Results on paper, later typed into workbooks: one per year, with one sheet per analyte.

They have the usual traits of such workbooks: a title above the headings, a note below the last row,
days that are dates or text, some numbers with a comma, "<15" among the numbers.
"""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from cytoreg.demo.source_laboratory import SINCE

if TYPE_CHECKING:
    import duckdb
    from xlsxwriter.workbook import Workbook

_Result: TypeAlias = (
    "tuple[str | None, date | None, str | None, float | None, str | None, str, str, str]"
)
"""Number of the patient; day or text for it; value or text for it; normal below, assay, where."""

_TYPED = datetime(1999, 2, 1)
_SHEETS = (("Chromogranin A", "CgA (ng/mL)"), ("5-HIAA", "5-HIAA (mg/24 h)"))
_BATCH = 10_000

# `_day` and `_number` are typed cells where the text beside them is null.
TABLES = f"""
create table extract.biomarkers_result as
with result as (
  select
    a.*, p.mrn, round(a.value, 1) as rounded,
    row_number() over (
      partition by year(a.day), a.analyte order by a.day, a.pid
    ) as place
  from assay as a
  join person as p using (pid)
  where a.day < '{SINCE}'
)
select
  mrn,
  day as _day,
  if(place % 3 = 0, strftime(day, '%m/%d/%Y'), null) as _day_text,
  rounded as _number,
  case
    when below then '<' || format('{{:g}}', rounded)
    when place % 7 = 0 then replace(format('{{:.1f}}', rounded), '.', ',')
  end as _number_text,
  if(analyte = 0, 60, 6) as normal_below,
  if(analyte = 0, 'RIA', 'HPLC') as assay,
  if(analyte = 0, 'Reference laboratory', 'Central laboratory') as laboratory,
  analyte as _analyte,
  year(day) as _year,
  'biomarkers/biomarkers_' || year(day) || '.xlsx#' || if(analyte = 0, 'Chromogranin A', '5-HIAA')
    as _file,
  year(day) || '-' || analyte || '-' || place as _record,
  place as _sort,
  0 as _copy,
  pid as _pid,
  null::varchar as _defect,
  null::varchar as _damage
from result
order by _year, _analyte, _sort
"""


def write(con: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Write biomarkers/biomarkers_YYYY.xlsx, a workbook for each year with a result on paper."""
    from xlsxwriter import Workbook

    years = con.execute("select distinct _year from extract.biomarkers_result order by 1")
    found: list[tuple[int]] = years.fetchall()
    for (year,) in found:
        path = folder / "biomarkers" / f"biomarkers_{year}.xlsx"
        path.parent.mkdir(exist_ok=True)
        options = {"constant_memory": True, "default_date_format": "d-mmm-yy"}
        book = Workbook(str(path), options)
        with book:
            book.set_properties({"title": f"Biomarkers {year}", "created": _TYPED})
            for analyte, (name, heading) in enumerate(_SHEETS):
                _sheet(con, book, year, analyte, name, heading)


def _sheet(
    con: duckdb.DuckDBPyConnection, book: Workbook, year: int, analyte: int, name: str, heading: str
) -> None:
    """A title, a blank row, the headings, the results, a blank row, a note."""
    sheet = book.add_worksheet(name)
    sheet.write_string(0, 0, f"{name}: results on paper, {year}")
    sheet.write_string(1, 0, "Typed from the books in 1999")
    headings = ("Hospital no.", "Taken on", heading, "Normal below", "Assay", "Laboratory")
    sheet.write_row(3, 0, headings)
    cursor = con.execute(
        "select mrn, _day, _day_text, _number, _number_text, normal_below, assay, laboratory"
        " from extract.biomarkers_result where _year = $year and _analyte = $analyte"
        " order by _sort, _copy",
        {"year": year, "analyte": analyte},
    )
    row = 4
    rows: list[_Result]
    while rows := cursor.fetchmany(_BATCH):
        for mrn, day, day_text, number, number_text, normal_below, assay, laboratory in rows:
            sheet.write_row(row, 0, [mrn])
            if day_text is not None:
                sheet.write_string(row, 1, day_text)
            elif isinstance(day, date):
                sheet.write_datetime(row, 1, datetime.combine(day, datetime.min.time()))
            value = number if number_text is None else number_text
            sheet.write_row(row, 2, [value, normal_below, assay, laboratory])
            row += 1
    sheet.write_string(row + 1, 0, "* < means below what the assay can tell from nothing")

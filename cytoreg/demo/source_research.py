"""The research project: a REDCap export, data and dictionary, with three repeating instruments."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING

from cytoreg.demo.write import ranges, write_lines

if TYPE_CHECKING:
    import duckdb

_STEP = 50_000

_SITE_CHOICES = (
    "1, Small bowel | 2, Pancreas | 3, Appendix | 4, Colon or rectum | 5, Lung | 6, Stomach"
    " | 7, Duodenum | 8, Other | 9, Unknown"
)
# name, type, label, choices, validation, required; a yesno or text field has no choices.
_FIELDS: dict[str, tuple[tuple[str, str, str, str, str, str], ...]] = {
    "enrollment": (
        ("record_id", "text", "Record ID", "", "", ""),
        ("mrn", "text", "Hospital number", "", "", "y"),
        ("consent_date", "text", "Date of consent", "", "date_ymd", "y"),
        ("enr_birth_date", "text", "Date of birth", "", "date_ymd", "y"),
        ("enr_sex", "radio", "Sex", "1, Male | 2, Female", "", "y"),
        ("presenting_site", "radio", "Primary site at presentation", _SITE_CHOICES, "", "y"),
        ("symptoms", "checkbox", "Symptoms at presentation",
         "1, Flushing | 2, Diarrhoea | 3, Wheezing | 4, None of these", "", ""),
    ),
    "procedure": (
        ("proc_case_no", "text", "Case number of the operating-room log", "", "", "y"),
        ("proc_date", "text", "Date of operation", "", "date_ymd", "y"),
        ("proc_preop_site", "radio", "Primary site known before incision", _SITE_CHOICES, "", "y"),
        ("proc_site_found", "radio", "Primary site found", _SITE_CHOICES, "", "y"),
        ("proc_path_confirmed", "yesno", "Primary confirmed by pathology", "", "", ""),
        ("proc_r_status", "radio", "Residual tumour", "0, R0 | 1, R1 | 2, R2", "", ""),
        ("proc_percent_removed", "text", "Tumour removed (%)", "", "integer", ""),
        ("proc_estimated_by", "radio", "Estimated by", "1, Surgeon | 2, Radiologist", "", ""),
        ("proc_intraop_comp", "yesno", "Intraoperative complication", "", "", "y"),
        ("proc_intraop_type", "radio", "Kind of intraoperative complication",
         "1, Haemorrhage | 2, Visceral injury | 3, Arrhythmia | 4, Hypotension"
         " | 5, Carcinoid crisis | 9, Other", "", ""),
        ("proc_crisis", "yesno", "Carcinoid crisis", "", "", "y"),
        ("proc_sbp_low", "text", "Lowest systolic pressure (mmHg)", "", "integer", ""),
        ("proc_sbp_low_min", "text", "Minutes below 80 mmHg", "", "integer", ""),
        ("proc_bp_change_pct", "text", "Largest change of pressure (%)", "", "integer", ""),
        ("proc_bp_change_min", "text", "Minutes in which it changed", "", "integer", ""),
        ("proc_octreotide_ug", "text", "Octreotide given (micrograms)", "", "integer", ""),
        ("proc_bp_regress_pct", "text", "Regression after octreotide (%)", "", "integer", ""),
        ("proc_vasopressor", "yesno", "Vasopressor given", "", "", ""),
        ("proc_other_cause", "yesno", "Another cause explains it", "", "", ""),
    ),
    "complication": (
        ("comp_case_no", "text", "Case number of the operation", "", "", "y"),
        ("comp_date", "text", "Date of complication", "", "date_ymd", "y"),
        ("comp_type", "radio", "Kind",
         "1, Infection | 2, Bleeding | 3, Anastomotic leak | 4, Ileus | 5, Cardiac | 6, Pulmonary"
         " | 7, Renal | 8, Thromboembolic | 9, Other | 10, Death", "", "y"),
        ("comp_clavien", "radio", "Clavien-Dindo grade",
         "1, I | 2, II | 3, IIIa | 4, IIIb | 5, IVa | 6, IVb | 7, V", "", "y"),
    ),
    "follow_up": (
        ("fu_date", "text", "Date of contact or death", "", "date_ymd", "y"),
        ("fu_status", "radio", "Status",
         "1, No evidence of disease | 2, Alive with disease | 3, Dead", "", "y"),
        ("fu_cause", "radio", "Cause of death", "1, Tumour | 2, Other | 9, Unknown", "", ""),
    ),
}  # fmt: skip
_DICTIONARY_HEADINGS = (
    *("Variable / Field Name", "Form Name", "Section Header", "Field Type", "Field Label"),
    *("Choices, Calculations, OR Slider Labels", "Field Note"),
    *("Text Validation Type OR Show Slider Number", "Text Validation Min", "Text Validation Max"),
    *("Identifier?", "Branching Logic (Show field only if...)", "Required Field?"),
    *("Custom Alignment", "Question Number (surveys only)", "Matrix Group Name"),
    *("Matrix Ranking?", "Field Annotation"),
)
_IDENTIFIERS = ("mrn", "enr_birth_date", "proc_case_no", "comp_case_no")

TABLES = """
create table extract.research_enrollment as
select
  mrn,
  consent::varchar as consent_date,
  birth::varchar as enr_birth_date,
  if(female, '2', '1') as enr_sex,
  presenting::varchar as presenting_site,
  flushing::integer::varchar as symptoms___1,
  diarrhoea::integer::varchar as symptoms___2,
  wheezing::integer::varchar as symptoms___3,
  (not (flushing or diarrhoea or wheezing))::integer::varchar as symptoms___4,
  record_id as _sort,
  1 as _instance,
  pid as _pid,
  null::varchar as _defect
from person
order by _sort;

create table extract.research_procedure as
select
  o.case_number as proc_case_no,
  o.day::varchar as proc_date,
  o.preop_site::varchar as proc_preop_site,
  o.site_found::varchar as proc_site_found,
  o.confirmed::integer::varchar as proc_path_confirmed,
  o.residual::varchar as proc_r_status,
  o.removed::varchar as proc_percent_removed,
  o.estimated_by::varchar as proc_estimated_by,
  o.complication::integer::varchar as proc_intraop_comp,
  if(o.kind > 0, o.kind, null)::varchar as proc_intraop_type,
  o.crisis::integer::varchar as proc_crisis,
  o.pressure_low::varchar as proc_sbp_low,
  o.minutes_low::varchar as proc_sbp_low_min,
  o.change::varchar as proc_bp_change_pct,
  o.change_minutes::varchar as proc_bp_change_min,
  o.octreotide::varchar as proc_octreotide_ug,
  if(o.regression >= 0, o.regression, null)::varchar as proc_bp_regress_pct,
  o.vasopressor::integer::varchar as proc_vasopressor,
  o.other_cause::integer::varchar as proc_other_cause,
  o.number as _number,
  p.record_id as _sort,
  o.number as _instance,
  o.pid as _pid,
  null::varchar as _defect
from operation as o
join person as p using (pid)
order by _sort, _instance;

create table extract.research_complication as
select
  o.case_number as comp_case_no,
  c.day::varchar as comp_date,
  c.kind::varchar as comp_type,
  c.grade::varchar as comp_clavien,
  o.day as _operated,
  p.record_id as _sort,
  row_number() over (partition by o.pid order by c.cid) as _instance,
  o.pid as _pid,
  null::varchar as _defect
from complication as c
join operation as o using (oid)
join person as p using (pid)
order by _sort, _instance;

create table extract.research_follow_up as
with planned(days) as (
  values (91), (365), (730), (1095), (1826), (2557), (3652), (5479), (7305)
),
contact as (
  select
    p.pid,
    p.start + (s.days - 10 + (p.draw4 + s.days) % 21)::integer as day,
    if(p.draw1 % 10 < 3 and s.days < 1500, '1', '2') as status,
    null as cause
  from person as p
  cross join planned as s
  where p.operated and p.start + s.days::integer + 30 < p.last
  union all
  select
    pid, last, case when dead then '3' when draw1 % 10 < 3 then '1' else '2' end,
    case when not dead then null when draw6 % 40 = 0 then '9' when of_tumour then '1' else '2' end
  from person
)
select
  c.day::varchar as fu_date,
  c.status as fu_status,
  c.cause as fu_cause,
  p.record_id as _sort,
  row_number() over (partition by c.pid order by c.day) as _instance,
  c.pid as _pid,
  null::varchar as _defect
from contact as c
join person as p using (pid)
order by _sort, _instance
"""


def _columns(form: str) -> list[str]:
    """The form's columns without the record's number; checkboxes have one per choice."""
    columns = []
    for name, kind, _, choices, _, _ in _FIELDS[form]:
        if kind == "checkbox":
            columns += [f"{name}___{choice.split(',')[0].strip()}" for choice in choices.split("|")]
        elif name != "record_id":
            columns.append(name)
    return columns


def _line(form: str, position: int) -> str:
    """SQL of the form's lines: its own cells filled, the other forms' empty."""
    cells = [
        "_sort::varchar",
        "''" if position == 0 else f"'{form}'",
        "''" if position == 0 else "_instance::varchar",
    ]
    for other in _FIELDS:
        names = _columns(other)
        if other == form:
            cells += [f"coalesce({name}, '')" for name in names]
        else:
            # An export leaves another form's checkboxes empty on a repeating row, like the rest.
            cells.append(f"repeat(',', {len(names) - 1})")
        cells.append("'2'" if other == form else "''")
    return (
        f"select _sort, {position} as form, _instance, concat_ws(',', {', '.join(cells)}) as line"
        f" from extract.research_{form} where _sort >= {{low}} and _sort < {{high}}"
    )


def write(con: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Write research/research_data.csv and research/research_dictionary.csv."""
    lines = " union all ".join(_line(form, i) for i, form in enumerate(_FIELDS))
    headings = ["record_id", "redcap_repeat_instrument", "redcap_repeat_instance"]
    for form in _FIELDS:
        headings += [*_columns(form), f"{form}_complete"]
    write_lines(
        con,
        (
            f"with line as ({lines.format(low=low, high=high)})"
            " select line from line order by _sort, form, _instance"
            for low, high in ranges(con, "extract.research_enrollment", _STEP)
        ),
        folder / "research" / "research_data.csv",
        head=",".join(headings) + "\n",
    )
    with (folder / "research" / "research_dictionary.csv").open(
        "w", encoding="utf-8", newline=""
    ) as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(_DICTIONARY_HEADINGS)
        writer.writerows(
            [name, form, "", kind, label, choices, "", validation, "", "",
             "y" if name in _IDENTIFIERS else "", "", required, "", "", "", "", ""]
            for form, fields in _FIELDS.items()
            for name, kind, label, choices, validation, required in fields
        )  # fmt: skip

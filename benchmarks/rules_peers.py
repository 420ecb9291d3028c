"""The rules of benchmarks/rules.py on Polars, by Pandera and by pointblank, and by hand in SQL.

Each side is what a careful user of the tool would write. Pandera and pointblank get the rules as
expressions of Polars, and give the failing rows of each rule; the SQL by hand writes what cytoreg
writes: typed accepted rows, quarantined rows as text, and a finding for each rule and row.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rules_data import CODES

if TYPE_CHECKING:
    import polars as pl

SIDES = ("sql", "polars", "pointblank")


def judge(side: str, folder: Path) -> dict[str, int]:
    """Violations by rule."""
    return {"sql": by_hand, "polars": in_pandera, "pointblank": in_pointblank}[side](folder)


def _frame(folder: Path) -> pl.DataFrame:
    """The cases with typed columns and those of the person; a refused cell is null."""
    import polars as pl

    text = pl.read_parquet(folder / "case.parquet")
    people = pl.read_parquet(folder / "person.parquet").select(
        pl.col("patient"),
        pl.col("birth_date").str.to_date("%Y-%m-%d", strict=False).alias("birth"),
        pl.col("death_date").str.to_date("%Y-%m-%d", strict=False).alias("death"),
        pl.lit(value=True).alias("known"),
    )
    whole = {
        f"{name}_": pl.when(pl.col(name).str.contains(r"^[+-]?[0-9]+$"))
        .then(pl.col(name))
        .cast(pl.Int64, strict=False)
        for name in ("minutes", "asa", "blood")
    }
    typed = text.with_columns(
        pl.col("day").str.to_date("%Y-%m-%d", strict=False).alias("day_"),
        pl.col("discharge").str.to_date("%Y-%m-%d", strict=False).alias("discharge_"),
        pl.col("ki67").cast(pl.Float64, strict=False).alias("ki67_"),
        pl.col("crisis").replace_strict({"true": True, "false": False}, default=None).alias("is_"),
        **whole,
    ).with_columns(
        pl.col("patient").str.contains("^[0-9]{7}$").alias("numbered"),
        pl.when(pl.col("day_").is_between(pl.date(1990, 1, 1), pl.date(2016, 12, 31)))
        .then(pl.col("day_"))
        .alias("sound_day"),
        pl.when(pl.col("minutes_").is_between(20, 1440))
        .then(pl.col("minutes_"))
        .alias("sound_minutes"),
    )
    return typed.join(people, on="patient", how="left", maintain_order="left")


def _rules() -> dict[str, pl.Expr]:
    """Expressions that are true, or null, for a row that holds the rule."""
    import polars as pl

    col = pl.col
    required = ("case_number", "patient", "day", "minutes", "code", "site")
    typed = {"day": "day_", "discharge": "discharge_", "minutes": "minutes_", "asa": "asa_"}
    typed |= {"blood": "blood_", "ki67": "ki67_", "crisis": "is_"}
    day, minutes = col("sound_day"), col("sound_minutes")
    return {
        **{f"{name}.required": col(name).is_not_null() for name in required},
        **{
            f"{name}.type": col(name).is_null() | col(value).is_not_null()
            for name, value in typed.items()
        },
        "case_number.str_matches": col("case_number").str.contains("^C[0-9]{9}$"),
        "patient.str_matches": col("numbered"),
        "day.in_range": col("day_").is_between(pl.date(1990, 1, 1), pl.date(2016, 12, 31)),
        "minutes.in_range": col("minutes_").is_between(20, 1440),
        "asa.in_range": col("asa_").is_between(1, 5),
        "blood.ge": col("blood_") >= 0,
        "code.isin": col("code").is_in(CODES),
        "ki67.in_range": col("ki67_").is_between(0, 100),
        "site.str_matches": col("site").str.contains(r"^C[0-9]{2}\.[0-9]$"),
        "surgeon.str_length": col("surgeon").str.len_chars().is_between(1, 4),
        "by_extract": day <= pl.date(2016, 12, 31),
        "discharge_after": col("discharge_") >= day,
        "short_stay": (col("discharge_") - day).dt.total_days() <= 180,
        "plausible_loss": (col("blood_") <= 3500) | (minutes > 60),
        "crisis_is_long": ~col("is_") | (minutes >= 60),
        "person_exists": ~col("numbered") | col("known").is_not_null(),
        "after_birth": day >= col("birth"),
        "before_death": day <= col("death"),
    }


def in_pandera(folder: Path) -> dict[str, int]:
    """Pandera on Polars: the failure cases of all rules."""
    import pandera.polars as pa

    def check(name: str, rule: pl.Expr) -> pa.Check:
        return pa.Check(
            lambda data: data.lazyframe.select(rule.fill_null(value=True).alias(name)), name=name
        )

    rules = _rules()
    schema = pa.DataFrameSchema(checks=[check(name, rule) for name, rule in rules.items()])
    try:
        schema.validate(_frame(folder), lazy=True)
    except pa.errors.SchemaErrors as errors:
        counted = errors.failure_cases["check"].value_counts()
        found = dict(counted.iter_rows())
    return {name: found.get(name, 0) for name in rules}


def in_pointblank(folder: Path) -> dict[str, int]:
    """pointblank on Polars: the failing rows of each rule as extracts."""
    import pointblank as pb

    rules = _rules()
    validation = pb.Validate(_frame(folder))
    for rule in rules.values():
        validation = validation.col_vals_expr(expr=rule.fill_null(value=True))
    validation = validation.interrogate(get_first_n=10_000_000)
    validation.get_data_extracts()
    return dict(zip(rules, validation.n_failed().values(), strict=True))


def by_hand(folder: Path) -> dict[str, int]:
    """DuckDB alone, with the same tables as cytoreg: accepted, quarantine, finding."""
    import duckdb

    with duckdb.connect(str(folder / "hand.duckdb")) as con:
        for statement in HAND.format(folder=folder).split(";\n"):
            con.execute(statement)
        return dict(con.execute("select rule, count(*) from finding group by rule").fetchall())


HAND = r"""
create temp table typed as
select row_number() over () as id, *,
  try_strptime(day, '%Y-%m-%d')::date as day_,
  try_strptime(discharge, '%Y-%m-%d')::date as discharge_,
  case when regexp_full_match(minutes, '[+-]?[0-9]+') then try_cast(minutes as bigint) end
    as minutes_,
  case when regexp_full_match(asa, '[+-]?[0-9]+') then try_cast(asa as bigint) end as asa_,
  case when regexp_full_match(blood, '[+-]?[0-9]+') then try_cast(blood as bigint) end as blood_,
  try_cast(ki67 as double) as ki67_,
  case crisis when 'true' then true when 'false' then false end as is_
from read_parquet('{folder}/case.parquet');
create temp table sound as
select *,
  case when day_ between date '1990-01-01' and date '2016-12-31' then day_ end as sound_day,
  case when minutes_ between 20 and 1440 then minutes_ end as sound_minutes,
  case when regexp_full_match(patient, '[0-9]{{7}}') then patient end as sound_patient
from typed;
create temp table person as
select patient, birth_date::date as birth, death_date::date as death
from read_parquet('{folder}/person.parquet');
create table finding as
select id, case_number as key, _source, _table, _file, _row, unnest(list_filter([
  case when case_number is null then 'case_number.required' end,
  case when s.patient is null then 'patient.required' end,
  case when day is null then 'day.required' end,
  case when minutes is null then 'minutes.required' end,
  case when code is null then 'code.required' end,
  case when site is null then 'site.required' end,
  case when day is not null and day_ is null then 'day.type' end,
  case when discharge is not null and discharge_ is null then 'discharge.type' end,
  case when minutes is not null and minutes_ is null then 'minutes.type' end,
  case when asa is not null and asa_ is null then 'asa.type' end,
  case when blood is not null and blood_ is null then 'blood.type' end,
  case when ki67 is not null and ki67_ is null then 'ki67.type' end,
  case when crisis is not null and is_ is null then 'crisis.type' end,
  case when not regexp_full_match(case_number, 'C[0-9]{{9}}') then 'case_number.str_matches' end,
  case when s.patient is not null and sound_patient is null then 'patient.str_matches' end,
  case when day_ is not null and sound_day is null then 'day.in_range' end,
  case when minutes_ is not null and sound_minutes is null then 'minutes.in_range' end,
  case when asa_ not between 1 and 5 then 'asa.in_range' end,
  case when blood_ < 0 then 'blood.ge' end,
  case when code not in ('CYTO-SB', 'CYTO-PAN', 'CYTO-LIV', 'CYTO-COL', 'CYTO-GAS', 'CYTO-OTH')
    then 'code.isin' end,
  case when ki67_ not between 0 and 100 then 'ki67.in_range' end,
  case when not regexp_full_match(site, 'C[0-9]{{2}}[.][0-9]') then 'site.str_matches' end,
  case when length(surgeon) not between 1 and 4 then 'surgeon.str_length' end,
  case when sound_day > date '2016-12-31' then 'by_extract' end,
  case when discharge_ < sound_day then 'discharge_after' end,
  case when date_diff('day', sound_day, discharge_) > 180 then 'short_stay' end,
  case when not (blood_ <= 3500 or sound_minutes > 60) then 'plausible_loss' end,
  case when not (not is_ or sound_minutes >= 60) then 'crisis_is_long' end,
  case when sound_patient is not null and p.patient is null then 'person_exists' end,
  case when sound_day < p.birth then 'after_birth' end,
  case when sound_day > p.death then 'before_death' end
], lambda rule: rule is not null)) as rule
from sound as s
left join person as p on p.patient = s.sound_patient;
create table refused as
select id, list(rule) as rules
from finding
where rule in ('case_number.required', 'case_number.str_matches', 'patient.required',
  'day.required', 'minutes.required', 'code.required', 'site.required', 'person_exists')
group by id;
create table quarantine as
select t.* exclude (id, day_, discharge_, minutes_, asa_, blood_, ki67_, is_), r.rules
from typed as t
join refused as r using (id);
create table accepted as
select case_number, sound_patient as patient, sound_day as day, discharge_ as discharge,
  sound_minutes as minutes, asa_ as asa, blood_ as blood, code, ki67_ as ki67, site,
  is_ as crisis, surgeon, _source, _table, _file, _row
from sound
where id not in (select id from refused)
"""

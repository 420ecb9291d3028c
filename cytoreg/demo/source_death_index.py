"""The death index: fixed width, with everyone who died: patients and as many strangers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from cytoreg.demo.write import ranges, write_lines

if TYPE_CHECKING:
    import duckdb

_STEP = 100_000

# One patient in twenty is not in the index. A certificate's number begins with its year.
TABLES = """
create table extract.death_index_deaths as
with deaths as (
  select
    family_name, given_name, left(middle_name, 1) as middle_initial, birth, female,
    right(ssn, 4) as ssn4, last as death, if(year(last) < 1999, cause_icd9, cause_icd10) as cause,
    draw4 as draw, pid, pid as tie
  from person
  where dead and draw5 % 20 <> 0
  union all
  select
    family_name, given_name, left(middle_name, 1), birth, female, ssn4, death, cause,
    sid % 97, null, -1 - sid
  from stranger
),
numbered as (
  select *, row_number() over (partition by year(death) order by death, tie) as number from deaths
)
select
  family_name as last_name,
  given_name as first_name,
  coalesce(middle_initial, '') as middle_initial,
  strftime(birth, '%Y%m%d') as birth_date,
  if(female, 'F', 'M') as sex,
  ssn4 as ssn_last4,
  strftime(death, '%Y%m%d') as death_date,
  (['LA', 'LA', 'LA', 'MS', 'TX', 'AL', 'FL'])[1 + draw % 7] as state,
  cause,
  year(death) || lpad(number::varchar, 6, '0') as certificate_number,
  'death_index/death_index.txt' as _file,
  row_number() over (order by death, number) as _sort,
  0 as _copy,
  pid as _pid,
  null::varchar as _defect,
  null::varchar as _damage
from numbered
order by _sort
"""

_LINE = """
with line as (
  select _damage, _sort, _copy,
    rpad(last_name, 20, ' ') || rpad(first_name, 15, ' ') || rpad(middle_initial, 1, ' ')
    || rpad(birth_date, 8, ' ') || rpad(sex, 1, ' ') || rpad(ssn_last4, 4, ' ')
    || rpad(death_date, 8, ' ') || rpad(state, 2, ' ') || rpad(cause, 5, ' ')
    || rpad(certificate_number, 10, ' ') || repeat(' ', 6) as whole
  from extract.death_index_deaths
  where _sort >= {low} and _sort < {high}
)
select if(_damage = 'cut', whole[1:47], whole) from line order by _sort, _copy
"""


def write(con: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Write death_index/death_index.txt, 80 characters per line, in the order of certificates."""
    write_lines(
        con,
        (
            _LINE.format(low=low, high=high)
            for low, high in ranges(con, "extract.death_index_deaths", _STEP)
        ),
        folder / "death_index" / "death_index.txt",
    )

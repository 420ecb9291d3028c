"""The records that benchmarks/rules.py judges, as SQL of DuckDB."""

ROWS = """
select
  case when i % 5000 = 17 then 'C' || lpad((i - 1)::varchar, 9, '0')
       else 'C' || lpad(i::varchar, 9, '0') end as case_number,
  case when i % 701 = 3 then lpad((i % 100000)::varchar, 6, '0')
       when i % 907 = 5 then '9999999' else lpad((i % 100000)::varchar, 7, '0') end as patient,
  case when i % 613 = 1 then '2001-02-30' when i % 811 = 1 then null
       when i % 997 = 1 then '1900-01-01'
       else strftime(date '1995-01-01' + (i * 7919 % 7900)::int, '%Y-%m-%d') end as day,
  strftime(date '1995-01-01'
    + (i * 7919 % 7900 + case when i % 1009 = 2 then -3 else i % 30 end)::int,
    '%Y-%m-%d') as discharge,
  case when i % 1201 = 4 then '6.1' when i % 503 = 4 then '6'
       else (60 + i * 31 % 900)::varchar end as minutes,
  case when i % 1301 = 6 then '7' else (1 + i % 5)::varchar end as asa,
  case when i % 1409 = 7 then '-5' else (i * 13 % 4000)::varchar end as blood,
  ['CYTO-SB', 'CYTO-PAN', 'CYTO-LIV', case when i % 1511 = 8 then 'XYZ' else 'CYTO-COL' end]
    [1 + i % 4] as code,
  case when i % 1601 = 9 then '101.5' else (i * 17 % 1000 / 10.0)::varchar end as ki67,
  case when i % 1709 = 10 then 'C17' else 'C17.' || (i % 9)::varchar end as site,
  case when i % 1801 = 11 then 'yes' when i % 97 = 0 then 'true' else 'false' end as crisis,
  case when i % 1901 = 12 then '' else 'S' || (i % 40)::varchar end as surgeon,
  'or_log' as _source, 'cases' as _table, 'cases.csv' as _file, i as _row
from range(1, $rows + 1) as numbers(i)
"""
PEOPLE = """
select lpad(i::varchar, 7, '0') as patient,
  strftime(date '1920-01-01' + (i * 104729 % 25000)::int, '%Y-%m-%d') as birth_date,
  case when i % 3 = 0 then strftime(date '2003-01-01' + (i * 31 % 5000)::int, '%Y-%m-%d') end
    as death_date,
  'hospital' as _source, 'patients' as _table, 'db' as _file, i as _row
from range(0, 100000) as numbers(i)
"""
CODES = ["CYTO-SB", "CYTO-PAN", "CYTO-LIV", "CYTO-COL", "CYTO-GAS", "CYTO-OTH"]

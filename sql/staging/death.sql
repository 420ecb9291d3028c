/* The death index in registry words: everyone who died, most of them not patients of ours.
A state numbers its certificates anew each year.
grain: state, death_year, certificate_number, family_name, given_name
materialized: view
*/
with trimmed as (
  select
    cleaned(certificate_number) as certificate_number,
    upper(cleaned(last_name)) as family_name,
    upper(cleaned(first_name)) as given_name,
    upper(cleaned(middle_initial)) as middle_initial,
    cleaned(birth_date) as birth_date,
    cleaned(sex) as sex,
    zero_padded(cleaned(ssn_last4), 4) as ssn_last4,
    cleaned(death_date) as death_date,
    upper(cleaned(state)) as state,
    replace(upper(cleaned(cause)), '.', '') as cause_of_death,
    _source,
    _table,
    _file,
    _row
  from landing.death_index_deaths
)
select
  coalesce(certificate_number, _file || '-' || cast(_row as varchar))
    as certificate_number, -- certificate_number, or without one file and row
  family_name, -- last_name in capitals
  given_name, -- first_name in capitals
  middle_initial, -- middle_initial in capitals
  iso_date(birth_date) as birth_date, -- birth_date: YYYYMMDD, parts that are not known left out
  case
    when upper(sex) in ('M', 'MALE') then 'male'
    when upper(sex) in ('F', 'FEMALE') then 'female'
    when upper(sex) in ('U', 'UNK', 'UNKNOWN') then 'unknown'
    else sex
  end as sex, -- sex: M, F or U
  ssn_last4, -- ssn_last4
  iso_date(death_date) as death_date, -- death_date, the same
  case when regexp_matches(iso_date(death_date), '^[0-9]{4}') then left(iso_date(death_date), 4) end
    as death_year, -- year of death_date
  state, -- state
  cause_of_death, -- cause: ICD code without its dot
  _source, -- lineage
  _table, -- lineage
  _file, -- lineage
  _row -- lineage
from trimmed

/* The death index in registry words: everyone who died, most of them not patients of ours.
grain: certificate_number
materialized: view
*/
with trimmed as (
  select
    nullif(trim(certificate_number), '') as certificate_number,
    upper(nullif(trim(last_name), '')) as family_name,
    upper(nullif(trim(first_name), '')) as given_name,
    upper(nullif(trim(middle_initial), '')) as middle_initial,
    nullif(trim(birth_date), '') as birth_date,
    nullif(trim(sex), '') as sex,
    nullif(trim(ssn_last4), '') as ssn_last4,
    nullif(trim(death_date), '') as death_date,
    nullif(trim(state), '') as state,
    upper(nullif(trim(cause), '')) as cause_of_death,
    _source,
    _table,
    _file,
    _row
  from landing.death_index_deaths
)
select
  certificate_number, -- certificate_number
  family_name, -- last_name in capitals
  given_name, -- first_name in capitals
  middle_initial, -- middle_initial in capitals
  regexp_replace(birth_date, '^([0-9]{4})([0-9]{2})([0-9]{2})$', '\1-\2-\3')
    as birth_date, -- birth_date, YYYYMMDD rearranged
  case sex when 'M' then 'male' when 'F' then 'female' else sex end as sex, -- sex: M or F
  ssn_last4, -- ssn_last4
  regexp_replace(death_date, '^([0-9]{4})([0-9]{2})([0-9]{2})$', '\1-\2-\3')
    as death_date, -- death_date, YYYYMMDD rearranged
  state, -- state
  cause_of_death, -- cause: ICD code without its dot
  _source, -- lineage
  _table, -- lineage
  _file, -- lineage
  _row -- lineage
from trimmed

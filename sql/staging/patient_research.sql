/* The research project's enrolled patients in registry words; the project keeps no names.
grain: source_patient_number, one row per enrolled record
materialized: view
*/
with trimmed as (
  select
    nullif(trim(record_id), '') as record_id,
    nullif(trim(mrn), '') as mrn,
    nullif(trim(consent_date), '') as consent_date,
    nullif(trim(enr_birth_date), '') as birth_date,
    nullif(trim(enr_sex), '') as sex,
    nullif(trim(presenting_site), '') as presenting_site,
    _source,
    _table,
    _file,
    _row
  from landing.research_enrollment
)
select
  record_id as source_patient_number, -- record_id
  mrn as hospital_number, -- mrn
  cast(null as varchar) as family_name, -- the project keeps no names
  cast(null as varchar) as given_name, -- the project keeps no names
  cast(null as varchar) as middle_name, -- the project keeps no names
  birth_date, -- enr_birth_date
  case sex when '1' then 'male' when '2' then 'female' else sex end
    as sex, -- enr_sex: 1 male, 2 female
  cast(null as varchar) as ssn_last4, -- not recorded by the project
  cast(null as varchar) as race, -- not recorded by the project
  cast(null as varchar) as vital_status, -- recorded at follow-up, see staging.follow_up
  cast(null as varchar) as death_date, -- recorded at follow-up, see staging.follow_up
  cast(null as varchar) as last_contact_date, -- recorded at follow-up, see staging.follow_up
  cast(null as varchar) as cause_of_death, -- recorded at follow-up, see staging.follow_up
  case presenting_site
    when '1' then 'small_bowel'
    when '2' then 'pancreas'
    when '3' then 'appendix'
    when '4' then 'colorectal'
    when '5' then 'lung'
    when '6' then 'stomach'
    when '7' then 'duodenum'
    when '8' then 'other'
    when '9' then 'unknown'
    else presenting_site
  end as presenting_site, -- presenting_site: the project's site codes 1 to 9
  consent_date, -- consent_date
  _source, -- lineage
  _table, -- lineage
  _file, -- lineage
  _row -- lineage
from trimmed

/* The research project's enrolled patients in registry words; the project keeps no names.
A record that was enrolled under several hospital numbers hands all of them on, unless it is enrolled for
two persons (staging.shared_record): then the hospital number stands behind it. One without a number that can
be read hands on the one that the operating-room log has for its cases.
grain: _file, _row
materialized: table
*/
with enrolled as (
  select distinct cleaned(record_id) as record_id, zero_padded(cleaned(mrn), 7) as mrn
  from landing.research_enrollment
  where regexp_matches(zero_padded(cleaned(mrn), 7), '^[0-9]{7}$')
),
numbers_of_record as (
  select
    e.record_id,
    string_agg(e.mrn, ' ' order by e.mrn) as mrns
  from enrolled as e
  left join staging.shared_record as s on s.record_id = e.record_id
  where s.record_id is null
  group by e.record_id
  having count(*) > 1
),
trimmed as (
  select
    cleaned(record_id) as record_id,
    zero_padded(cleaned(mrn), 7) as mrn,
    local_day(cleaned(consent_date)) as consent_date,
    local_day(cleaned(enr_birth_date)) as birth_date,
    whole_number(cleaned(enr_sex)) as sex,
    whole_number(cleaned(presenting_site)) as presenting_site,
    cleaned(symptoms___1) as flushing,
    cleaned(symptoms___2) as diarrhoea,
    cleaned(symptoms___3) as wheezing,
    cleaned(symptoms___4) as without_symptoms,
    _source,
    _table,
    _file,
    _row
  from landing.research_enrollment
)
select
  case
    when s.record_id is not null and regexp_matches(t.mrn, '^[0-9]{7}$')
      then t.record_id || '/' || t.mrn
    else t.record_id
  end as source_patient_number, -- record_id; of one of two persons with the hospital number
  mrn as hospital_number, -- mrn, seven digits
  case
    when n.mrns is null and not coalesce(regexp_matches(t.mrn, '^[0-9]{7}$'), false)
      then r.hospital_number
    else n.mrns
  end as other_hospital_numbers, -- every mrn of a record that has several, or staging.number_of_record
  cast(null as varchar) as family_name, -- the project keeps no names
  cast(null as varchar) as given_name, -- the project keeps no names
  cast(null as varchar) as middle_name, -- the project keeps no names
  iso_date(birth_date) as birth_date, -- enr_birth_date
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
  yes_or_no(flushing) as flushing, -- symptoms___1: 1 ticked, 0 not
  yes_or_no(diarrhoea) as diarrhoea, -- symptoms___2: 1 ticked, 0 not
  yes_or_no(wheezing) as wheezing, -- symptoms___3: 1 ticked, 0 not
  yes_or_no(without_symptoms) as without_symptoms, -- symptoms___4, none: 1 ticked, 0 not
  iso_date(consent_date) as consent_date, -- consent_date
  _source, -- lineage
  _table, -- lineage
  _file, -- lineage
  _row -- lineage
from trimmed as t
left join numbers_of_record as n on n.record_id = t.record_id
left join staging.number_of_record as r on r.record_id = t.record_id and r.case_number is null
left join staging.shared_record as s on s.record_id = t.record_id

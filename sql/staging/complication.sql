/* The research project's postoperative complications in registry words, every event.
grain: complication_key
materialized: view
*/
with trimmed as (
  select
    cleaned(record_id) as record_id,
    whole_number(cleaned(redcap_repeat_instance)) as instance,
    cleaned(comp_case_no) as case_number,
    local_day(cleaned(comp_date)) as complication_date,
    whole_number(lower(cleaned(comp_type))) as type,
    regexp_replace(
      regexp_replace(
        whole_number(lower(cleaned(comp_clavien))), '^(clavien(-dindo)?)? *(grade)? *', ''
      ),
      '^(i{1,3}|iv|v|[1-7])( ?[ab])?[ -]?d$', '\1\2'
    ) as clavien,
    _source,
    _table,
    _file,
    _row
  from landing.research_complication
)
select
  coalesce(r.record_of_person, c.record_of_person, t.record_id) || coalesce('-' || instance, '')
    as complication_key, -- record_id and redcap_repeat_instance; where the form does not repeat, the record's
  coalesce(r.record_of_person, c.record_of_person, t.record_id)
    as record_id, -- record_id; of one of two persons with the hospital number
  instance, -- redcap_repeat_instance
  coalesce(r.hospital_number, c.hospital_number)
    as hospital_number, -- mrn of the record's enrolment, or else of its cases (staging.number_of_record)
  t.case_number, -- comp_case_no
  iso_date(complication_date) as complication_date, -- comp_date
  case type
    when '1' then 'infection'
    when '2' then 'bleeding'
    when '3' then 'anastomotic_leak'
    when '4' then 'ileus'
    when '5' then 'cardiac'
    when '6' then 'pulmonary'
    when '7' then 'renal'
    when '8' then 'thromboembolic'
    when '9' then 'other'
    when '10' then 'death'
    else type
  end as type, -- comp_type: codes 1 to 10
  case clavien
    when '1' then 'I'
    when '2' then 'II'
    when '3' then 'IIIa'
    when '4' then 'IIIb'
    when '5' then 'IVa'
    when '6' then 'IVb'
    when '7' then 'V'
    when 'i' then 'I'
    when 'ii' then 'II'
    when 'iii' then 'III'
    when 'iv' then 'IV'
    when 'v' then 'V'
    else regexp_replace(
      regexp_replace(clavien, '^(iii|3) ?([ab])$', 'III\2'), '^(iv|4) ?([ab])$', 'IV\2'
    )
  end as grade, -- comp_clavien: 1 to 7 for Clavien-Dindo I to V; or the grade itself (3a, IIIA), without the d of disability
  _source, -- lineage
  _table, -- lineage
  _file, -- lineage
  _row -- lineage
from trimmed as t
left join staging.number_of_record as r on r.record_id = t.record_id and r.case_number is null
left join staging.number_of_record as c
  on c.record_id = t.record_id and c.case_number = t.case_number

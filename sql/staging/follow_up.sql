/* The research project's follow-up contacts in registry words.
grain: follow_up_key
materialized: view
*/
with trimmed as (
  select
    cleaned(record_id) as record_id,
    whole_number(cleaned(redcap_repeat_instance)) as instance,
    local_day(cleaned(fu_date)) as follow_up_date,
    whole_number(lower(cleaned(fu_status))) as status,
    whole_number(lower(cleaned(fu_cause))) as cause,
    _source,
    _table,
    _file,
    _row
  from landing.research_follow_up
)
select
  t.record_id || coalesce('-' || instance, '')
    as follow_up_key, -- record_id and redcap_repeat_instance; where the form does not repeat, the record's
  t.record_id, -- record_id
  instance, -- redcap_repeat_instance
  hospital_number, -- mrn of the record's enrolment, or else of its cases (staging.number_of_record)
  iso_date(follow_up_date)
    as follow_up_date, -- fu_date; the death date when the patient is dead
  case status
    when '1' then 'no_disease'
    when '2' then 'with_disease'
    when '3' then 'dead'
    when 'deceased' then 'dead'
    when 'died' then 'dead'
    else status
  end as status, -- fu_status: 1 no evidence of disease, 2 alive with disease, 3 dead
  case cause
    when '1' then 'tumour'
    when '2' then 'other'
    when '9' then 'unknown'
    else cause
  end as cause, -- fu_cause: 1 tumour, 2 other, 9 unknown; of the dead only
  _source, -- lineage
  _table, -- lineage
  _file, -- lineage
  _row -- lineage
from trimmed as t
left join staging.number_of_record as n on n.record_id = t.record_id and n.case_number is null

/* The research project's findings at operation in registry words.
grain: finding_key
materialized: view
*/
with trimmed as (
  select
    cleaned(record_id) as record_id,
    whole_number(cleaned(redcap_repeat_instance)) as instance,
    cleaned(proc_case_no) as case_number,
    local_day(cleaned(proc_date)) as operation_date,
    whole_number(cleaned(proc_preop_site)) as preop_site,
    whole_number(cleaned(proc_site_found)) as site_found,
    cleaned(proc_path_confirmed) as path_confirmed,
    whole_number(upper(cleaned(proc_r_status))) as r_status,
    whole_number(recorded_number(regexp_replace(cleaned(proc_percent_removed), ' *%$', ''))) as percent_removed,
    whole_number(cleaned(proc_estimated_by)) as estimated_by,
    cleaned(proc_intraop_comp) as intraop_comp,
    whole_number(cleaned(proc_intraop_type)) as intraop_type,
    cleaned(proc_crisis) as crisis,
    whole_number(recorded_number(regexp_replace(cleaned(proc_sbp_low), ' *(?i:mm ?\[?hg\]?)$', ''))) as systolic_low,
    whole_number(recorded_number(regexp_replace(cleaned(proc_sbp_low_min), ' *(?i:min(ute)?s?[.]?)$', ''))) as minutes_below_80,
    whole_number(recorded_number(regexp_replace(cleaned(proc_bp_change_pct), ' *(?i:%)$', ''))) as bp_change_percent,
    whole_number(recorded_number(regexp_replace(cleaned(proc_bp_change_min), ' *(?i:min(ute)?s?[.]?)$', ''))) as bp_change_minutes,
    case
      when regexp_full_match(cleaned(proc_octreotide_ug), '[0-9]+([.][0-9]+)? *(?i:mg)')
        then cast(
          cast(
            round(1000 * try_cast(regexp_extract(cleaned(proc_octreotide_ug), '^[0-9.]+') as double)) as integer
          ) as varchar
        )
      else whole_number(
        recorded_number(regexp_replace(cleaned(proc_octreotide_ug), ' *(?i:u|µ|μ|mc)(?i:g)$', ''))
      )
    end as octreotide_ug,
    whole_number(recorded_number(regexp_replace(cleaned(proc_bp_regress_pct), ' *(?i:%)$', ''))) as bp_regression_percent,
    cleaned(proc_vasopressor) as vasopressor,
    cleaned(proc_other_cause) as other_cause,
    _source,
    _table,
    _file,
    _row
  from landing.research_procedure
)
select
  coalesce(r.record_of_person, c.record_of_person, t.record_id) || coalesce('-' || instance, '')
    as finding_key, -- record_id and redcap_repeat_instance; where the form does not repeat, the record's
  coalesce(r.record_of_person, c.record_of_person, t.record_id)
    as record_id, -- record_id; of one of two persons with the hospital number
  instance, -- redcap_repeat_instance
  coalesce(r.hospital_number, c.hospital_number)
    as hospital_number, -- mrn of the record's enrolment, or else of its cases (staging.number_of_record)
  t.case_number, -- proc_case_no
  iso_date(operation_date) as operation_date, -- proc_date
  case preop_site
    when '1' then 'small_bowel'
    when '2' then 'pancreas'
    when '3' then 'appendix'
    when '4' then 'colorectal'
    when '5' then 'lung'
    when '6' then 'stomach'
    when '7' then 'duodenum'
    when '8' then 'other'
    when '9' then 'unknown'
    else preop_site
  end as preop_site, -- proc_preop_site: the project's site codes 1 to 9
  case site_found
    when '1' then 'small_bowel'
    when '2' then 'pancreas'
    when '3' then 'appendix'
    when '4' then 'colorectal'
    when '5' then 'lung'
    when '6' then 'stomach'
    when '7' then 'duodenum'
    when '8' then 'other'
    when '9' then 'unknown'
    else site_found
  end as site_found, -- proc_site_found: the project's site codes 1 to 9
  yes_or_no(path_confirmed) as site_confirmed, -- proc_path_confirmed: 1 yes, 0 no
  case
    when r_status in ('0', '1', '2') then 'R' || r_status
    when r_status not in ('RX', 'X') then r_status
  end as residual, -- proc_r_status: 0, 1 or 2; RX, not assessed (UICC TNM, 8th edition), is unknown
  percent_removed, -- proc_percent_removed
  case estimated_by when '1' then 'surgeon' when '2' then 'radiologist' else estimated_by end
    as estimated_by, -- proc_estimated_by: 1 surgeon, 2 radiologist
  yes_or_no(intraop_comp) as intraop_complication, -- proc_intraop_comp: 1 yes, 0 no
  case intraop_type
    when '1' then 'haemorrhage'
    when '2' then 'visceral_injury'
    when '3' then 'arrhythmia'
    when '4' then 'hypotension'
    when '5' then 'crisis'
    when '9' then 'other'
    else intraop_type
  end as intraop_type, -- proc_intraop_type: codes 1 to 5 and 9
  yes_or_no(crisis) as crisis_recorded, -- proc_crisis: 1 yes, 0 no
  systolic_low, -- proc_sbp_low
  minutes_below_80, -- proc_sbp_low_min
  bp_change_percent, -- proc_bp_change_pct
  bp_change_minutes, -- proc_bp_change_min
  octreotide_ug, -- proc_octreotide_ug
  bp_regression_percent, -- proc_bp_regress_pct
  yes_or_no(vasopressor) as vasopressor, -- proc_vasopressor: 1 yes, 0 no
  yes_or_no(other_cause) as other_cause, -- proc_other_cause: 1 yes, 0 no
  _source, -- lineage
  _table, -- lineage
  _file, -- lineage
  _row -- lineage
from trimmed as t
left join staging.number_of_record as r on r.record_id = t.record_id and r.case_number is null
left join staging.number_of_record as c
  on c.record_id = t.record_id and c.case_number = t.case_number

/* One row per operation: who was operated, what happened in it and what came after it.
Complications are known when the research project recorded the operation or any complication of it.
Three definitions of a carcinoid crisis stand side by side, since none is accepted. A death counts
on the last operation before it, and a patient not seen up to day 30 (90) is unknown, not alive.
grain: procedure_id
materialized: table
*/
with known_life as (
  select
    patient_id,
    case when death_date <= $as_of then death_date end as death_date,
    case when death_date > $as_of then $as_of else last_contact_date end as last_alive_date
  from registry.vital_status
),
complications as (
  select
    procedure_id,
    count(*) as events,
    max(grade_rank) as highest_rank,
    max(case when minor then 1 else 0 end) = 1 as any_minor,
    max(case when minor then 0 else 1 end) = 1 as any_major
  from registry.complication
  group by procedure_id
),
operations as (
  select
    *,
    lead(operation_date) over (partition by patient_id order by procedure_number)
      as next_operation_date
  from registry.procedure
),
joined as (
  select
    o.*,
    e.sex,
    year(o.operation_date) - year(e.birth_date)
      - case
        when month(o.operation_date) * 100 + day(o.operation_date)
          < month(e.birth_date) * 100 + day(e.birth_date) then 1
        else 0
      end as age_years,
    year(o.operation_date) - year(o.operation_date) % 10 as decade,
    s.primary_site_final,
    l.death_date,
    date_diff('day', o.operation_date, l.death_date) as days_to_death,
    date_diff('day', o.operation_date, l.last_alive_date) as days_known_alive,
    coalesce(c.events, 0) as events,
    o.has_finding or c.events is not null as reviewed,
    c.highest_rank,
    c.any_minor,
    c.any_major
  from operations as o
  inner join registry.patient as e on e.patient_id = o.patient_id
  left join marts.primary_site as s on s.patient_id = o.patient_id
  left join known_life as l on l.patient_id = o.patient_id
  left join complications as c on c.procedure_id = o.procedure_id
)
select
  procedure_id, -- pseudonym of the operating-room log's case number
  patient_id, -- pseudonym of the patient
  procedure_number, -- 1 for the patient's index operation, 2 for the next one
  operation_date, -- day of operation
  concat(decade, '-', decade + 9) as operation_era, -- decade of operation
  coalesce(sex, 'unknown') as sex, -- male, female or unknown
  age_years, -- completed years of age at operation
  case
    when age_years < 40 then '0-39'
    when age_years < 50 then '40-49'
    when age_years < 60 then '50-59'
    when age_years < 70 then '60-69'
    when age_years >= 70 then '70+'
    else 'unknown'
  end as age_band, -- age at operation in bands of years
  preop_site as primary_site_preop, -- primary site known before this operation
  site_found, -- primary site found at this operation
  site_confirmed, -- whether pathology confirmed the site found
  primary_site_final, -- the patient's final primary site (marts.primary_site)
  preop_site = 'unknown' as preop_unknown, -- no primary known before this operation
  case when preop_site = 'unknown' then coalesce(site_found, 'unknown') <> 'unknown' end
    as localized_intraoperatively, -- unknown primaries only: whether this operation found the site
  procedure_code, -- the log's code of what was done
  duration_minutes, -- incision to closure, minutes
  blood_loss_ml, -- estimated blood loss, mL
  asa_class, -- ASA physical status, 1 to 5
  residual, -- R0, R1 or R2
  percent_removed, -- share of tumour removed, percent
  case
    when percent_removed < 70 then 'under 70'
    when percent_removed < 90 then '70 to under 90'
    when percent_removed < 100 then '90 to under 100'
    when percent_removed = 100 then '100'
  end as cytoreduction_band, -- share of tumour removed in bands of percent
  estimated_by, -- who estimated the share removed: surgeon or radiologist
  intraop_complication, -- whether anything went wrong during the operation
  intraop_type, -- what went wrong
  crisis_recorded, -- carcinoid crisis, definition recorded: as the research project says
  crisis_sbp80_10min, -- carcinoid crisis, definition sbp80_10min: below 80 mmHg for 10 minutes
  crisis_fouche_2018, -- carcinoid crisis, definition fouche_2018: sudden, unexplained, reversed
  case when reviewed then events end
    as complications, -- postoperative complications recorded; empty: unknown
  case
    when highest_rank is not null then
      case highest_rank
        when 1 then 'I'
        when 2 then 'II'
        when 3 then 'IIIa'
        when 4 then 'IIIb'
        when 5 then 'IVa'
        when 6 then 'IVb'
        when 7 then 'V'
      end
    when reviewed then 'none'
  end as highest_grade, -- highest Clavien-Dindo grade, none without complication; empty: unknown
  case when reviewed then coalesce(highest_rank, 0) end
    as highest_grade_rank, -- the highest grade as a number, 0 (none) to 7 (V)
  case when reviewed then events > 0 end as any_complication, -- any postoperative complication
  case when reviewed then coalesce(any_minor, false) end
    as any_minor, -- any complication of grade I or II, whatever else there was
  case when reviewed then coalesce(any_major, false) end
    as any_major, -- any complication of grade III to V
  case when reviewed then coalesce(highest_rank <= 2, false) end
    as highest_is_minor, -- complicated, but never beyond grade II
  case
    when days_to_death >= 0 and next_operation_date <= death_date then 'alive'
    when days_to_death between 0 and 30 then 'dead'
    when days_to_death > 30 or days_known_alive >= 30 then 'alive'
    else 'unknown'
  end as mortality_30_day, -- dead (charged to this operation), alive or unknown 30 days after it
  case
    when days_to_death >= 0 and next_operation_date <= death_date then 'alive'
    when days_to_death between 0 and 90 then 'dead'
    when days_to_death > 90 or days_known_alive >= 90 then 'alive'
    else 'unknown'
  end as mortality_90_day, -- the same 90 days after it
  admission_date, -- day of admission of the stay around the operation
  discharge_date, -- day of discharge
  postoperative_days, -- operation to discharge, days
  stay_days, -- admission to discharge, days
  disposition, -- where the patient went after the stay
  _file as source_file, -- operating-room log's file that the operation came from
  _row as source_row -- record in that file, from 1; marts.source_row has every row behind it
from joined

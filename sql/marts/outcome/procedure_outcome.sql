/* One row per operation: who was operated, what happened in it and what came after it.
Complications are known when the research project recorded the operation or any complication of it.
One that may have followed this operation or another (registry.complication_operation) leaves open what
it could change.
Three definitions of a carcinoid crisis stand side by side, since none is accepted. A death counts
on the last operation before it, and a patient not seen up to day 30 (90) is unknown, not alive.
Where a date is known to the month or the year only, an answer is given if it is the same whichever
day it was: of age, of the band of ages, of mortality; else it is unknown.
grain: procedure_id
private: age_years, age_band
materialized: table
*/
with known_life as (
  select
    patient_id,
    case when death_date_earliest <= $as_of then death_date_earliest end as death_earliest,
    case when death_date_earliest <= $as_of then death_date_latest end as death_latest,
    case when death_date_earliest > $as_of then $as_of else last_contact_date_earliest end
      as last_alive_date
  from registry.vital_status
),
complications as (
  select
    procedure_id,
    count(*) as events,
    max(grade_rank) as highest_rank,
    max(case when minor is null then 1 else 0 end) = 1 as any_ungraded,
    max(
      case
        when grade = 'III' then 4
        when grade = 'IV' then 6
        when grade_rank is null then 7
        else 0
      end
    ) as rank_left_open,
    max(case when minor then 1 else 0 end) = 1 as any_minor,
    max(case when not minor then 1 else 0 end) = 1 as any_major
  from registry.complication
  where procedure_id is not null
  group by procedure_id
),
possible_complications as (
  select
    f.procedure_id,
    max(case c.grade when 'III' then 4 when 'IV' then 6 else coalesce(c.grade_rank, 7) end)
      as highest_rank,
    max(case when c.minor then 1 when c.minor is null then 1 else 0 end) = 1 as perhaps_minor,
    max(case when not c.minor then 1 when c.minor is null then 1 else 0 end) = 1 as perhaps_major
  from registry.complication_operation as f
  inner join registry.complication as c on c.complication_key = f.complication_key
  where not f.certain
  group by f.procedure_id
),
operations as (
  select
    o.* exclude (operation_date, operation_date_earliest, operation_date_latest),
    o.operation_date_earliest as first_day,
    case
      when l.death_latest >= o.operation_date_earliest
        then least(o.operation_date_latest, l.death_latest)
      else o.operation_date_latest
    end as last_day,
    l.death_earliest,
    l.death_latest,
    l.last_alive_date
  from registry.procedure as o
  left join known_life as l on l.patient_id = o.patient_id
),
operations_in_order as (
  select
    *,
    lead(coalesce(first_day, date '0001-01-01'))
      over (partition by patient_id order by procedure_number) as next_first_day,
    lead(coalesce(last_day, date '9999-12-31'))
      over (partition by patient_id order by procedure_number) as next_last_day
  from operations
),
joined as (
  select
    o.*,
    case when first_day = last_day then first_day end as operation_date,
    e.sex,
    whole_years(e.birth_date_latest, o.first_day) as youngest,
    whole_years(e.birth_date_earliest, o.last_day) as oldest,
    case
      when year(o.first_day) - year(o.first_day) % 10 = year(o.last_day) - year(o.last_day) % 10
        then year(o.first_day) - year(o.first_day) % 10
    end as decade,
    s.primary_site_final,
    date_diff('day', o.last_day, o.death_earliest) as days_to_death_at_least,
    date_diff('day', o.first_day, o.death_latest) as days_to_death_at_most,
    date_diff('day', o.last_day, o.last_alive_date) as days_known_alive,
    coalesce(c.events, 0) as events,
    o.has_finding or c.events is not null as reviewed,
    c.highest_rank,
    greatest(coalesce(c.rank_left_open, 0), coalesce(d.highest_rank, 0)) as rank_left_open,
    d.procedure_id is not null as any_unplaced,
    coalesce(c.any_ungraded, false) or coalesce(d.perhaps_minor, false) as perhaps_minor,
    coalesce(c.any_ungraded, false) or coalesce(d.perhaps_major, false) as perhaps_major,
    c.any_minor,
    c.any_major
  from operations_in_order as o
  inner join registry.patient as e on e.patient_id = o.patient_id
  left join marts.primary_site as s on s.patient_id = o.patient_id
  left join complications as c on c.procedure_id = o.procedure_id
  left join possible_complications as d on d.procedure_id = o.procedure_id
),
banded as (
  select
    *,
    case
      when youngest < 40 then '0-39'
      when youngest < 50 then '40-49'
      when youngest < 60 then '50-59'
      when youngest < 70 then '60-69'
      when youngest >= 70 then '70+'
    end as youngest_band,
    case
      when oldest < 40 then '0-39'
      when oldest < 50 then '40-49'
      when oldest < 60 then '50-59'
      when oldest < 70 then '60-69'
      when oldest >= 70 then '70+'
    end as oldest_band
  from joined
)
select
  procedure_id, -- pseudonym of the operating-room log's case number
  patient_id, -- pseudonym of the patient
  procedure_number, -- 1 for the patient's index operation, 2 for the next one
  operation_date, -- day of operation; empty where only month or year is known
  first_day as operation_date_earliest, -- first day that it may be
  last_day as operation_date_latest, -- last day that it may be
  case when decade is null then 'unknown' else concat(decade, '-', decade + 9) end
    as operation_era, -- decade of operation
  coalesce(sex, 'unknown') as sex, -- male, female or unknown
  case when youngest = oldest then oldest end
    as age_years, -- completed years of age at operation; empty where the dates leave two open
  case when youngest_band = oldest_band then oldest_band else 'unknown' end
    as age_band, -- age at operation in bands of years
  preop_site as primary_site_preop, -- primary site known before this operation
  site_found, -- primary site found at this operation
  site_confirmed, -- whether pathology confirmed the site found
  primary_site_final, -- the patient's final primary site (marts.primary_site)
  preop_site = 'unknown' as preop_unknown, -- no primary known before this operation
  case when preop_site = 'unknown' then site_found <> 'unknown' end
    as localized_intraoperatively, -- unknown primaries only: whether this operation found the site; empty: not recorded
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
  case when reviewed and not any_unplaced then events end
    as complications, -- postoperative complications recorded; empty: unknown
  case
    when rank_left_open > coalesce(highest_rank, 0) then null
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
  case
    when rank_left_open > coalesce(highest_rank, 0) then null
    when reviewed then coalesce(highest_rank, 0)
  end as highest_grade_rank, -- the highest grade as a number, 0 (none) to 7 (V)
  case when events > 0 then true when reviewed and not any_unplaced then false end
    as any_complication, -- any postoperative complication; empty: unknown
  case when any_minor then true when reviewed and not perhaps_minor then false end
    as any_minor, -- any complication of grade I or II, whatever else there was; empty: unknown
  case when any_major then true when reviewed and not perhaps_major then false end
    as any_major, -- any complication of grade III to V; empty: unknown
  case
    when any_major then false
    when perhaps_major then null
    when any_minor then true
    when reviewed and not perhaps_minor then false
  end as highest_is_minor, -- complicated, but never beyond grade II; empty: unknown
  case
    when next_last_day <= death_earliest then 'alive'
    when next_first_day <= death_latest and days_to_death_at_least <= 30 then 'unknown'
    when days_to_death_at_most between 0 and 30 then 'dead'
    when days_to_death_at_least > 30 or days_known_alive >= 30 then 'alive'
    else 'unknown'
  end as mortality_30_day, -- dead (charged to this operation), alive or unknown 30 days after it
  case
    when next_last_day <= death_earliest then 'alive'
    when next_first_day <= death_latest and days_to_death_at_least <= 90 then 'unknown'
    when days_to_death_at_most between 0 and 90 then 'dead'
    when days_to_death_at_least > 90 or days_known_alive >= 90 then 'alive'
    else 'unknown'
  end as mortality_90_day, -- the same 90 days after it
  admission_date, -- day of admission of the stay around the operation
  discharge_date, -- day of discharge
  postoperative_days, -- operation to discharge, days
  stay_days, -- admission to discharge, days
  disposition, -- where the patient went after the stay
  _file as source_file, -- operating-room log's file that the operation came from
  _row as source_row -- record in that file, from 1; marts.source_row has every row behind it
from banded

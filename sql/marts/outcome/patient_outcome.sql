/* One row per operated patient: the index operation, the sum of all operations, and follow-up.
Follow-up begins at the index operation. It ends at death, or at the last day on which any source
saw the patient alive; a patient whom a source calls dead without a date is dead, but followed only
to that day. Of a date that is known to the month or the year only, the middle of the days that are
possible is reckoned with (NAACCR items 1782 and 1788), and its precision says so. Where dates
leave open which of several operations was the first, what was done at it is unknown, and its day lies
between the bounds that they leave; where one of them has no date at all, there are none.
grain: patient_id
ages: age_years
years: index_date
materialized: table
*/
with operations as (
  select
    patient_id,
    count(*) as procedures,
    count(operation_date_earliest) = count(*) as all_dated,
    min(operation_date_earliest) as first_day_earliest,
    min(operation_date_latest) as first_day_latest,
    max(middle_day(operation_date_earliest, operation_date_latest)) as last_operation_date,
    count(any_minor) as minor_known,
    count(any_major) as major_known,
    count(crisis_recorded) as crisis_known,
    max(case when crisis_recorded then 1 else 0 end) as crisis,
    max(case when mortality_30_day = 'dead' then 1 else 0 end) as dead_30,
    max(case when mortality_30_day = 'unknown' then 1 else 0 end) as unknown_30,
    max(case when mortality_90_day = 'dead' then 1 else 0 end) as dead_90,
    max(case when mortality_90_day = 'unknown' then 1 else 0 end) as unknown_90
  from marts.procedure_outcome
  group by patient_id
),
index_operation as (
  select
    p.*,
    case when o.all_dated then o.first_day_earliest end as index_date_earliest,
    case when o.all_dated then o.first_day_latest end as index_date_latest,
    o.procedures = 1
    or (
      o.all_dated
      and p.operation_date_earliest = o.first_day_earliest
      and p.operation_date_latest = o.first_day_latest
    ) as surely_first
  from marts.procedure_outcome as p
  inner join operations as o on o.patient_id = p.patient_id
  where p.procedure_number = 1
),
complications as (
  select
    f.patient_id,
    max(case when c.minor then 1 else 0 end) as minor,
    max(case when not c.minor then 1 else 0 end) as major
  from registry.complication as c
  inner join registry.complication_operation as f on f.complication_key = c.complication_key
  where f.followed_one
  group by f.patient_id
),
index_tumor as (
  select * from registry.tumor where index_tumor
),
life as (
  select
    patient_id,
    case when death_date_earliest > $as_of then 'alive' else status end as status,
    case when death_date_earliest <= $as_of then death_date end as death_date,
    case when death_date_earliest <= $as_of or death_date_precision = 'unknown'
      then death_date_earliest end as death_date_earliest,
    case when death_date_earliest <= $as_of or death_date_precision = 'unknown'
      then death_date_latest end as death_date_latest,
    case when death_date_earliest > $as_of then null else death_date_precision end
      as death_date_precision,
    case when death_date_earliest <= $as_of then death_date_source end as death_date_source,
    case when death_date_earliest > $as_of then null else cause end as cause,
    case when death_date_earliest > $as_of then $as_of else last_contact_date end
      as last_contact_date,
    case when death_date_earliest > $as_of then $as_of else last_contact_date_earliest end
      as last_contact_date_earliest,
    case when death_date_earliest > $as_of then $as_of else last_contact_date_latest end
      as last_contact_date_latest,
    case when death_date_earliest > $as_of then death_date_source else last_contact_source end
      as last_contact_source
  from registry.vital_status
),
end_of_follow_up as (
  select
    *,
    case
      when death_date_precision <> 'unknown' then death_date_earliest
      else last_contact_date_earliest
    end as end_earliest,
    case
      when death_date_precision <> 'unknown' then death_date_latest
      else last_contact_date_latest
    end as end_latest
  from life
)
select
  i.patient_id, -- pseudonym of the patient
  i.sex, -- male, female or unknown
  case when i.surely_first then i.age_years end
    as age_years, -- completed years of age at the index operation
  case when i.surely_first then i.age_band else 'unknown' end
    as age_band, -- that age in bands
  s.primary_site_preop, -- site known before the index operation
  s.primary_site_found, -- site found at surgery
  s.primary_site_final, -- final primary site
  s.preop_unknown, -- no primary known before the index operation
  s.localized_intraoperatively, -- unknown primaries only: whether surgery found the site
  t.histology, -- ICD-O-3 morphology of the index tumour
  t.grade, -- grade of the index tumour, 1 to 3, 9 unknown
  t.ki67_percent, -- its Ki-67 index, percent
  t.size_mm, -- its largest dimension, mm
  t.diagnosis_date, -- day of its diagnosis; empty where only month or year is known
  t.diagnosis_date_earliest, -- first day that it may be
  t.diagnosis_date_latest, -- last day that it may be
  middle_day(i.index_date_earliest, i.index_date_latest)
    as index_date, -- day of the index operation, or the middle of the days that it may be
  i.index_date_earliest, -- first day that it may be
  i.index_date_latest, -- last day that it may be
  date_precision(i.index_date_earliest, i.index_date_latest)
    as index_date_precision, -- day, month, year or years; unknown: an operation has no date
  case when i.surely_first then i.operation_era else 'unknown' end
    as operation_era, -- decade of the index operation
  case when i.surely_first then i.residual end
    as residual, -- R0, R1 or R2 after the index operation
  case when i.surely_first then i.cytoreduction_band end
    as cytoreduction_band, -- share of tumour removed at the index operation, bands of percent
  o.procedures, -- operations
  case when o.all_dated then o.last_operation_date end
    as last_operation_date, -- day of the last one; empty: not known which it was
  case when c.minor = 1 then true when o.minor_known = o.procedures then false end
    as any_minor, -- a grade I or II complication of any operation; empty: unknown
  case when c.major = 1 then true when o.major_known = o.procedures then false end
    as any_major, -- a grade III to V complication of any operation; empty: unknown
  case when o.crisis = 1 then true when o.crisis_known = o.procedures then false end
    as any_crisis, -- a recorded carcinoid crisis at any operation; empty: unknown
  case when o.dead_30 = 1 then 'dead' when o.unknown_30 = 1 then 'unknown' else 'alive' end
    as mortality_30_day, -- dead, alive or unknown 30 days after any operation
  case when o.dead_90 = 1 then 'dead' when o.unknown_90 = 1 then 'unknown' else 'alive' end
    as mortality_90_day, -- the same after 90 days
  l.status, -- alive or dead
  l.death_date, -- day of death; empty for the living, and where it is not known
  l.death_date_earliest, -- first day on which the patient may have died
  l.death_date_latest, -- last day on which the patient may have died
  l.death_date_precision, -- day, month, year, years or unknown; empty for the living
  l.death_date_source, -- the source that the day was taken from
  l.cause, -- cause of death: tumour, other or unknown
  l.last_contact_date, -- last day on which any source saw the patient alive, if it is known
  l.last_contact_source, -- the source of that contact
  middle_day(l.end_earliest, l.end_latest)
    as end_date, -- end of follow-up: the day, or the middle of the days that it may be
  l.end_earliest as end_date_earliest, -- first day that it may be
  l.end_latest as end_date_latest, -- last day that it may be
  date_precision(l.end_earliest, l.end_latest)
    as end_date_precision, -- day, month, year or years; unknown without any date
  date_diff(
    'day',
    middle_day(i.index_date_earliest, i.index_date_latest),
    middle_day(l.end_earliest, l.end_latest)
  ) as follow_up_days -- index operation to end of follow-up, days
from index_operation as i
inner join operations as o on o.patient_id = i.patient_id
left join marts.primary_site as s on s.patient_id = i.patient_id
left join index_tumor as t on t.patient_id = i.patient_id
left join complications as c on c.patient_id = i.patient_id
left join end_of_follow_up as l on l.patient_id = i.patient_id

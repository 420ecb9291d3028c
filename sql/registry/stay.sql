/* Stays in hospital: one admission, whatever number of encounters it was written as.
A stay is of adjoining or overlapping bed encounters (registry.encounter says which). Emergency care
alone is one only if it passes two midnights (which is when Medicare pays for a stay: 42 CFR 412.3).
It ends with the last discharge, unless a piece without one was admitted after it: then it has not
ended. One admitted before lacks its discharge (who leaves the hospital has left its wards).
grain: stay_id
materialized: table
*/
with piece as (
  select
    e.*,
    a.admission_time_latest,
    a.discharge_time_latest,
    max(a.discharge_time_earliest) over (partition by e.stay_id) as left_at
  from registry.encounter as e
  inner join accepted.encounter as a
    on a.encounter_number = e.encounter_number and a.hospital_number = e.hospital_number
  where e.stay_id is not null
),
judged_piece as (
  select
    *,
    discharge_time_latest is null and coalesce(left_at <= admission_time_latest, true) as open
  from piece
),
pieces_last_first as (
  select
    *,
    row_number() over (
      partition by stay_id
      order by open desc, discharge_time_latest desc nulls last, admission_time_latest desc,
        encounter_number desc
    ) as place
  from judged_piece
),
whole as (
  select
    stay_id,
    patient_id,
    count(*) as encounters,
    min(admission_date_earliest) as admitted_earliest,
    min(admission_date_latest) as admitted_latest,
    max(discharge_date_earliest) as discharged_earliest,
    max(discharge_date_latest) as discharged_latest,
    max(case when open then 1 else 0 end) = 1 as open,
    max(case when disposition = 'expired' then 1 else 0 end) = 1 as expired,
    max(case when place = 1 then disposition end) as last_disposition,
    max(case when place = 1 then _source end) as _source,
    max(case when place = 1 then _table end) as _table,
    max(case when place = 1 then _file end) as _file,
    max(case when place = 1 then _row end) as _row
  from pieces_last_first
  group by stay_id, patient_id
  having max(case when class = 'emergency' then 0 else 1 end) = 1
    or date_diff('day', min(admission_date_latest), max(discharge_date_earliest)) >= 2
)
select
  stay_id, -- pseudonym of the stay: of its first encounter
  patient_id, -- pseudonym of the patient
  encounters, -- pieces that it was written as
  case when admitted_earliest = admitted_latest then admitted_latest end
    as admission_date, -- day of admission; empty where it is not known
  admitted_earliest as admission_date_earliest, -- first day that it may be
  admitted_latest as admission_date_latest, -- last day that it may be
  case when not open and discharged_earliest = discharged_latest then discharged_latest end
    as discharge_date, -- day of discharge, if it is known; empty while in hospital
  case when not open then discharged_earliest end
    as discharge_date_earliest, -- first day that it may be; empty while in hospital
  case when not open then discharged_latest end as discharge_date_latest, -- last day that it may be
  case
    when admitted_earliest = admitted_latest and not open
      and discharged_earliest = discharged_latest
      then date_diff('day', admitted_latest, discharged_latest)
  end as stay_days, -- nights between admission and discharge
  case when expired then 'expired' else last_disposition end
    as disposition, -- where the patient went in the end; expired if any piece says so
  _source, -- lineage of the last piece
  _table, -- lineage
  _file, -- lineage
  _row -- lineage
from whole

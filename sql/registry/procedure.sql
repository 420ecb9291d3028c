/* Operations: the operating-room log's case, what the research project recorded about it, and the
hospital stay around it.
Two patients may have one case number: then the patient tells their operations apart, and whatever
names the number belongs to its own patient's.
The finding is the latest instance that names the case; one that names none that is known is of the
patient's only case on its day, if no other finding names that. The day of operation is the log's; where the
log knows less than the day, research's date is taken if it lies within that.
The stay (registry.stay, with all its pieces) is the one that holds the day of operation; of several,
the one admitted last. Where dates are known to the month or the year only, it is the one stay that
may hold the operation, if one may. A stay of unknown admission may hold those of the 90 days before its
discharge; one that has not ended, those of the 180 days after its admission.
Every accepted case finds its patient, because rule procedure.patient_exists is critical.
grain: procedure_id
materialized: table
*/
with patient_of_number as (
  select hospital_number, patient_id from registry.patient_number
),
case_of_patient as (
  select
    o.*,
    p.patient_id,
    count(*) over (partition by o.case_number) as patients,
    case
      when count(*) over (partition by o.case_number) > 1 then o.case_number || '/' || p.patient_id
      else o.case_number
    end as case_key
  from accepted.procedure as o
  inner join patient_of_number as p on p.hospital_number = o.hospital_number
),
case_of_one as (
  select case_number, case_key from case_of_patient where patients = 1
),
-- the case that a finding names, unless it is another patient's; without a patient, if it is one's
named_case as (
  select f.finding_key, p.patient_id, coalesce(o.case_key, s.case_key) as case_key
  from accepted.operative_finding as f
  left join patient_of_number as p on p.hospital_number = f.hospital_number
  left join case_of_patient as o
    on o.case_number = f.case_number and o.patient_id = p.patient_id
  left join case_of_one as s -- an `or` in one join would compare every pair of rows
    on s.case_number = case when p.patient_id is null then f.case_number end
),
-- for findings without one: the patient's case that alone may have been on their day
case_of_day as (
  select f.finding_key, min(o.case_key) as case_key
  from accepted.operative_finding as f
  inner join named_case as n on n.finding_key = f.finding_key and n.case_key is null
  inner join case_of_patient as o
    on o.patient_id = n.patient_id
    and o.operation_date_earliest <= f.operation_date_latest
    and o.operation_date_latest >= f.operation_date_earliest
  group by f.finding_key
  having count(*) = 1
),
findings_with_case as (
  select
    f.* exclude (case_number),
    coalesce(n.case_key, d.case_key) as case_key,
    n.case_key is not null as named
  from accepted.operative_finding as f
  inner join named_case as n on n.finding_key = f.finding_key
  left join case_of_day as d on d.finding_key = f.finding_key
),
findings_newest_first as (
  select
    *,
    row_number() over (
      partition by case_key
      order by named desc, instance desc nulls last, finding_key
    ) as rank_of_case
  from findings_with_case
  where case_key is not null
),
finding_of_case as (
  select * from findings_newest_first where rank_of_case = 1
),
dated_case as (
  select
    o.* exclude (operation_date, operation_date_earliest, operation_date_latest),
    case
      when f.operation_date_earliest is null then false
      when o.operation_date_earliest is null then true
      else o.operation_date is null
        and f.operation_date_earliest >= o.operation_date_earliest
        and f.operation_date_latest <= o.operation_date_latest
    end as dated_by_research,
    case when dated_by_research then f.operation_date else o.operation_date end as operation_date,
    case when dated_by_research then f.operation_date_earliest else o.operation_date_earliest end
      as operation_date_earliest,
    case when dated_by_research then f.operation_date_latest else o.operation_date_latest end
      as operation_date_latest
  from case_of_patient as o
  left join finding_of_case as f on f.case_key = o.case_key
),
stays_around_case as (
  select
    o.case_key,
    s.stay_id,
    s.admission_date,
    s.discharge_date,
    s.stay_days,
    s.disposition,
    s.admission_date_latest <= o.operation_date_earliest
      and coalesce(s.discharge_date_earliest, o.operation_date_latest)
      >= o.operation_date_latest as certain,
    count(*) over (partition by o.case_key) as stays,
    row_number() over (
      partition by o.case_key
      order by
        case
          when s.admission_date_latest <= o.operation_date_earliest
            and coalesce(s.discharge_date_earliest, o.operation_date_latest)
            >= o.operation_date_latest then 0
          else 1
        end,
        s.admission_date_latest desc,
        s.stay_id
    ) as rank_of_case
  from dated_case as o
  inner join registry.stay as s
    on s.patient_id = o.patient_id
    and coalesce(s.admission_date_earliest, s.discharge_date_latest - 90) <= o.operation_date_latest
    and coalesce(s.discharge_date_latest, s.admission_date_latest + 180) >= o.operation_date_earliest
),
stay_of_case as (
  select * from stays_around_case where rank_of_case = 1 and (certain or stays = 1)
),
pieces_around_case as (
  select
    o.case_key,
    e.encounter_id,
    row_number() over (
      partition by o.case_key
      order by e.admission_date_latest desc, e.discharge_date_latest desc nulls first,
        e.encounter_number
    ) as rank_of_case
  from dated_case as o
  inner join stay_of_case as s on s.case_key = o.case_key
  inner join registry.encounter as e
    on e.stay_id = s.stay_id
    and coalesce(e.admission_date_earliest, e.discharge_date_latest - 90) <= o.operation_date_latest
    and coalesce(e.discharge_date_latest, o.operation_date_earliest) >= o.operation_date_earliest
),
piece_of_case as (
  select * from pieces_around_case where rank_of_case = 1
)
select
  pseudonym('procedure', o.case_key)
    as procedure_id, -- pseudonym of the case number, with the patient where several have it
  o.patient_id, -- pseudonym of the patient
  o.case_number, -- the operating-room log's number of the case
  o.hospital_number, -- hospital number of the patient
  row_number() over (
    partition by o.patient_id
    order by
      middle_day(o.operation_date_earliest, o.operation_date_latest) nulls last,
      o.incision_time nulls last, o.case_number
  ) as procedure_number, -- 1 for the index operation, 2 for the next one
  o.operation_date, -- day of operation; empty where only month or year is known
  o.operation_date_earliest, -- first day that it may be
  o.operation_date_latest, -- last day that it may be
  case
    when o.operation_date_earliest is null then null
    when o.dated_by_research then 'research'
    else 'or_log'
  end as operation_date_source, -- which of the two the date was taken from
  o.incision_time, -- HH:MM
  o.closure_time, -- HH:MM, may be past midnight
  o.duration_minutes, -- incision to closure, minutes
  o.asa_class, -- ASA physical status, 1 to 5
  case when o.blood_loss_comparator is null then o.blood_loss_ml end
    as blood_loss_ml, -- estimated blood loss, mL; empty where only a limit is known
  o.procedure_code, -- the log's code of what was done
  f.finding_key, -- what research recorded of it: record and instance
  f.finding_key is not null as has_finding, -- whether research recorded the operation
  f.preop_site, -- primary site known before incision
  f.site_found, -- primary site found during the operation
  f.site_confirmed, -- whether pathology confirmed the site found
  f.residual, -- R0, R1 or R2
  f.percent_removed, -- share of tumour removed, percent
  f.estimated_by, -- who estimated the share removed
  f.intraop_complication, -- any complication during the operation
  f.intraop_type, -- which one
  f.crisis_recorded, -- carcinoid crisis as research recorded it
  f.systolic_low < 80 and f.minutes_below_80 >= 10
    as crisis_sbp80_10min, -- definition sbp80_10min: systolic below 80 mmHg for 10 min or more
  f.bp_change_percent >= 40
    and f.bp_change_minutes < 5
    and not f.other_cause
    and f.bp_regression_percent >= 20
    as crisis_fouche_2018, -- definition fouche_2018: from pressure change, time, cause, octreotide
  f.systolic_low, -- lowest systolic pressure, mmHg
  f.minutes_below_80, -- minutes with systolic pressure below 80 mmHg
  f.bp_change_percent, -- largest sudden change of blood pressure, percent
  f.bp_change_minutes, -- minutes in which that change came
  f.octreotide_ug, -- octreotide given during the operation, micrograms
  f.bp_regression_percent, -- share of the change undone after octreotide, percent
  f.vasopressor, -- whether a vasopressor was given
  f.other_cause, -- whether the change had another explanation
  s.stay_id, -- the stay around the operation
  e.encounter_id, -- the piece of the stay that holds the day of operation
  s.admission_date, -- day of admission
  s.discharge_date, -- day of discharge
  s.stay_days, -- admission to discharge
  date_diff('day', o.operation_date, s.discharge_date)
    as postoperative_days, -- operation to discharge
  s.disposition, -- where the patient went after the stay
  o._source, -- lineage
  o._table, -- lineage
  o._file, -- lineage
  o._row -- lineage
from dated_case as o
left join finding_of_case as f on f.case_key = o.case_key
left join stay_of_case as s on s.case_key = o.case_key
left join piece_of_case as e on e.case_key = o.case_key

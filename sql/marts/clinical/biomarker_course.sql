/* Each biomarker around each operation: before it, after it, lowest and last.
Before: the last result from 90 days before to the day of operation. After: the first one 30 to 120
days later. Lowest and last: of all results after it. A result belongs to the operations between
which it lies: none before the previous or after the next operation of the patient counts. Results
compare within one assay and one unit only (the analyte's own, or the reported one where no factor
leads to it): another assay is another row.
A result below (above) a limit stands for every value below (above) it. Whether a marker fell by half
(or by 80 %) is said only where each of these values says so; the change in percent only where both
results are numbers. A result of which value, unit, day, assay or analyte is unknown says nothing
here.
grain: procedure_id, analyte, assay, unit
materialized: table
*/
with operations as (
  select
    procedure_id,
    patient_id,
    procedure_number,
    operation_date,
    lag(operation_date_latest) over (partition by patient_id order by procedure_number)
      as previous_date,
    lead(operation_date_earliest) over (partition by patient_id order by procedure_number)
      as next_date
  from registry.procedure
),
results as (
  select
    laboratory_id,
    patient_id,
    analyte,
    assay,
    specimen_date,
    coalesce(specimen_clock, '') as specimen_clock,
    coalesce(own_value, value) as level,
    coalesce(own_unit, unit) as unit,
    substring(comparator, 1, 1) as sign,
    times_limit
  from registry.laboratory
  where usable
    and analyte is not null
    and assay is not null
    and specimen_date is not null
    and coalesce(own_value, value) is not null
    and coalesce(own_unit, unit) is not null
),
placed as (
  select
    o.procedure_id,
    o.operation_date,
    r.*,
    date_diff('day', o.operation_date, r.specimen_date) as days,
    case
      when date_diff('day', o.operation_date, r.specimen_date) <= 0 then 'before'
      when date_diff('day', o.operation_date, r.specimen_date) between 30 and 120 then 'after'
      else 'else'
    end as period
  from operations as o
  inner join results as r on r.patient_id = o.patient_id
  where date_diff('day', o.operation_date, r.specimen_date) >= -90
    and (o.previous_date is null or r.specimen_date > o.previous_date)
    and (o.next_date is null or r.specimen_date <= o.next_date)
),
ranked as (
  select
    *,
    row_number() over (
      partition by procedure_id, analyte, assay, unit, period
      order by
        case when period = 'before' then -days else days end,
        case when period = 'before' then specimen_clock end desc nulls last,
        specimen_clock,
        laboratory_id
    ) as place_in_period,
    row_number() over (
      partition by procedure_id, analyte, assay, unit, days > 0
      order by level, case when sign = '<' then 0 else 1 end, days, laboratory_id
    ) as place_from_below,
    row_number() over (
      partition by procedure_id, analyte, assay, unit, days > 0
      order by days desc, specimen_clock desc, laboratory_id
    ) as place_from_end
  from placed
),
labelled as (
  select
    *,
    period = 'before' and place_in_period = 1 as is_before,
    period = 'after' and place_in_period = 1 as is_after,
    days > 0 and place_from_below = 1 as is_lowest,
    days > 0 and place_from_end = 1 as is_last
  from ranked
),
courses as (
  select
    procedure_id,
    analyte,
    assay,
    unit,
    max(case when is_before then laboratory_id end) as before_id,
    max(case when is_before then days end) as before_days,
    max(case when is_before then level end) as before_level,
    max(case when is_before then sign end) as before_sign,
    max(case when is_before then times_limit end) as before_times_limit,
    max(case when is_after then laboratory_id end) as after_id,
    max(case when is_after then days end) as after_days,
    max(case when is_after then level end) as after_level,
    max(case when is_after then sign end) as after_sign,
    max(case when is_after then times_limit end) as after_times_limit,
    max(case when is_lowest then laboratory_id end) as lowest_id,
    max(case when is_lowest then days end) as lowest_days,
    max(case when is_lowest then level end) as lowest_level,
    max(case when is_lowest then sign end) as lowest_sign,
    max(case when is_last then laboratory_id end) as last_id,
    max(case when is_last then days end) as last_days,
    max(case when is_last then level end) as last_level,
    max(case when is_last then sign end) as last_sign,
    max(case when is_last then times_limit end) as last_times_limit,
    count(case when days > 0 then 1 end) as results_after
  from labelled
  group by procedure_id, analyte, assay, unit
),
ratios_allowed as (
  select
    *,
    case
      when before_sign = '>' or after_sign = '<' then 0
      else after_level / nullif(before_level, 0)
    end as ratio_from,
    case
      when before_sign = '<' or after_sign = '>' then null
      else after_level / nullif(before_level, 0)
    end as ratio_to
  from courses
),
answered as (
  select
    *,
    case
      when before_id is null or after_id is null then null
      when ratio_to <= 0.5 then true
      when ratio_from > 0.5 then false
    end as fell_by_half,
    case
      when before_id is null or after_id is null then null
      when ratio_to <= 0.2 then true
      when ratio_from > 0.2 then false
    end as fell_by_80_percent
  from ratios_allowed
)
select
  a.procedure_id, -- pseudonym of the operation
  o.patient_id, -- pseudonym of the patient
  o.procedure_number, -- 1 for the index operation, 2 for the next one
  o.operation_date, -- day of operation
  s.primary_site_final as primary_site, -- the patient's final primary site
  a.analyte, -- chromogranin_a, pancreastatin, serotonin, neurokinin_a or hiaa_urine
  a.assay, -- method; results of two methods do not compare
  a.unit, -- unit of all levels of the row
  a.before_level, -- last level before the operation, at most 90 days
  a.before_sign, -- < or > where it is a limit only
  a.before_days, -- its day, counted from the operation (0 or less)
  a.before_times_limit, -- its ratio to the upper limit of normal
  a.after_level, -- first level 30 to 120 days after the operation
  a.after_sign, -- < or > where it is a limit only
  a.after_days, -- its day, counted from the operation
  a.after_times_limit, -- its ratio to the upper limit of normal
  a.lowest_level, -- lowest level after the operation (nadir)
  a.lowest_sign, -- < or > where it is a limit only
  a.lowest_days, -- its day, counted from the operation
  a.last_level, -- last level after the operation
  a.last_sign, -- < or > where it is a limit only
  a.last_days, -- its day, counted from the operation
  a.last_times_limit, -- its ratio to the upper limit of normal
  a.results_after, -- results after the operation, up to the next one
  case when a.before_sign is null and a.after_sign is null
    then 100 * (a.after_level - a.before_level) / nullif(a.before_level, 0)
  end as change_percent, -- before to after, percent, negative is a fall; empty: a limit is in it
  a.fell_by_half, -- fell by 50 % or more from before to after; empty: not both, or a limit hides it
  a.fell_by_80_percent, -- fell by 80 % or more; empty: not both, or a limit hides it
  case
    when a.before_times_limit > 1 and a.before_sign = '<' then null
    when a.before_times_limit <= 1 and a.before_sign = '>' then null
    else a.before_times_limit > 1
  end as raised_before, -- above the upper limit of normal before the operation; empty: not known
  case
    when a.after_times_limit > 1 and a.after_sign = '<' then null
    when a.after_times_limit <= 1 and a.after_sign = '>' then null
    else a.after_times_limit <= 1
  end as normal_after, -- not above it at the first level after the operation; empty: not known
  a.before_id as before_laboratory_id, -- the result behind before_level, for marts.source_row
  a.after_id as after_laboratory_id, -- the result behind after_level
  a.lowest_id as lowest_laboratory_id, -- the result behind lowest_level
  a.last_id as last_laboratory_id -- the result behind last_level
from answered as a
inner join operations as o on o.procedure_id = a.procedure_id
left join marts.primary_site as s on s.patient_id = o.patient_id

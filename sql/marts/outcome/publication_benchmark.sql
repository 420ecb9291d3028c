/* The publication's figures beside what this registry finds.
Published: An aggressive surgical approach to the management of neuroendocrine tumors, a report of
1,000 surgical cytoreductions by a single institution, J Am Coll Surg 2017, abstract. Counts are
given per 834 records: 834 times the count, over the persons whose hospital numbers were landed (the
numbers of one person count once), so that they hold at any size and tell of losses. A figure agrees
if the published value, with the width of its rounding, meets the observed 95 % interval, or if the
observed value is within 2 % of it or within one percentage point. The life-expectancy difference is
not defined by the publication: here it is the mean life expectancy of the population at the operation
less the median survival.
grain: figure, stratum
materialized: table
*/
with published as (
  select * from (
    values
      ('records_reviewed', 'all', 'patients', 834.0, 0.0),
      ('patients_operated', 'all', 'patients', 800.0, 0.0),
      ('procedures', 'all', 'procedures', 1001.0, 0.0),
      ('small_bowel_primary', 'all', '% of patients', 65.0, 0.5),
      ('unknown_primary', 'all', 'patients', 138.0, 0.0),
      ('localized_intraoperatively', 'all', '% of patients', 89.0, 0.5),
      ('intraoperative_complication', 'all', '% of procedures', 9.0, 0.5),
      ('carcinoid_crisis', 'all', '% of procedures', 1.0, 0.5),
      ('operative_time_mean', 'all', 'minutes', 368.0, 0.5),
      ('operative_time_sd', 'all', 'minutes', 146.0, 0.5),
      ('hospital_stay_mean', 'all', 'days', 9.0, 0.5),
      ('hospital_stay_sd', 'all', 'days', 10.0, 0.5),
      ('minor_complication', 'all', '% of procedures', 43.0, 0.5),
      ('major_complication', 'all', '% of procedures', 19.0, 0.5),
      ('mortality_30_day', 'all', '% of procedures', 2.0, 0.5),
      ('median_survival', 'pancreas', 'months', 124.0, 0.5),
      ('survival_5_years', 'pancreas', '% of patients', 67.0, 0.5),
      ('survival_10_years', 'pancreas', '% of patients', 51.0, 0.5),
      ('survival_20_years', 'pancreas', '% of patients', 36.0, 0.5),
      ('median_survival', 'small_bowel', 'months', 161.0, 0.5),
      ('survival_5_years', 'small_bowel', '% of patients', 84.0, 0.5),
      ('survival_10_years', 'small_bowel', '% of patients', 67.0, 0.5),
      ('survival_20_years', 'small_bowel', '% of patients', 31.0, 0.5),
      ('life_expectancy_difference', 'pancreas', 'years', 16.6, 0.05),
      ('life_expectancy_difference', 'small_bowel', 'years', 11.7, 0.05)
  ) as v(figure, stratum, unit, published, rounding)
),
landed as (
  select count(distinct coalesce(n.patient_id, p.hospital_number)) as records
  from staging.patient as p
  left join registry.patient_number as n on n.hospital_number = p.hospital_number
  where p._source = 'hospital'
),
kept as (
  select count(*) as records from registry.patient
),
operated as (
  select
    count(*) as patients,
    cast(sum(procedures) as bigint) as procedures,
    cast(sum(procedures * procedures) as double) as squares,
    count(case when preop_unknown then 1 end) as unknown_primaries
  from marts.patient_outcome
),
head_counts as (
  select 'records_reviewed' as figure, k.records as numerator, l.records as denominator
  from kept as k cross join landed as l
  union all
  select 'patients_operated', o.patients, l.records
  from operated as o cross join landed as l
  union all
  select 'unknown_primary', o.unknown_primaries, l.records
  from operated as o cross join landed as l
),
head_shares as (
  select
    figure,
    numerator,
    denominator,
    cast(numerator as double) as x,
    nullif(cast(denominator as double), 0) as n,
    1.959963984540054 as z
  from head_counts
),
head_figures as (
  select
    figure,
    'all' as stratum,
    numerator,
    denominator,
    834 * x / n as observed,
    834 * (x + z * z / 2 - z * sqrt(greatest(x * (n - x) / n, 0) + z * z / 4)) / (n + z * z)
      as lower,
    834 * (x + z * z / 2 + z * sqrt(greatest(x * (n - x) / n, 0) + z * z / 4)) / (n + z * z)
      as upper
  from head_shares
),
procedures_per_record as (
  select
    o.procedures,
    l.records,
    o.procedures / nullif(cast(l.records as double), 0) as mean,
    sqrt(
      greatest(
        o.squares / nullif(cast(l.records as double), 0)
          - o.procedures / nullif(cast(l.records as double), 0)
          * o.procedures / nullif(cast(l.records as double), 0),
        0
      ) / nullif(l.records, 0)
    ) as std_err
  from operated as o
  cross join landed as l
),
procedure_figure as (
  select
    'procedures' as figure,
    'all' as stratum,
    procedures as numerator,
    records as denominator,
    834 * mean as observed,
    834 * (mean - 1.959963984540054 * std_err) as lower,
    834 * (mean + 1.959963984540054 * std_err) as upper
  from procedures_per_record
),
outcomes_used as (
  select * from (
    values
      ('small_bowel_primary', 'patient', 'small_bowel_primary', 'proportion', 100),
      ('localized_intraoperatively', 'patient', 'localized_intraoperatively', 'proportion', 100),
      ('intraoperative_complication', 'procedure', 'intraoperative_complication', 'proportion', 100),
      ('carcinoid_crisis', 'procedure', 'crisis_recorded', 'proportion', 100),
      ('operative_time_mean', 'procedure', 'duration_minutes', 'mean', 1),
      ('operative_time_sd', 'procedure', 'duration_minutes', 'sd', 1),
      ('hospital_stay_mean', 'procedure', 'postoperative_days', 'mean', 1),
      ('hospital_stay_sd', 'procedure', 'postoperative_days', 'sd', 1),
      ('minor_complication', 'procedure', 'minor_complication', 'proportion', 100),
      ('major_complication', 'procedure', 'major_complication', 'proportion', 100),
      ('mortality_30_day', 'procedure', 'mortality_30_day', 'proportion', 100)
  ) as v(figure, unit, measure, kind, scale)
),
outcome_figures as (
  select
    u.figure,
    s.stratum,
    s.numerator,
    s.denominator,
    u.scale * s.estimate as observed,
    u.scale * s.lower as lower,
    u.scale * s.upper as upper
  from outcomes_used as u
  inner join marts.outcome_summary as s
    on s.unit = u.unit
    and s.measure = u.measure
    and s.kind = u.kind
    and s.stratum_variable = 'all'
),
median_figures as (
  select
    'median_survival' as figure,
    stratum,
    events as numerator,
    patients as denominator,
    median_months as observed,
    median_months_lower as lower,
    median_months_upper as upper
  from marts.survival_summary
  where endpoint = 'overall' and stratum_variable = 'primary_site'
),
landmark_figures as (
  select
    concat('survival_', cast(years as integer), '_years') as figure,
    stratum,
    cast(null as bigint) as numerator,
    at_risk as denominator,
    100 * survival as observed,
    100 * lower as lower,
    100 * upper as upper
  from marts.survival_landmark
  where endpoint = 'overall' and stratum_variable = 'primary_site' and years in (5, 10, 20)
),
life_figures as (
  select
    'life_expectancy_difference' as figure,
    stratum,
    cast(null as bigint) as numerator,
    patients as denominator,
    estimate as observed,
    lower,
    upper
  from marts.life_expectancy
  where
    endpoint = 'overall'
    and stratum_variable = 'primary_site'
    and measure = 'le_minus_median_os'
),
observed as (
  select * from head_figures
  union all
  select * from procedure_figure
  union all
  select * from outcome_figures
  union all
  select * from median_figures
  union all
  select * from landmark_figures
  union all
  select * from life_figures
)
select
  p.figure, -- what the publication reports
  p.stratum, -- of whom: all, or the primary site
  p.unit, -- of what: a count per 834 records, a percentage, minutes, days, months or years
  p.published, -- the publication's value
  o.observed, -- this registry's value; empty if it has none
  o.lower, -- lower limit of its 95 % interval
  o.upper, -- upper limit; empty if the data set none
  coalesce(
    p.published - p.rounding <= coalesce(o.upper, p.published)
      and p.published + p.rounding >= coalesce(o.lower, p.published)
      and (o.lower is not null or o.upper is not null),
    false
  )
  or coalesce(abs(o.observed - p.published) <= 0.02 * p.published, false)
  or coalesce(substr(p.unit, 1, 1) = '%' and abs(o.observed - p.published) <= 1, false)
    as agrees, -- whether the two agree, as the table's comment defines it
  o.numerator, -- the count, exact sum or events behind the observed value
  o.denominator -- records landed, units with an answer, patients, or patients at risk
from published as p
left join observed as o on o.figure = p.figure and o.stratum = p.stratum

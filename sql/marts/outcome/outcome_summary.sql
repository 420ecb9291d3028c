/* Outcomes by stratum: shares, means, standard deviations, medians and quartiles, with intervals.
Every interval is of 95 %. Shares: Wilson's. Means: Student's t (its quantile by Cornish and
Fisher's expansion, within 1 % from four values up). Standard deviations: large-sample, from the
fourth moment, so that skewed values widen it. Medians and quartiles: order statistics; empty where
too few values bound them. Unknown answers are counted and left out of the denominator. Several
operations of one patient count as independent. Sums are of whole numbers, so they are exact.
grain: unit, measure, kind, stratum_variable, stratum
counts: numerator/denominator=estimate, unknown
values: lower, upper
materialized: table
*/
with strata as (
  select * from (
    values ('all'), ('primary_site'), ('sex'), ('age_band'), ('operation_era')
  ) as v(stratum_variable)
),
measures as (
  select * from (
    values
      ('procedure', 'intraoperative_complication'),
      ('procedure', 'crisis_recorded'),
      ('procedure', 'crisis_sbp80_10min'),
      ('procedure', 'crisis_fouche_2018'),
      ('procedure', 'any_complication'),
      ('procedure', 'minor_complication'),
      ('procedure', 'highest_complication_minor'),
      ('procedure', 'major_complication'),
      ('procedure', 'mortality_30_day'),
      ('procedure', 'mortality_90_day'),
      ('procedure', 'residual_r0'),
      ('procedure', 'residual_r1'),
      ('procedure', 'residual_r2'),
      ('procedure', 'removed_70_percent_or_more'),
      ('procedure', 'removed_90_percent_or_more'),
      ('procedure', 'removed_completely'),
      ('patient', 'small_bowel_primary'),
      ('patient', 'pancreas_primary'),
      ('patient', 'unknown_primary_before_surgery'),
      ('patient', 'localized_intraoperatively'),
      ('patient', 'unknown_primary_finally'),
      ('patient', 'several_operations'),
      ('patient', 'minor_complication'),
      ('patient', 'major_complication'),
      ('patient', 'crisis_recorded'),
      ('patient', 'mortality_30_day'),
      ('patient', 'mortality_90_day'),
      ('patient', 'died_of_tumour')
  ) as v(unit, measure)
),
like_procedures as (
  select
    primary_site_final, sex, age_band, operation_era,
    intraop_complication, crisis_recorded, crisis_sbp80_10min, crisis_fouche_2018,
    any_complication, any_minor, highest_is_minor, any_major,
    mortality_30_day, mortality_90_day, residual, cytoreduction_band,
    count(*) as n
  from marts.procedure_outcome
  group by all
),
like_patients as (
  select
    primary_site_final, sex, age_band, operation_era,
    preop_unknown, localized_intraoperatively, procedures > 1 as several_operations,
    any_minor, any_major, any_crisis, mortality_30_day, mortality_90_day, status, cause,
    count(*) as n
  from marts.patient_outcome
  group by all
),
answers as (
  select
    m.unit,
    m.measure,
    s.stratum_variable,
    case s.stratum_variable
      when 'all' then 'all'
      when 'primary_site' then p.primary_site_final
      when 'sex' then p.sex
      when 'age_band' then p.age_band
      when 'operation_era' then p.operation_era
    end as stratum,
    case m.measure
      when 'intraoperative_complication' then p.intraop_complication
      when 'crisis_recorded' then p.crisis_recorded
      when 'crisis_sbp80_10min' then p.crisis_sbp80_10min
      when 'crisis_fouche_2018' then p.crisis_fouche_2018
      when 'any_complication' then p.any_complication
      when 'minor_complication' then p.any_minor
      when 'highest_complication_minor' then p.highest_is_minor
      when 'major_complication' then p.any_major
      when 'mortality_30_day' then nullif(p.mortality_30_day, 'unknown') = 'dead'
      when 'mortality_90_day' then nullif(p.mortality_90_day, 'unknown') = 'dead'
      when 'residual_r0' then p.residual = 'R0'
      when 'residual_r1' then p.residual = 'R1'
      when 'residual_r2' then p.residual = 'R2'
      when 'removed_70_percent_or_more' then p.cytoreduction_band <> 'under 70'
      when 'removed_90_percent_or_more' then p.cytoreduction_band in ('90 to under 100', '100')
      when 'removed_completely' then p.cytoreduction_band = '100'
    end as answer,
    p.n
  from like_procedures as p
  cross join strata as s
  inner join measures as m on m.unit = 'procedure'
  union all
  select
    m.unit,
    m.measure,
    s.stratum_variable,
    case s.stratum_variable
      when 'all' then 'all'
      when 'primary_site' then p.primary_site_final
      when 'sex' then p.sex
      when 'age_band' then p.age_band
      when 'operation_era' then p.operation_era
    end as stratum,
    case m.measure
      when 'small_bowel_primary' then p.primary_site_final = 'small_bowel'
      when 'pancreas_primary' then p.primary_site_final = 'pancreas'
      when 'unknown_primary_before_surgery' then p.preop_unknown
      when 'localized_intraoperatively' then p.localized_intraoperatively
      when 'unknown_primary_finally' then p.primary_site_final = 'unknown'
      when 'several_operations' then p.several_operations
      when 'minor_complication' then p.any_minor
      when 'major_complication' then p.any_major
      when 'crisis_recorded' then p.any_crisis
      when 'mortality_30_day' then nullif(p.mortality_30_day, 'unknown') = 'dead'
      when 'mortality_90_day' then nullif(p.mortality_90_day, 'unknown') = 'dead'
      when 'died_of_tumour' then nullif(p.cause, 'unknown') = 'tumour'
    end as answer,
    p.n
  from like_patients as p
  cross join strata as s
  inner join measures as m on m.unit = 'patient'
  -- a measure of some patients only is asked of these, and unknown among them
  where (m.measure <> 'localized_intraoperatively' or p.preop_unknown)
    and (m.measure <> 'died_of_tumour' or p.status = 'dead')
),
shares as (
  select
    unit,
    measure,
    stratum_variable,
    stratum,
    cast(sum(case when answer then n else 0 end) as bigint) as yes,
    cast(sum(case when answer is null then 0 else n end) as bigint) as known,
    cast(sum(case when answer is null then n else 0 end) as bigint) as unknown,
    1.959963984540054 as z
  from answers
  group by unit, measure, stratum_variable, stratum
),
share_rows as (
  select
    unit,
    measure,
    'proportion' as kind,
    stratum_variable,
    stratum,
    yes as numerator,
    known as denominator,
    unknown,
    case when known > 0 then yes / cast(known as double) end as estimate,
    case
      when known = 0 then null
      when yes = 0 then 0.0
      else
        (yes + z * z / 2 - z * sqrt(yes * (known - yes) / cast(known as double) + z * z / 4))
        / (known + z * z)
    end as lower,
    case
      when known = 0 then null
      when yes = known then 1.0
      else
        (yes + z * z / 2 + z * sqrt(yes * (known - yes) / cast(known as double) + z * z / 4))
        / (known + z * z)
    end as upper
  from shares
),
numeric_measures as (
  select * from (
    values
      ('procedure', 'duration_minutes'),
      ('procedure', 'blood_loss_ml'),
      ('procedure', 'postoperative_days'),
      ('procedure', 'stay_days'),
      ('procedure', 'percent_removed'),
      ('procedure', 'complications'),
      ('patient', 'age_years'),
      ('patient', 'procedures'),
      ('patient', 'follow_up_days')
  ) as v(unit, measure)
),
numbers as (
  select
    m.unit,
    m.measure,
    s.stratum_variable,
    case s.stratum_variable
      when 'all' then 'all'
      when 'primary_site' then p.primary_site_final
      when 'sex' then p.sex
      when 'age_band' then p.age_band
      when 'operation_era' then p.operation_era
    end as stratum,
    cast(
      case m.measure
        when 'duration_minutes' then p.duration_minutes
        when 'blood_loss_ml' then p.blood_loss_ml
        when 'postoperative_days' then p.postoperative_days
        when 'stay_days' then p.stay_days
        when 'percent_removed' then p.percent_removed
        when 'complications' then p.complications
      end as bigint
    ) as value
  from marts.procedure_outcome as p
  cross join strata as s
  inner join numeric_measures as m on m.unit = 'procedure'
  union all
  select
    m.unit,
    m.measure,
    s.stratum_variable,
    case s.stratum_variable
      when 'all' then 'all'
      when 'primary_site' then p.primary_site_final
      when 'sex' then p.sex
      when 'age_band' then p.age_band
      when 'operation_era' then p.operation_era
    end as stratum,
    cast(
      case m.measure
        when 'age_years' then p.age_years
        when 'procedures' then p.procedures
        when 'follow_up_days' then p.follow_up_days
      end as bigint
    ) as value
  from marts.patient_outcome as p
  cross join strata as s
  inner join numeric_measures as m on m.unit = 'patient'
),
counted as (
  select
    unit,
    measure,
    stratum_variable,
    stratum,
    value,
    cast(value as decimal(38, 0)) as exact,
    count(*) as n
  from numbers
  group by unit, measure, stratum_variable, stratum, value
),
sums as (
  select
    unit,
    measure,
    stratum_variable,
    stratum,
    cast(sum(case when value is null then 0 else n end) as bigint) as known,
    cast(sum(case when value is null then n else 0 end) as bigint) as unknown,
    cast(sum(exact * n) as bigint) as total,
    cast(sum(exact * n) as double) as s1,
    cast(sum(exact * exact * n) as double) as s2,
    cast(sum(exact * exact * exact * n) as double) as s3,
    cast(sum(exact * exact * exact * exact * n) as double) as s4
  from counted
  group by unit, measure, stratum_variable, stratum
),
moments as (
  select
    *,
    cast(known as double) as n,
    s1 / nullif(known, 0) as mean,
    -- the t quantile's distance from z, in powers of 1 / degrees of freedom
    1.959963984540054
      + 2.372271230298562 / nullif(known - 1, 0)
      + 2.8224986157396112 / nullif((known - 1) * (known - 1), 0)
      + 2.555849679507722 / nullif((known - 1) * (known - 1) * (known - 1), 0) as t
  from sums
),
spreads as (
  select
    *,
    case when known > 1 then greatest((s2 - n * mean * mean) / (n - 1), 0) end as variance,
    (s4 - 4 * mean * s3 + 6 * mean * mean * s2 - 3 * n * mean * mean * mean * mean)
      / nullif(n, 0) as m4
  from moments
),
errors as (
  select
    *,
    sqrt(variance) as sd,
    t * sqrt(variance / n) as mean_margin,
    case
      when variance > 0 then
        1.959963984540054
        * sqrt(greatest(m4 - variance * variance * (n - 3) / (n - 1), 0) / n)
        / (2 * sqrt(variance))
    end as sd_margin
  from spreads
),
mean_rows as (
  select
    unit,
    measure,
    'mean' as kind,
    stratum_variable,
    stratum,
    total as numerator,
    known as denominator,
    unknown,
    mean as estimate,
    mean - mean_margin as lower,
    mean + mean_margin as upper
  from errors
),
sd_rows as (
  select
    unit,
    measure,
    'sd' as kind,
    stratum_variable,
    stratum,
    cast(null as bigint) as numerator,
    known as denominator,
    unknown,
    sd as estimate,
    case when sd_margin is not null then greatest(sd - sd_margin, 0) end as lower,
    sd + sd_margin as upper
  from errors
),
cumulated as (
  select
    unit,
    measure,
    stratum_variable,
    stratum,
    value,
    sum(n) over (
      partition by unit, measure, stratum_variable, stratum
      order by value
      rows between unbounded preceding and current row
    ) as rank_reached
  from counted
  where value is not null
),
quantiles as (
  select * from (
    values ('lower_quartile', 0.25), ('median', 0.5), ('upper_quartile', 0.75)
  ) as v(kind, share)
),
ranks as (
  select
    s.unit,
    s.measure,
    q.kind,
    s.stratum_variable,
    s.stratum,
    s.known,
    s.unknown,
    (s.known - 1) * cast(q.share as double) + 1 as place,
    floor(s.known * q.share - 1.959963984540054 * sqrt(s.known * q.share * (1 - q.share)))
      as low,
    ceil(s.known * q.share + 1.959963984540054 * sqrt(s.known * q.share * (1 - q.share))) + 1
      as high
  from sums as s
  cross join quantiles as q
),
values_at_ranks as (
  select
    r.unit,
    r.measure,
    r.kind,
    r.stratum_variable,
    r.stratum,
    r.known,
    r.unknown,
    r.place - floor(r.place) as fraction,
    min(case when c.rank_reached >= floor(r.place) then c.value end) as value_below,
    min(case when c.rank_reached >= ceil(r.place) then c.value end) as value_above,
    min(case when r.low >= 1 and c.rank_reached >= r.low then c.value end) as lower,
    min(case when r.high <= r.known and c.rank_reached >= r.high then c.value end) as upper
  from ranks as r
  left join cumulated as c
    on c.unit = r.unit
    and c.measure = r.measure
    and c.stratum_variable = r.stratum_variable
    and c.stratum = r.stratum
  group by
    r.unit, r.measure, r.kind, r.stratum_variable, r.stratum, r.known, r.unknown, r.place
),
quantile_rows as (
  select
    unit,
    measure,
    kind,
    stratum_variable,
    stratum,
    cast(null as bigint) as numerator,
    known as denominator,
    unknown,
    value_below + fraction * (value_above - value_below) as estimate,
    cast(lower as double) as lower,
    cast(upper as double) as upper
  from values_at_ranks
),
every_row as (
  select * from share_rows
  union all
  select * from mean_rows
  union all
  select * from sd_rows
  union all
  select * from quantile_rows
)
select
  unit, -- what is counted: procedure or patient
  measure, -- what was asked of each of them
  kind, -- proportion, mean, sd, median, lower_quartile or upper_quartile
  stratum_variable, -- the column that was split by; all: unsplit
  stratum, -- its value
  numerator, -- proportions: how many; means: the exact sum; else empty
  denominator, -- how many have an answer
  unknown, -- how many have none, and are in neither
  estimate, -- the share, mean, standard deviation or quantile; empty if nobody has an answer
  lower, -- lower limit of the 95 % interval
  upper -- upper limit of the 95 % interval
from every_row

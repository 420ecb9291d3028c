/* How biomarkers answered to operations: by analyte, for all and by primary site.
Counted are operations before which the marker was raised (above its upper limit) and after which it
was measured again, 30 to 120 days later, by the same assay (marts.biomarker_course). Response:
a fall by 50 % or more; deep response: by 80 % or more. Shares are of the pairs in which limits ("<")
leave no doubt. In median and quartiles of the change a result below a limit counts as that limit, so
that its fall is understated; a pair whose change has no such bound is left out.
Quartiles are order statistics: the smallest value with a quarter (three quarters) of all at or
below it.
grain: analyte, stratum_variable, stratum
counts: fell_by_half/half_known=fell_by_half_share, fell_by_80_percent/deep_known=fell_by_80_percent_share, with_limit/pairs
values: change_median, change_lower_quartile, change_upper_quartile
materialized: table
*/
with pairs as (
  select
    analyte,
    primary_site,
    fell_by_half,
    fell_by_80_percent,
    normal_after,
    before_sign is not null or after_sign is not null as has_limit,
    case
      when before_sign is null and coalesce(after_sign, '') <> '>'
        then 100 * (after_level - before_level) / nullif(before_level, 0)
    end as change_at_most
  from marts.biomarker_course
  where raised_before and after_level is not null
),
strata as (
  select * from (values ('all'), ('primary_site')) as v(stratum_variable)
),
members as (
  select
    p.*,
    s.stratum_variable,
    case s.stratum_variable when 'all' then 'all' else p.primary_site end as stratum
  from pairs as p
  cross join strata as s
),
ranked as (
  select
    *,
    row_number() over (
      partition by analyte, stratum_variable, stratum
      order by change_at_most nulls last
    ) as place,
    count(change_at_most) over (partition by analyte, stratum_variable, stratum) as known
  from members
  where stratum is not null
)
select
  analyte, -- chromogranin_a, pancreastatin, serotonin, neurokinin_a or hiaa_urine
  stratum_variable, -- all or primary_site
  stratum, -- its value
  count(*) as pairs, -- operations with a raised level before and one after, of one assay
  count(case when has_limit then 1 end) as with_limit, -- pairs of which one result is a limit only
  median(change_at_most) as change_median, -- change in percent, median; negative is a fall
  max(case when place = (known + 3 - (known + 3) % 4) / 4 then change_at_most end)
    as change_lower_quartile, -- change in percent, lower quartile
  max(case when place = (3 * known + 3 - (3 * known + 3) % 4) / 4 then change_at_most end)
    as change_upper_quartile, -- change in percent, upper quartile
  count(fell_by_half) as half_known, -- pairs in which it is known whether it fell by half
  count(case when fell_by_half then 1 end) as fell_by_half, -- of these, fell by 50 % or more
  count(case when fell_by_half then 1 end) * 1.0 / nullif(count(fell_by_half), 0)
    as fell_by_half_share, -- share with a fall by 50 % or more
  count(fell_by_80_percent) as deep_known, -- pairs in which it is known whether it fell by 80 %
  count(case when fell_by_80_percent then 1 end)
    as fell_by_80_percent, -- of these, fell by 80 % or more
  count(case when fell_by_80_percent then 1 end) * 1.0 / nullif(count(fell_by_80_percent), 0)
    as fell_by_80_percent_share, -- share with a fall by 80 % or more
  count(case when normal_after then 1 end) * 1.0 / nullif(count(normal_after), 0)
    as normal_after_share -- share within the normal range after the operation
from ranked
group by analyte, stratum_variable, stratum

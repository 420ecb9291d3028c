/* Where each operated patient's tumour began: as known before surgery, as found at it, and finally.
Before surgery: the research project's site before the first operation, else the site at
presentation; where it is not known which operation was the first, the site at presentation. Found: of
the sites found at the patient's operations, one that pathology confirmed before one that it did not,
then the earliest. Only the code for it says that a site was not found; what is not recorded is
unknown. Registered: that of the patient's first neuroendocrine tumour, or if that was of unknown
primary, of the next one whose site is known. Finally: the site found, else the one registered, else
the one known before. Unknown never comes before known.
grain: patient_id
materialized: table
*/
with operations as (
  select
    patient_id,
    max(case when procedure_number = 1 then preop_site end) as preop_site,
    count(*) = 1
    or (
      count(operation_date_earliest) = count(*)
      and min(operation_date_earliest)
      = min(case when procedure_number = 1 then operation_date_earliest end)
      and min(operation_date_latest)
      = min(case when procedure_number = 1 then operation_date_latest end)
    ) as surely_first,
    count(site_found) = count(*) as every_site_recorded
  from registry.procedure
  group by patient_id
),
told_before as (
  select
    o.patient_id,
    case when o.surely_first then o.preop_site end as preop_site,
    e.presenting_site,
    o.every_site_recorded
  from operations as o
  inner join registry.patient as e on e.patient_id = o.patient_id
),
found_best_first as (
  select
    patient_id,
    site_found,
    site_confirmed,
    row_number() over (
      partition by patient_id
      order by case when site_confirmed then 0 else 1 end, procedure_number
    ) as place
  from registry.procedure
  where site_found <> 'unknown'
),
found as (
  select patient_id, site_found as site, site_confirmed as confirmed
  from found_best_first
  where place = 1
),
registered_best_first as (
  select
    patient_id,
    site_group,
    row_number() over (
      partition by patient_id
      order by
        case when site_group <> 'unknown' then 0 when site_group is not null then 1 else 2 end,
        case when index_tumor then 0 else 1 end,
        middle_day(diagnosis_date_earliest, diagnosis_date_latest) nulls last,
        tumor_id
    ) as place
  from registry.tumor
  where neuroendocrine
),
registered as (
  select patient_id, site_group as site
  from registered_best_first
  where place = 1
),
together as (
  select
    b.patient_id,
    coalesce(
      nullif(b.preop_site, 'unknown'),
      nullif(b.presenting_site, 'unknown'),
      b.preop_site,
      b.presenting_site
    ) as preop,
    b.every_site_recorded,
    f.site as found,
    f.confirmed,
    r.site as registered,
    nullif(r.site, 'unknown') as known_to_registry
  from told_before as b
  left join found as f on f.patient_id = b.patient_id
  left join registered as r on r.patient_id = b.patient_id
)
select
  patient_id, -- pseudonym of the patient
  preop as primary_site_preop, -- site known before the first operation; empty: not recorded
  found as primary_site_found, -- site found at surgery; empty: none found
  confirmed as site_confirmed, -- whether pathology confirmed the site found
  registered as primary_site_registry, -- the tumour registry's site
  coalesce(found, known_to_registry, preop, 'unknown')
    as primary_site_final, -- the site that every stratum by primary_site uses
  case
    when found is not null then 'operation'
    when known_to_registry is not null then 'tumor_registry'
    when preop <> 'unknown' then 'before_surgery'
    else 'none'
  end as final_from, -- what the final site was taken from
  preop = 'unknown' as preop_unknown, -- no primary known before incision; empty: not recorded
  case
    when preop = 'unknown' and found is not null then true
    when preop = 'unknown' and every_site_recorded then false
  end as localized_intraoperatively -- unknown primaries only: whether surgery found it; empty: not recorded
from together

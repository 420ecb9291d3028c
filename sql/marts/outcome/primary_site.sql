/* Where each operated patient's tumour began: as known before surgery, as found at it, and finally.
Before surgery: the research project's site before the first operation, else the site at
presentation. Found: of the sites found at the patient's operations, one that pathology confirmed
before one that it did not, then the earliest. Finally: the site found, else the tumour registry's
for the patient's first neuroendocrine tumour, else the one known before surgery.
grain: patient_id
materialized: table
*/
with before_surgery as (
  select p.patient_id, coalesce(p.preop_site, e.presenting_site) as site
  from registry.procedure as p
  inner join registry.patient as e on e.patient_id = p.patient_id
  where p.procedure_number = 1
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
recorded as (
  select patient_id, site_group as site
  from registry.tumor
  where index_tumor
),
together as (
  select
    b.patient_id,
    b.site as preop,
    f.site as found,
    f.confirmed,
    r.site as recorded,
    nullif(r.site, 'unknown') as known_to_registry,
    nullif(b.site, 'unknown') as known_before
  from before_surgery as b
  left join found as f on f.patient_id = b.patient_id
  left join recorded as r on r.patient_id = b.patient_id
)
select
  patient_id, -- pseudonym of the patient
  preop as primary_site_preop, -- site known before the first operation; empty: not recorded
  found as primary_site_found, -- site found at surgery; empty: none found
  confirmed as site_confirmed, -- whether pathology confirmed the site found
  recorded as primary_site_registry, -- the tumour registry's site of the index tumour
  coalesce(found, known_to_registry, known_before, 'unknown')
    as primary_site_final, -- the site that every stratum by primary_site uses
  case
    when found is not null then 'operation'
    when known_to_registry is not null then 'tumor_registry'
    when known_before is not null then 'before_surgery'
    else 'none'
  end as final_from, -- what the final site was taken from
  preop = 'unknown' as preop_unknown, -- no primary known before incision; empty: not recorded
  case when preop = 'unknown' then found is not null end
    as localized_intraoperatively -- unknown primaries only: whether surgery found the site
from together

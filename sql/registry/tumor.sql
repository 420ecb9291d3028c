/* Tumours of the registry's patients, NET or not, with the site in the registry's words.
A tumour counts as neuroendocrine by its ICD-O-3 histology alone. A patient's index tumour is the
neuroendocrine one diagnosed first; a patient has at most one. A diagnosis of which only the month or
the year is known is placed in its middle.
The patient is the person to whom the link stage took the registry's patient above the tumour.
grain: tumor_id
materialized: table
*/
with classified as (
  select
    p.patient_id,
    t.*,
    case
      when t.primary_site like 'C16%' then 'stomach'
      when t.primary_site = 'C17.0' then 'duodenum'
      when t.primary_site like 'C17%' then 'small_bowel'
      when t.primary_site = 'C18.1' then 'appendix'
      when t.primary_site like 'C18%' then 'colorectal'
      when t.primary_site like 'C19%' then 'colorectal'
      when t.primary_site like 'C20%' then 'colorectal'
      when t.primary_site like 'C25%' then 'pancreas'
      when t.primary_site like 'C34%' then 'lung'
      when t.primary_site = 'C80.9' then 'unknown'
      when t.primary_site is not null then 'other'
    end as site_group,
    case when t.histology is not null then h.histology is not null end as neuroendocrine
  from accepted.tumor as t
  inner join registry.patient_of_source as p
    on p.source = t._source and p.source_patient_number = t.source_patient_number
  left join registry.neuroendocrine as h on h.histology = t.histology
),
ranked as (
  select
    *,
    row_number() over (
      partition by patient_id, neuroendocrine
      order by middle_day(diagnosis_date_earliest, diagnosis_date_latest) nulls last, tumor_key
    ) as rank_of_kind
  from classified
)
select
  pseudonym('tumor', tumor_key) as tumor_id, -- pseudonym of the tumour
  patient_id, -- pseudonym of the patient
  tumor_key, -- tumour registry's patient number and tumour number
  hospital_number, -- hospital number of the patient
  diagnosis_date, -- day of diagnosis; empty where only month or year is known
  diagnosis_date_earliest, -- first day that it may be
  diagnosis_date_latest, -- last day that it may be
  primary_site, -- ICD-O-3 topography, with its dot
  site_group, -- primary site in the registry's words; empty: no site, or one that was refused
  histology, -- ICD-O-3 morphology, four digits
  behavior, -- ICD-O-3 behaviour: 0, 1, 2 or 3
  neuroendocrine, -- whether the histology is a neuroendocrine neoplasm; empty: no histology
  coalesce(neuroendocrine and rank_of_kind = 1, false) as index_tumor, -- the patient's first neuroendocrine tumour
  case when neuroendocrine and grade in ('1', '2', '3', '9') then grade end
    as grade, -- WHO grade of a neuroendocrine tumour, 1 to 3, 9 unknown; empty: none
  grade as grade_code, -- grade code as abstracted, by the schema of site and histology
  ki67_percent, -- Ki-67 index in percent, or its limit
  ki67_comparator, -- <, <=, > or >= where the index is a limit only
  ki67_low, -- Ki-67 index given as a range: from
  ki67_high, -- Ki-67 index given as a range: to
  ki67_code, -- special code XXX.n of a Ki-67 without a value
  size_mm, -- largest dimension in mm
  sequence, -- tumour registry's sequence among the patient's tumours
  confirmation, -- how the diagnosis was confirmed, NAACCR code
  _source, -- lineage
  _table, -- lineage
  _file, -- lineage
  _row -- lineage
from ranked

/* Pathologists' reports of the registry's patients, each in its last version, with the operation
that the specimen came from.
Of several messages with one report number the one reported last counts. A report belongs to an
operation if it names its case and both are of one patient. What a rule doubted is not used: a site
or a category that cannot be, a count in another area than 2 mm².
Every accepted report finds its patient, because rule pathology.patient_exists is critical.
grain: pathology_id, one row a report number
materialized: table
*/
with versions_last_first as (
  select
    *,
    row_number() over (
      partition by report_number
      order by reported_time desc nulls last, message_number desc
    ) as rank_of_report
  from accepted.pathology
),
last_version as (
  select * from versions_last_first where rank_of_report = 1
),
versions_of_report as (
  select report_number, count(*) as versions
  from accepted.pathology
  group by report_number
),
patient_of_number as (
  select hospital_number, patient_id from registry.patient_number
),
operation_of_case as (
  select case_number, procedure_id, patient_id, operation_date from registry.procedure
)
select
  pseudonym('pathology', v.report_number) as pathology_id, -- pseudonym of the report
  p.patient_id, -- pseudonym of the patient
  o.procedure_id, -- pseudonym of the operation; empty: none that is the patient's
  v.report_number, -- the laboratory's number of the report
  n.versions, -- messages with this number
  v.result_status, -- preliminary, final or corrected
  cast(v.reported_time as date) as reported_date, -- day of the report
  v.specimen_date, -- day the specimen was taken; empty where only month or year is known
  v.specimen_date_earliest, -- first day that it may be
  v.specimen_date_latest, -- last day that it may be
  date_diff('day', o.operation_date, v.specimen_date)
    as days_after_operation, -- operation to specimen, days
  v.primary_site, -- ICD-O-3 topography, with its dot
  case
    when v.primary_site like 'C16._' then 'stomach'
    when v.primary_site = 'C17.0' then 'duodenum'
    when v.primary_site like 'C17._' then 'small_bowel'
    when v.primary_site = 'C18.1' then 'appendix'
    when v.primary_site like 'C18._' then 'colorectal'
    when v.primary_site like 'C19._' then 'colorectal'
    when v.primary_site like 'C20._' then 'colorectal'
    when v.primary_site like 'C25._' then 'pancreas'
    when v.primary_site like 'C34._' then 'lung'
    when v.primary_site = 'C80.9' then 'unknown'
    when regexp_matches(v.primary_site, '^C[0-9]{2}[.][0-9]$') then 'other'
  end as site_group, -- primary site in the registry's words; empty: none, or no code
  v.histology, -- ICD-O-3 morphology, four digits
  v.histology in (
    8013, 8041, 8150, 8151, 8152, 8153, 8154, 8155, 8156, 8158,
    8240, 8241, 8242, 8246, 8249, 8683
  ) as neuroendocrine, -- whether the histology is a neuroendocrine neoplasm
  case when v.grade in ('1', '2', '3', '9') then v.grade end
    as grade, -- grade as the pathologist wrote it, 1 to 3, 9 not assessed
  v.ki67_percent, -- Ki-67 index in percent, or its limit
  v.ki67_comparator, -- < or > where the index is a limit only
  case when coalesce(v.mitoses_unit, '/2.mm2') = '/2.mm2' then v.mitoses end
    as mitoses, -- mitoses per 2 mm²; empty where counted in another area
  case
    when v.differentiation in ('well', 'moderately', 'poorly', 'undifferentiated')
      then v.differentiation
  end as differentiation, -- well, moderately, poorly or undifferentiated
  case
    when regexp_matches(v.t, '^(p|yp|c)?T(X|0|is|[1-4][a-d]?)$') then v.t
  end as t, -- extent of the primary as reported, such as pT3
  case when regexp_matches(v.n, '^(p|yp|c)?N(X|[0-3][a-c]?)$') then v.n end
    as n, -- regional nodes as reported, such as pN1
  case when regexp_matches(v.m, '^(p|yp|c)?M(X|0|1[a-c]?)$') then v.m end
    as m, -- distant metastasis as reported, such as pM1 or M0
  case when v.metastasis in ('none', 'liver', 'elsewhere', 'both') then v.metastasis end
    as metastasis, -- where distant metastases are: none, liver, elsewhere or both
  case when v.edition in ('5', '6', '7', '8') then v.edition end
    as edition, -- edition of the AJCC manual behind t, n and m
  v.nodes_examined, -- lymph nodes examined
  v.nodes_positive, -- lymph nodes with tumour
  v.size_mm, -- largest dimension of the primary, mm
  v._source, -- lineage
  v._table, -- lineage
  v._file, -- lineage
  v._row -- lineage
from last_version as v
inner join versions_of_report as n on n.report_number = v.report_number
inner join patient_of_number as p on p.hospital_number = v.hospital_number
left join operation_of_case as o
  on o.case_number = v.case_number and o.patient_id = p.patient_id

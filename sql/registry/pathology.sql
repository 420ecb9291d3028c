/* Pathologists' reports of the registry's patients, each in its last version, with the operation
that the specimen came from.
A report is a number of one laboratory (MSH-4) and one patient: a number that two patients have is two
reports. Of several messages with it one counts, with all of
its orders: a final, corrected or cancelled one before one without a status, that before preliminary
ones; then the one given last, then corrected and cancelled before final, then the later file and
row. Of a time that is known in part, a correction or a cancellation counts as late as it may be, any
other as early. A correction that names another patient is that patient's report, if there is none of the
patient's own that it could correct.
A cancelled report stays as a row without results, which no mart reads (`stands`); so does an order
of which no result was ever sent.
A report belongs to the operation whose case it names, if both are of one patient; one that names no
case of the patient, to the patient's only operation on the specimen's day. What a rule
doubted is not used: a site or a category that cannot be, mitoses that were not counted in mm².
Every accepted report finds its patient, because rule pathology.patient_exists is critical.
grain: pathology_id, one row a report number, or one an order of it
materialized: table
*/
with patient_of_number as (
  select hospital_number, patient_id from registry.patient_number
),
versions as (
  select
    v.*,
    p.patient_id,
    coalesce(laboratory, '') as laboratory_name,
    coalesce(message_key, cast(_row as varchar)) as message,
    coalesce(result_status not in ('cancelled', 'no_results'), true) as stands,
    case
      when result_status in ('final', 'corrected', 'cancelled') then 3
      when result_status is null then 2
      when result_status = 'no_results' then 0
      else 1
    end as standing,
    case
      when result_status in ('corrected', 'cancelled') then coalesce(given_latest, '99999999999999')
      else given_earliest
    end as given,
    case result_status
      when 'cancelled' then 4
      when 'corrected' then 3
      when 'final' then 2
      when 'preliminary' then 1
      else 0
    end as rank_of_status
  from accepted.pathology as v
  inner join patient_of_number as p on p.hospital_number = v.hospital_number
),
-- A patient with nothing but corrections of a number, and one other patient with an earlier report of it.
number_of_patient as (
  select
    laboratory_name,
    report_number,
    patient_id,
    min(given) as first_given,
    min(case when result_status = 'corrected' then 1 else 0 end) as only_corrects
  from versions
  group by laboratory_name, report_number, patient_id
),
corrected_for_another as (
  select laboratory_name, report_number
  from number_of_patient
  group by laboratory_name, report_number
  having count(*) = 2
    and sum(only_corrects) = 1
    and min(case when only_corrects = 1 then first_given end)
      > min(case when only_corrects = 0 then first_given end)
),
version_of_report as (
  select v.*, case when c.report_number is null then v.patient_id end as report_of
  from versions as v
  left join corrected_for_another as c
    on c.laboratory_name = v.laboratory_name and c.report_number = v.report_number
),
ranked as (
  select
    *,
    first_value(_file || ' ' || message) over (
      partition by laboratory_name, report_number, report_of
      order by
        standing desc,
        given desc nulls last,
        rank_of_status desc,
        _file desc,
        _row desc
    ) as message_that_counts,
    row_number() over (
      partition by laboratory_name, report_number, report_of, _file, message order by _row
    ) as part
  from version_of_report
),
versions_of_report as (
  select
    laboratory_name,
    report_number,
    report_of,
    count(distinct _file || ' ' || message) as versions,
    count(*) over (partition by laboratory_name, report_number) as patients
  from version_of_report
  group by laboratory_name, report_number, report_of
),
last_version as (
  select r.*, n.versions, n.patients
  from ranked as r
  inner join versions_of_report as n
    on n.laboratory_name = r.laboratory_name
    and n.report_number = r.report_number
    and n.report_of is not distinct from r.report_of
  where r._file || ' ' || r.message = r.message_that_counts
),
operation_of_case as (
  select case_number, procedure_id, patient_id, operation_date from registry.procedure
),
case_of_day as (
  select patient_id, operation_date, min(procedure_id) as procedure_id
  from registry.procedure
  where operation_date is not null
  group by patient_id, operation_date
  having count(*) = 1
)
select
  pseudonym(
    'pathology',
    concat_ws(
      '/',
      v.laboratory,
      v.report_number,
      case when v.patients > 1 then v.patient_id end,
      case when v.part > 1 then cast(v.part as varchar) end
    )
  ) as pathology_id, -- pseudonym of the report
  v.patient_id, -- pseudonym of the patient
  o.procedure_id, -- pseudonym of the operation; empty: none that is the patient's
  v.report_number, -- the laboratory's number of the report
  v.laboratory, -- sending facility, within which numbers are unique
  v.part, -- which of the orders with this number in one message
  v.versions, -- messages with this number
  v.result_status, -- final, corrected or cancelled; or one that is not final
  v.stands, -- whether it has results: neither cancelled nor only ordered
  coalesce(
    cast(v.reported_time as date),
    case
      when left(v.given_earliest, 8) = left(v.given_latest, 8)
        then try_cast(
          regexp_replace(left(v.given_earliest, 8), '^(....)(..)(..)$', '\1-\2-\3') as date
        )
    end
  ) as reported_date, -- day of the report, or of its message
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
  case when v.histology is not null then h.histology is not null end
    as neuroendocrine, -- whether the histology is a neuroendocrine neoplasm
  coalesce(v.differentiation in ('poorly', 'undifferentiated'), false) or coalesce(h.carcinoma, false)
    as carcinoma, -- whether it is a carcinoma: poorly differentiated
  case when v.stands and v.grade in ('1', '2', '3', '9') then v.grade end
    as grade, -- WHO grade as the pathologist wrote it, 1 to 3, 9 not assessed
  case when v.stands and v.grade not in ('1', '2', '3', '9') then v.grade end
    as grade_code, -- another grade code than these, such as A to D by differentiation
  case when v.stands then v.ki67_percent end
    as ki67_percent, -- Ki-67 index in percent, or its limit
  case when v.stands and v.ki67_percent is not null then v.ki67_comparator end
    as ki67_comparator, -- <, <=, > or >= where the index is a limit only, ~ an estimate
  case when v.stands and v.ki67_high is not null then v.ki67_low end
    as ki67_low, -- Ki-67 index given as a range: from
  case when v.stands and v.ki67_low is not null then v.ki67_high end
    as ki67_high, -- Ki-67 index given as a range: to
  case when v.stands and v.mitoses_unit = '/2.mm2' then v.mitoses end
    as mitoses, -- mitoses per 2 mm², or their limit; empty where not counted in mm²
  case
    when v.stands
      and v.mitoses is not null
      and v.mitoses_unit = '/2.mm2'
      then v.mitoses_comparator
  end as mitoses_comparator, -- <, <=, > or >= where they are a limit only, ~ an estimate
  case
    when v.stands and v.mitoses_high is not null and v.mitoses_unit = '/2.mm2' then v.mitoses_low
  end as mitoses_low, -- mitoses per 2 mm² given as a range: from
  case
    when v.stands and v.mitoses_low is not null and v.mitoses_unit = '/2.mm2' then v.mitoses_high
  end as mitoses_high, -- mitoses per 2 mm² given as a range: to
  case
    when v.stands and v.differentiation in ('well', 'moderately', 'poorly', 'undifferentiated')
      then v.differentiation
  end as differentiation, -- well, moderately, poorly or undifferentiated
  case
    when v.stands
      and regexp_matches(
        v.t,
        '^[mM]? ?([aAcCpPrRyY] ?){0,4}[tT] ?([xX0]|[iI][sS]|[1-4]([a-dA-D][1-3]?)?)( ?(\([^()]{1,20}\)|[mM][iI]?[cC]?|[sS][nN]))*$'
      )
      then v.t
  end as t, -- extent of the primary as reported, such as pT3 or rpT2(m)
  case
    when v.stands
      and regexp_matches(
        v.n,
        '^[mM]? ?([aAcCpPrRyY] ?){0,4}[nN] ?([xX]|[0-3]([a-cA-C][1-3]?)?)( ?(\([^()]{1,20}\)|[mM][iI]?[cC]?|[sS][nN]))*$'
      )
      then v.n
  end as n, -- regional nodes as reported, such as pN1 or pN1mi
  case
    when v.stands
      and regexp_matches(
        v.m,
        '^[mM]? ?([aAcCpPrRyY] ?){0,4}[mM] ?([xX0]|1([a-dA-D][1-3]?)?)( ?(\([^()]{1,20}\)|[mM][iI]?[cC]?|[sS][nN]))*$'
      )
      then v.m
  end as m, -- distant metastasis as reported, such as pM1 or M0
  case when v.stands and v.metastasis in ('none', 'liver', 'elsewhere', 'both') then v.metastasis end
    as metastasis, -- where distant metastases are: none, liver, elsewhere or both
  case when v.stands and v.edition in ('5', '6', '7', '8', '9') then v.edition end
    as edition, -- edition of the AJCC manual behind t, n and m
  case when v.stands then v.nodes_examined end as nodes_examined, -- lymph nodes examined
  case when v.stands then v.nodes_positive end as nodes_positive, -- lymph nodes with tumour
  case when v.stands then v.size_mm end as size_mm, -- largest dimension of the primary, mm
  v._source, -- lineage
  v._table, -- lineage
  v._file, -- lineage
  v._row -- lineage
from last_version as v
left join operation_of_case as n
  on n.case_number = v.case_number and n.patient_id = v.patient_id
left join case_of_day as d -- a condition on one side in the join would compare every pair of rows
  on d.patient_id = case when n.procedure_id is null then v.patient_id end
  and d.operation_date = v.specimen_date
left join operation_of_case as o on o.procedure_id = coalesce(n.procedure_id, d.procedure_id)
left join registry.neuroendocrine as h on h.histology = v.histology

/* The WHO grade (2019) of each pathologist's report, computed from Ki-67 and mitoses, beside the
recorded grades.
Grade 1: Ki-67 below 3 % and fewer than 2 mitoses per 2 mm²; grade 2: 3 to 20 % or 2 to 20; grade 3:
above 20 of either. The higher of the two decides. One alone is enough, but for fewer than 2
mitoses: without a Ki-67 they leave the grade open, while a Ki-67 below 3 % makes grade 1. A Ki-67
that is only a limit ("<5") counts for each grade that it allows. Well (or moderately) differentiated
tumours are NETs of grade 1 to 3; poorly differentiated ones are carcinomas (NEC), of grade 3 whatever
the indices are.
grain: pathology_id, one row a report with a neuroendocrine histology
materialized: table
*/
with measured as (
  select
    *,
    case
      when ki67_comparator = '<' then 1
      when ki67_comparator = '>' and ki67_percent >= 20 then 3
      when ki67_comparator = '>' and ki67_percent >= 3 then 2
      when ki67_comparator = '>' then 1
      when ki67_percent < 3 then 1
      when ki67_percent <= 20 then 2
      when ki67_percent > 20 then 3
    end as ki67_lowest,
    case
      when ki67_comparator = '>' then 3
      when ki67_comparator = '<' and ki67_percent <= 3 then 1
      when ki67_comparator = '<' and ki67_percent <= 20 then 2
      when ki67_comparator = '<' then 3
      when ki67_percent < 3 then 1
      when ki67_percent <= 20 then 2
      when ki67_percent > 20 then 3
    end as ki67_highest,
    case when mitoses < 2 then 1 when mitoses <= 20 then 2 when mitoses > 20 then 3 end
      as mitoses_grade
  from registry.pathology
  where neuroendocrine
),
bounded as (
  select
    *,
    case
      when ki67_lowest is null then mitoses_grade
      else greatest(ki67_lowest, coalesce(mitoses_grade, 1))
    end as lowest,
    case
      when ki67_highest is null and mitoses_grade = 1 then 3
      when ki67_highest is null then mitoses_grade
      else greatest(ki67_highest, coalesce(mitoses_grade, 1))
    end as highest
  from measured
),
graded as (
  select *, case when lowest = highest then lowest end as number_by_indices from bounded
),
index_tumor as (
  select patient_id, grade from registry.tumor where index_tumor
),
differentiated as (
  select
    *,
    coalesce(
      differentiation in ('poorly', 'undifferentiated'),
      histology in (8013, 8041, 8246)
    ) as carcinoma
  from graded
),
compared as (
  select
    d.*,
    case when d.carcinoma then 3 else d.number_by_indices end as grade_number,
    d.carcinoma and coalesce(d.number_by_indices, 0) <> 3 as by_differentiation,
    nullif(d.grade, '9') as recorded,
    t.grade as registry_grade
  from differentiated as d
  left join index_tumor as t on t.patient_id = d.patient_id
)
select
  pathology_id, -- pseudonym of the report; marts.source_row has its rows
  patient_id, -- pseudonym of the patient
  procedure_id, -- pseudonym of the operation; empty: none is known
  specimen_date, -- day the specimen was taken
  site_group as primary_site, -- primary site in the report
  ki67_percent, -- Ki-67 index, percent, or its limit
  ki67_comparator, -- < or > where the index is a limit only
  mitoses, -- mitoses per 2 mm²
  differentiation, -- well, moderately, poorly or undifferentiated
  case when ki67_lowest = ki67_highest then cast(ki67_lowest as varchar) end
    as grade_by_ki67, -- grade that the Ki-67 alone makes; empty: none, or its limit leaves it open
  cast(mitoses_grade as varchar) as grade_by_mitoses, -- grade that the mitoses alone make
  cast(grade_number as varchar) as grade, -- computed grade, 1 to 3; empty: open
  case
    when grade_number is null then null
    when by_differentiation then 'differentiation'
    when ki67_lowest is null then 'mitoses'
    when mitoses_grade is null then 'ki67'
    when ki67_lowest = mitoses_grade and ki67_highest = mitoses_grade then 'both'
    when mitoses_grade >= ki67_highest then 'mitoses'
    else 'ki67'
  end as decided_by, -- ki67, mitoses, both, or differentiation
  case
    when grade_number is not null then null
    when ki67_percent is null and mitoses is null then 'neither Ki-67 nor mitoses'
    when ki67_percent is null then 'fewer than 2 mitoses without a Ki-67'
    else 'Ki-67 is a limit only'
  end as open_because, -- why there is no computed grade
  case
    when carcinoma then 'NEC'
    when grade_number is null then null
    when differentiation is null and grade_number = 3 then null
    else 'NET G' || cast(grade_number as varchar)
  end as who_class, -- NET G1, NET G2, NET G3 or NEC; empty: open, or of grade 3 without a word on differentiation
  recorded as grade_recorded, -- grade as the pathologist wrote it, 1 to 3
  cast(grade_number as varchar) = recorded as agrees, -- computed as recorded; empty: one is missing
  nullif(registry_grade, '9') as grade_registry -- grade of the index tumour in the tumour registry
from compared

/* The WHO grade (2019) of each pathologist's report, computed from Ki-67 and mitoses, beside the
recorded grades.
Grade 1: Ki-67 below 3 % and fewer than 2 mitoses per 2 mm²; grade 2: 3 to 20 % or 2 to 20; grade 3:
above 20 of either. The higher of the two decides. One alone is enough, but for fewer than 2
mitoses: without a Ki-67 they leave the grade open, while a Ki-67 below 3 % makes grade 1. An index
that is only a limit ("<5") or a range ("3-5") counts for each grade that it allows, and there is a
grade where all of them are one; an estimate ("about 2") counts as its number. Well (or moderately)
differentiated tumours are NETs of grade 1 to 3; poorly differentiated ones are carcinomas (NEC), of
grade 3 whatever the indices are.
Sources: WHO Classification of Tumours, Digestive System, 5th edition, 2019; which index is enough
alone: SEER EOD 3.3, Grade Pathological of the NET schemas, note 7.
grain: pathology_id, one row a report with a neuroendocrine histology that was not cancelled
materialized: table
*/
with bounds as (
  select
    *,
    case
      when ki67_comparator in ('<', '<=') then 0
      when ki67_low is not null then ki67_low
      else ki67_percent
    end as ki67_from,
    case
      when ki67_comparator in ('>', '>=') then 100
      when ki67_high is not null then ki67_high
      else ki67_percent
    end as ki67_to,
    case
      when mitoses_comparator in ('<', '<=') then 0
      when mitoses_low is not null then mitoses_low
      else mitoses
    end as mitoses_from,
    case
      when mitoses_comparator in ('>', '>=') then greatest(mitoses, 1000)
      when mitoses_high is not null then mitoses_high
      else mitoses
    end as mitoses_to
  from registry.pathology
  where neuroendocrine and stands
),
measured as (
  select
    *,
    case
      when ki67_from > 20 or ki67_comparator = '>' and ki67_from >= 20 then 3
      when ki67_from >= 3 then 2
      when ki67_from is not null then 1
    end as ki67_lowest,
    case
      when ki67_to < 3 or ki67_comparator = '<' and ki67_to <= 3 then 1
      when ki67_to <= 20 then 2
      when ki67_to > 20 then 3
    end as ki67_highest,
    case
      when mitoses_from > 20 or mitoses_comparator = '>' and mitoses_from >= 20 then 3
      when mitoses_from >= 2 then 2
      when mitoses_from is not null then 1
    end as mitoses_lowest,
    case
      when mitoses_to < 2 or mitoses_comparator = '<' and mitoses_to <= 2 then 1
      when mitoses_to <= 20 then 2
      when mitoses_to > 20 then 3
    end as mitoses_highest
  from bounds
),
bounded as (
  select
    *,
    case
      when ki67_lowest is null then mitoses_lowest
      else greatest(ki67_lowest, coalesce(mitoses_lowest, 1))
    end as lowest,
    case
      when ki67_highest is null and mitoses_lowest = 1 then 3
      when ki67_highest is null then mitoses_highest
      else greatest(ki67_highest, coalesce(mitoses_highest, 1))
    end as highest
  from measured
),
graded as (
  select *, case when lowest = highest then lowest end as number_by_indices from bounded
),
index_tumor as (
  select patient_id, grade from registry.tumor where index_tumor
),
compared as (
  select
    d.*,
    case when d.carcinoma then 3 else d.number_by_indices end as grade_number,
    d.carcinoma and coalesce(d.number_by_indices, 0) <> 3 as by_differentiation,
    nullif(d.grade, '9') as recorded,
    t.grade as registry_grade
  from graded as d
  left join index_tumor as t on t.patient_id = d.patient_id
)
select
  pathology_id, -- pseudonym of the report; marts.source_row has its rows
  patient_id, -- pseudonym of the patient
  procedure_id, -- pseudonym of the operation; empty: none is known
  specimen_date, -- day the specimen was taken
  site_group as primary_site, -- primary site in the report
  ki67_percent, -- Ki-67 index, percent, or its limit
  ki67_comparator, -- <, <=, > or >= where the index is a limit only, ~ an estimate
  ki67_low, -- Ki-67 index given as a range: from
  ki67_high, -- Ki-67 index given as a range: to
  mitoses, -- mitoses per 2 mm², or their limit
  mitoses_comparator, -- <, <=, > or >= where the mitoses are a limit only, ~ an estimate
  mitoses_low, -- mitoses given as a range: from
  mitoses_high, -- mitoses given as a range: to
  differentiation, -- well, moderately, poorly or undifferentiated
  case when ki67_lowest = ki67_highest then cast(ki67_lowest as varchar) end
    as grade_by_ki67, -- grade that the Ki-67 alone makes; empty: none, or several are possible
  case when mitoses_lowest = mitoses_highest then cast(mitoses_lowest as varchar) end
    as grade_by_mitoses, -- grade that the mitoses alone make; empty: none, or several are possible
  cast(grade_number as varchar) as grade, -- computed grade, 1 to 3; empty: open
  case
    when grade_number is null then null
    when by_differentiation then 'differentiation'
    when ki67_lowest is null then 'mitoses'
    when mitoses_lowest is null then 'ki67'
    when ki67_lowest = mitoses_highest and ki67_highest = mitoses_lowest then 'both'
    when mitoses_lowest >= ki67_highest then 'mitoses'
    when ki67_lowest >= mitoses_highest then 'ki67'
    else 'both'
  end as decided_by, -- ki67, mitoses, both, or differentiation
  case
    when grade_number is not null then null
    when ki67_lowest is null and mitoses_lowest is null then 'neither Ki-67 nor mitoses'
    when ki67_lowest is null and mitoses_highest = 1 then 'fewer than 2 mitoses without a Ki-67'
    when ki67_lowest < ki67_highest and ki67_low is not null then 'Ki-67 is a range only'
    when ki67_lowest < ki67_highest then 'Ki-67 is a limit only'
    when mitoses_low is not null then 'mitoses are a range only'
    else 'mitoses are a limit only'
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

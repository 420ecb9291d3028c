/* The number under which the tumour registry's patients are known here, one row per Patient element.
patientIdNumber is unique within a registry only (NAACCR item 20). Where two patients of one number have
other family names, other days of birth or social security numbers, and other hospital numbers, they are
two persons: the smallest hospital number of their tumours stands behind it.
grain: _file, _row
materialized: table
*/
with numbered as (
  select
    coalesce(cleaned(patientIdNumber), _file || '-' || cast(_row as varchar)) as number,
    regexp_replace(upper(cleaned(nameLast)), '[^A-Z]', '', 'g') as family_name,
    regexp_replace(cleaned(dateOfBirth), '[^0-9]', '', 'g') as birth_date,
    nullif(regexp_replace(cleaned(socialSecurityNumber), '[^0-9]', '', 'g'), '999999999') as ssn,
    _file,
    _row
  from landing.tumor_registry_patient
),
tumors as (
  select zero_padded(cleaned(medicalRecordNumber), 7) as hospital_number, _file, _parent_row as _row
  from landing.tumor_registry_tumor
),
number_of_patient as (
  select _file, _row, min(hospital_number) as hospital_number
  from tumors
  where regexp_matches(hospital_number, '^[0-9]{7}$')
  group by _file, _row
),
patients as (
  select p.*, n.hospital_number
  from numbered as p
  left join number_of_patient as n on n._file = p._file and n._row = p._row
),
-- What is cut short, or known in part, is the same as far as it goes.
of_several as (
  select distinct p.number
  from patients as p
  inner join patients as q on q.number = p.number and q.hospital_number <> p.hospital_number
  where left(p.family_name, length(q.family_name)) <> left(q.family_name, length(p.family_name))
    and (
      left(p.birth_date, length(q.birth_date)) <> left(q.birth_date, length(p.birth_date))
      or p.ssn <> q.ssn
    )
)
select
  case
    when s.number is null or p.hospital_number is null then p.number
    else p.number || '/' || p.hospital_number
  end as source_patient_number, -- patientIdNumber, or without one file and row
  p._file, -- lineage
  p._row -- lineage
from patients as p
left join of_several as s on s.number = p.number

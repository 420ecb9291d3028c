/* The tumour registry's patients in registry words.
A NAACCR patient carries no hospital number; its tumours do, and the smallest one stands for the
patient. The date of last contact is the death date of the dead (vitalStatus 0).
grain: source_patient_number, one row per Patient element
materialized: view
*/
with hospital_number_of_patient as (
  select
    _file,
    _parent_row,
    min(cleaned(medicalRecordNumber)) as hospital_number
  from landing.tumor_registry_tumor
  group by _file, _parent_row
),
trimmed as (
  select
    cleaned(p.patientIdNumber) as source_patient_number,
    h.hospital_number,
    upper(cleaned(p.nameLast)) as family_name,
    upper(cleaned(p.nameFirst)) as given_name,
    upper(cleaned(p.nameMiddle)) as middle_name,
    cleaned(p.sex) as sex,
    cleaned(p.dateOfBirth) as birth_date,
    cleaned(p.socialSecurityNumber) as ssn,
    cleaned(p.race1) as race,
    cleaned(p.vitalStatus) as vital_status,
    cleaned(p.dateOfLastContact) as last_contact_date,
    upper(cleaned(p.causeOfDeath)) as cause_of_death,
    p._source,
    p._table,
    p._file,
    p._row
  from landing.tumor_registry_patient as p
  left join hospital_number_of_patient as h
    on h._file = p._file and h._parent_row = p._row
),
dates_rearranged as (
  select
    *,
    iso_date(birth_date) as birth_date_iso,
    iso_date(last_contact_date) as last_contact_date_iso
  from trimmed
)
select
  source_patient_number, -- patientIdNumber
  hospital_number, -- smallest medicalRecordNumber of the patient's tumours
  family_name, -- nameLast in capitals
  given_name, -- nameFirst in capitals
  middle_name, -- nameMiddle in capitals
  birth_date_iso as birth_date, -- dateOfBirth: YYYYMMDD, YYYYMM or YYYY
  case sex when '1' then 'male' when '2' then 'female' when '9' then 'unknown' else sex end
    as sex, -- sex: 1 male, 2 female, 9 unknown
  case
    when ssn = '999999999' then null
    else regexp_replace(ssn, '^[0-9]{5}([0-9]{4})$', '\1')
  end as ssn_last4, -- last four digits of socialSecurityNumber; 999999999 is unknown
  race, -- race1
  case vital_status when '0' then 'dead' when '1' then 'alive' else vital_status end
    as vital_status, -- vitalStatus: 0 dead, 1 alive
  case when vital_status = '0' then last_contact_date_iso end
    as death_date, -- dateOfLastContact of the dead
  last_contact_date_iso as last_contact_date, -- dateOfLastContact, the same
  case when cause_of_death not in ('0000', '7777', '7797') then cause_of_death end
    as cause_of_death, -- causeOfDeath; 0000 alive, 7777 and 7797 not known
  cast(null as varchar) as presenting_site, -- the research project's field
  cast(null as varchar) as flushing, -- the research project's field
  cast(null as varchar) as diarrhoea, -- the research project's field
  cast(null as varchar) as wheezing, -- the research project's field
  cast(null as varchar) as without_symptoms, -- the research project's field
  cast(null as varchar) as consent_date, -- the research project's field
  _source, -- lineage
  _table, -- lineage
  _file, -- lineage
  _row -- lineage
from dates_rearranged

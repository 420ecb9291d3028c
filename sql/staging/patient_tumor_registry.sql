/* The tumour registry's patients in registry words.
A NAACCR patient carries no hospital number; its tumours do, and may stand under several. Numbers of
seven digits come first; the smallest stands for the patient, and all are handed on.
The date of last contact is the death date of the dead. vitalStatus (NAACCR item 1760) is 0 dead, 1
alive; SEER wrote 4 for the dead. Sex is that at birth, to which life tables go: item 225 (from version
26 on: 1, 2, 9), and where that does not say it item 220 (until version 25), whose codes 5 and 6 do;
3 (other) and 4 (not said which) are neither. Where the status cannot be read, a cause
of death (item 1910: anything but 0000, alive) says that the patient is dead.
grain: _file, _row
materialized: table
*/
with numbers_of_tumors as (
  select distinct
    p.source_patient_number,
    zero_padded(cleaned(t.medicalRecordNumber), 7) as hospital_number
  from landing.tumor_registry_tumor as t
  inner join staging.registered_patient as p on p._file = t._file and p._row = t._parent_row
  where cleaned(t.medicalRecordNumber) is not null
),
numbers_best_first as (
  select
    *,
    row_number() over (
      partition by source_patient_number
      order by
        case when regexp_matches(hospital_number, '^[0-9]{7}$') then 0 else 1 end,
        hospital_number
    ) as place
  from numbers_of_tumors
),
numbers_of_patient as (
  select
    source_patient_number,
    max(case when place = 1 then hospital_number end) as hospital_number,
    string_agg(
      case when place > 1 and regexp_matches(hospital_number, '^[0-9]{7}$') then hospital_number end,
      ' ' order by hospital_number
    ) as other_hospital_numbers
  from numbers_best_first
  group by source_patient_number
),
trimmed as (
  select
    r.source_patient_number,
    h.hospital_number,
    h.other_hospital_numbers,
    upper(cleaned(p.nameLast)) as family_name,
    upper(cleaned(p.nameFirst)) as given_name,
    upper(cleaned(p.nameMiddle)) as middle_name,
    coalesce(cleaned(p.sexAssignedAtBirth), cleaned(p.sex)) as sex_given,
    case
      when cleaned(p.sexAssignedAtBirth) in ('1', '2') then cleaned(p.sexAssignedAtBirth)
      when cleaned(p.sex) in ('1', '2', '3', '4', '5', '6') then cleaned(p.sex)
      when cleaned(p.sexAssignedAtBirth) = '9' or cleaned(p.sex) = '9' then '9'
    end as sex,
    cleaned(p.dateOfBirth) as birth_date,
    cleaned(p.socialSecurityNumber) as ssn,
    cleaned(p.race1) as race,
    cleaned(p.vitalStatus) as vital_status,
    cleaned(p.dateOfLastContact) as last_contact_date,
    replace(upper(cleaned(p.causeOfDeath)), '.', '') as cause_of_death,
    p._source,
    p._table,
    p._file,
    p._row
  from landing.tumor_registry_patient as p
  inner join staging.registered_patient as r on r._file = p._file and r._row = p._row
  left join numbers_of_patient as h on h.source_patient_number = r.source_patient_number
),
dates_rearranged as (
  select
    *,
    iso_date(birth_date) as birth_date_iso,
    iso_date(last_contact_date) as last_contact_date_iso,
    vital_status in ('0', '4')
      or (
        coalesce(vital_status, '') <> '1'
        and cause_of_death <> '0000'
        and regexp_matches(cause_of_death, '^[A-Z0-9][0-9A-Z]{2,4}$')
      ) as dead
  from trimmed
)
select
  source_patient_number, -- patientIdNumber, or without one file and row (staging.registered_patient)
  hospital_number, -- smallest medicalRecordNumber of the patient's tumours
  other_hospital_numbers, -- the tumours' other medicalRecordNumbers, between blanks
  family_name, -- nameLast in capitals
  given_name, -- nameFirst in capitals
  middle_name, -- nameMiddle in capitals
  birth_date_iso as birth_date, -- dateOfBirth: YYYYMMDD, YYYYMM or YYYY
  case
    when sex in ('1', '5') then 'male'
    when sex in ('2', '6') then 'female'
    when sex in ('3', '4') then 'other'
    when sex = '9' then 'unknown'
    else sex_given
  end as sex, -- sexAssignedAtBirth or sex: 1 and 5 male, 2 and 6 female, 3 and 4 other, 9 unknown
  case
    when ssn in ('999999999', '999-99-9999') then null
    else regexp_replace(ssn, '^[0-9X*#]{3}-?[0-9X*#]{2}-?([0-9]{4})$', '\1')
  end as ssn_last4, -- last four digits of socialSecurityNumber; 999999999 is unknown
  race, -- race1
  case
    when vital_status in ('0', '4') then 'dead'
    when vital_status = '1' then 'alive'
    when vital_status is null and dead then 'dead'
    else vital_status
  end as vital_status, -- vitalStatus: 0 dead (formerly 4), 1 alive; empty beside a cause of death: dead
  case when dead then last_contact_date_iso end
    as death_date, -- dateOfLastContact of the dead
  last_contact_date_iso as last_contact_date, -- dateOfLastContact, the same
  case when cause_of_death <> '0000' then cause_of_death end
    as cause_of_death, -- causeOfDeath; 7777 and 7797: dead, of what is not known; 0000 alive
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

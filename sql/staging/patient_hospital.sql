/* The hospital's patients in registry words. One without a number has its place in the table for one, and
is linked by names, so that no news of a death is lost with the number.
grain: _file, _row
materialized: table
*/
with trimmed as (
  select
    cleaned(mrn) as mrn,
    upper(cleaned(last_name)) as family_name,
    upper(cleaned(first_name)) as given_name,
    upper(cleaned(middle_name)) as middle_name,
    local_day(cleaned(birth_date)) as birth_date,
    cleaned(sex) as sex,
    cleaned(ssn_last4) as ssn_last4,
    cleaned(race_code) as race,
    cleaned(deceased) as deceased,
    local_day(cleaned(death_date)) as death_date,
    local_day(cleaned(last_seen_date)) as last_contact_date,
    _source,
    _table,
    _file,
    _row
  from landing.hospital_patients
)
select
  coalesce(mrn, _file || '-' || cast(_row as varchar))
    as source_patient_number, -- mrn, or without one file and row
  zero_padded(mrn, 7) as hospital_number, -- mrn, seven digits
  cast(null as varchar) as other_hospital_numbers, -- the hospital gives one a patient
  family_name, -- last_name in capitals
  given_name, -- first_name in capitals
  middle_name, -- middle_name in capitals
  iso_date(birth_date) as birth_date, -- birth_date
  case
    when upper(sex) in ('M', 'MALE') then 'male'
    when upper(sex) in ('F', 'FEMALE') then 'female'
    when upper(sex) in ('O', 'OTH', 'OTHER', 'X', 'A', 'AMBIGUOUS') then 'other'
    when upper(sex) in ('U', 'UN', 'UNK', 'UNKNOWN', 'N') then 'unknown'
    else sex
  end as sex, -- sex: M, F, O or A, U or N, as HL7's table 0001 has it; also words
  zero_padded(regexp_replace(ssn_last4, '^[0-9X*#]{3}-?[0-9X*#]{2}-?([0-9]{4})$', '\1'), 4)
    as ssn_last4, -- ssn_last4, or the end of a whole or masked number
  race, -- race_code
  case
    when upper(deceased) in (
      'Y', 'YES', 'T', 'TRUE', '1', 'D', 'DEAD', 'DECEASED', 'DIED', 'EXPIRED'
    ) then 'dead'
    when upper(deceased) in ('N', 'NO', 'F', 'FALSE', '0', 'A', 'ALIVE', 'L', 'LIVING') then 'alive'
    when upper(deceased) in ('U', 'UNK', 'UNKNOWN') then null
    else deceased
  end as vital_status, -- deceased: Y dead, N alive, U not known
  iso_date(death_date) as death_date, -- death_date
  iso_date(last_contact_date) as last_contact_date, -- last_seen_date
  cast(null as varchar) as cause_of_death, -- not recorded by the hospital
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
from trimmed

/* Patients as each source knows them: tumour registry, hospital and research project, one below
the other. Who is who is decided later, by the link stage.
grain: _source, source_patient_number
materialized: view
*/
with every_source as (
  select
    source_patient_number,
    hospital_number,
    other_hospital_numbers,
    family_name,
    given_name,
    middle_name,
    birth_date,
    sex,
    ssn_last4,
    race,
    vital_status,
    death_date,
    last_contact_date,
    cause_of_death,
    presenting_site,
    flushing,
    diarrhoea,
    wheezing,
    without_symptoms,
    consent_date,
    _source,
    _table,
    _file,
    _row
  from staging.patient_tumor_registry
  union all
  select
    source_patient_number,
    hospital_number,
    other_hospital_numbers,
    family_name,
    given_name,
    middle_name,
    birth_date,
    sex,
    ssn_last4,
    race,
    vital_status,
    death_date,
    last_contact_date,
    cause_of_death,
    presenting_site,
    flushing,
    diarrhoea,
    wheezing,
    without_symptoms,
    consent_date,
    _source,
    _table,
    _file,
    _row
  from staging.patient_hospital
  union all
  select
    source_patient_number,
    hospital_number,
    other_hospital_numbers,
    family_name,
    given_name,
    middle_name,
    birth_date,
    sex,
    ssn_last4,
    race,
    vital_status,
    death_date,
    last_contact_date,
    cause_of_death,
    presenting_site,
    flushing,
    diarrhoea,
    wheezing,
    without_symptoms,
    consent_date,
    _source,
    _table,
    _file,
    _row
  from staging.patient_research
)
select
  source_patient_number, -- the source's own number of the patient
  hospital_number, -- 7 digits, shared by all systems but the death index
  other_hospital_numbers, -- further numbers of the same patient, between blanks
  family_name, -- in capitals; none from research
  given_name, -- in capitals; none from research
  middle_name, -- in capitals; none from research
  birth_date, -- YYYY-MM-DD, YYYY-MM or YYYY
  sex, -- male, female or unknown
  ssn_last4, -- last four digits of the social security number
  race, -- the source's race code
  vital_status, -- alive or dead
  death_date, -- YYYY-MM-DD, YYYY-MM or YYYY
  last_contact_date, -- YYYY-MM-DD, YYYY-MM or YYYY
  cause_of_death, -- ICD code without its dot; tumour registry only
  presenting_site, -- primary site known at presentation; research only
  flushing, -- at presentation, true or false; research only
  diarrhoea, -- at presentation, true or false; research only
  wheezing, -- at presentation, true or false; research only
  without_symptoms, -- none of the three, true or false; research only
  consent_date, -- YYYY-MM-DD, YYYY-MM or YYYY; research only
  _source, -- lineage
  _table, -- lineage
  _file, -- lineage
  _row -- lineage
from every_source

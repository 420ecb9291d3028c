/* Whether each patient is alive, since when we know it, and why the dead died.
The death date is the one that the link stage chose by the configured precedence; where no patient
record and no death certificate has one, it is that of the hospital stay that ended in death, then
that of the research project's follow-up. A complication of grade V alone is no news of a death: if
nothing else tells of one, the grade is what the steward should doubt. A patient whom a source calls
dead without any date is dead with an empty death date.
The cause is the research project's where it names one, else it is read from the certificate's ICD
code: a malignant or uncertain neoplasm or the carcinoid syndrome is the tumour.
grain: patient_id, every row of registry.patient
materialized: table
*/
with death_in_hospital as (
  select patient_id, min(discharge_date) as death_date
  from registry.encounter
  where disposition = 'expired'
  group by patient_id
),
death_at_follow_up as (
  select
    patient_id,
    min(follow_up_date) as death_date,
    max(case when cause = 'tumour' then 1 else 0 end) as by_tumour,
    max(case when cause = 'other' then 1 else 0 end) as by_other
  from registry.follow_up
  where status = 'dead'
  group by patient_id
),
called_dead as (
  select distinct l.patient_id
  from accepted.patient as p
  inner join registry.patient_link as l
    on l.source = p._source
    and l.source_table = p._table
    and l.file = p._file
    and l."row" = p._row
  where l.entity = 'patient' and p.vital_status = 'dead'
),
death as (
  select
    p.patient_id,
    coalesce(p.death_date, h.death_date, f.death_date) as death_date,
    case
      when p.death_date is not null then p.death_date_source
      when h.death_date is not null then 'hospital'
      when f.death_date is not null then 'research'
    end as death_date_source,
    d.patient_id is not null as called_dead,
    f.by_tumour,
    f.by_other,
    p.cause_of_death
  from registry.patient as p
  left join death_in_hospital as h on h.patient_id = p.patient_id
  left join death_at_follow_up as f on f.patient_id = p.patient_id
  left join called_dead as d on d.patient_id = p.patient_id
),
contacts_latest_first as (
  select
    c.patient_id,
    c.contact_date,
    c._source,
    c.evidence,
    row_number() over (
      partition by c.patient_id
      order by c.contact_date desc, c._source, c.evidence
    ) as rank_of_patient
  from registry.contact as c
  inner join death as d on d.patient_id = c.patient_id
  where d.death_date is null or c.contact_date <= d.death_date
),
last_contact as (
  select * from contacts_latest_first where rank_of_patient = 1
)
select
  d.patient_id, -- pseudonym of the patient
  case when d.death_date is not null or d.called_dead then 'dead' else 'alive' end
    as status, -- alive or dead
  d.death_date, -- day of death
  d.death_date_source, -- the source that the day of death was taken from
  c.contact_date as last_contact_date, -- last day on which the patient is known to be alive
  c._source as last_contact_source, -- the source of that contact
  c.evidence as last_contact_evidence, -- what that contact was
  case
    when d.death_date is null and not d.called_dead then null
    when d.by_tumour = 1 then 'tumour'
    when d.by_other = 1 then 'other'
    when d.cause_of_death is null then 'unknown'
    when regexp_matches(d.cause_of_death, '^(C|D3[7-9]|D4[0-8]|E340)') then 'tumour'
    when regexp_matches(d.cause_of_death, '^(1[4-9]|20|23[5-9]|2592)') then 'tumour'
    else 'other'
  end as cause -- tumour, other or unknown; empty for the living
from death as d
left join last_contact as c on c.patient_id = d.patient_id

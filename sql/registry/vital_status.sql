/* Whether each patient is alive, since when we know it, and why the dead died.
The death date is the one that the link stage chose by the configured precedence; where no patient
record and no death certificate has one, it is that of the hospital stay that ended in death, then
that of the research project's follow-up (where its status cannot be read, a cause says that the
patient is dead). Where it is known to the month or the year only, the most
specific of the others that lies within it is taken. What is left open is narrowed by the contacts:
nobody dies before being seen alive, nor after the extract that tells of it. Where a day is needed,
the middle of these bounds stands for it (death_date_estimate), as NAACCR items 1782 and 1788 have
it for dates of survival.
A complication of grade V alone is no news of a death: if nothing else tells of one, the grade is
what the steward should doubt. Whom a source calls dead without any date (a vital status, a stay
that ended in death, a follow-up, a certificate) is dead with an unknown date: between the last
contact and the extract, without an estimate. So is whom only a refused row calls dead, or gives a
date of death: what refused it says nothing against the death, but its date is not used.
The cause is the research project's where it names one, else it is read from the certificate's ICD
code: a malignant or uncertain neoplasm or the carcinoid syndrome is the tumour; R96 to R99 and 798,
799 say that it is not known.
Only of the dead a cause of death is recorded: with it, a status that is not legible is dead.
grain: patient_id, every row of registry.patient
materialized: table
*/
with patient_of_source as (
  select p._source, p.source_patient_number, min(l.patient_id) as patient_id
  from accepted.patient as p
  inner join registry.patient_link as l
    on l.source = p._source
    and l.source_table = p._table
    and l.file = p._file
    and l."row" = p._row
  where l.entity = 'patient'
  group by p._source, p.source_patient_number
),
-- what refused rows still know: whose they are, by the hospital number or by the source's own
refused as (
  select
    _source,
    hospital_number,
    source_patient_number as own_number,
    'refused patient record' as evidence
  from quarantine.patient
  where vital_status = 'dead' or death_date is not null
  union all
  select _source, hospital_number, null, 'refused stay'
  from quarantine.encounter
  where disposition = 'expired'
  union all
  select _source, hospital_number, record_id, 'refused follow-up'
  from quarantine.follow_up
  where status = 'dead' or (coalesce(status, '') not in ('no_disease', 'with_disease') and cause is not null)
),
told as (
  select l.patient_id, 1 as place, p._source as source, 'patient record' as evidence
  from registry.patient_link as l
  inner join accepted.patient as p
    on l.source = p._source
    and l.source_table = p._table
    and l.file = p._file
    and l."row" = p._row
  where l.entity = 'patient'
    and (
      p.vital_status = 'dead'
      or p.death_date_earliest is not null
      or p.vital_status is null and p.cause_of_death is not null
    )
  union all
  select patient_id, 0, source, 'certificate' from registry.patient_link where entity = 'death'
  union all
  select patient_id, 1, death_date_source, 'patient record'
  from registry.patient
  where death_date_earliest is not null
  union all
  select patient_id, 2, _source, 'stay' from registry.encounter where disposition = 'expired'
  union all
  select patient_id, 3, _source, 'follow-up'
  from registry.follow_up
  where status = 'dead' or (status is null and cause is not null)
  union all
  select n.patient_id, 4, r._source, r.evidence
  from refused as r
  inner join registry.patient_number as n on n.hospital_number = r.hospital_number
  union all
  select s.patient_id, 4, r._source, r.evidence
  from refused as r
  inner join patient_of_source as s
    on s._source = r._source and s.source_patient_number = r.own_number
),
told_dead as (
  select patient_id, source, evidence
  from (
    select
      *,
      row_number() over (partition by patient_id order by place, source, evidence) as rank_of_patient
    from told
  ) as ranked
  where rank_of_patient = 1
),
told_dates as (
  select
    patient_id,
    1 as trust,
    death_date_earliest as earliest,
    death_date_latest as latest,
    death_date_source as source
  from registry.patient
  where death_date_earliest is not null
  union all
  select patient_id, 2, discharge_date_earliest, discharge_date_latest, 'hospital'
  from registry.encounter
  where disposition = 'expired' and discharge_date_earliest is not null
  union all
  select patient_id, 3, follow_up_date_earliest, follow_up_date_latest, 'research'
  from registry.follow_up
  where (status = 'dead' or (status is null and cause is not null))
    and follow_up_date_earliest is not null
),
most_trusted as (
  select patient_id, earliest, latest
  from (
    select
      *,
      row_number() over (partition by patient_id order by trust, earliest, latest) as place
    from told_dates
  ) as placed
  where place = 1
),
most_specific as (
  select patient_id, earliest, latest, source
  from (
    select
      d.*,
      row_number() over (
        partition by d.patient_id
        order by date_diff('day', d.earliest, d.latest), d.trust, d.earliest, d.source
      ) as place
    from told_dates as d
    inner join most_trusted as m
      on m.patient_id = d.patient_id and d.earliest >= m.earliest and d.latest <= m.latest
  ) as placed
  where place = 1
),
cause_at_follow_up as (
  select
    patient_id,
    max(case when cause = 'tumour' then 1 else 0 end) as by_tumour,
    max(case when cause = 'other' then 1 else 0 end) as by_other
  from registry.follow_up
  where status = 'dead' or status is null
  group by patient_id
),
contacts as (
  select
    c.*,
    least(c.contact_date_latest, coalesce(d.latest, c.contact_date_latest)) as latest,
    row_number() over (
      partition by c.patient_id
      order by
        least(c.contact_date_latest, coalesce(d.latest, c.contact_date_latest)) desc,
        c.contact_date_earliest desc,
        c._source,
        c.evidence
    ) as place
  from registry.contact as c
  left join most_specific as d on d.patient_id = c.patient_id
  where d.latest is null or c.contact_date_earliest <= d.latest
),
last_contact as (
  select
    patient_id,
    max(contact_date_earliest) as earliest,
    max(latest) as latest,
    max(case when place = 1 then _source end) as source,
    max(case when place = 1 then evidence end) as evidence
  from contacts
  group by patient_id
),
death as (
  select
    t.patient_id,
    greatest(d.earliest, c.earliest) as earliest,
    case when d.earliest > $as_of then d.latest else least(d.latest, cast($as_of as date)) end
      as latest,
    d.source,
    t.source as status_source,
    t.evidence as status_evidence
  from told_dead as t
  left join most_specific as d on d.patient_id = t.patient_id
  left join last_contact as c on c.patient_id = t.patient_id
)
select
  p.patient_id, -- pseudonym of the patient
  case when d.patient_id is not null then 'dead' else 'alive' end as status, -- alive or dead
  d.status_source, -- the source that tells of the death; empty for the living
  d.status_evidence, -- what tells of it: certificate, patient record, stay, follow-up or a refused row
  case when d.source is not null and d.earliest = d.latest then d.latest end
    as death_date, -- day of death; empty where it is not known
  d.earliest as death_date_earliest, -- first day on which it may have been
  d.latest as death_date_latest, -- last day on which it may have been
  case
    when d.source is not null then date_precision(d.earliest, d.latest)
    when d.patient_id is not null then 'unknown'
  end as death_date_precision, -- day, month, year or years; unknown: no source dates it
  case when d.source is not null then middle_day(d.earliest, d.latest) end
    as death_date_estimate, -- the day, or the middle of its bounds; empty where no source dates it
  d.source as death_date_source, -- the source that the date of death was taken from
  case when c.earliest = c.latest then c.latest end
    as last_contact_date, -- last day on which the patient is known to be alive
  c.earliest as last_contact_date_earliest, -- first day that it may be: alive for certain
  c.latest as last_contact_date_latest, -- last day that it may be
  middle_day(c.earliest, c.latest)
    as last_contact_date_estimate, -- the day, or the middle of its bounds
  c.source as last_contact_source, -- the source of that contact
  c.evidence as last_contact_evidence, -- what that contact was
  case
    when d.patient_id is null then null
    when f.by_tumour = 1 then 'tumour'
    when f.by_other = 1 then 'other'
    when p.cause_of_death is null then 'unknown'
    when regexp_matches(p.cause_of_death, '^(R9[6-9]|79[89])') then 'unknown'
    when regexp_matches(p.cause_of_death, '^(C|D3[7-9]|D4[0-8]|E340)') then 'tumour'
    when regexp_matches(p.cause_of_death, '^(1[4-9]|20|23[5-9]|2592)') then 'tumour'
    else 'other'
  end as cause -- tumour, other or unknown; empty for the living
from registry.patient as p
left join death as d on d.patient_id = p.patient_id
left join cause_at_follow_up as f on f.patient_id = p.patient_id
left join last_contact as c on c.patient_id = p.patient_id

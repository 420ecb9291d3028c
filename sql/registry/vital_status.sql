/* Whether each patient is alive, since when we know it, and why the dead died.
The death date is the one that the link stage chose by the configured precedence; where no patient
record and no death certificate has one, it is that of the hospital stay that ended in death, then
that of the research project's follow-up (where its status cannot be read, a cause says that the
patient is dead). Where it is known to the month or the year only, the most
specific of the others that lies within it is taken. What is left open is narrowed by the contacts:
nobody dies before being seen alive, nor after the extract that tells of it. Where a day is needed,
the middle of these bounds stands for it (death_date_estimate), as NAACCR items 1782 and 1788 have
it for dates of survival.
Whom a source calls dead without any date (a vital status, a stay that ended in death, a follow-up, a
certificate) is dead with an unknown date: between the last contact and the extract, without an
estimate. So is whom only a refused row or a refused cell calls dead, or gives a date of death: what
refused it says nothing against the death, but its date is not used, unless it was refused as one of
several versions of a record alone: then its day counts where nothing else dates the death. Such a version
tells of no death where a later file has the same record of the same source alive, with a contact on the last day that the
death may have had or after it: the source takes back its own word, and nobody else's. A date that systems write for
none (1 January 1900, the year 2099 or 9999) tells of no death, nor does one that cannot be read beside
a status that says alive.
A complication of grade V is a death, unless the patient was seen after it (then its grade is what the
steward should doubt), or after 90 days where its day is unknown. It has the day of death only if death
itself is the complication: else its day is the onset.
The cause is the research project's where it names one, else it is read from the certificate's ICD
code: a malignant or uncertain neoplasm or the carcinoid syndrome is the tumour; R96 to R99 and 798,
799 say that it is not known, and so do 7777 and 7797 (NAACCR item 1910: no certificate, no code).
Only of the dead a cause of death is recorded: with it, a status that is not legible is dead.
grain: patient_id, every row of registry.patient
materialized: table
*/
with refused_patient as (
  select
    q.*,
    coalesce(
      q._rules = ['patient.unique']
      and a._file <> q._file
      and a.vital_status = 'alive'
      and a.death_date_earliest is null
      and regexp_full_match(q.death_date, '[0-9]{4}(-[0-9]{2}){0,2}')
      and cast(a.last_contact_date_earliest as varchar)
        >= q.death_date || substring('0000-12-31', length(q.death_date) + 1),
      false
    ) as taken_back
  from quarantine.patient as q
  left join accepted.patient as a
    on a._source = q._source and a.source_patient_number = q.source_patient_number
),
-- what refused rows still know: whose they are, by the hospital number or by the source's own
refused_row as (
  select
    _source as source,
    hospital_number,
    source_patient_number as own_number,
    'refused patient record' as evidence,
    vital_status as word,
    case
      when coalesce(vital_status, '') <> 'alive'
        or death_date between '1900-01-02' and cast($as_of as varchar) then death_date
    end as date_of_death,
    case when coalesce(vital_status, '') <> 'alive' then cause_of_death end as cause
  from refused_patient
  where not taken_back
  union all
  select _source, hospital_number, null, 'refused stay', disposition, null, null
  from quarantine.encounter
  union all
  select
    _source,
    hospital_number,
    record_id,
    'refused follow-up',
    status,
    null,
    case when coalesce(status, '') not in ('no_disease', 'with_disease') then cause end
  from quarantine.follow_up
),
refused_of_patient as (
  select n.patient_id, r.source, r.evidence, r.word, r.date_of_death, r.cause
  from refused_row as r
  inner join registry.patient_number as n on n.hospital_number = r.hospital_number
  union all
  select s.patient_id, r.source, r.evidence, r.word, r.date_of_death, r.cause
  from refused_row as r
  inner join registry.patient_of_source as s
    on s.source = r.source and s.source_patient_number = r.own_number
  union all
  select
    l.patient_id,
    c.source,
    'refused cell of a patient record',
    case when c."column" = 'vital_status' then c."text" end,
    case
      when c."column" = 'death_date' and p.vital_status is distinct from 'alive' then c."text"
    end,
    case when c."column" = 'cause_of_death' and p.vital_status is null then c."text" end
  from quarantine.cell as c
  inner join accepted.patient as p
    on p._source = c.source
    and p._table = c.source_table
    and p._file = c.file
    and p._row = c."row"
  inner join registry.patient_link as l
    on l.source = c.source
    and l.source_table = c.source_table
    and l.file = c.file
    and l."row" = c."row"
  where c.entity = 'patient'
    and l.entity = 'patient'
    and c."column" in ('vital_status', 'death_date', 'cause_of_death')
  union all
  select e.patient_id, c.source, 'refused cell of a stay', c."text", null, null
  from quarantine.cell as c
  inner join registry.encounter as e
    on e._source = c.source
    and e._table = c.source_table
    and e._file = c.file
    and e._row = c."row"
  where c.entity = 'encounter' and c."column" = 'disposition'
  union all
  select
    f.patient_id,
    c.source,
    'refused cell of a follow-up',
    case when c."column" = 'status' then c."text" end,
    null,
    case when c."column" = 'cause' and f.status is null then c."text" end
  from quarantine.cell as c
  inner join registry.follow_up as f
    on f._source = c.source
    and f._table = c.source_table
    and f._file = c.file
    and f._row = c."row"
  where c.entity = 'follow_up' and c."column" in ('status', 'cause')
),
refused as (
  select patient_id, source, evidence
  from refused_of_patient
  where cause is not null
    or (
      regexp_matches(date_of_death, '[0-9]')
      and not regexp_matches(date_of_death, '^(0001-|1753-|18[0-9]{2}-|1900-01-01|2099-|2[1-9][0-9]{2}-|9999)')
    )
    or (
      regexp_matches(lower(word), '\b(dead|died|death|deceased|expired)\b')
      and not regexp_matches(lower(word), '\b(not?|non|never|un)\b')
    )
),
fatal_complication as (
  select
    c.patient_id,
    c._source,
    c.type,
    c.complication_date_earliest,
    c.complication_date_latest
  from registry.complication as c
  left join registry.procedure as o on o.procedure_id = c.procedure_id
  where (c.grade = 'V' or c.type = 'death')
    and c.patient_id is not null
    and not exists (
      select 1
      from registry.contact as k
      where k.patient_id = c.patient_id
        and k.contact_date_earliest > coalesce(
          c.complication_date_latest,
          o.operation_date_latest + 90,
          date '0001-01-01'
        )
    )
),
took_back as (
  select s.patient_id, min(q._source) as source
  from refused_patient as q
  inner join registry.patient_of_source as s
    on s.source = q._source and s.source_patient_number = q.source_patient_number
  where q.taken_back
  group by s.patient_id
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
  select patient_id, 4, _source, 'complication' from fatal_complication
  union all
  select patient_id, 5, source, evidence from refused
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
  union all
  select patient_id, 4, complication_date_earliest, complication_date_latest, _source
  from fatal_complication
  where type = 'death' and complication_date_earliest is not null
  union all
  select s.patient_id, 5, try_cast(q.death_date as date), try_cast(q.death_date as date), q._source
  from refused_patient as q
  inner join registry.patient_of_source as s
    on s.source = q._source and s.source_patient_number = q.source_patient_number
  where q._rules = ['patient.unique']
    and not q.taken_back
    and try_cast(q.death_date as date) between date '1900-01-02' and $as_of
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
  coalesce(d.status_source, t.source)
    as status_source, -- the source that tells of the death, or took it back; empty for the other living
  case when d.patient_id is not null then d.status_evidence when t.source is not null then 'death taken back' end
    as status_evidence, -- what tells of it: certificate, patient record, stay, follow-up, complication, what was refused; or death taken back
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
    when regexp_matches(p.cause_of_death, '^(R9[6-9]|79[89]|7777|7797)') then 'unknown'
    when regexp_matches(p.cause_of_death, '^(C|D3[7-9]|D4[0-8]|E340)') then 'tumour'
    when regexp_matches(p.cause_of_death, '^(1[4-9]|20|23[5-9]|2592)') then 'tumour'
    else 'other'
  end as cause -- tumour, other or unknown; empty for the living
from registry.patient as p
left join death as d on d.patient_id = p.patient_id
left join cause_at_follow_up as f on f.patient_id = p.patient_id
left join last_contact as c on c.patient_id = p.patient_id
left join took_back as t on t.patient_id = p.patient_id

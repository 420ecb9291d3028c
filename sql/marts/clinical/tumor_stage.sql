/* The AJCC stage of each pathologist's report, from T, N and M by site and edition.
The 5th and 6th editions had no chapter on neuroendocrine tumours. Of the 7th, its groups for the
small intestine with the duodenum, and for the pancreas, where it staged them like carcinomas; of
the 8th, those for pancreas and for jejunum and ileum. What is not here, such as Version 9 (2024),
is not staged, and the row says why: no stage is guessed.
"Any T" and "any N" in a table are every category that was given, TX and T0, NX and N0 too: the group
rests on the others. M1 makes stage IV whatever T and N are, given or not. What qualifies a category
(y after therapy, r recurrence, a autopsy, m or a number for several primaries, mi a micrometastasis,
i+ or sn how it was found) leaves the group as it is. M0 in a report is the clinic's word, which a
pathological stage may rest on. The sources give T and N of pathologists only: clinical ones would
stand in rows of basis clinical.
Sources: AJCC Cancer Staging Manual, 7th edition 2010, and 8th edition 2017, chapter 1 for prefixes
and suffixes; Version 9, Neuroendocrine Tumors, 2023; decisions 20 and 21 say what of them was
checked.
grain: pathology_id, one row a report with a neuroendocrine histology that was not cancelled
materialized: table
*/
with stage_group as (
  select * from (
    values
      ('7', 'small_bowel', 'T1', 'N0', 'I'),
      ('7', 'small_bowel', 'T2', 'N0', 'IIA'),
      ('7', 'small_bowel', 'T3', 'N0', 'IIB'),
      ('7', 'small_bowel', 'T4', 'N0', 'IIIA'),
      ('7', 'small_bowel', 'any', 'N1', 'IIIB'),
      ('7', 'duodenum', 'T1', 'N0', 'I'),
      ('7', 'duodenum', 'T2', 'N0', 'IIA'),
      ('7', 'duodenum', 'T3', 'N0', 'IIB'),
      ('7', 'duodenum', 'T4', 'N0', 'IIIA'),
      ('7', 'duodenum', 'any', 'N1', 'IIIB'),
      ('7', 'pancreas', 'TIS', 'N0', '0'),
      ('7', 'pancreas', 'T1', 'N0', 'IA'),
      ('7', 'pancreas', 'T2', 'N0', 'IB'),
      ('7', 'pancreas', 'T3', 'N0', 'IIA'),
      ('7', 'pancreas', 'T1', 'N1', 'IIB'),
      ('7', 'pancreas', 'T2', 'N1', 'IIB'),
      ('7', 'pancreas', 'T3', 'N1', 'IIB'),
      ('7', 'pancreas', 'T4', 'any', 'III'),
      ('8', 'pancreas', 'T1', 'N0', 'I'),
      ('8', 'pancreas', 'T2', 'N0', 'II'),
      ('8', 'pancreas', 'T3', 'N0', 'II'),
      ('8', 'pancreas', 'T4', 'N0', 'III'),
      ('8', 'pancreas', 'any', 'N1', 'III'),
      ('8', 'small_bowel', 'T1', 'N0', 'I'),
      ('8', 'small_bowel', 'T2', 'N0', 'II'),
      ('8', 'small_bowel', 'T3', 'N0', 'II'),
      ('8', 'small_bowel', 'T4', 'N0', 'III'),
      ('8', 'small_bowel', 'any', 'N1', 'III'),
      ('8', 'small_bowel', 'any', 'N2', 'III')
  ) as v(edition, site_group, t, n, stage)
),
chapter as (
  select distinct edition, site_group, true as known from stage_group
),
categories as (
  select
    *,
    nullif(
      regexp_extract(
        upper(replace(t, ' ', '')), '^M?([ACPRY]*)(T(X|0|IS|[1-4]))', 2
      ),
      ''
    ) as t_group,
    nullif(regexp_extract(upper(replace(n, ' ', '')), '^M?([ACPRY]*)(N(X|[0-3]))', 2), '')
      as n_group,
    nullif(regexp_extract(upper(replace(m, ' ', '')), '^([ACPRY]*)(M(X|0|1))', 2), '')
      as m_group,
    coalesce(regexp_extract(upper(replace(t, ' ', '')), '^M?([ACPRY]*)T', 1), '')
      || coalesce(regexp_extract(upper(replace(n, ' ', '')), '^M?([ACPRY]*)N', 1), '')
      as rests_on
  from registry.pathology
  where neuroendocrine and stands
),
grouped as (
  select
    c.*,
    case
      when c.edition is null then 'edition not given'
      when c.edition in ('5', '6') then 'the edition has no chapter on neuroendocrine tumours'
      when c.site_group is null then 'primary site not given'
      when c.site_group = 'unknown' then 'primary site unknown'
      when k.known is null then 'no table of this edition and site is kept here'
      when c.carcinoma and (c.edition <> '7' or c.site_group <> 'pancreas')
        then 'a carcinoma is staged like other carcinomas of the site'
      when c.m_group = 'M1' then null
      when c.m_group is null then 'M not given'
      when c.m_group = 'MX' then 'M not assessed'
      when c.t_group is null then 'T not given'
      when s.stage is not null then null
      when c.t_group in ('TX', 'T0') then 'T not assessed, or no primary found'
      when c.n_group is null then 'N not given'
      when c.n_group = 'NX' then 'N not assessed'
      else 'no group for these categories'
    end as not_staged_because,
    s.stage as stage_without_metastasis
  from categories as c
  left join chapter as k on k.edition = c.edition and k.site_group = c.site_group
  left join stage_group as s
    on s.edition = c.edition
    and s.site_group = c.site_group
    and (s.t = c.t_group or s.t = 'any' and c.t_group is not null)
    and (s.n = c.n_group or s.n = 'any' and c.n_group is not null)
)
select
  pathology_id, -- pseudonym of the report; marts.source_row has its rows
  patient_id, -- pseudonym of the patient
  procedure_id, -- pseudonym of the operation; empty: none is known
  specimen_date, -- day the specimen was taken
  site_group as primary_site, -- primary site in the report
  edition, -- edition of the AJCC manual behind the categories and the stage
  case
    when contains(rests_on, 'Y') then 'after therapy'
    when contains(rests_on, 'R') then 'recurrence'
    when contains(rests_on, 'A') then 'autopsy'
    when contains(rests_on, 'P') then 'pathological'
    when t is not null or n is not null then 'clinical'
  end as basis, -- what T and N rest on: pathological, after therapy, recurrence, autopsy or clinical
  t, -- extent of the primary as reported
  n, -- regional nodes as reported
  m, -- distant metastasis as reported
  case when regexp_matches(m, '[pP] ?[mM]') then 'pathological' when m is not null then 'clinical' end
    as m_basis, -- what M rests on
  case
    when m_group = 'M1' and metastasis = 'liver' then 'M1a'
    when m_group = 'M1' and metastasis = 'elsewhere' then 'M1b'
    when m_group = 'M1' and metastasis = 'both' then 'M1c'
  end as m_by_place, -- in the 8th edition's words: M1a liver, M1b elsewhere, M1c both
  nodes_examined, -- lymph nodes examined
  nodes_positive, -- lymph nodes with tumour
  case
    when not_staged_because is not null then null
    when m_group = 'M1' then 'IV'
    else stage_without_metastasis
  end as stage, -- stage by this edition, I to IV with its letters; empty: not staged
  case
    when not_staged_because is not null then null
    when m_group = 'M1' then 'IV'
    else regexp_replace(stage_without_metastasis, '[AB]$', '')
  end as stage_group, -- I, II, III or IV, without letters; editions still differ
  not_staged_because -- why there is no stage
from grouped

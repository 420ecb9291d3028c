/* Results of the laboratory and of the books before it had a system, one below the other.
A result may carry a sign, its unit or a flag (H, L) with it, and numbers are written in more than one
way: what can only mean one number is read, anything else stays as it stands for a rule to find. Words
that say why there is none (QNS, haemolysed, not detected) are the reason for its absence. The
unit beside a number goes before the one that system or sheet gives. Spellings of a unit become
UCUM's; a day is 24 hours.
grain: result_key
materialized: view
*/
with every_source as (
  select
    result_key,
    status,
    hospital_number,
    hospital_number_given,
    analyte,
    result,
    comparator,
    absent_reason,
    unit,
    upper_limit,
    assay,
    laboratory,
    specimen_date,
    specimen_clock,
    last_updated,
    version,
    _source,
    _table,
    _file,
    _row
  from staging.laboratory_observation
  union all
  select
    result_key,
    status,
    hospital_number,
    hospital_number_given,
    analyte,
    result,
    comparator,
    absent_reason,
    unit,
    upper_limit,
    assay,
    laboratory,
    specimen_date,
    specimen_clock,
    last_updated,
    version,
    _source,
    _table,
    _file,
    _row
  from staging.laboratory_biomarkers
),
without_result as (
  select
    * exclude (result),
    case
      when recorded(result) is null
        or regexp_full_match(
          lower(result),
          'qns|tnp|test not performed|see (note|comment|report|below)|invalid|error|negative|undetectable'
          || '|(none|not) detect(ed|able)|(below|under) (the )?(limit of )?(detection|quantification)( limit)?'
          || '|((insufficient|inadequate) (quantity|volume|specimen|sample)|quantity (not sufficient|insufficient))'
          || '|((specimen|sample|test|result) )?((is|was) )?(grossly )?(ha?emoly[sz]ed|lipa?emic|clotted|contaminated|rejected|lost|cancell?ed)'
          || '|no (specimen|sample)( received)?'
        )
        then result
    end as said_instead,
    case when said_instead is null then result end as result
  from every_source
),
sign_apart as (
  select
    *,
    regexp_extract(
      regexp_replace(
        regexp_replace(
          regexp_replace(result, ' *\([^()0-9]*\)$', ''),
          '^(?i:(less|lower|fewer) than|below|under) +', '<'
        ),
        '^(?i:(more|greater|higher) than|above|over) +', '>'
      ),
      '^(<=|=<|≤|⩽|>=|=>|≥|⩾|<|>)? *([-+]?[.,]?[0-9].*)$', ['sign', 'rest']
    ) as read
  from without_result
),
unit_apart as (
  select
    *,
    regexp_extract(
      read.rest,
      '^(.*?[0-9][.,]?) *((?:[a-zA-Zµμ]+ *[/].*?)?)(?: *[*]| +[(\[]?(?:HH?|LL?)[)\]]?)?$',
      ['number', 'unit']
    ) as part
  from sign_apart
),
normal as (
  select
    *,
    regexp_extract(
      upper_limit, '^(?:(?:<=|≤|⩽|<|[0-9.,]+ *[-–]) *)?([0-9][0-9.,]*)(?: *[a-zA-Zµμ]+ *[/].*)?$', 1
    ) as limit_number,
    replace(
      regexp_replace(
        lower(coalesce(cleaned(part.unit), unit)),
        '\{[^}]*\}|[ .()_]', '', 'g'
      ),
      chr(956), chr(181)
    ) as unit_word -- small Greek mu (U+03BC) as the micro sign (U+00B5)
  from unit_apart
)
select
  result_key, -- the laboratory's id, or the place in a workbook
  status, -- FHIR status of the result
  hospital_number, -- 7 digits
  case when regexp_matches(hospital_number, '^[0-9]{7}$') then hospital_number_given end
    as hospital_number_given, -- as it stands, where hospital_number is readable
  analyte, -- the registry's word for what was measured
  plain_number(coalesce(nullif(part.number, ''), nullif(read.rest, ''), result))
    as value, -- number as text; with a comparator it is a limit
  coalesce(
    comparator,
    case
      when read.sign in ('<=', '=<', '≤', '⩽') then '<='
      when read.sign in ('>=', '=>', '≥', '⩾') then '>='
      else nullif(read.sign, '')
    end
  ) as comparator, -- <, <=, > or >= before a limit
  coalesce(absent_reason, said_instead)
    as absent_reason, -- code or words of the laboratory where there is no value
  case
    when unit_word in ('ng/ml') then 'ng/mL'
    when unit_word in ('ng/l') then 'ng/L'
    when unit_word in ('ug/l', 'µg/l', 'mcg/l') then 'ug/L'
    when unit_word in ('pg/ml') then 'pg/mL'
    when unit_word in ('u/l', 'units/l') then 'U/L'
    when unit_word in ('nmol/l') then 'nmol/L'
    when unit_word in ('pmol/l') then 'pmol/L'
    when unit_word in ('umol/l', 'µmol/l') then 'umol/L'
    when regexp_full_match(unit_word, 'mg/(24(-?h(rs?|ours?)?)?|d|day)') then 'mg/(24.h)'
    when regexp_full_match(unit_word, '[uµ]mol/(24(-?h(rs?|ours?)?)?|d|day)') then 'umol/(24.h)'
    else coalesce(cleaned(part.unit), unit)
  end as unit, -- UCUM where it can only mean that
  plain_number(coalesce(nullif(limit_number, ''), upper_limit))
    as upper_limit, -- of the normal range, in the same unit
  assay, -- method, as the laboratory calls it
  laboratory, -- who measured
  specimen_date, -- YYYY-MM-DD, YYYY-MM or YYYY
  specimen_clock, -- HH:MM; not in the books
  last_updated, -- when the laboratory last changed the record, UTC
  version, -- number of this version of the record
  _source, -- lineage
  _table, -- lineage
  _file, -- lineage
  _row -- lineage
from normal

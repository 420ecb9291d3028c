/* The pathologists' reports in registry words, one row an order (OBR) of a message: a corrected
report comes again, and so does a cancelled one, mostly without results.
A message is told from another by all that it says: its control number is unique for its sender only
(HL7 v2.5.1, 2.14.9.10, MSH-10).
OBR-25 in words, by table 0123 (v2.8.2): F final; C corrected; X cancelled; P, M preliminary; R
stored, not yet verified; A partial; O, I, S, N, Y, Z no results. Where it is empty, an order that
was cancelled says so in ORC-1 (OC, CR: table 0119), ORC-5 (CA: table 0038), or the event is T11.
Ki-67 and mitoses are read as they are written: a number, one with a sign ("<1", "≤ 2", "about 2"),
or a range ("3-5 %"), which has two bounds and no number; a remark behind them ("20 % (hot spot)") goes.
Mitoses counted in another area of so many mm² are brought to 2 mm² ("5/10 mm2" is 1; CAP, Protocol for
Neuroendocrine Tumors, note on grade); of fields only none is none whatever their size, and "none" is a
count (SEER Collaborative Stage 02.05, site-specific factor 11 of the NET schemas). NAACCR's codes for a Ki-67 are ranges:
XXX.4 below 3 %, XXX.5 3 to 20 %, XXX.6 above 20 %; XXX.7 to XXX.9 are none (item 3863, EOD 3.3).
Where PID-3 has several numbers, the one that a patient of another source has is taken: another house's
may stand before ours.
T, N and M stay as reported, with what they rest on before them (pT3: seen by the pathologist; M0: as
far as the clinic knows), without the words behind them (pT3: invades subserosa). One field may hold all
three (pT3N1M0); a field of its own comes before it, in which the letter may be missing (p3, 3: NAACCR
items 880 to 960), but for a number alone in the field of N, which may count nodes. Two categories of
one letter, or a doubt, pass for a rule to find.
grain: _file, _row
materialized: view
*/
with trimmed as (
  select
    cleaned(sender) as sender,
    cleaned(laboratory) as laboratory,
    cleaned(sent_time) as sent_time,
    upper(cleaned(event)) as event,
    cleaned(message_number) as message_number,
    upper(cleaned(order_control)) as order_control,
    upper(cleaned(order_status)) as order_status,
    cleaned(filler_number) as filler_number,
    cleaned(order_place) as order_place,
    cleaned(sub_ids) as sub_ids,
    cleaned(report_number) as report_number,
    upper(cleaned(result_status)) as result_status,
    cleaned(reported_time) as reported_time,
    coalesce(o.hospital_number, zero_padded(cleaned(r.hospital_number), 7)) as hospital_number,
    cleaned(case_number) as case_number,
    cleaned(specimen_date) as specimen_date,
    cleaned(collected) as collected,
    upper(cleaned(primary_site)) as primary_site,
    cleaned(histology) as histology,
    recorded(cleaned(grade)) as grade,
    recorded(cleaned(ki67)) as ki67,
    recorded(cleaned(mitoses)) as mitoses,
    cleaned(mitoses_unit) as mitoses_unit,
    recorded(cleaned(differentiation)) as differentiation,
    recorded(cleaned(t)) as t,
    recorded(cleaned(n)) as n,
    recorded(cleaned(m)) as m,
    recorded(cleaned(metastasis)) as metastasis,
    cleaned(edition) as edition,
    recorded_number(cleaned(nodes_examined)) as nodes_examined,
    recorded_number(cleaned(nodes_positive)) as nodes_positive,
    recorded_number(cleaned(size_mm)) as size_mm,
    lower(cleaned(size_unit)) as size_unit,
    r._source,
    r._table,
    r._file,
    r._row,
    r._parent_row
  from landing.pathology_report as r
  left join staging.number_of_report as o on o._file = r._file and o._row = r._row
),
-- Of a coded value (CWE) the first component that it has.
coded as (
  select
    *,
    cleaned(regexp_extract(case_number, '[^^]+')) as case_coded,
    upper(cleaned(regexp_extract(grade, '[^^]+'))) as grade_coded,
    lower(cleaned(regexp_extract(differentiation, '[^^]+'))) as differentiation_coded,
    lower(cleaned(regexp_extract(metastasis, '[^^]+'))) as metastasis_coded,
    upper(cleaned(regexp_extract(edition, '[^^]+'))) as edition_coded,
    cleaned(regexp_extract(t, '[^^]+')) as t_coded,
    cleaned(regexp_extract(n, '[^^]+')) as n_coded,
    cleaned(regexp_extract(m, '[^^]+')) as m_coded,
    md5(
      concat_ws(
        '|', sender, laboratory, message_number, event, order_control, order_status, order_place,
        coalesce(report_number, filler_number), 'parts', sub_ids, 'status', result_status, 'time', reported_time,
        'patient', hospital_number, 'specimen', specimen_date, collected, 'case', case_number,
        'site', primary_site, 'histology', histology, 'grade', grade, 'ki67', ki67,
        'mitoses', mitoses, mitoses_unit, 'differentiation', differentiation, 't', t, 'n', n,
        'm', m, metastasis, 'edition', edition, 'nodes', nodes_examined, 'positive',
        nodes_positive, 'size', size_mm, size_unit
      )
    ) as content
  from trimmed
),
-- The digits of the report's time, else of the message's: as far as it is known.
timed as (
  select
    *,
    coalesce(
      nullif(
        regexp_extract(local_time(reported_time), '^((?:[0-9]{2}){2,7})(?:[.][0-9]+)?$', 1), ''
      ),
      nullif(regexp_extract(local_time(sent_time), '^((?:[0-9]{2}){2,7})(?:[.][0-9]+)?$', 1), '')
    ) as given
  from coded
),
-- Mitoses with the area behind them ("3/10 HPF"), and their unit, as text in small letters.
worded as (
  select
    *,
    regexp_replace(
      lower(ki67),
      '^(ki-?67|mib-?1)?[ ,]*((in (the )?)?hot ?spots?)?[ ,:]*((labell?ing|proliferati(on|ve)) )?(index|li)?[ :=]*|[ ,]+in (the )?hot ?spots?$',
      '', 'g'
    ) as ki67_written,
    regexp_replace(
      regexp_replace(lower(mitoses), ' *\(((?:per|in|/)[^()]*)\)$', ' \1'),
      '((?:hpf|fields?|mm2|mm²|mm\^2|sq[. ]*mm)s?) *\([^()]*\)$', '\1'
    ) as mitoses_written
  from timed
),
counted as (
  select
    *,
    regexp_extract(
      mitoses_written,
      '(/|per|in) *[0-9]* *[.]?\[?(hpf|high[- ]power[- ]fields?|mm2|mm²|mm\^2|sq[. ]*mm)\]?s?$'
    ) as area_written,
    regexp_extract(
      lower(mitoses_unit),
      '^[^0-9]*[0-9]* *[.]?\[?(hpf|high[- ]power[- ]fields?|mm2|mm²|mm\^2|sq[. ]*mm)\]?s?$'
    ) as area_of_unit
  from worded
),
measured_as as (
  select
    *,
    case upper(ki67_written)
      when 'XXX.4' then '<3'
      when 'XXX.5' then '3-20'
      when 'XXX.6' then '>20'
      when 'XXX.7' then null
      when 'XXX.8' then null
      when 'XXX.9' then null
      else measured(ki67_written)
    end as ki67_measured,
    measured(
      regexp_replace(
        regexp_replace(
          left(mitoses_written, length(mitoses_written) - length(coalesce(area_written, ''))),
          '[ ,]*(mitos[ei]s|mitotic figures?)?( (are|is|were|was))?( (seen|found|identified|present))?[ ,]*$',
          ''
        ),
        '^(no|none|nil|zero|absent|not (seen|found|identified|present))$',
        '0'
      )
    ) as mitoses_measured,
    coalesce(nullif(area_written, ''), nullif(area_of_unit, '')) as area,
    nullif(
      regexp_extract(
        grade_coded,
        '^(?:WHO *)?(?:NET|NEC|NEN)?[, -]*(?:GRADE|G)?[ -]*(1|2|3|X|9|I{1,3}|[A-DHL8])(?:[ ,]*\(?(?:NET|NEC|NEN|WHO)[^)]*\)?)?$',
        1
      ),
      ''
    ) as grade_code
  from counted
),
-- The largest of one to three dimensions. Centimetres have decimals, millimetres none.
sized as (
  select
    *,
    coalesce(nullif(regexp_extract(lower(size_mm), '(cm|mm)[.]?$', 1), ''), size_unit) as size_in,
    replace(regexp_replace(lower(size_mm), '^[\^=]+| *[cm]m[.]?$', '', 'g'), ',', '.') as size_written
  from measured_as
),
counted_in as (
  select
    *,
    case
      when area is null and mitoses_unit is not null then null
      when area like '%h%' and coalesce(try_cast(mitoses_measured as double) <> 0, true) then null
      when area like '%h%' or area is null then 1
      else 2.0 / greatest(coalesce(
        try_cast(nullif(regexp_extract(area, '([0-9]*) *[.]?\[?(?:mm|sq)', 1), '') as integer), 1
      ), 1)
    end as to_two_mm2,
    case
      when size_in = 'cm'
        and regexp_full_match(size_written, '[0-9]+([.][0-9]+)?( *[x×*] *[0-9]+([.][0-9]+)?){0,2}')
        or regexp_full_match(size_written, '[0-9]+([.]0+)?( *[x×*] *[0-9]+([.]0+)?){0,2}')
        then list_max(
          cast(regexp_extract_all(size_written, '[0-9]+(?:[.][0-9]+)?') as double[])
        )
    end as size_largest
  from sized
),
-- The number or its limit, and the bounds of a range, per 2 mm² where the area is known.
per_two_mm2 as (
  select
    *,
    regexp_extract(mitoses_measured, '^(?:(<=|>=|<|>|~)?([0-9.]+)|~?([0-9.]+)-([0-9.]+))$', [
      'sign', 'number', 'low', 'high'
    ]) as mitotic,
    coalesce(to_two_mm2, 1) as factor
  from counted_in
),
-- T, N and M, each where its own field has it, else where all three stand together.
staged as (
  select
    *,
    regexp_extract(
      t_coded,
      '^([mM]? ?(?:[aAcCpPrRyY] ?){0,4}[tT] ?(?:[xX0]|[iI][sS]|[1-4][a-dA-D]?)(?: ?\([^()]{1,20}\))?)[ ,;/]*((?:[aAcCpPrRyY] ?){0,4}[nN] ?(?:[xX]|[0-3][a-cA-C]?)(?: ?\([^()]{1,20}\)|mi)?)(?:[ ,;/]*((?:[aAcCpPrRyY] ?){0,4}[mM] ?(?:[xX0]|1[a-dA-D]?)(?: ?\([^()]{1,20}\))?))?[.]?$',
      ['t', 'n', 'm']
    ) as together,
    list_transform(
      [
        {'letter': 't', 'written': t_coded},
        {'letter': 'n', 'written': n_coded},
        {'letter': 'm', 'written': m_coded}
      ],
      lambda field: case
        when regexp_matches(
          field.written,
          '(?i)(^|[^a-z])(at least|at most|minimum|or (more|higher|greater)|vs[.]?|versus|possibl[ey]|probabl[ey]|favou?r|suspicious|suspected|equivocal)([^a-z]|$)'
        ) then field.written
        when len(
          list_filter(
            regexp_extract_all(
              field.written, '(?:^|[^A-Za-z])[aAcCpPrRyY]{0,4}(?:[TNM] ?|[tnm])[0-4xX]'
            ),
            lambda found: contains(lower(found), field.letter)
          )
        ) > 1 then field.written
        when regexp_full_match(field.written, '(?i)([acpry] ?){0,4}(x|0|is|[1-4]([a-d][1-3]?)?)')
          and not (field.letter = 'n' and regexp_full_match(field.written, '[1-3]'))
          then regexp_replace(
            field.written, '(?i)(x|0|is|[1-4](?:[a-d][1-3]?)?)$', upper(field.letter) || '\1'
          )
        else coalesce(
          nullif(
            regexp_extract(
              field.written,
              '(?i)^(m? ?(?:[acpry] ?){0,4}[tnm] ?(?:[x0]|is|[1-4](?:[a-d][1-3]?)?)(?: ?(?:\([^()]{1,20}\)|mi?c?|sn))*)(?:[.]|[ ]+nos[.]?|[ ]*[-:;,=][ ]*[a-z(][^0-9].*|[ ]+[a-z]{3}.*|[ ]*\([a-z].*|[ ]*[-:;,(][ ]*[0-9]+ *(?:/|of|out of) *[0-9]+.*)?$',
              1
            ),
            ''
          ),
          field.written
        )
      end
    ) as alone
  from per_two_mm2
)
select
  message_number, -- MSH-10
  content, -- fingerprint of all that this order of the message says: sent again, it is the same
  sender, -- MSH-3, the sending application
  laboratory, -- MSH-4, the sending facility
  _file || ' ' || cast(_parent_row as varchar)
    as message_key, -- the message in its file; its orders have it in common
  coalesce(report_number, filler_number) as report_number, -- OBR-3, else ORC-3
  case
    when result_status = 'F' then 'final'
    when result_status = 'C' then 'corrected'
    when result_status = 'X' then 'cancelled'
    when result_status in ('P', 'M') then 'preliminary'
    when result_status = 'R' then 'unverified'
    when result_status = 'A' then 'partial'
    when result_status in ('O', 'I', 'S', 'N', 'Y', 'Z') then 'no_results'
    when result_status is null
      and (order_control in ('OC', 'CR') or order_status = 'CA' or event = 'T11')
      then 'cancelled'
    else result_status
  end as result_status, -- OBR-25 in words
  case
    when regexp_matches(local_time(reported_time), '^([0-9]{4}|[0-9]{6}|[0-9]{8})$') then null
    else regexp_replace(
      local_time(reported_time),
      '^([0-9]{4})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2}).*$',
      '\1-\2-\3 \4:\5'
    )
  end as reported_time, -- OBR-22 with its hour and minute; empty where it is a day or less
  given || substring('00000101000000', length(given) + 1)
    as given_earliest, -- OBR-22, else MSH-7: the first moment that it may mean, YYYYMMDDHHMMSS
  given || substring('99991231235959', length(given) + 1)
    as given_latest, -- the same: the last moment
  case
    when regexp_matches(r.hospital_number, '^[0-9]{7}$') then r.hospital_number
    else coalesce(c.hospital_number, r.hospital_number)
  end as hospital_number, -- PID-3, of type MR or PI, or else staging.number_of_case
  case
    when regexp_matches(r.hospital_number, '^[0-9]{7}$') or c.hospital_number is not null
      then r.hospital_number
  end as hospital_number_given, -- PID-3 as it stands, where hospital_number is readable
  case_coded as case_number, -- OBX CASE
  iso_date(local_time(coalesce(specimen_date, collected)))
    as specimen_date, -- OBR-7, else SPM-17: its day, month or year
  regexp_replace(primary_site, '^(C[0-9]{2})([0-9])$', '\1.\2')
    as primary_site, -- OBX SITE with the dot of ICD-O-3
  regexp_replace(histology, '^M?-?([0-9]{4}) ?/? ?[0-9]{0,2}$', '\1')
    as histology, -- OBX HISTOLOGY without its behaviour and grade (M-8240/31)
  case
    when grade_code in ('I', 'II', 'III') then cast(length(grade_code) as varchar)
    when grade_code = 'X' then '9'
    when regexp_matches(grade_coded, '^NEC$|NEUROENDOCRINE CARCINOMA') then '3'
    else coalesce(grade_code, grade_coded)
  end as grade, -- OBX GRADE: G1 to G3, GX, a carcinoma is of grade 3, or a code
  case
    when regexp_matches(ki67_measured, '^~?[0-9.]+-[0-9.]+$') then null
    else regexp_replace(ki67_measured, '^(<=|>=|<|>|~)([0-9.]+)$', '\2')
  end as ki67_percent, -- OBX KI67, the number
  nullif(regexp_extract(ki67_measured, '^(<=|>=|<|>|~)[0-9.]+$', 1), '')
    as ki67_comparator, -- OBX KI67, the sign before the number
  nullif(regexp_extract(ki67_measured, '^~?([0-9.]+)-([0-9.]+)$', 1), '')
    as ki67_low, -- OBX KI67, where a range begins
  nullif(regexp_extract(ki67_measured, '^~?([0-9.]+)-([0-9.]+)$', 2), '')
    as ki67_high, -- OBX KI67, where a range ends
  case
    when mitotic.number <> '' and factor <> 1
      then cast(round(try_cast(mitotic.number as double) * factor, 3) as varchar)
    when mitotic.number <> '' then mitotic.number
    when mitotic.low = '' then mitoses_measured
  end as mitoses, -- OBX MITOSES, the number per 2 mm²
  nullif(mitotic.sign, '') as mitoses_comparator, -- OBX MITOSES, the sign before the number
  case
    when factor <> 1 then cast(round(try_cast(mitotic.low as double) * factor, 3) as varchar)
    else nullif(mitotic.low, '')
  end as mitoses_low, -- OBX MITOSES, where a range begins
  case
    when factor <> 1 then cast(round(try_cast(mitotic.high as double) * factor, 3) as varchar)
    else nullif(mitotic.high, '')
  end as mitoses_high, -- OBX MITOSES, where a range ends
  case
    when to_two_mm2 is not null and mitoses is not null then '/2.mm2'
    when area like '%h%' then '/' || regexp_extract(area, '([0-9]*) *[.]?\[?h', 1) || '.[HPF]'
    when area is null then mitoses_unit
  end as mitoses_unit, -- 2 mm² as the grade wants it, else the area behind OBX MITOSES, else its OBX-6
  case
    when differentiation_coded is null and regexp_matches(grade_coded, '^NEC$|NEUROENDOCRINE CARCINOMA')
      then 'poorly'
    when differentiation_coded like 'undiff%' then 'undifferentiated'
    when differentiation_coded in ('moderate', 'md') then 'moderately'
    when differentiation_coded in ('poor', 'pd') then 'poorly'
    when differentiation_coded in ('good', 'wd') then 'well'
    else regexp_replace(differentiation_coded, '[ -]*(differentiated|diff[.]?)$', '')
  end as differentiation, -- OBX DIFFERENTIATION; a NEC is poorly differentiated
  coalesce(nullif(together.t, ''), alone[1]) as t, -- OBX T
  coalesce(alone[2], nullif(together.n, '')) as n, -- OBX N, else what stands behind T
  coalesce(alone[3], nullif(together.m, '')) as m, -- OBX M, else what stands behind T
  case metastasis_coded when 'liver and elsewhere' then 'both' else metastasis_coded end
    as metastasis, -- OBX M_WHERE: none, liver, elsewhere, liver and elsewhere
  regexp_replace(
    edition_coded,
    '^(?:AJCC|UICC|TNM|VERSION|EDITION|V|[ ,./:-])*0?([1-9])(?:[.]0)?(?:TH)?[ .,]*(?:EDITION|ED[.]?|VERSION)?[ ,]*(?:\(?20[0-9]{2}\)?)?$',
    '\1'
  ) as edition, -- OBX EDITION, its number
  whole_number(regexp_replace(nodes_examined, '^[\^=]+', '')) as nodes_examined, -- OBX NODES_EXAMINED
  whole_number(
    regexp_replace(
      regexp_replace(nodes_positive, '^[\^=]+', ''), '^([0-9]+) *(?:/|(?:out )?of) *[0-9]+$', '\1'
    )
  ) as nodes_positive, -- OBX NODES_POSITIVE, of "3/12" the first number
  case
    when size_largest is null then regexp_replace(size_mm, '^[\^=]+|(?i: *mm)$', '', 'g')
    else cast(cast(round(size_largest * case when size_in = 'cm' then 10 else 1 end) as integer) as varchar)
  end as size_mm, -- OBX SIZE, the largest of "3 x 2 cm"; in the unit beside it, else that of OBX-6
  _source, -- lineage
  _table, -- lineage
  _file, -- lineage
  _row -- lineage
from staged as r
left join staging.number_of_case as c on c.case_number = r.case_coded and c.name = ''

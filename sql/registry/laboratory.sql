/* Biomarkers of the registry's patients, in the analyte's own unit beside the reported one.
Own units: chromogranin A and serotonin ng/mL, pancreastatin pg/mL, neurokinin A ng/L, 5-HIAA
mg/24 h (1 mg = 5.23 µmol). Where no factor leads there (chromogranin A in U/L or nmol/L, for one)
the value in the own unit is empty; its ratio to the upper limit is not.
A result is usable unless the laboratory took it back or has not finished it. Two patients may have one
id, of two laboratories: their results are told apart by the patient.
Every accepted result finds its patient, because rule laboratory.patient_exists is critical.
grain: laboratory_id
materialized: table
*/
with patient_of_number as (
  select hospital_number, patient_id from registry.patient_number
),
keyed as (
  select
    l.*,
    p.patient_id,
    case
      when count(*) over (partition by l.result_key) > 1 then l.result_key || '/' || p.patient_id
      else l.result_key
    end as laboratory_key
  from accepted.laboratory as l
  inner join patient_of_number as p on p.hospital_number = l.hospital_number
),
factor as (
  select * from (
    values
      ('chromogranin_a', 'ng/mL', 'ng/mL', 1.0),
      ('chromogranin_a', 'ug/L', 'ng/mL', 1.0),
      ('pancreastatin', 'pg/mL', 'pg/mL', 1.0),
      ('pancreastatin', 'ng/L', 'pg/mL', 1.0),
      ('serotonin', 'ng/mL', 'ng/mL', 1.0),
      ('serotonin', 'ug/L', 'ng/mL', 1.0),
      ('neurokinin_a', 'ng/L', 'ng/L', 1.0),
      ('neurokinin_a', 'pg/mL', 'ng/L', 1.0),
      ('hiaa_urine', 'mg/(24.h)', 'mg/(24.h)', 1.0),
      ('hiaa_urine', 'umol/(24.h)', 'mg/(24.h)', 5.23)
  ) as v(analyte, unit, own_unit, per_own_unit)
)
select
  pseudonym('laboratory', l.laboratory_key) as laboratory_id, -- pseudonym of the result
  l.patient_id, -- pseudonym of the patient
  l.result_key, -- the laboratory's id, or the place in a workbook
  l.analyte, -- what was measured
  l.specimen_date, -- day the specimen was taken; empty where only month or year is known
  l.specimen_date_earliest, -- first day that it may be
  l.specimen_date_latest, -- last day that it may be
  l.specimen_clock, -- time of that day, HH:MM
  l.value, -- result as reported
  l.comparator, -- < or > where the value is a limit only
  l.unit, -- unit as reported, UCUM
  cast(l.value as double) / f.per_own_unit as own_value, -- result in the analyte's own unit
  f.own_unit, -- that unit; empty where no factor leads to it
  l.upper_limit, -- upper limit of normal, in the reported unit
  case when l.upper_limit > 0 then l.value / l.upper_limit end
    as times_limit, -- result divided by its upper limit
  l.assay, -- method, as the laboratory calls it
  l.laboratory, -- who measured
  l.status, -- FHIR status
  coalesce(l.status in ('final', 'amended', 'corrected'), false) as usable, -- whether the result stands
  l._source, -- lineage
  l._table, -- lineage
  l._file, -- lineage
  l._row -- lineage
from keyed as l
left join factor as f on f.analyte = l.analyte and f.unit = l.unit

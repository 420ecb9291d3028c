/* What the registry's words mean: labels for the report's tables, definitions for its last page.
Terms are names of measures, figures, variables and values elsewhere in the marts.
grain: term
materialized: table
*/
with words as (
  select * from (
    values
      (100, 'intraoperative_complication', 'Intraoperative complication',
        'Anything that went wrong between incision and closure. It is counted apart from postoperative events and has no grade.'),
      (110, 'crisis_recorded', 'Carcinoid crisis, as recorded',
        'The operation was recorded as having had one. There is no accepted definition of a crisis, so three rules stand side by side; rates differ widely between them.'),
      (110, 'carcinoid_crisis', 'Carcinoid crisis, as recorded', null),
      (111, 'crisis_sbp80_10min', 'Carcinoid crisis, by low pressure',
        'Rule sbp80_10min: systolic pressure below 80 mmHg for ten minutes or longer.'),
      (112, 'crisis_fouche_2018', 'Carcinoid crisis, by sudden change',
        'Rule fouche_2018: blood pressure changes by 40 % or more in less than five minutes, nothing else explains it, and octreotide undoes at least a fifth of the change.'),
      (120, 'any_complication', 'Any postoperative complication', null),
      (121, 'minor_complication', 'Minor complication',
        'At least one postoperative event of Clavien–Dindo grade I or II: off the usual course, but treated with drugs, transfusion or parenteral nutrition at most. Minor and major may both occur.'),
      (122, 'highest_complication_minor', 'Minor at worst',
        'There was a postoperative event, and none beyond grade II.'),
      (123, 'major_complication', 'Major complication',
        'At least one postoperative event of Clavien–Dindo grade III to V: an intervention (IIIa without, IIIb with general anaesthesia), failure of one organ (IVa) or several (IVb), or death (V).'),
      (130, 'mortality_30_day', '30-day mortality',
        'Death from any cause from the day of operation to day 30, in hospital or out, charged to the last operation before it. A patient without contact up to day 30 is unknown, not alive, and is left out of the denominator.'),
      (131, 'mortality_90_day', '90-day mortality', null),
      (140, 'residual_r0', 'R0: no tumour left', null),
      (141, 'residual_r1', 'R1: microscopic tumour left', null),
      (142, 'residual_r2', 'R2: visible tumour left', null),
      (150, 'removed_70_percent_or_more', '70 % of tumour removed or more',
        'Of the tumour seen before the operation, the share that it removed, as surgeon or radiologist estimated it.'),
      (151, 'removed_90_percent_or_more', '90 % of tumour removed or more', null),
      (152, 'removed_completely', 'All tumour removed', null),
      (200, 'records_reviewed', 'Records reviewed', null),
      (201, 'patients_operated', 'Patients operated', null),
      (202, 'procedures', 'Procedures', null),
      (210, 'small_bowel_primary', 'Small bowel primary',
        'The final primary site: the one found at surgery, confirmed by pathology before not; else the tumour registry’s; else the one known before.'),
      (211, 'pancreas_primary', 'Pancreatic primary', null),
      (220, 'unknown_primary', 'Unknown primary at presentation', null),
      (220, 'unknown_primary_before_surgery', 'Unknown primary before surgery', null),
      (221, 'localized_intraoperatively', 'Unknown primary found at surgery',
        'Of the patients whose primary was unknown before the incision, those in whom an operation found it.'),
      (222, 'unknown_primary_finally', 'Unknown primary in the end', null),
      (230, 'several_operations', 'More than one operation', null),
      (240, 'died_of_tumour', 'Deaths from tumour', null),
      (300, 'duration_minutes', 'Operative time, minutes', 'From incision to closure.'),
      (300, 'operative_time_mean', 'Operative time, mean', null),
      (301, 'operative_time_sd', 'Operative time, SD', null),
      (310, 'blood_loss_ml', 'Blood loss, mL', null),
      (320, 'postoperative_days', 'Postoperative stay, days', 'From the operation to discharge.'),
      (321, 'stay_days', 'Whole stay, days', 'From admission to discharge.'),
      (321, 'hospital_stay_mean', 'Hospital stay, mean', null),
      (322, 'hospital_stay_sd', 'Hospital stay, SD', null),
      (330, 'percent_removed', 'Tumour removed, percent', null),
      (340, 'complications', 'Complications recorded', null),
      (350, 'age_years', 'Age at operation, years', null),
      (360, 'follow_up_days', 'Follow-up, days', null),
      (400, 'overall', 'Overall',
        'Overall survival runs from the first operation to death from any cause; the living are censored on the last day on which a source saw them alive. A year is 365.25 days.'),
      (410, 'median_survival', 'Median survival',
        'The first day on which the survival curve is below one half; not reached if it never is.'),
      (411, 'survival_5_years', '5-year survival', null),
      (412, 'survival_10_years', '10-year survival', null),
      (413, 'survival_20_years', '20-year survival', null),
      (500, 'primary_site', 'Primary site', null),
      (510, 'operation_era', 'Decade of operation', null),
      (520, 'age_band', 'Age band', null),
      (530, 'sex', 'Sex', null)
  ) as v(position, term, label, definition)
)
select
  term, -- name of a measure, figure, variable or value in the marts
  label, -- how the report writes it
  definition, -- what it means; empty where the label says all
  position -- place in the reading order
from words

"""Cohorts that are small, poor or impossible in one way each: what a young or dirty registry has.

Every one is what SQL makes of a sound cohort of 40 patients (`SOUND`): the columns to replace.
"""

from __future__ import annotations

SOUND = """
select
  'P' || i as patient_id,
  10 + (i * 37 % 90) * 31 as time_days,
  case when i % 5 < 3 then 1 else 0 end as event,
  case when i % 2 = 0 then 'tumour' else 'other' end as event_cause,
  case when i % 3 = 0 then 'female' else 'male' end as sex,
  case i % 4 when 0 then 'pancreas' when 1 then 'lung' when 2 then 'appendix' end as site,
  (i * 7 % 3 + 1)::varchar as grade,
  45.5 + i * 11 % 40 as age,
  i % 7 < 2 as smoker,
  date '1990-01-01' + (i * 211 % 5000)::int as start_date,
  ((45.5 + i * 11 % 40) * 365.25)::int as age_days,
  (i % 4) * 2 as entry_days
from range(40) as r(i)
"""

COHORTS = {
    "sound": "",
    "nobody": "where false",
    "one who died": "limit 1",
    "one who did not": "where event = 0 limit 1",
    "two who differ in everything": "order by event limit 2",
    "no events": "replace (0 as event)",
    "all have the event": "replace (1 as event)",
    "censored at 0": "replace (0 as event, 0 as time_days, null::int as entry_days)",
    "censored at 0, nobody late": "replace (0 as event, 0 as time_days)",
    "events at 0": "replace (1 as event, 0 as time_days)",
    "some events at 0": "replace (case when event = 1 then 0 else time_days end as time_days)",
    "all events at one time": "replace (case when event = 1 then 50 else 80 end as time_days)",
    "all leave at one time": "replace (50 as time_days)",
    "one event": "replace (case when patient_id = 'P3' then 1 else 0 end as event)",
    "one event, the last to leave": (
        "replace (case when patient_id = 'P3' then 1 else 0 end as event,"
        " case when patient_id = 'P3' then 9000 else time_days end as time_days)"
    ),
    "one cause": "replace ('tumour' as event_cause)",
    "no cause": "replace (null::varchar as event_cause)",
    "causes that say censored": (
        "replace (['', '0', 'censored', ' '][1 + age::int % 4] as event_cause)"
    ),
    "causes by number": "replace ((age::int % 3)::int as event_cause)",
    "one sex": "replace ('male' as sex)",
    "no sex": "replace (null::varchar as sex)",
    "sexes unknown, blank, empty": (
        "replace (case when sex = 'male' then ['unknown', '', ' ', 'UNKNOWN'][1 + age::int % 4]"
        " else sex end as sex)"
    ),
    "all unknown": "replace ('unknown' as sex, ' ' as site, '' as grade, null::double as age)",
    "a sex the table has not": "replace (case when age > 60 then 'other' else sex end as sex)",
    "sexes by number": "replace (case when sex = 'male' then 1 else 2 end as sex)",
    "one site": "replace ('lung' as site)",
    "no site": "replace (null::varchar as site)",
    "a site without events": "replace (case when site = 'lung' then 0 else event end as event)",
    "a site of one": ("replace (case when patient_id = 'P2' then 'ileum' else 'lung' end as site)"),
    "a site each": "replace (patient_id as site)",
    "a site that leaves before any event": (
        "replace (case when site = 'lung' then 1 else time_days + 2 end as time_days,"
        " case when site = 'lung' then 0 else event end as event)"
    ),
    "a site whose events come after the others left": (
        "replace (case when site = 'lung' then 9000 else time_days end as time_days)"
    ),
    "sites as numbers": "replace (age::int % 3 as site)",
    "sites as fractions": (
        "replace (case when age < 60 then 'nan'::double else age::int % 2 end as site)"
    ),
    "sites as truth values": "replace (age > 60 as site)",
    "sites as days": "replace (start_date as site)",
    "sites as an enumeration": "replace (site::enum('lung', 'pancreas', 'appendix') as site)",
    "one grade": "replace ('1' as grade)",
    "a grade that is the site": "replace (site as grade)",
    "grade as a number": "replace (grade::int as grade)",
    "grade as a decimal": "replace (grade::decimal(9, 2) as grade)",
    "one age": "replace (50 as age)",
    "one age, a fraction": "replace (0.1 as age)",
    "no age": "replace (null::double as age, null::int as age_days)",
    "an age for one": "replace (case when patient_id = 'P3' then 50 end as age)",
    "an age that tells the event": "replace (event as age)",
    "an age that tells the time": "replace (-time_days as age)",
    "ages out of reach": "replace (age * 1e300 as age)",
    "ages next to nothing": "replace (age * 1e-300 as age)",
    "an age far from all others": (
        "replace (case when patient_id = 'P3' then 1e12 else age end as age)"
    ),
    "infinite ages": "replace (case when age > 60 then 'inf'::double else age end as age)",
    "age as a date": "replace (start_date as age)",
    "age as an instant": "replace (start_date::timestamp as age)",
    "age as a word": "replace ('about ' || age::int as age)",
    "everybody smokes": "replace (true as smoker)",
    "nobody says whether they smoke": "replace (null::boolean as smoker)",
    "smoking tells the event": "replace (event = 1 as smoker)",
    "nobody complete": "replace (case when event = 1 then age end as age,"
    " case when event = 0 then grade end as grade)",
    "nobody complete has the event": "replace (case when event = 0 then age end as age)",
    "too old": "replace (age_days + 40000 as age_days)",
    "too old at the end": "replace (40000 as age_days, 2000 as time_days)",
    "some too old": "replace (case when age > 60 then 45000 else age_days end as age_days)",
    "older than anybody": "replace (90000 as age_days)",
    "not born yet": "replace (-400 as age_days)",
    "newborn": "replace (0 as age_days)",
    "before the table": "replace (date '1850-06-01' as start_date)",
    "after the table": "replace (date '2100-02-28' as start_date)",
    "no start": "replace (null::date as start_date)",
    "starts without end": (
        "replace (case when age > 60 then 'infinity' else start_date end::date as start_date)"
    ),
    "no times": "replace (null::int as time_days)",
    "dead on unknown days": (
        "replace (case when event = 1 then null else time_days end as time_days)"
    ),
    "negative times": "replace (time_days - 1000 as time_days)",
    "times in fractions": "replace (time_days + 0.5 as time_days)",
    "times that are no numbers": (
        "replace (case when age > 60 then 'nan'::double else time_days end as time_days)"
    ),
    "times without end": (
        "replace (case when age > 60 then 'inf'::double else time_days end as time_days)"
    ),
    "times beyond all lives": (
        "replace (case when age > 60 then 1e15 else time_days end as time_days)"
    ),
    "times of a hundred years": "replace (36500 as time_days)",
    "unknown events": "replace (case when age > 60 then null else event end as event)",
    "events of a third kind": "replace (event + (age::int % 2) as event)",
    "events as truth values": "replace (event = 1 as event)",
    "entries after the end": (
        "replace (case when age > 60 then 99999 else entry_days end as entry_days)"
    ),
    "no entries": "replace (null::int as entry_days)",
    "negative entries": "replace (-3 as entry_days)",
    "all enter after the first event": "replace (time_days - 1 as entry_days)",
}
"""What becomes of `SOUND`: columns to replace, or a clause that chooses rows."""


def cohort_of(change: str) -> str:
    """The SQL of a cohort."""
    if change.startswith("replace"):
        return f"select * {change} from ({SOUND})"
    return f"select * from ({SOUND}) {change}"

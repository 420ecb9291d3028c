"""The whole simulated truth as DuckDB tables: person, operation, complication and so on.

Everything random is drawn here (NumPy); the source systems' modules only rearrange it by SQL. Names
are made of syllables after `Sim` and `Xi`, so that nobody takes them for a real person's.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from cytoreg.demo import calibration as cal
from cytoreg.demo.complications import complications
from cytoreg.demo.course import FollowUp, Operations, follow_up, operations
from cytoreg.demo.population import People, people
from cytoreg.demo.sampling import Ints, assign, choose, normal, spread
from cytoreg.demo.specimens import assays, specimens
from cytoreg.demo.theatre import theatre

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

_ONSETS = ("b", "d", "f", "g", "k", "l", "m", "p", "r", "s", "t", "v")
_VOWELS = ("a", "é", "i", "o", "ü", "e", "ó", "u")
_ENDS = ("", "n", "r", "ck", "ño", "st")
_FAMILY_NAMES = (len(_ONSETS) * len(_VOWELS)) ** 2 * len(_ENDS)
_GIVEN_NAMES = len(_ONSETS) * len(_VOWELS) * 32
# Other cancers of the patients: ICD-O topography, morphology; the last two are men's and women's.
_OTHER_TUMOURS = (
    ("C449", "8720"),
    ("C679", "8120"),
    ("C649", "8312"),
    ("C619", "8140"),
    ("C509", "8500"),
)


def draw(con: duckdb.DuckDBPyConnection, patients: int, seed: int) -> None:
    """Fill the tables of the truth in `con`, the same for the same `patients` and `seed`."""
    streams = [np.random.default_rng(child) for child in np.random.SeedSequence(seed).spawn(10)]
    sizes = cal.sizes(patients)
    who = people(streams[0], sizes)
    follow = follow_up(streams[1], who)
    done = operations(streams[2], who, follow, sizes)
    facts = theatre(streams[3], who, done)
    events = complications(streams[4], done, facts.stay)
    results = assays(streams[8], who, follow, done, facts)

    _names(con)
    _keep(con, "person_drawn", _person(streams[5], who, follow, done))
    _keep(con, "other_tumour", _other_tumours(streams[6], who, follow))
    _keep(
        con,
        "operation_drawn",
        {
            "oid": np.arange(len(done.day)),
            "pid": done.person,
            "day": _days(done.day),
            "number": done.number,
            "window_days": done.window,
            "dies": done.dies,
            "draw": streams[7].integers(0, 1_000_000, len(done.day)),
            **{name: value for name, value in vars(facts).items() if name != "pressures"},
            **vars(facts.pressures),
        },
    )
    _keep(
        con,
        "complication",
        {
            "cid": np.arange(len(events.day)),
            "oid": events.operation,
            "day": _days(events.day),
            "kind": events.kind,
            "grade": events.grade,
        },
    )
    _keep(
        con,
        "assay",
        {
            "pid": results.person,
            "day": _days(results.day),
            "analyte": results.analyte,
            "value": results.value,
            "below": results.below,
        },
    )
    removed = vars(specimens(streams[9], who, done))
    _keep(con, "specimen", {"oid": np.arange(len(done.day)), **removed})
    _keep(con, "stranger_drawn", _strangers(streams[7], int(np.sum(follow.dead))))
    _sites(con)
    for statement in (_PERSON, _OPERATION, _STRANGER):
        con.execute(statement)
    con.execute("drop table person_drawn; drop table operation_drawn; drop table stranger_drawn")


def _days(day: Ints) -> pa.Array[Any]:
    import pyarrow as pa

    return pa.array(day.astype(np.int32)).cast(pa.date32())


def _keep(con: duckdb.DuckDBPyConnection, name: str, columns: dict[str, Any]) -> None:
    """`columns` (arrays of equal length) as a table."""
    import pyarrow as pa

    con.register("drawn", pa.table(columns))
    con.execute(f"create table {name} as from drawn")
    con.unregister("drawn")


def _names(con: duckdb.DuckDBPyConnection) -> None:
    """Pools of invented family and given names, by number."""
    syllables = [onset + vowel for onset, vowel in product(_ONSETS, _VOWELS)]
    family = [
        f"Sim{first}{second}{end}"
        for first, second, end in product(syllables, syllables[::-1], _ENDS)
    ]
    given = [f"Xi{first}{second}" for first, second in product(syllables, syllables[::3])]
    for table, names in (("family_name", family), ("given_name", given)):
        _keep(con, table, {"number": np.arange(len(names)), "name": names})


def _sites(con: duckdb.DuckDBPyConnection) -> None:
    """The codes of each primary site in the systems' vocabularies."""
    columns = ("code", "icd_o", "icd9", "icd10", "death_icd9", "death_icd10", "procedure")
    table = {name: [getattr(site, name) for site in cal.SITES] for name in columns}
    _keep(con, "site", {**table, "icd_o": [list(site.icd_o) for site in cal.SITES]})
    con.execute("alter table site rename column procedure to procedure_code")


def _person(
    rng: np.random.Generator, who: People, follow: FollowUp, done: Operations
) -> dict[str, object]:
    """What identifies and describes each patient, drawn."""
    total = len(who)
    step = max(900_000 // total, 1)
    histology = np.array([8240, 8240, 8249, 8246, 0, 0, 0, 0, 0, 8240])[who.grade]
    islet = np.equal(who.site, 2) & (who.grade < 3) & (rng.random(total) < 0.4)
    low = np.array([0, 1, 30, 201, 0, 0, 0, 0, 0, 1])[who.grade]
    high = np.array([0, 29, 200, 850, 0, 0, 0, 0, 0, 150])[who.grade]
    ki67 = low + np.floor((high - low + 1) * spread(rng, total) ** 1.5)
    special = np.where(rng.random(total) < 0.03, 7, 0)
    special = np.where(np.equal(who.grade, 9) & (rng.random(total) < 0.8), 9, special)
    symptoms = rng.random((3, total)) < np.array([[0.35], [0.45], [0.12]])
    return {
        "pid": np.arange(total),
        "mrn_number": 10_000 + step * rng.permutation(total) + rng.integers(0, step, total),
        "family": rng.integers(0, _FAMILY_NAMES, total),
        "given": rng.integers(0, _GIVEN_NAMES, total),
        "middle": np.where(rng.random(total) < 0.3, -1, rng.integers(0, _GIVEN_NAMES, total)),
        "female": who.female,
        "birth": _days(who.birth),
        "ssn_number": 900_000_000 + rng.integers(0, 99_990_000, total),
        "race": assign(rng, total, (78, 15, 0, 0, 4, 3)),
        "operated": who.operated,
        "operations": np.bincount(done.person, minlength=total),
        "site": who.site,
        "presenting": who.presenting,
        "diagnosis": _days(who.diagnosis),
        "start": _days(who.start),
        "last": _days(follow.last),
        "dead": follow.dead,
        "of_tumour": follow.of_tumour,
        "grade": who.grade,
        "histology": np.where(islet, 8150, histology),
        "ki67_tenths": ki67.astype(np.int64),
        "ki67_special": special,
        "size_mm": np.where(
            rng.random(total) < 0.08,
            999,
            np.clip(np.exp(normal(spread(rng, total), 3.1, 0.55)), 3, 180),
        ).astype(np.int64),
        "flushing": symptoms[0, :],
        "diarrhoea": symptoms[1, :],
        "wheezing": symptoms[2, :],
        **{f"draw{i}": rng.integers(0, 1_000_000, total) for i in range(1, 7)},
    }


def _other_tumours(rng: np.random.Generator, who: People, follow: FollowUp) -> dict[str, object]:
    """Second primaries of some patients, diagnosed between the first and the last contact."""
    span = follow.last - who.diagnosis
    chosen = choose(rng, np.flatnonzero(span > 60), round(0.08 * len(who)))
    day = who.diagnosis[chosen] + 30 + np.floor((span[chosen] - 30) * rng.random(len(chosen)))
    which = rng.integers(0, 4, len(chosen))
    which = np.where(np.equal(which, 3) & who.female[chosen], 4, which)
    sites, histologies = zip(*_OTHER_TUMOURS, strict=True)
    return {
        "pid": chosen,
        "day": _days(day.astype(np.int64)),
        "site": np.array(sites)[which],
        "histology": np.array(histologies)[which],
        "size_mm": rng.integers(4, 90, len(chosen)),
    }


def _strangers(rng: np.random.Generator, total: int) -> dict[str, object]:
    """Deaths in the index of people who were never patients."""
    death = cal.FIRST_DAY + np.floor((cal.LAST_DAY - cal.FIRST_DAY) * spread(rng, total))
    age = np.clip(normal(spread(rng, total), 74, 13), 20, 104)
    return {
        "sid": np.arange(total),
        "family": rng.integers(0, _FAMILY_NAMES, total),
        "given": rng.integers(0, _GIVEN_NAMES, total),
        "middle": np.where(rng.random(total) < 0.3, -1, rng.integers(0, _GIVEN_NAMES, total)),
        "female": rng.random(total) < 0.5,
        "birth": _days((death - np.floor(age * cal.DAYS_A_YEAR)).astype(np.int64)),
        "ssn4": rng.integers(0, 10_000, total),
        "death": _days(death.astype(np.int64)),
        "cause": rng.integers(0, 6, total),
    }


# Numbers and names that the systems share: each assigns its own in the order of its events.
_PERSON = """
create table person as
with consented as (
  select *, greatest(diagnosis, start - (draw1 % 15)::integer) as consent from person_drawn
)
select
  d.* exclude (mrn_number, family, given, middle, ssn_number, race),
  lpad(d.mrn_number::varchar, 7, '0') as mrn,
  row_number() over (order by d.consent, d.pid) as record_id,
  10000000 + row_number() over (order by d.diagnosis, d.pid) as registry_number,
  f.name as family_name,
  g.name as given_name,
  m.name as middle_name,
  d.ssn_number::varchar as ssn,
  (['01', '02', '03', '04', '96', '98'])[d.race + 1] as race,
  s.icd_o[1 + d.draw2 % len(s.icd_o)] as icd_o,
  if(d.of_tumour, s.death_icd9, (['4140', '4280', '436', '496'])[1 + d.draw3 % 4])
    as cause_icd9,
  if(d.of_tumour, s.death_icd10, (['I251', 'I509', 'I64', 'J449'])[1 + d.draw3 % 4])
    as cause_icd10
from consented as d
join family_name as f on f.number = d.family
join given_name as g on g.number = d.given
join site as s on s.code = d.site
left join given_name as m on m.number = d.middle
order by d.pid
"""

_OPERATION = """
create table operation as
select
  o.*,
  year(o.day) || '-' || lpad(
    (row_number() over (partition by year(o.day) order by o.day, o.oid))::varchar, 5, '0'
  ) as case_number,
  if(o.number > 1 and o.draw % 4 = 0, 'CYTO-LIV', s.procedure_code) as procedure_code
from operation_drawn as o
join person as p using (pid)
join site as s on s.code = p.site
order by o.oid
"""

_STRANGER = """
create table stranger as
select
  d.sid, d.female, d.birth, d.death,
  f.name as family_name,
  g.name as given_name,
  m.name as middle_name,
  lpad(d.ssn4::varchar, 4, '0') as ssn4,
  if(year(d.death) < 1999, (['4140', '4280', '436', '496', '1629', '1749'])[d.cause + 1],
    (['I251', 'I509', 'I64', 'J449', 'C349', 'C509'])[d.cause + 1]) as cause
from stranger_drawn as d
join family_name as f on f.number = d.family
join given_name as g on g.number = d.given
left join given_name as m on m.number = d.middle
order by d.sid
"""

"""A whole registry of one small table, whose entity is `person` and not `patient`."""

from __future__ import annotations

from pathlib import Path

FILES = {
    "cytoreg.toml": """
[registry]
name = "small"
title = "Small"
[sources.office]
kind = "csv"
path = "people.csv"
columns = "all"
tables = { people = "person" }
[linkage]
entity = "person"
number = "chart"
[linkage.precedence]
default = ["office"]
[survival.overall]
label = "From the first visit"
cohort = "marts.cohort"
strata = ["sex"]
life_table = "usa"
""",
    "schemas/person.py": '''
"""People."""
from __future__ import annotations
from datetime import date
from cytoreg.rules import Entity, field

class Person(Entity):
    """A person as the office knows them."""
    chart: str = field("Number of the chart.", key=True)
    sex: str = field("male or female", isin=["male", "female"])
    birth_date: date = field("Day of birth.")
    start_date: date = field("First visit.")
    days: int = field("Days of follow-up.", ge=0)
''',
    "sql/staging/person.sql": """/* People, as the office knows them.
grain: _file, _row
materialized: view
*/
select
  chart, -- number
  sex, -- male or female
  born as birth_date, -- day of birth
  first_visit as start_date, -- first visit
  days, -- follow-up
  _source, -- lineage
  _table, -- lineage
  _file, -- lineage
  _row -- lineage
from landing.office_people
""",
    "sql/marts/cohort.sql": """/* People under observation.
grain: person_id
materialized: table
*/
select
  person_id, -- pseudonym
  sex, -- male or female
  start_date, -- first visit
  date_diff('day', birth_date, start_date) as age_days, -- age then
  days as time_days, -- follow-up
  case when days % 2 = 0 then 1 else 0 end as event -- invented
from registry.person
""",
    "extracts/people.csv": "chart,sex,born,first_visit,days\n"
    + "".join(
        f"{number},{'male' if number % 3 else 'female'},1950-01-{number % 28 + 1:02},2000-01-01,"
        f"{100 + 7 * number}\n"
        for number in range(1, 13)
    ),
}


def write(root: Path) -> Path:
    """The registry's files below `root`."""
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text.lstrip("\n"), encoding="utf-8")
    return root

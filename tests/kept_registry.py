"""A whole registry of four small sources, whose persons have visits, remarks and deaths.

Every person has values that nobody else has, by which one can be searched for: `of`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

AS_OF = date(2020, 12, 31)

FILES = {
    "cytoreg.toml": """
[registry]
name = "kept"
title = "Kept"
time_zone = "UTC"

[sources.office]
kind = "csv"
path = "office/*.csv"
columns = "all"
tables = { people = "person" }

[sources.clinic]
kind = "csv"
path = "clinic.csv"
columns = "all"
tables = { visits = "visit" }

[sources.study]
kind = "json"
path = "study.ndjson"
tables = { remarks = "remark" }
[sources.study.columns.remarks]
remark = "remark"
visit = "visit"
text = "text"

[sources.index]
kind = "fixed_width"
path = "deaths.txt"
tables = { deaths = "death" }
length = 60
[sources.index.columns]
certificate = { start = 1, width = 10 }
family = { start = 11, width = 20 }
given = { start = 31, width = 20 }
born = { start = 51, width = 10 }

[linkage]
entity = "person"
number = "chart"
other_numbers = "other_charts"
without_number = ["death"]
match = ["family_name", "given_name", "birth_date"]
names = ["family_name", "given_name"]
[linkage.precedence]
default = ["office", "index"]

[gates]
max_quarantined = 0.5
max_refused = 0.5
max_drop = 0.5
""",
    "schemas/person.py": '''
"""People."""
from __future__ import annotations
from datetime import date
from cytoreg.rules import Entity, field

class Person(Entity):
    """A person as the office knows them."""
    chart: str = field("Number of the chart.", key=True, str_matches="[0-9]{6}")
    other_charts: str = field("Former numbers.", nullable=True)
    family_name: str = field("Family name.")
    given_name: str = field("Given name.")
    birth_date: date = field("Day of birth.")
''',
    "schemas/visit.py": '''
"""Visits."""
from __future__ import annotations
from datetime import date
from cytoreg.rules import Entity, field, references

class Visit(Entity):
    """A visit to the clinic."""
    visit: str = field("Number of the visit.", key=True, unique=True)
    chart: str = field("Number of the chart.")
    day: date = field("Day of the visit.")
    note: str = field("What was said.", nullable=True)
    known = references("person", on="chart", reason="Nobody has this chart.")
''',
    "schemas/remark.py": '''
"""Remarks."""
from __future__ import annotations
from cytoreg.rules import Entity, field, references

class Remark(Entity):
    """A remark of the study about a visit."""
    remark: str = field("Number of the remark.", key=True)
    visit: str = field("Number of the visit.")
    text: str = field("The remark.", nullable=True)
    visited = references("visit", on="visit", reason="There was no such visit.")
''',
    "schemas/death.py": '''
"""Deaths."""
from __future__ import annotations
from datetime import date
from cytoreg.rules import Entity, field

class Death(Entity):
    """A certificate, without a number of the registry."""
    certificate: str = field("Number of the certificate.", key=True)
    family_name: str = field("Family name.")
    given_name: str = field("Given name.")
    birth_date: date = field("Day of birth.")
''',
    "sql/staging/person.sql": """/* People.
grain: _file, _row
materialized: view
*/
select
  chart, -- number
  former as other_charts, -- former numbers
  family as family_name, -- name
  given as given_name, -- name
  born as birth_date, -- day of birth
  _source, -- lineage
  _table, -- lineage
  _file, -- lineage
  _row -- lineage
from landing.office_people
""",
    "sql/staging/visit.sql": """/* Visits.
grain: _file, _row
materialized: view
*/
select
  visit, -- number
  chart, -- chart
  day, -- day
  note, -- note
  _source, -- lineage
  _table, -- lineage
  _file, -- lineage
  _row -- lineage
from landing.clinic_visits
""",
    "sql/staging/remark.sql": """/* Remarks.
grain: _file, _row
materialized: view
*/
select
  remark, -- number
  visit, -- visit
  text, -- text
  _source, -- lineage
  _table, -- lineage
  _file, -- lineage
  _row -- lineage
from landing.study_remarks
""",
    "sql/staging/death.sql": """/* Deaths.
grain: _file, _row
materialized: view
*/
select
  certificate, -- number
  family as family_name, -- name
  given as given_name, -- name
  born as birth_date, -- day of birth
  _source, -- lineage
  _table, -- lineage
  _file, -- lineage
  _row -- lineage
from landing.index_deaths
""",
    "sql/registry/visit.sql": """/* Visits with their person.
grain: visit_id
materialized: table
*/
select
  pseudonym('visit', v.visit) as visit_id, -- pseudonym
  n.person_id, -- pseudonym of the person
  v.day, -- day
  v.visit -- number
from accepted.visit as v
inner join registry.person_number as n on n.chart = v.chart
""",
    "sql/marts/person_visit.sql": """/* Visits.
grain: visit_id
materialized: table
*/
select
  v.visit_id, -- pseudonym
  v.person_id, -- pseudonym
  v.day, -- day
  count(r.remark) as remarks -- how many remarks
from registry.visit as v
left join accepted.remark as r on r.visit = v.visit
group by all
order by v.visit_id
""",
    "sql/marts/person.sql": """/* Persons.
grain: person_id
materialized: table
*/
select
  p.person_id, -- pseudonym
  count(l.person_id) as certificates -- how many certificates
from registry.person as p
left join registry.person_link as l on l.person_id = p.person_id and l.entity = 'death'
group by all
order by p.person_id
""",
}


@dataclass(frozen=True)
class Person:
    """Somebody, and every value that only they have."""

    number: int

    @property
    def chart(self) -> str:
        return f"{700100 + self.number}"

    @property
    def former(self) -> str:
        return f"{300500 + self.number}"

    @property
    def family(self) -> str:
        return f"Testfamily{'abcdefghijklmnopqrst'[self.number]}"

    @property
    def given(self) -> str:
        return f"Testgiven{'abcdefghijklmnopqrst'[self.number]}"

    @property
    def born(self) -> str:
        return f"19{30 + self.number}-03-{self.number + 1:02}"

    def visit(self, which: int) -> str:
        return f"V{9000 + 10 * self.number + which}"

    @property
    def note(self) -> str:
        return f"Testnote{'abcdefghijklmnopqrst'[self.number]}"

    @property
    def remark(self) -> str:
        return f"Testremark{'abcdefghijklmnopqrst'[self.number]}"

    @property
    def certificate(self) -> str:
        return f"C{80000 + self.number}"

    @property
    def canaries(self) -> set[str]:
        """What must be found nowhere once the person is forgotten."""
        visits = {self.visit(which) for which in range(4)}
        return visits | {
            self.chart, self.former, self.family, self.given, self.note, self.remark,
            self.certificate,
        }  # fmt: skip


def write(root: Path, people: int = 12, *, without: int | None = None) -> Path:
    """The registry's files below `root`, with the deliveries of so many people."""
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text.lstrip("\n"), encoding="utf-8")
    deliver(root, people, without=without)
    return root


def deliver(root: Path, people: int = 12, *, without: int | None = None, new: str = "") -> None:
    """Write what the four sources deliver; each delivery with another `new` is another one."""
    known = [Person(number) for number in range(people) if number != without]
    office = ["chart,former,family,given,born,remark"]
    clinic = ["visit,chart,day,note,state"]
    study, deaths = [], []
    for one in known:
        office.append(f"{one.chart},{one.former},{one.family},{one.given},{one.born},{new}")
        clinic += [
            f"{one.visit(0)},{one.chart},2019-05-01,{one.note} {new},",
            f"{one.visit(1)},{one.former},2019-06-01,,",
            f"{one.visit(2)},{one.chart},2019-07-01,{one.note},cancelled",
            f"{one.visit(3)},{one.chart},no day,{one.note},",  # a cell is refused
            f'{one.visit(3)}x,{one.chart},2019-08-01,"{one.note}"{one.family},',  # unreadable
        ]
        study.append(f'{{"remark":"R{one.number}","visit":"{one.visit(0)}","text":"{one.remark}"}}')
        deaths.append(
            f"{one.certificate:10}{one.family:20}{one.given:20}{one.born:10}"
            if one.number % 2
            else f"{'C9' + new:10}{'Stranger':20}{'Somebody':20}{'1920-01-01':10}"
        )
    files = {
        "office/people.csv": office, "clinic.csv": clinic, "study.ndjson": study,
        "deaths.txt": deaths,
    }  # fmt: skip
    for name, lines in files.items():
        path = root / "extracts" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")

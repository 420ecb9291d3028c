"""A registry of stays in hospital, whose findings come, go and come back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from cytoreg.nights import life_ledger
from cytoreg.nights.refresh import refresh
from cytoreg.nights.run import Verdict
from cytoreg.project.load import Project, load_project

AS_OF = date(2020, 12, 31)

CONFIG = """
[registry]
name = "stays"
title = "Stays"
time_zone = "UTC"
[sources.ward]
kind = "csv"
path = "ward/*.csv"
columns = "all"
tables = { stays = "stay" }
[sources.clinic]
kind = "csv"
path = "clinic/*.csv"
columns = "all"
tables = { stays = "stay" }
[linkage]
entity = "person"
number = "chart"
precedence = {}
[gates]
max_quarantined = 1.0
max_refused = 1.0
max_drop = 1.0
"""
RULES = '''
"""Stays."""
from __future__ import annotations
from cytoreg.rules import Entity, field

class Stay(Entity):
    """A stay in hospital."""
    number: str = field("Number of the stay.", key=True)
    days: int = field("Days in hospital.", ge=0)
    ward: str = field("The ward.", isin=["north", "south"], warn="isin")
'''
STAGING = """/* Stays.
grain: _source, _file, _row
materialized: view
*/
select
  "number", -- number
  days, -- days
  ward, -- ward
  _source, -- lineage
  _table, -- lineage
  _file, -- lineage
  _row -- lineage
from landing.ward_stays
union all by name
select "number", days, ward, _source, _table, _file, _row from landing.clinic_stays
"""

Rows = Iterable[tuple[str, str, str]]
SOUND = [("W1", "3", "north"), ("W2", "4", "south")]


@dataclass
class Stays:
    """The registry below `root`; `known` are its nights' lives."""

    root: Path

    @classmethod
    def begin(cls, root: Path) -> Stays:
        for name, text in (
            ("cytoreg.toml", CONFIG),
            ("schemas/stay.py", RULES),
            ("sql/staging/stay.sql", STAGING),
        ):
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text.lstrip("\n"), encoding="utf-8")
        made = cls(root)
        made.deliver(SOUND)
        made.deliver([("C1", "1", "north")], source="clinic")
        return made

    @property
    def project(self) -> Project:
        return load_project(self.root)

    def deliver(self, rows: Rows, *, source: str = "ward", file: str = "stays.csv") -> None:
        """What a source delivers from now on, as one file."""
        folder = self.root / "extracts" / source
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob("*.csv"):
            old.unlink()
        lines = ["number,days,ward", *(",".join(row) for row in rows)]
        (folder / file).write_text("\n".join(lines) + "\n", encoding="utf-8")

    def rules(self, old: str, new: str) -> None:
        """Change the rules from now on."""
        path = self.root / "schemas/stay.py"
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))

    def night(self, *rows: tuple[str, str, str], publish: bool = True) -> Verdict:
        """Deliver these rows of the ward beside two sound ones, if there are any, and refresh."""
        if rows:
            self.deliver([*SOUND, *rows])
        return refresh(self.project, as_of=AS_OF, publish=publish)

    def known(self) -> list[tuple[str, int, int | None, str | None]]:
        """Rule, first night, night in which it was gone, and how, of every life."""
        url = self.project.ledger_url
        rules = {row["kind"]: row["rule"] for row in life_ledger.kinds(url).to_pylist()}
        return sorted(
            (
                (rules[row["kind"]], row["first"], row["gone"], row["how"])
                for row in life_ledger.lives(url, ended=True).to_pylist()
            ),
            key=str,
        )

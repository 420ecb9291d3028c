"""A night that takes tables over from the last build makes the tables that a rebuild makes.

Random sequences of nights: deliveries, rules, models, settings and `as_of` change, a night crashes,
and the last build is altered, damaged or lost. After each night its landings are built again from
nothing, and every table of both builds is compared, with its rows in their order and its comments.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from cytoreg.nights import refresh
from cytoreg.nights.plan import plan
from cytoreg.nights.run import Run
from cytoreg.nights.stages import STAGES, stage_named
from cytoreg.project.load import Project, load_project
from cytoreg.publication import publish
from cytoreg.publication.last_export import last_export, note_policy
from cytoreg.publication.privacy import Policy
from cytoreg.publication.publish import DIGEST, PUBLIC
from cytoreg.survival.analysis import table_hash
from cytoreg.warehouse.last_build import is_copy
from cytoreg.warehouse.making import Making
from tests import kept_registry
from tests.kept_registry import AS_OF

SURVIVAL = """
[survival.seen]
label = "Time until the last visit"
cohort = "marts.seen"
strata = ["half"]

[outcome.visit]
table = "marts.person_visit"
strata = []
[outcome.visit.measures.remarked]
label = "Visits with a remark"
share = "remarks > 0"
of = "true"
definition = "Visits with at least one remark, of all visits."
"""
SEEN = """/* Persons with visits.
grain: person_id
materialized: table
*/
select
  person_id, -- pseudonym
  date_diff('day', min(day), $as_of)::int as time_days, -- days since the first visit
  (count(*) > 1)::int as event, -- whether there was another visit
  case when person_id < 'P8' then 'low' else 'high' end as half -- by the pseudonym
from registry.visit
where day <= $as_of
group by person_id
"""
TIMED = """/* When the registry was built.
grain: one row
materialized: table
*/
select
  now() - now() as since, -- no time at all
  count(*) as visits -- all visits
from registry.visit
"""


TIMED_STEPS = {"marts.timed"}
"""Models that are always made, and are no step."""
AT_LAST = ("build", "export")
"""What is noted of a build as a whole, besides its steps."""


@dataclass
class World:
    """A registry, and what may happen to it between two nights."""

    project: Project
    chance: random.Random
    as_of: date = AS_OF

    @property
    def root(self) -> Path:
        return self.project.root

    def replace(self, name: str, before: str, after: str) -> None:
        path = self.root / name
        path.write_text(path.read_text("utf-8").replace(before, after), "utf-8")

    def deliver(self) -> None:
        kept_registry.deliver(self.root, self.chance.randint(3, 9), new=str(self.chance.random()))

    def deliver_one(self) -> None:
        with (self.root / "extracts/clinic.csv").open("a", encoding="utf-8") as file:
            file.write(f"W{self.chance.random()},700101,2019-0{self.chance.randint(1, 9)}-02,,\n")

    def change_rule(self) -> None:
        words = ("What was said.", "What somebody said.")
        before, after = self.chance.sample(words, 2)
        self.replace("schemas/visit.py", before, after)

    def change_cohort(self) -> None:
        before, after = self.chance.sample(["count(*) > 1", "count(*) > 2"], 2)
        self.replace("sql/marts/seen.sql", before, after)

    def change_comment(self) -> None:
        before, after = self.chance.sample(["-- by the pseudonym", "-- of the pseudonym"], 2)
        self.replace("sql/marts/seen.sql", before, after)

    def change_label(self) -> None:
        before, after = self.chance.sample(["Time until the last", "Time to the last"], 2)
        self.replace("cytoreg.toml", before, after)

    def time(self) -> None:
        path = self.root / "sql/marts/timed.sql"
        if path.exists():
            path.unlink()  # a build that no model makes otherwise is copied as a whole
        else:
            path.write_text(TIMED, encoding="utf-8")

    def wait(self) -> None:
        self.as_of += timedelta(days=self.chance.randint(1, 400))

    def crash(self) -> None:
        self.replace("sql/marts/person.sql", "group by all", "group by nothing")
        with suppress(Exception):
            refresh.refresh(self.project, as_of=self.as_of)
        self.replace("sql/marts/person.sql", "group by nothing", "group by all")

    def alter(self) -> None:
        with duckdb.connect(str(self.builds()[-1])) as con:
            con.execute("update registry.visit set visit = 'altered'")
            con.execute("delete from marts.person where certificates = 0")

    def add(self) -> None:
        with duckdb.connect(str(self.builds()[-1])) as con:
            con.execute("create table registry.stranger as select 1 as one")

    def damage(self) -> None:
        path = self.builds()[-1]
        bytes_ = bytearray(path.read_bytes())
        bytes_[len(bytes_) // 2] ^= 255
        path.write_bytes(bytes_)

    def lose(self) -> None:
        self.builds()[-1].unlink()

    def builds(self) -> list[Path]:
        found = (
            path.with_name("build.duckdb") for path in self.project.builds.glob("*/verdict.json")
        )
        return sorted(path for path in found if path.exists())


EVENTS: tuple[Callable[[World], None], ...] = (
    *(World.deliver, World.deliver_one, World.change_rule, World.change_cohort),
    *(World.change_comment, World.change_label, World.wait, World.crash, World.alter),
    *(World.add, World.damage, World.lose, World.time, lambda world: None),
)  # fmt: skip


@pytest.fixture
def world(tmp_path: Path, request: pytest.FixtureRequest) -> World:
    kept_registry.write(tmp_path, people=6)
    with (tmp_path / "cytoreg.toml").open("a", encoding="utf-8") as file:
        file.write(SURVIVAL)
    (tmp_path / "sql/marts/seen.sql").write_text(SEEN, encoding="utf-8")
    (tmp_path / "sql/marts/timed.sql").write_text(TIMED, encoding="utf-8")
    return World(load_project(tmp_path), random.Random(getattr(request, "param", 0)))


@pytest.mark.parametrize("world", range(2), indirect=True)
def test_a_night_makes_the_tables_that_its_rebuild_makes(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    watch(monkeypatch, steps)
    for _ in range(4):
        event = world.chance.choice(EVENTS)
        event(world)
        planned = plan(load_project(world.root), as_of=world.as_of)
        steps.clear()
        night = refresh.refresh(load_project(world.root), as_of=world.as_of)
        if event not in (World.alter, World.damage):  # which only reading the tables shows
            assert set(steps) <= {step.name for step in planned.steps}, event
            assert {step.name for step in planned.steps if step.why} <= {*steps, *TIMED_STEPS}
        again = refresh.rebuild(load_project(world.root), night.run_id)
        assert tables(world, night.run_id) == tables(world, again.run_id), event
        assert published(world, night.run_id) == published(world, again.run_id), event
        assert again.counts["taken_over"] == 0


def watch(monkeypatch: pytest.MonkeyPatch, steps: list[str]) -> None:
    """List the steps that are made from now on."""
    usual = Making.step

    def step(making: Making, name: str, *rest: Any) -> bool:
        taken = usual(making, name, *rest)
        if not taken:
            steps.append(name)
        return taken

    monkeypatch.setattr(Making, "step", step)


def test_a_night_without_a_change_takes_over_all_but_what_could_change_by_itself(
    world: World,
) -> None:
    steps = ["judge rows", "registry.visit", "marts.person_visit", "marts.person", "marts.seen"]
    first = refresh.refresh(world.project, as_of=world.as_of)
    second = refresh.refresh(world.project, as_of=world.as_of)
    assert (first.counts["taken_over"], second.counts["taken_over"]) == (0, len(steps) + 2)
    assert made(world, second.run_id) == {"build", "export", *steps, "survival.seen", "outcomes"}

    again = refresh.rebuild(world.project, second.run_id)
    assert tables(world, second.run_id) == tables(world, again.run_id)

    World.wait(world)  # judging and the cohort depend on the day; what they make, not always
    third = refresh.refresh(world.project, as_of=world.as_of)
    assert third.counts["taken_over"] == 3


def made(world: World, run_id: str) -> set[str]:
    """The steps that are noted in a private build."""
    with duckdb.connect(str(Run.open(world.project.data, run_id).build), read_only=True) as con:
        return {name for (name,) in con.execute("select step from quality.made").fetchall()}


def tables(world: World, run_id: str) -> dict[str, Any]:
    """What is in a private build."""
    found = held(Run.open(world.project.data, run_id).build)
    found["quality.made"] = [row for row in found["quality.made"] if row[0] not in AT_LAST]
    return found


def published(world: World, run_id: str) -> dict[str, Any]:
    """What is in a run's export."""
    return held(Run.open(world.project.data, run_id).folder / PUBLIC)


def held(build: Path) -> dict[str, Any]:
    """Every table of a file: its declaration, its comments, its rows in their order."""
    with duckdb.connect(str(build), read_only=True) as con:
        con.execute("set TimeZone = 'UTC'")
        found: dict[str, Any] = {
            name: con.execute(f"from {name}").fetchall()
            for (name,) in con.execute(
                "select schema_name || '.' || table_name from duckdb_tables()"
                " where table_name not in ('run', 'source', 'drift', 'gate')"
            ).fetchall()
        }
        found["views"] = con.execute(
            "select schema_name, view_name, sql, comment from duckdb_views()"
            " where schema_name <> 'landing' and not internal order by all"
        ).fetchall()
        found["comments"] = con.execute(
            "select schema_name, table_name, column_name, data_type, comment from duckdb_columns()"
            " where not internal and column_name <> '_run_id' order by all"
        ).fetchall()
        found["tables"] = con.execute(
            "select schema_name, table_name, comment, sql from duckdb_tables() order by all"
        ).fetchall()
    return found


@pytest.mark.parametrize("changed", ["a code list", "the environment"])
def test_what_is_outside_models_and_schemas_counts_too(
    world: World, monkeypatch: pytest.MonkeyPatch, changed: str
) -> None:
    monkeypatch.setenv("LABEL", "Time until the last visit")
    world.replace("cytoreg.toml", "Time until the last visit", "${LABEL}")
    codes = world.root / "schemas" / "codes.csv"
    codes.write_text("1\n", encoding="utf-8")
    first = refresh.refresh(load_project(world.root), as_of=world.as_of)
    if changed == "the environment":
        monkeypatch.setenv("LABEL", "Another label")
    else:
        codes.write_text("2\n", encoding="utf-8")
    night = refresh.refresh(load_project(world.root), as_of=world.as_of)
    again = refresh.rebuild(load_project(world.root), night.run_id)
    assert tables(world, night.run_id) == tables(world, again.run_id)
    assert made(world, night.run_id) == made(world, first.run_id)


def test_a_stage_that_is_played_again_makes_the_same_tables(world: World) -> None:
    night = refresh.refresh(world.project, as_of=world.as_of)
    before = tables(world, night.run_id)
    run = Run.of(world.project, night.run_id)
    for stage in STAGES[STAGES.index(stage_named("assemble")) :]:
        stage(run)
    assert tables(world, night.run_id) == before


def test_a_life_table_in_a_file_counts_by_its_bytes(tmp_path: Path) -> None:
    (tmp_path / "rates.csv").write_text("one", encoding="utf-8")
    one = table_hash("rates.csv", tmp_path)
    (tmp_path / "rates.csv").write_text("two", encoding="utf-8")
    assert "" != one != table_hash("rates.csv", tmp_path) != ""
    assert table_hash("", tmp_path) == table_hash("none.csv", tmp_path) == ""


ESTIMATES = "select\n  count(*) as times{} -- how many\nfrom marts.survival_curve"
READING = "(select max(code) from read_csv('{}'))"


def test_what_a_model_reads_from_a_file_counts_wherever_it_reads_it(world: World) -> None:
    codes = world.root / "codes.csv"
    codes.write_text("code\none\n", encoding="utf-8")
    reading = READING.format(codes)
    world.replace("sql/staging/visit.sql", "  note, -- note", f"  {reading} as note, -- code")
    world.replace("sql/marts/seen.sql", "else 'high'", f"else {reading}")
    for name, materialized, sql in (
        ("registry/coded", "view", f"select\n  {reading} as code -- code"),
        ("marts/of_view", "table", "select\n  code -- code\nfrom registry.coded"),
        ("marts/dashed", "table", f"select\n  concat('--', {reading}) as code -- code"),
        ("marts/of_estimates", "table", ESTIMATES.format(f", -- how many\n  {reading} as code")),
        ("marts/of_them", "table", "select\n  code -- code\nfrom marts.of_estimates"),
    ):
        header = f"/* Codes.\ngrain: one row\nmaterialized: {materialized}\n*/\n"
        (world.root / f"sql/{name}.sql").write_text(header + sql + "\n", encoding="utf-8")
    refresh.refresh(world.project, as_of=world.as_of)
    codes.write_text("code\ntwo\n", encoding="utf-8")
    night = refresh.refresh(world.project, as_of=world.as_of)
    again = refresh.rebuild(world.project, night.run_id)
    assert tables(world, night.run_id) == tables(world, again.run_id)


def test_a_copied_build_with_marts_that_are_made_of_estimates_is_as_it_was(world: World) -> None:
    World.time(world)
    header = "/* How many times.\ngrain: one row\nmaterialized: table\n*/\n"
    (world.root / "sql/marts/of_estimates.sql").write_text(
        f"{header}{ESTIMATES.format('')}\n", encoding="utf-8"
    )
    first = refresh.refresh(world.project, as_of=world.as_of)
    second = refresh.refresh(world.project, as_of=world.as_of)
    assert tables(world, first.run_id) == tables(world, second.run_id)
    assert made(world, first.run_id) == made(world, second.run_id)


def test_a_validation_has_no_marts_of_the_last_build(world: World) -> None:
    World.time(world)
    refresh.refresh(world.project, as_of=world.as_of)
    validation, whole = (
        refresh.refresh(world.project, as_of=world.as_of, publish=False, full=full)
        for full in (False, True)
    )
    assert tables(world, validation.run_id) == tables(world, whole.run_id)
    assert not any(name.startswith("marts.") for name in tables(world, validation.run_id))


def test_rows_that_somebody_added_to_the_last_build_are_not_copied(world: World) -> None:
    World.time(world)
    first = refresh.refresh(world.project, as_of=world.as_of)
    expected = tables(world, first.run_id)
    with duckdb.connect(str(world.builds()[-1])) as con:
        con.execute("insert into marts.survival_landmark (endpoint) values ('stranger')")
        con.execute("insert into quality.check_result (kind, rule) values ('table', 'x')")
        con.execute("create table quality.stranger as select 1 as one")
    second = refresh.refresh(world.project, as_of=world.as_of)
    assert tables(world, second.run_id) == expected


EARLY = """/* Visits before the middle of 2019.
grain: visit_id
materialized: view
*/
select
  visit_id, -- pseudonym
  person_id -- pseudonym of the person
from registry.visit
where day < date '2019-06-15' and day <= $as_of
"""
LATE = """/* Persons with such a visit.
grain: person_id
*/
select
  person_id, -- pseudonym
  count(*) as visits -- visits
from registry.early
group by person_id
"""


def test_a_night_without_a_change_copies_a_build_with_views_as_a_whole(world: World) -> None:
    (world.root / "sql/marts/timed.sql").unlink()
    (world.root / "sql/registry/early.sql").write_text(EARLY, encoding="utf-8")
    (world.root / "sql/registry/late.sql").write_text(LATE, encoding="utf-8")
    refresh.refresh(load_project(world.root), as_of=world.as_of)
    night = refresh.refresh(load_project(world.root), as_of=world.as_of)
    with duckdb.connect(str(world.builds()[-1]), read_only=True) as con:
        assert is_copy(con)
    again = refresh.rebuild(load_project(world.root), night.run_id)
    assert tables(world, night.run_id) == tables(world, again.run_id)


def test_a_night_without_a_change_publishes_the_marts_of_the_last_export(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    World.time(world)
    exported: list[str] = []
    usual = publish._copy
    monkeypatch.setattr(
        publish,
        "_copy",
        lambda con, policy, table: exported.append(table[0]) or usual(con, policy, table),
    )
    first = refresh.refresh(world.project, as_of=world.as_of)
    expected = published(world, first.run_id)
    assert "marts.person" in expected and set(exported) == {"marts", "quality"}
    for harmed in (None, "its bytes", "its hash", "gone"):
        last = world.builds()[-1].with_name(PUBLIC)
        last.chmod(0o644)
        if harmed == "its bytes":
            with duckdb.connect(str(last)) as con:
                con.execute("delete from marts.person")
        if harmed == "its hash":
            last.with_name(DIGEST).write_text("0 of another\n")
        if harmed == "gone":
            last.unlink()
        exported.clear()
        night = refresh.refresh(world.project, as_of=world.as_of)
        assert set(exported) == ({"marts", "quality"} if harmed else {"quality"})
        assert published(world, night.run_id) == expected
        assert not list(world.builds()[-1].parent.glob(f".{PUBLIC}*"))


def test_marts_are_exported_again_if_the_policy_is_another(world: World) -> None:
    World.time(world)
    before, now = (
        Run.open(world.project.data, refresh.refresh(world.project, as_of=world.as_of).run_id).build
        for _ in range(2)
    )
    assert last_export(now, before, PUBLIC) == before.with_name(PUBLIC)
    assert last_export(before, now, PUBLIC) is None, "the first was made, and is no copy"
    with duckdb.connect(str(now)) as con:
        note_policy(con, Policy(words=frozenset({"Smith"})))
    assert last_export(now, before, PUBLIC) is None

"""REDCap from an earlier landing: what changed is asked for, and all is as if it had been read."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pyarrow.parquet as pq
import pytest
from redcap_server import TOKEN, Redcap, answers, serving

from cytoreg.errors import ConfigError
from cytoreg.landing.land import land
from cytoreg.manifest import Landing
from cytoreg.project.load import Project
from cytoreg.sources import retry

Make = Callable[[str], Project]

API = """
[sources.research]
kind = "redcap"
url = "URL"
token_env = "RESEARCH_TOKEN"
records_per_request = 3
tables = { enrollment = "patient", visit = "follow_up" }
WHOLE
"""
FORMS = {"enrollment": ["record_id", "sex", "note"], "visit": ["visit_date"]}


def person(id_: str, note: str = "") -> dict[str, str]:
    return {
        "record_id": id_, "redcap_repeat_instrument": "", "redcap_repeat_instance": "", "sex": "2",
        "note": note, "enrollment_complete": "2",
    }  # fmt: skip


def visit(id_: str, instance: int, date: str = "2001-01-01") -> dict[str, str]:
    return {
        "record_id": id_, "redcap_repeat_instrument": "visit",
        "redcap_repeat_instance": str(instance), "visit_date": date, "visit_complete": "2",
    }  # fmt: skip


@pytest.fixture
def redcap(monkeypatch: pytest.MonkeyPatch) -> Iterator[Redcap]:
    monkeypatch.setenv("RESEARCH_TOKEN", TOKEN)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(retry, "PAUSE", 0.001)
    rows = [row for n in range(1, 11) for row in (person(f"0{n}"), visit(f"0{n}", 1))]
    with serving(Redcap(FORMS, rows, repeating=[("", "visit")])) as project:
        yield project


def now() -> str:
    return f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S}"


def research(make: Make, redcap: Redcap, whole: str = "whole_days = 7") -> Project:
    return make(API.replace("URL", redcap.url).replace("WHOLE", whole))


def rows(landing: Landing) -> dict[str, list[tuple]]:
    """The rows of each table in their order, without their numbers."""
    found = {}
    for table in landing.tables:
        read = pq.read_table(landing.folder / f"{table.table}.parquet")
        numbers = read["_row"].to_pylist()
        assert len(set(numbers)) == len(numbers)
        plain = read.drop_columns(["_row"]).select(sorted(set(read.column_names) - {"_row"}))
        found[table.table] = [tuple(row.values()) for row in plain.to_pylist()]
    return found


def asked_for(redcap: Redcap) -> list[str]:
    return [id_ for asked in redcap.asked for id_ in asked.get("records", [])]


def test_only_what_changed_is_asked_for_and_all_is_landed(project: Make, redcap: Redcap) -> None:
    first = land(research(project, redcap), "research")
    redcap.asked.clear()
    redcap.rows[2]["note"] = "changed"  # record 02
    redcap.rows[5:6] = [visit("03", 1, "2002-02-02"), visit("03", 2)]
    redcap.rows = [row for row in redcap.rows if row["record_id"] != "05"]  # deleted
    for row in redcap.rows:
        if row["record_id"] == "07":
            row["record_id"] = "7"  # renamed, which the log may not tell
    redcap.rows.append(person("11"))
    redcap.changed = {"02": now(), "03": now()}
    second = land(research(project, redcap), "research")
    assert asked_for(redcap) == ["02", "03", "7", "11"]
    people, visits = second.tables
    names = "kept", "changed", "new", "deleted"
    assert [people.merged[name] for name in names] == [7, 1, 2, 2]
    assert [visits.merged[name] for name in names] == [7, 1, 2, 2]
    assert people.merged["earlier"] == first.fingerprint
    assert "records changed since 20" in second.queries["visit"]
    whole = land(research(project, redcap, ""), "research")
    assert rows(second) == rows(whole)


def test_a_quiet_night_is_the_landing_of_the_night_before(project: Make, redcap: Redcap) -> None:
    hospital = research(project, redcap)
    first = land(hospital, "research")
    redcap.changed = {"02": now()}  # looked at again, nothing else
    redcap.asked.clear()
    second = land(hospital, "research")
    assert asked_for(redcap) == ["02"]
    assert (second.fingerprint, second.reused) == (first.fingerprint, True)
    redcap.changed = {}
    assert land(hospital, "research").reused


def aged(landing: Landing, days: float) -> None:
    """Let a landing be so old."""
    then = datetime.fromisoformat(landing.landed_at) - timedelta(days=days)
    told = landing.folder / "manifest.json"
    told.write_text(told.read_text().replace(landing.landed_at, then.isoformat()))


def test_the_project_is_read_whole_when_its_days_have_passed(project: Make, redcap: Redcap) -> None:
    hospital = research(project, redcap)
    aged(land(hospital, "research"), 8)
    redcap.rows[2]["note"] = "changed behind the log's back"
    redcap.asked.clear()
    landing = land(hospital, "research")
    assert len(asked_for(redcap)) == 10
    assert landing.tables[0].merged == {}
    assert not [what for what in landing.unexpected if "whole" in what]
    redcap.rows[4]["note"] = "changed"
    redcap.changed = {"03": now()}
    again = land(hospital, "research")
    assert again.tables[0].merged["compared"] == landing.landed_at


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda redcap: [row.update(sex="1") for row in redcap.rows[:12:2]], "most"),
        (lambda redcap: redcap.forms["visit"].append("place"), "visit has other fields"),
        (lambda redcap: redcap.rows[2].update(note="a\0b"), "some of its records are no text"),
    ],
)
def test_without_ground_to_build_on_it_is_read_whole(
    project: Make, redcap: Redcap, change: Callable[[Redcap], None], why: str
) -> None:
    redcap.forms = {form: list(fields) for form, fields in FORMS.items()}
    hospital = research(project, redcap)
    land(hospital, "research")
    change(redcap)
    redcap.changed = {"02": now()}
    redcap.changed |= {row["record_id"]: now() for row in redcap.rows if row.get("sex") == "1"}
    landing = land(hospital, "research")
    assert [why in what for what in landing.unexpected if "was read whole" in what] == [True]
    assert landing.tables[0].rows + landing.tables[0].rejects == 10
    assert landing.tables[0].merged == {}


def test_a_list_that_was_cut_off_hides_no_change(project: Make, redcap: Redcap) -> None:
    hospital = research(project, redcap)
    land(hospital, "research")
    redcap.rows[2]["note"] = redcap.rows[4]["note"] = "changed"
    redcap.changed = {"02": now(), "03": now()}
    redcap.faults = {"record": [None, answers("record_id\n02\n")]}
    landing = land(hospital, "research")
    whole = land(research(project, redcap, ""), "research")
    assert rows(landing) == rows(whole)


def test_many_nights_are_as_if_all_had_been_read(project: Make, redcap: Redcap) -> None:
    rng = random.Random(1742)
    for night in range(12):
        for _ in range(rng.randrange(3)):
            row = rng.choice(redcap.rows)
            id_ = row["record_id"]
            match rng.randrange(4):
                case 0:
                    row["sex" if row["redcap_repeat_instrument"] == "" else "visit_date"] = str(
                        night
                    )
                case 1:
                    redcap.rows = [one for one in redcap.rows if one["record_id"] != id_]
                case 2:
                    redcap.rows.append(person(f"n{night}"))
                case 3:
                    redcap.rows.insert(redcap.rows.index(row) + 1, visit(id_, 10 + night))
            redcap.changed[id_] = now()
        landing = land(research(project, redcap), "research")
        assert rows(landing) == rows(land(research(project, redcap, ""), "research"))
        if night % 3 == 0:
            redcap.changed = {}  # it was long ago, the next time


def test_files_are_always_read_whole(project: Make) -> None:
    with pytest.raises(ConfigError, match="`whole_days` is for the API"):
        project(
            '[sources.research]\nkind = "redcap"\ndata = "a"\ndictionary = "b"\n'
            'tables = { a = "a" }\nwhole_days = 7\n'
        )

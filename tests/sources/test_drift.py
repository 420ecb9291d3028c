"""Drift: what differs from the published landing is told, what does not is not."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cytoreg.landing import profile
from cytoreg.landing.drift import Drift, profiles, usual_range, volume
from cytoreg.landing.land import land
from cytoreg.landing.profile import Measuring, TableProfile

ROWS = 2000
Rows = dict[str, list[str]]


def patients(rows: int = ROWS) -> Rows:
    """A table as a hospital has it: a number, a date, two codes, a text that is often empty."""
    chance = random.Random(1)
    return {
        "mrn": [f"{number:07d}" for number in range(rows)],
        "birth_date": [
            f"19{chance.randint(10, 99)}-0{chance.randint(1, 9)}-11" for _ in range(rows)
        ],
        "sex": [chance.choice("MF") for _ in range(rows)],
        "race_code": [chance.choice(["01", "02", "03", "98"]) for _ in range(rows)],
        "note": [chance.choice(["", "", "seen again"]) for _ in range(rows)],
    }


def measured(folder: Path, columns: Rows) -> TableProfile:
    table = pa.table({name: pa.array(texts, pa.string()) for name, texts in columns.items()})
    measuring = Measuring(table.schema)
    for first in range(0, len(table), 700):
        measuring.take(table.slice(first, 700))
    pq.write_table(table, folder / "t.parquet")
    return measuring.profile(folder / "t.parquet")


def drift(folder: Path, before: Rows, now: Rows) -> list[Drift]:
    return list(profiles({"t": measured(folder, before)}, {"t": measured(folder, now)}))


def said(found: list[Drift]) -> list[tuple[str, str, str]]:
    return [(each.column, each.what, each.severity) for each in found]


def change(column: str, how: Callable[[str], str]) -> Rows:
    rows = patients()
    return rows | {column: [how(text) for text in rows[column]]}


def without(column: str) -> Rows:
    return {name: texts for name, texts in patients().items() if name != column}


def test_the_same_rows_are_no_drift_in_whatever_order(tmp_path: Path) -> None:
    rows = patients()
    order = random.Random(2).sample(range(ROWS), ROWS)
    shuffled = {name: [texts[place] for place in order] for name, texts in rows.items()}
    assert drift(tmp_path, rows, rows) == []
    assert drift(tmp_path, rows, shuffled) == []


def test_a_table_that_grows_is_no_drift(tmp_path: Path) -> None:
    for rows in (60, 300, ROWS):
        assert drift(tmp_path, patients(rows), patients(rows + rows // 10)) == []


CHANGED = {
    "a new column": ({**patients(), "ward": ["3"] * ROWS}, ("ward", "new", "info")),
    "a column that is gone": (without("note"), ("note", "missing", "warning")),
    "a name like the old one": (
        without("birth_date") | {"date_of_birth": patients()["birth_date"]},
        ("birth_date", "renamed", "warning"),
    ),
    "another name, the same codes": (
        without("race_code") | {"origin": patients()["race_code"]},
        ("race_code", "renamed", "warning"),
    ),
    "dates another way round": (
        change("birth_date", lambda text: f"{text[8:]}.{text[5:7]}.{text[:4]}"),
        ("birth_date", "retyped", "critical"),
    ),
    "some dates another way round": (
        change("birth_date", lambda text: text if text < "1980" else f"11/02/{text[:4]}"),
        ("birth_date", "retyped", "warning"),
    ),
    "a rare new code": (
        {**patients(), "sex": ["X", *patients()["sex"][1:]]}, ("sex", "codes", "info"),
    ),
    "other codes": (change("sex", {"M": "1", "F": "2"}.get), ("sex", "codes", "warning")),
    "leading zeros lost": (
        change("mrn", lambda text: str(int(text))),
        ("mrn", "written", "warning"),
    ),
    "upper case": (change("note", str.upper), ("note", "written", "warning")),
    "fewer texts": (
        change("race_code", lambda text: "" if text == "98" else text),
        ("race_code", "emptier", "warning"),
    ),
    "no text": (change("sex", lambda _: ""), ("sex", "emptier", "critical")),
}  # fmt: skip


@pytest.mark.parametrize("what", CHANGED)
def test_what_changed_is_told_with_its_severity(what: str, tmp_path: Path) -> None:
    now, expected = CHANGED[what]
    assert expected in said(drift(tmp_path, patients(), now))


@pytest.mark.parametrize("what", CHANGED)
def test_drift_and_profile_hold_no_value(what: str, tmp_path: Path) -> None:
    now, _ = CHANGED[what]
    kept = repr(drift(tmp_path, patients(), now)) + repr(measured(tmp_path, now))
    assert not [text for text in ("seen again", "0000017", "-11", "'98'", "'F'") if text in kept]


def test_few_rows_say_little(tmp_path: Path) -> None:
    few = {name: texts[:30] for name, texts in patients().items()}
    assert drift(tmp_path, few, few | {"sex": [""] * 30, "birth_date": ["?"] * 30}) == []


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(st.text(max_size=4), st.sampled_from(["", "1", "2.5", "a"])), max_size=80),
    st.randoms(use_true_random=False),
)
def test_identical_landings_never_drift(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]], chance: random.Random
) -> None:
    folder = tmp_path_factory.mktemp("drift")
    shuffled = chance.sample(rows, len(rows))
    one, other = (
        {"text": [a for a, _ in each], "code": [b for _, b in each]} for each in (rows, shuffled)
    )
    assert drift(folder, one, other) == []


def test_memory_is_bounded_and_shares_are_right_in_a_large_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(profile, "SAMPLE_CELLS", 500)
    monkeypatch.setattr(profile, "SAMPLE_ROWS", 100)
    rows = patients(10_000)
    large = measured(tmp_path, rows)
    assert sum(large.columns["mrn"].shapes.values()) <= 200
    assert large.columns["note"].filled == sum(text != "" for text in rows["note"])
    assert sum(large.columns["sex"].codes.values()) == 10_000
    assert drift(tmp_path, rows, patients(10_500)) == []


def test_a_usual_range_needs_some_nights_and_leaves_room() -> None:
    assert usual_range([1000] * 4) is None
    assert usual_range([1000] * 5) == (900, 1100)
    assert usual_range([10] * 9) == (0, 60)
    low, high = usual_range([1000, 1100, 1200, 1300, 1400, 1500]) or (0, 0)
    assert low < 900
    assert high > 1700


def test_a_volume_outside_its_range_is_told() -> None:
    def found(rows: int, nights: int = 9) -> list[str]:
        return [each.severity for each in volume("t", rows, 1000, [1000] * nights)]

    assert found(1050) == []
    assert found(800) == found(2000) == ["warning"]
    assert found(499) == ["critical"]
    assert found(2000, nights=2) == []
    assert found(499, nights=0) == ["critical"]


def test_a_landing_has_a_profile_and_one_that_lost_it_is_measured_again(project: Callable) -> None:
    from test_csv_files import LOG, write

    log = project(LOG)
    write(log, a=b"CASE NO,MRN\n1,a\n2,\n")
    landed = land(log, "log")
    kept = profile.read(landed)
    assert kept["cases"].rows == 2
    assert kept["cases"].columns["hospital_number"].filled == 1
    (landed.folder / "profile.json").write_text("{")
    assert profile.read(landed) == kept


def test_a_hospital_that_grows_raises_no_alarm(tmp_path: Path) -> None:
    from cytoreg.demo import simulate
    from cytoreg.project.load import load_project

    root = Path(__file__).resolve().parents[2]
    nights = []
    for patients_, seed in ((300, 1), (315, 1), (330, 2)):
        extracts = tmp_path / f"extracts{patients_}"
        simulate(extracts, patients=patients_, seed=seed)
        project = load_project(root, extracts=extracts, data=tmp_path / "data")
        nights.append({name: land(project, name) for name in ("hospital", "research", "or_log")})
    for before, now in pairwise(nights):
        for name, landed in now.items():
            found = profiles(profile.read(before[name]), profile.read(landed))
            assert [each for each in found if each.severity != "info"] == []


def vital(dead: int, alive: int, more: int = 0) -> Rows:
    """Patients of whom so many are dead and alive, and some who came later, mostly alive."""
    status = ["1"] * dead + ["0"] * (alive + more)
    return {"mrn": [f"{n:05d}" for n in range(len(status))], "vital_status": status}


def swapped(rows: Rows) -> Rows:
    return rows | {"vital_status": ["10"[int(code)] for code in rows["vital_status"]]}


def shares(found: list[Drift]) -> list[tuple[str, str]]:
    return [(each.column, each.severity) for each in found if each.what == "shares"]


@pytest.mark.parametrize("patients_", [200, 2000])
def test_codes_that_change_their_meaning_are_critical(tmp_path: Path, patients_: int) -> None:
    before = vital(patients_ // 3, patients_ - patients_ // 3)
    found = drift(tmp_path, before, swapped(before))
    assert shares(found) == [("vital_status", "critical")]
    assert (found[0].before, found[0].now) == ("67%, 33%", "33%, 67%")
    assert shares(drift(tmp_path, before, swapped(vital(patients_ // 3, 2 * patients_ // 3, 9))))


def test_codes_that_vanish_with_their_rows_are_critical(tmp_path: Path) -> None:
    before, alive = vital(600, 1400), vital(0, 1400)
    assert shares(drift(tmp_path, before, alive)) == [("vital_status", "critical")]


def test_new_rows_take_nothing_from_a_code_however_many_they_are(tmp_path: Path) -> None:
    assert shares(drift(tmp_path, vital(600, 1400), vital(600, 1400, 2000))) == []
    assert shares(drift(tmp_path, vital(600, 1400), vital(300, 700))) == []


def test_codes_under_new_names_are_told_as_such(tmp_path: Path) -> None:
    before = vital(600, 1400)
    now = before | {"vital_status": [{"0": "2", "1": "3"}[code] for code in before["vital_status"]]}
    assert said(drift(tmp_path, before, now)) == [("vital_status", "codes", "warning")]


def test_a_small_table_whose_codes_change_says_nothing(tmp_path: Path) -> None:
    few = vital(15, 25)
    assert shares(drift(tmp_path, few, swapped(few))) == []


def test_a_share_that_an_earlier_published_night_had_is_no_news(tmp_path: Path) -> None:
    week, sunday = (measured(tmp_path, vital(*counts)) for counts in ((600, 1400), (1400, 600)))
    other = measured(tmp_path, vital(1390, 610))
    assert shares(list(profiles({"t": week}, {"t": other})))
    assert shares(list(profiles({"t": week}, {"t": other}, [{"t": sunday}]))) == []


def test_another_unit_and_another_century_are_a_warning(tmp_path: Path) -> None:
    chance = random.Random(4)
    sizes = [f"{chance.lognormvariate(3, 0.5):.1f}" for _ in range(ROWS)]
    born = patients()["birth_date"]
    before = {"size": sizes, "birth_date": born}
    now = {
        "size": [f"{float(size) / 10:.2f}" for size in sizes],
        "birth_date": [f"20{text[2:]}" for text in born],
    }
    found = sorted(shares(drift(tmp_path, before, now)))
    assert found == [("birth_date", "warning"), ("size", "warning")]


def test_sixty_ordinary_nights_raise_no_alarm(tmp_path: Path) -> None:
    """Every night all rows are others: codes, numbers and dates of one population."""
    chance = random.Random(60)

    def a_night() -> TableProfile:
        rows = chance.randint(150, 1500)
        return measured(
            tmp_path,
            {
                f"code{codes}": [str(int(chance.random() ** 2 * codes)) for _ in range(rows)]
                for codes in (2, 3, 5, 10, 20)
            }
            | {"value": [f"{chance.lognormvariate(2, 1):.2f}" for _ in range(rows)]},
        )

    nights = [a_night() for _ in range(60)]
    for before, now in pairwise(nights):
        assert shares(list(profiles({"t": before}, {"t": now}))) == []


def test_how_texts_are_written_is_compared_only_with_nights_that_know_it(tmp_path: Path) -> None:
    before, now = measured(tmp_path, patients()), measured(tmp_path, change("note", str.upper))
    old = {name: replace(column, written={}) for name, column in before.columns.items()}
    found = profiles({"t": replace(before, columns=old)}, {"t": now})
    assert "written" not in {each.what for each in found}


@pytest.mark.parametrize(
    ("column", "now", "what"), [("note", str.upper, "written"), ("sex", {"M": "F"}.get, "shares")]
)
def test_a_night_in_which_the_column_was_empty_hides_no_change(
    column: str, now: Callable[[str], str | None], what: str, tmp_path: Path
) -> None:
    empty = measured(tmp_path, change(column, lambda _: ""))
    before = measured(tmp_path, patients())
    changed = measured(tmp_path, change(column, lambda text: now(text) or text))
    found = profiles({"t": before}, {"t": changed}, [{"t": empty}])
    assert (column, what) in {(each.column, each.what) for each in found}


def test_a_way_of_writing_that_an_earlier_night_had_is_no_news(tmp_path: Path) -> None:
    before, now = measured(tmp_path, patients()), measured(tmp_path, change("note", str.upper))
    found = profiles({"t": before}, {"t": now}, [{"t": now}])
    assert "written" not in {each.what for each in found}

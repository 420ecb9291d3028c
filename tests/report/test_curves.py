"""What the survival plots promise: exact steps, honest numbers at risk, repeatable text."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from published_file import kaplan_meier, survival_rows, write_published

from cytoreg import report
from cytoreg.report.curves import plot_survival
from cytoreg.report.steps import DRAWABLE, extent, read_curves, thin, until

COLUMNS = (
    "stratum", "time_days", "at_risk", "events", "censored", "survival", "std_err", "lower",
    "upper",
)  # fmt: skip


@pytest.fixture(scope="module")
def columns() -> dict[str, list]:
    rows = [
        (stratum, *row)
        for stratum, rows in survival_rows({"a": (300, 9.0), "b": (40, 5.0)}, seed=3).items()
        for row in rows
    ]
    return dict(zip(COLUMNS, map(list, zip(*rows, strict=True)), strict=True))


def plot(frame: object, **options: object) -> str:
    return plot_survival(frame, **{"name": "km", "title": "Survival", **options})


def test_arrow_pandas_and_mappings_draw_the_same(columns: dict[str, list]) -> None:
    plain = plot(columns)
    assert plot(pa.table(columns)) == plain
    assert plot(pd.DataFrame(columns)) == plain


def test_the_numbers_at_risk_stand_at_the_ticks(columns: dict[str, list]) -> None:
    curve = read_curves(columns, ["a"])[0]
    died = np.repeat(curve.time, (curve.events + curve.censored).astype(int))
    for years in (0, 5, 10, 15, 20):
        assert curve.at_risk_at(years * 365.25) == int((died >= years * 365.25).sum())
    text = plot(columns, strata=["a"])
    shown = [element.text for element in ElementTree.fromstring(text).iter("text")]
    for years in (0, 5, 10, 15, 20):
        assert f"{curve.at_risk_at(years * 365.25)}" in shown
    assert "At risk" in shown


def test_text_stays_text_and_the_picture_is_described(columns: dict[str, list]) -> None:
    root = ElementTree.fromstring(plot(columns, title="T & <t>", description="what is seen"))
    assert root.attrib["role"] == "img"
    found = {element.attrib.get("id"): element.text for element in root.iter()}
    title, description = root.attrib["aria-labelledby"].split()
    assert found[title] == "T & <t>"
    assert found[description] == "what is seen"
    assert {"Years", "100%", "A", "B"} <= {element.text for element in root.iter("text")}


def test_colours_follow_the_page(columns: dict[str, list]) -> None:
    text = plot(columns)
    assert "var(--series-1, " in text
    assert re.findall(r"(?<!, )#[0-9a-f]{6}", text) == []


def test_an_inline_plot_has_no_addresses_and_a_file_has_its_namespace(
    columns: dict[str, list],
) -> None:
    assert "http" not in plot(columns)
    alone = plot(columns, standalone=True)
    assert ElementTree.fromstring(alone).tag == "{http://www.w3.org/2000/svg}svg"
    assert alone.count("http") == 1


def test_thinning_keeps_every_step_exactly(columns: dict[str, list]) -> None:
    curve = read_curves(columns, ["a"])[0]
    thinned = thin(curve)
    assert len(thinned.time) < len(curve.time)
    place = np.searchsorted(thinned.time, curve.time, side="right") - 1
    for name in ("survival", "lower", "upper"):
        np.testing.assert_array_equal(getattr(thinned, name)[place], getattr(curve, name))
    assert thinned.time[-1] == curve.time[-1]


def test_more_steps_than_can_be_drawn_move_by_less_than_can_be_seen() -> None:
    rng = np.random.default_rng(0)
    time = np.ceil(rng.uniform(1, 9000, 30_000))
    rows = kaplan_meier(time, np.ones(len(time), dtype=bool))
    frame = dict(zip(COLUMNS[1:], map(list, zip(*rows, strict=True)), strict=True))
    curve = read_curves({"stratum": ["a"] * len(rows), **frame})[0]
    resolution = 20.0
    thinned = thin(curve, resolution)
    assert len(curve.time) > DRAWABLE > len(thinned.time)
    np.testing.assert_array_equal(
        thinned.survival, curve.survival[np.searchsorted(curve.time, thinned.time)]
    )
    gaps = np.interp(thinned.survival, curve.survival[::-1], curve.time[::-1]) - thinned.time
    assert np.abs(gaps).max() < resolution


def with_straggler(columns: dict[str, list]) -> dict[str, list]:
    """The curves with one more patient of stratum a, who is seen for sixty years more."""
    last = max(columns["time_days"]) + 60 * 365
    rows = [list(row) for row in zip(*columns.values(), strict=True) if row[0] == "a"]
    for row in rows:
        row[2] += 1
    rows.append(["a", last, 1, 0, 1, *rows[-1][5:]])
    return dict(zip(columns, map(list, zip(*rows, strict=True)), strict=True))


def test_a_straggler_does_not_squeeze_the_curve_and_is_told(columns: dict[str, list]) -> None:
    frame = with_straggler(columns)
    curve = read_curves(frame)[0]
    end, beyond = extent([curve])
    assert 1 <= beyond < 5
    assert end < curve.time[-1] / 2
    assert curve.at_risk_at(end / 1.04) >= 5
    assert f"Years ({beyond} followed beyond)" in plot(frame)
    cut = until(curve, end)
    assert cut.time[-1] == end
    assert cut.survival[-1] == curve.survival[curve.time <= end][-1]


def test_an_axis_that_nobody_squeezes_ends_with_the_last_patient(
    columns: dict[str, list],
) -> None:
    curves = read_curves(columns)
    assert extent(curves) == (max(curve.time[-1] for curve in curves), 0)
    few = [curve for curve in read_curves(columns) if curve.stratum == "b"]
    assert extent(few)[1] == 0 or extent(few)[0] < few[0].time[-1]


def test_the_same_curves_give_the_same_bytes(columns: dict[str, list]) -> None:
    assert plot(columns) == plot(columns)


def test_a_stratum_without_interval_or_with_one_patient_is_drawn() -> None:
    frame = {
        "stratum": ["a", "a"],
        "time_days": [0, 90],
        "at_risk": [1, 1],
        "events": [0, 1],
        "censored": [0, 0],
        "survival": [1.0, 0.0],
        "lower": np.ma.masked_array([1.0, 0.0], mask=[False, True]),
        "upper": np.ma.masked_array([1.0, 0.0], mask=[False, True]),
    }
    assert "<path" in plot(frame)


def test_a_plot_of_nothing_is_refused(columns: dict[str, list]) -> None:
    with pytest.raises(ValueError, match="no curve to draw"):
        plot(columns, strata=["c"])


def test_the_picture_is_a_file_of_its_own(tmp_path: Path) -> None:
    published = write_published(tmp_path / "registry.duckdb")
    with duckdb.connect(str(published)) as con:
        con.execute(
            "create table marts.definition as select 'primary_site' as term, 'Site' as label,"
            " null as definition, 1 as position"
        )
    report.picture(published, tmp_path / "survival.svg")
    root = ElementTree.parse(tmp_path / "survival.svg").getroot()
    assert {"Overall survival, by site", "Small bowel", "Pancreas"} <= {
        element.text for element in root.iter("{http://www.w3.org/2000/svg}text")
    }

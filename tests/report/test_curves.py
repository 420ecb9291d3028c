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
from cytoreg.report.curves import (
    expected_figure,
    incidence_figure,
    survival_figure,
)
from cytoreg.report.draw import top_of
from cytoreg.report.figure import SERIES, file_of, to_svg
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
    told: dict = {"name": "km", "title": "Survival", "description": ""}
    told |= {name: options.pop(name) for name in (*told, "standalone") if name in options}
    return to_svg(survival_figure(frame, **options), **told)


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
    for name in ("value", "lower", "upper"):
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
        thinned.value, curve.value[np.searchsorted(curve.time, thinned.time)]
    )
    gaps = np.interp(thinned.value, curve.value[::-1], curve.time[::-1]) - thinned.time
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
    assert cut.value[-1] == curve.value[curve.time <= end][-1]


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


def incidences(high: float = 0.3) -> pd.DataFrame:
    """Two causes in each of two strata, the first reaching `high`."""
    pieces = []
    for stratum, patients in (("a", 200), ("b", 90)):
        for cause, last in (("tumour", high), ("other", high / 3)):
            share = np.linspace(0, last, 41)
            at_risk = np.linspace(patients, 10, 41).round()
            pieces.append(
                pd.DataFrame(
                    {"stratum": stratum, "cause": cause, "time_days": np.arange(41) * 100,
                     "at_risk": at_risk, "events": 1, "incidence": share,
                     "lower": share * 0.9, "upper": share * 1.1}
                )
            )  # fmt: skip
    return pd.concat(pieces, ignore_index=True)


def words(figure: object) -> set[str | None]:
    root = ElementTree.fromstring(to_svg(figure, name="f", title="t", description="d"))
    return {element.text for element in root.iter("text")}


def lines_of(figure) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """The drawn data by colour and whether it is dotted."""
    return {
        f"{line.get_color()}{' dotted' if line.is_dashed() else ''}": line.get_data()
        for line in figure.axes[0].get_lines()
    }


def test_causes_share_one_row_of_patients_and_strata_have_their_own() -> None:
    frame = incidences()
    causes = words(incidence_figure(frame[frame["stratum"] == "a"]))
    assert {"Tumour", "Other", "At risk", "200", "0%", "40%"} <= causes
    assert "100%" not in causes
    strata = words(incidence_figure(frame[frame["cause"] == "other"], key="stratum"))
    assert {"A", "B", "200", "90", "20%"} <= strata


def test_the_axis_of_incidences_ends_above_every_band() -> None:
    for high in (0.001, 0.02, 0.17, 0.5, 0.89):
        frame = incidences(high)
        figure = incidence_figure(frame[frame["stratum"] == "a"])
        assert frame["upper"].max() <= figure.axes[0].get_ylim()[1] <= 1.01
    assert top_of([float("nan"), 0.06]) == 0.1
    assert top_of([]) == 0.05
    fixed = incidence_figure(frame[frame["stratum"] == "a"], top=0.75)
    assert fixed.axes[0].get_ylim()[1] == pytest.approx(0.754, abs=0.001)


def test_incidences_are_drawn_as_they_are() -> None:
    frame = incidences()
    one = frame[(frame["stratum"] == "a") & (frame["cause"] == "tumour")]
    x, y = lines_of(incidence_figure(one))[SERIES[0]]
    np.testing.assert_allclose(x[::2], one["time_days"] / 365.25)
    np.testing.assert_allclose(y[::2], one["incidence"])
    np.testing.assert_allclose(y[1::2], one["incidence"][:-1])  # steps hold until the next


def test_expected_survival_is_dotted_and_ends_with_the_observed(columns: dict[str, list]) -> None:
    last = max(day for day, name in zip(columns["time_days"], columns["stratum"], strict=True)
               if name == "b")  # fmt: skip
    days = np.arange(0, 40_000, 91)
    expected = {"stratum": ["b"] * len(days), "time_days": days, "expected": np.exp(-days / 9e3)}
    figure = expected_figure(columns, expected, strata=["b"])
    assert {"Observed", "Expected in the population", "At risk"} <= words(figure)
    dotted = [line for line in figure.axes[0].get_lines() if line.is_dashed()]
    (x, y), = (line.get_data() for line in dotted)  # fmt: skip
    assert x[-1] * 365.25 <= last + 1e-6
    np.testing.assert_allclose(y[:-1], np.exp(-x[:-1] * 365.25 / 9e3), rtol=1e-12)
    assert y[-1] == pytest.approx(np.exp(-x[-1] * 365.25 / 9e3), abs=1e-4)


def test_a_stratum_without_expected_survival_is_drawn_alone(columns: dict[str, list]) -> None:
    nothing = {"stratum": [], "time_days": [], "expected": []}
    assert "Expected in the population" not in words(expected_figure(columns, nothing))


def test_a_band_holds_until_survival_is_zero() -> None:
    frame = {"stratum": ["a"] * 3, "time_days": [0, 365.25, 730.5], "at_risk": [3, 3, 1],
             "events": [0, 2, 1], "censored": [0, 0, 0], "survival": [1, 0.4, 0],
             "lower": [1, 0.1, np.nan], "upper": [1, 0.7, np.nan]}  # fmt: skip
    (band,) = survival_figure(frame).axes[0].patches
    assert band.get_path().vertices[:, 0].max() == pytest.approx(2)


def test_numbers_at_risk_may_grow_with_delayed_entry() -> None:
    late = {"stratum": ["a"] * 4, "time_days": [0, 1000, 2000, 3000], "at_risk": [0, 2, 60, 20],
            "events": [0, 1, 40, 20], "censored": [0] * 4, "survival": [1, 0.5, 0.2, 0],
            "lower": [1, 0.1, 0.1, np.nan], "upper": [1, 0.9, 0.3, np.nan]}  # fmt: skip
    curve = read_curves(late)[0]
    assert extent([curve]) == (3000, 0)
    assert curve.patients == 60


@pytest.mark.parametrize(
    ("suffix", "begins"), [(".png", b"\x89PNG"), (".pdf", b"%PDF"), (".svg", b"<svg")]
)
def test_files_are_of_their_kind_and_repeatable(
    suffix: str, begins: bytes, columns: dict[str, list]
) -> None:
    def content() -> bytes:
        figure = expected_figure(
            columns, {"stratum": ["a", "a"], "time_days": [0, 900], "expected": [1, 0.9]}
        )
        return file_of(figure, suffix, name="f", title="What is seen", description="d")

    made = content()
    assert made.startswith(begins)
    assert made == content()
    assert b"What is seen" in made or suffix == ".pdf"


def test_a_picture_stands_on_a_white_card(columns: dict[str, list]) -> None:
    from io import BytesIO

    from matplotlib.image import imread

    figure = survival_figure(columns)
    drawn = imread(BytesIO(file_of(figure, ".png", name="f", title="t", description="d")))
    assert drawn.shape[2] == 3 or drawn[..., 3].min() == 1
    assert drawn[0, 0, :3].tolist() == [1, 1, 1]


@pytest.mark.parametrize(
    ("hazards", "where"),
    [((0.2, 0.5), "upper right"), ((0.002, 0.004), "lower left"), ((0.001, 4.0), "")],
)
def test_the_legend_stands_where_no_curve_runs(hazards: tuple, where: str) -> None:
    years = np.arange(0, 12.0)
    frame = {name: [] for name in COLUMNS}
    for stratum, hazard in zip("ab", hazards, strict=True):
        alive = np.exp(-hazard * years)
        columns = (stratum, years * 365.25, 99 - years, 1, 0, alive, 0.1, alive, alive)
        for name, values in zip(COLUMNS, columns, strict=True):
            frame[name] += np.broadcast_to(values, len(years)).tolist()
    legend = survival_figure(frame, size=(420, 260)).axes[0].get_legend()
    corners = {1: "upper right", 3: "lower left"}
    assert (corners[legend._loc] if legend else "") == where

"""A page takes its plots over from the last page if they would come out the same."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from cytoreg.report import drawings as module
from cytoreg.report.drawings import drawings

CURVE = """
create schema marts;
create table marts.survival_curve as select 0 as time_days, {} as survival;
create table marts.source_row as select {} as row;
create table marts.outcome_cusum as select {} as sum;
create table marts.definition as select '{}' as label;
"""


PLOTS = ("km0", "km0-1", "chart-clinic-death")


def page(
    survival: float, *, row: int = 1, total: int = 1, label: str = "one", last: Path | None = None
) -> tuple[str, int]:
    """A page with two curves and a control chart; returns its text, and how many were drawn."""
    drawn: list[str] = []

    def draw(name: str) -> str:
        drawn.append(name)
        value = total if name == "chart-clinic-death" else survival
        return f'<svg viewBox="0 0 1 1" aria-labelledby="{name}-title {name}-desc">{value}</svg>'

    with duckdb.connect() as con:
        con.execute(CURVE.format(survival, row, total, label))
        plots = drawings(con, last)
        told = [plots.svg(name, lambda name=name: draw(name)) for name in PLOTS]
    return f'<meta name="plots" content="{plots.head}">' + "".join(told), len(drawn)


@pytest.fixture
def last(tmp_path: Path) -> Path:
    text, drawn = page(0.5)
    assert drawn == 3
    path = tmp_path / "report.html"
    path.write_text(text, encoding="utf-8")
    return path


def test_plots_of_the_same_marts_are_taken_over(last: Path) -> None:
    text, drawn = page(0.5, row=2, last=last)
    assert drawn == 0, "a mart that no plot shows does not matter"
    assert text == last.read_text(encoding="utf-8")


def test_plots_of_other_values_or_by_other_code_are_drawn(
    last: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text, drawn = page(0.25, last=last)
    assert (drawn, "0.25" in text, "0.5" in text) == (2, True, False)
    text, drawn = page(0.5, total=7, last=last)
    assert (drawn, ">7<" in text, text.count("0.5")) == (1, True, 2), "only charts show outcomes"
    assert page(0.5, label="two", last=last)[1] == 3, "titles are made from the labels"
    monkeypatch.setattr(module, "engine", lambda: "other code")
    assert page(0.5, last=last)[1] == 3


def test_a_page_that_was_changed_cut_or_lost_is_not_used(last: Path) -> None:
    text = last.read_text(encoding="utf-8")
    for damaged in (
        text.replace("0.5<", "0.9<", 1),
        text[:-20],
        "",
        text.replace("km0-1", "km0-2"),
    ):
        last.write_text(damaged, encoding="utf-8")
        assert page(0.5, last=last) == (text, 3)
    last.unlink()
    assert page(0.5, last=last) == (text, 3)

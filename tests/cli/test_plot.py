"""`cytoreg plot`: figures of the published marts as files."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pytest
from command_line import run


@pytest.mark.parametrize(
    ("name", "begins"),
    [("curve.svg", b"<svg"), ("curve.PNG", b"\x89PNG"), ("curve.pdf", b"%PDF")],
)
def test_the_suffix_says_what_the_file_is(
    name: str, begins: bytes, made: Path, tmp_path: Path
) -> None:
    drawn = run("plot", "survival", name, "--project", made, cwd=tmp_path)
    assert drawn.code == 0, drawn.err
    assert drawn.out.strip() == name
    assert (tmp_path / name).read_bytes().startswith(begins)


def test_strata_are_picked_by_name(made: Path, tmp_path: Path) -> None:
    picked = ("--by", "sex", "--stratum", "female", "--title", "Women & others")
    drawn = run("plot", "survival", "women.svg", *picked, "--project", made, cwd=tmp_path)
    assert drawn.code == 0, drawn.err
    text = (tmp_path / "women.svg").read_text()
    assert "Women &amp; others" in text
    assert drawn.err == ""


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("survival", "curve.gif"), "no suffix"),
        (("survival", "curve.svg", "--endpoint", "boredom"), "there are: overall"),
        (("survival", "curve.svg", "--by", "colour"), "primary_site"),
        (("survival", "curve.svg", "--by", "sex", "--stratum", "x"), "there are: "),
        (("survival", "nowhere/curve.svg"), "cannot be written"),
        (("pie", "curve.svg"), "survival"),
        (("cusum", "chart.svg", "--measure", "procedure.joy"), "procedure.mortality_30_day"),
    ],
)
def test_wrong_names_are_answered_with_those_that_are_there(
    arguments: tuple[str, ...], message: str, made: Path, tmp_path: Path
) -> None:
    drawn = run("plot", *arguments, "--project", made, cwd=tmp_path)
    assert drawn.code == 2
    assert message in drawn.err
    assert not list(tmp_path.iterdir())


def test_what_was_not_published_is_said(registry: Path, tmp_path: Path) -> None:
    published, other = next((registry / "data").glob("published/*.duckdb")), registry / "other"
    shutil.copyfile(published, other)
    with duckdb.connect(str(other)) as con:
        con.execute("drop table marts.cumulative_incidence")
    other.replace(published)
    drawn = run("plot", "incidence", "causes.svg", "--project", registry, cwd=tmp_path)
    assert drawn.code == 2
    assert "marts.cumulative_incidence is not there" in drawn.err


def test_before_the_first_refresh_it_says_so(made: Path, tmp_path: Path) -> None:
    drawn = run("plot", "survival", "a.svg", "--project", made, "--data", tmp_path, cwd=tmp_path)
    assert drawn.code == 2
    assert "nothing is published yet" in drawn.err


@pytest.mark.parametrize("figure", ["cusum", "funnel"])
def test_a_control_chart_is_drawn_of_a_measure(figure: str, made: Path, tmp_path: Path) -> None:
    asked = ("--measure", "procedure.mortality_30_day", "--project", made)
    drawn = run("plot", figure, "chart.svg", *asked, cwd=tmp_path)
    assert drawn.code == 0, drawn.err
    assert "30-day mortality, per procedure" in (tmp_path / "chart.svg").read_text()
    first = run("plot", figure, "first.png", "--title", "", "--project", made, cwd=tmp_path)
    assert first.code == 0, first.err
    assert (tmp_path / "first.png").read_bytes().startswith(b"\x89PNG")

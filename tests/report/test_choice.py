"""A figure is chosen by names, and a name that is not there is answered with those that are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import duckdb
import pytest
from published_file import write_published

from cytoreg.errors import ConfigError
from cytoreg.report.choice import MOST, Choice, Wish, choose, described, drawn, title_of
from cytoreg.report.drawings import drawings
from cytoreg.report.figure import to_svg
from cytoreg.report.lexicon import Lexicon
from cytoreg.report.panels import figure_parts

WORDS = Lexicon()


@pytest.fixture(scope="module")
def con(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    path = write_published(tmp_path_factory.mktemp("published") / "registry.duckdb")
    with duckdb.connect(str(path), read_only=True) as connection:
        yield connection


def texts(figure: object) -> set[str | None]:
    root = ElementTree.fromstring(to_svg(figure, name="f", title="t", description="d"))
    return {element.text for element in root.iter("text")}


def test_what_is_not_said_is_chosen(con: duckdb.DuckDBPyConnection) -> None:
    assert choose(con, Wish("survival"), WORDS) == Choice("survival", "overall", "all", ("all",))
    causes = choose(con, Wish("incidence"), WORDS).causes
    assert set(causes) == {"tumour", "other"}
    assert choose(con, Wish("expected"), WORDS).method == "ederer1"
    assert choose(con, Wish("expected", method="conditional"), WORDS).method == "conditional"


def test_of_many_strata_the_largest_are_drawn_and_the_others_counted(
    con: duckdb.DuckDBPyConnection,
) -> None:
    for kind in ("survival", "expected"):
        choice = choose(con, Wish(kind, variable="primary_site"), WORDS)
        assert len(choice.strata) == MOST == 6
        assert choice.left_out == 1
        assert "other" not in choice.strata


@pytest.mark.parametrize(
    ("wish", "message"),
    [
        (Wish("survival", "progression"), "no endpoint progression\n.*: overall$"),
        (Wish("survival", variable="colour"), "no stratum variable colour\n.*primary_site"),
        (Wish("survival", variable="primary_site", strata=["spleen"]), "spleen\n.*small_bowel, p"),
        (Wish("incidence", causes=["boredom"]), "no cause boredom\n.*: tumour, other"),
        (Wish("incidence", variable="primary_site"), "not both\n.*one cause of tumour, other"),
        (Wish("expected", method="guess"), "no method guess\n.*conditional, ederer1"),
        (Wish("survival", strata=["all", "all"]), "named twice"),
        (Wish("survival", strata=["all"] * 7), "one figure shows at most 6 curves|named twice"),
    ],
)
def test_a_name_that_is_not_there_is_answered_with_those_that_are(
    wish: Wish, message: str, con: duckdb.DuckDBPyConnection
) -> None:
    with pytest.raises(ConfigError, match="(?s)" + message):
        choose(con, wish, WORDS)


def test_a_figure_whose_mart_is_missing_says_which_can_be_drawn(tmp_path: Path) -> None:
    path = write_published(tmp_path / "registry.duckdb")
    with duckdb.connect(str(path)) as con:
        con.execute("drop table marts.expected_survival; delete from marts.cumulative_incidence")
        with pytest.raises(ConfigError, match=r"expected_survival is not there\n.*: survival, in"):
            choose(con, Wish("expected"), WORDS)
        with pytest.raises(ConfigError, match="cumulative_incidence is empty"):
            choose(con, Wish("incidence"), WORDS)
        assert figure_parts(con, WORDS, drawings(con, None)) == []


@pytest.mark.parametrize(
    ("wish", "title", "seen"),
    [
        (Wish("survival"), "Overall survival, all patients", {"At risk", "100%"}),
        (
            Wish("survival", variable="primary_site", strata=["lung", "pancreas"]),
            "Overall survival, by primary site",
            {"Lung", "Pancreas"},
        ),
        (
            Wish("expected", variable="primary_site", strata=["lung"]),
            "Overall survival, observed and expected, primary site: Lung",
            {"Observed", "Expected in the population"},
        ),
        (
            Wish("incidence"),
            "Overall: cumulative incidence by cause, all patients",
            {"Tumour", "Other", "At risk"},
        ),
        (
            Wish("incidence", variable="operation_era", causes=["tumour"]),
            "Overall: cumulative incidence (tumour), by operation era",
            {"1990–1999", "2000–2009", "2010–2016"},
        ),
    ],
)
def test_figures_show_what_was_chosen(
    wish: Wish, title: str, seen: set[str], con: duckdb.DuckDBPyConnection
) -> None:
    choice = choose(con, wish, WORDS)
    assert title_of(choice, WORDS) == title
    assert seen <= texts(drawn(con, choice, WORDS))
    assert "95 % bands" in described(choice, WORDS)


def test_the_page_shows_all_patients_and_the_first_variable(
    con: duckdb.DuckDBPyConnection,
) -> None:
    parts = figure_parts(con, WORDS, drawings(con, None))
    assert [part.id for part in parts] == ["expected-0", "expected-1", "incidence-0", "incidence-1"]
    assert [len(part.plots) for part in parts] == [1, 3, 1, 3]  # operation_era comes first
    assert parts[0].heading == "Overall survival, observed and expected, all patients"
    assert parts[3].heading == "Overall: cumulative incidence by cause, by operation era"
    tops = {
        next(
            element.text
            for element in reversed(list(ElementTree.fromstring(plot.svg).iter("text")))
            if (element.text or "").endswith("%")
        )
        for plot in parts[3].plots
    }
    assert len(tops) == 1, "panels side by side have different axes"

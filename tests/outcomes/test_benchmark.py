"""A publication's figures beside the registry's: what they may be held against, and how."""

from __future__ import annotations

import duckdb
import pytest

from cytoreg.errors import ConfigError
from cytoreg.outcomes.marts import materialize, tables
from cytoreg.project.config import Config

HEAD = {
    "registry": {"name": "biopsies", "title": "Biopsies"},
    "linkage": {"entity": "patient", "number": "number", "precedence": {}},
}
OUTCOME = {
    "biopsy": {
        "table": "marts.biopsy",
        "strata": ["side"],
        "measures": {
            "benign": {"share": "benign", "label": "Benign"},
            "cores": {"quantity": "cores", "unit": "cores"},
        },
    }
}
SURVIVAL = {
    "overall": {"cohort": "marts.cohort", "label": "Overall", "strata": ["side"]},
}


def config(*figures: dict[str, object], **more: object) -> Config:
    benchmark = {
        "smith": {
            "citation": "Smith 2020",
            "records": "registry.landed",
            "per": 100,
            "figures": [{"figure": f"figure_{i}", **one} for i, one in enumerate(figures)],
        }
    }
    sections = {"outcome": OUTCOME, "survival": SURVIVAL, "benchmark": benchmark}
    return Config.model_validate({**HEAD, **sections, **more})


def rows(*figures: dict[str, object]) -> list[tuple[object, ...]]:
    """Unit, observed, agrees, numerator, denominator of each figure, in a registry of four rows."""
    con = duckdb.connect()
    con.execute(
        """create schema marts; create schema registry;
        create table registry.landed as from range(200) as r(i);
        create table marts.biopsy as from (values
          ('left', true, 2), ('left', false, 3), ('right', true, 4), ('right', null, 7)
        ) as v(side, benign, cores)"""
    )
    materialize(con, config(*figures))
    return con.execute(
        "select unit, observed, agrees, numerator, denominator from marts.smith_benchmark"
        " order by figure"
    ).fetchall()


def test_figures_are_in_the_unit_of_their_measure() -> None:
    benign = {"measure": "biopsy.benign", "published": 67, "rounding": 0.5}
    cores = {"measure": "biopsy.cores", "published": 4}
    found = rows(
        benign,
        {**benign, "stratum_variable": "side", "stratum": "left"},
        cores,
        {**cores, "kind": "median", "unit": "cylinders"},
        {**benign, "stratum_variable": "side", "stratum": "middle"},
    )
    assert found == [
        ("% of biopsies", pytest.approx(200 / 3), True, 2, 3),
        ("% of biopsies", 50, True, 1, 2),
        ("cores", 4, True, 16, 4),
        ("cylinders", 3.5, False, None, 4),
        ("% of biopsies", None, False, None, None),
    ]


def test_counts_are_given_per_records() -> None:
    count = {"count": "marts.biopsy", "published": 2, "unit": "biopsies"}
    found = rows(
        count,
        {**count, "where": "cores > 3"},
        {**count, "sum": "cores"},
        {**count, "sum": "cores", "where": "cores > 3 -- many"},
    )
    assert [row[1] for row in found] == [2, 1, 8, 5.5]
    assert [row[3:] for row in found] == [(4, 200), (2, 200), (16, 200), (11, 200)]


@pytest.mark.parametrize(
    ("figure", "more", "told"),
    [
        ({"measure": "biopsi.benign"}, {}, r"there is no outcome and no endpoint biopsi \(perhaps"),
        ({"measure": "biopsy.malign"}, {}, r"\[outcome.biopsy\] has no measure malign"),
        ({"measure": "biopsy.benign", "kind": "sd"}, {}, r"is a share, which has no sd"),
        (
            {"measure": "biopsy.cores", "kind": "proportion"},
            {},
            r"is a quantity, which has",
        ),
        (
            {"measure": "biopsy.benign", "stratum_variable": "sex", "stratum": "male"},
            {},
            r"stratum_variable: biopsy has no stratum sex",
        ),
        ({"measure": "overall.survival_7_years"}, {}, r"has no survival_7_years \(perhaps surv"),
        ({"measure": "overall.le_minus_median_os"}, {}, r"\[survival.overall\] has no le_minus"),
        (
            {"measure": "overall.median_survival", "kind": "median"},
            {},
            r"is of a survival endpoint",
        ),
        (
            {"measure": "biopsy.benign"},
            {"survival": {"biopsy": SURVIVAL["overall"]}},
            r"biopsy is an outcome and a survival endpoint",
        ),
    ],
)
def test_a_figure_of_what_is_not_declared_is_refused_with_its_place(
    figure: dict[str, object], more: dict[str, object], told: str
) -> None:
    from cytoreg.outcomes.prove import prove_outcomes

    with pytest.raises(ConfigError, match=told) as raised:
        prove_outcomes(
            config({"published": 1, **figure}, **more), {}, ["marts.biopsy", "registry.landed"]
        )
    assert "[[benchmark.smith.figures]] figure_0" in str(raised.value)
    assert raised.value.remedy


@pytest.mark.parametrize(
    ("figure", "told"),
    [
        ({}, "either `measure` or `count`"),
        ({"measure": "biopsy.benign", "where": "true"}, "`where` and `sum` are of a `count`"),
        ({"count": "marts.biopsy"}, "a count has a `unit`"),
        ({"measure": "biopsy.benign", "stratum": "left"}, "give both"),
        (
            {"count": "marts.biopsy", "unit": "x", "stratum_variable": "side", "stratum": "left"},
            "a count has no stratum",
        ),
    ],
)
def test_a_figure_that_contradicts_itself_is_refused(figure: dict[str, object], told: str) -> None:
    with pytest.raises(ValueError, match=f"figure figure_0.*{told}"):
        config({"published": 1, **figure})


def test_a_figure_that_is_there_twice_is_refused() -> None:
    one = {"figure": "same", "measure": "biopsy.benign", "published": 1}
    with pytest.raises(ValueError, match="figure same of all occurs twice"):
        config(one, one)


def test_each_benchmark_is_a_mart_with_its_citation() -> None:
    found = {
        table.name: table.text
        for table in tables(config({"measure": "biopsy.benign", "published": 1}))
    }
    assert [*found] == ["marts.outcome_summary", "marts.smith_benchmark", "marts.definition"]
    assert "Published: Smith 2020." in found["marts.smith_benchmark"]
    assert "per 100 rows of registry.landed" in found["marts.smith_benchmark"]

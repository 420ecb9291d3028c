"""Words are said once in cytoreg.toml, where the thing is declared."""

from __future__ import annotations

import duckdb
import pytest

from cytoreg.errors import ConfigError
from cytoreg.outcomes.definition import Term, terms
from cytoreg.outcomes.marts import materialize, tables
from cytoreg.project.config import Config

HEAD = {
    "registry": {"name": "biopsies", "title": "Biopsies"},
    "linkage": {"entity": "patient", "number": "number", "precedence": {}},
}


def outcome(**measures: dict[str, object]) -> dict[str, object]:
    named = {name: {"share": "true", **words} for name, words in measures.items()}
    return {"table": "marts.biopsy", "measures": named}


def config(**sections: object) -> Config:
    return Config.model_validate({**HEAD, **sections})


def test_terms_come_in_the_order_of_their_declaration() -> None:
    found = terms(
        config(
            outcome={
                "biopsy": outcome(
                    benign={"label": "Benign"},
                    silent={},
                    repeated={"label": "Again", "position": 10},
                    lost={"label": "Lost", "definition": "Nobody knows where it is."},
                )
            },
            words={"side": {"label": "Side"}},
        )
    )
    assert found == [
        Term("benign", "Benign", "", 1),
        Term("repeated", "Again", "", 10),
        Term("lost", "Lost", "Nobody knows where it is.", 11),
        Term("side", "Side", "", 12),
    ]


def test_a_figure_without_words_has_those_of_its_measure() -> None:
    figure = {"measure": "biopsy.benign", "published": 1}
    figures = [
        {"figure": "harmless", **figure},
        {"figure": "benign", **figure},
        {"figure": "mild", "label": "Mild", **figure},
        {"figure": "five", "measure": "overall.survival_5_years", "published": 1},
    ]
    found = terms(
        config(
            outcome={"biopsy": outcome(first={"label": "First"}, benign={"label": "Benign"})},
            benchmark={"smith": {"citation": "Smith 2020", "figures": figures}},
        )
    )
    assert [(term.name, term.label, term.position) for term in found] == [
        ("first", "First", 1),
        ("benign", "Benign", 2),
        ("harmless", "Benign", 2),
        ("mild", "Mild", 2),
    ]


def test_one_measure_of_two_units_is_described_once() -> None:
    said = {"label": "Benign", "definition": "No cancer cell."}
    same = {"biopsy": outcome(benign=said), "patient": outcome(benign={})}
    assert [term.name for term in terms(config(outcome=same))] == ["benign"]
    other = {"biopsy": outcome(benign=said), "patient": outcome(benign={"label": "Harmless"})}
    with pytest.raises(
        ConfigError, match=r"\[outcome.patient.measures.benign\]: benign is described"
    ):
        terms(config(outcome=other))


def test_a_definition_without_a_label_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"\[words.side\]: a definition needs a label"):
        terms(config(words={"side": {"definition": "Left or right."}}))


def test_the_mart_is_there_only_where_something_has_words() -> None:
    assert tables(config()) == ()
    con = duckdb.connect()
    con.execute("create schema marts")
    materialize(con, config(words={"side": {"label": "The patient's side"}, "a": {"label": "A"}}))
    assert con.execute("from marts.definition").fetchall() == [
        ("a", "A", None, 2),
        ("side", "The patient's side", None, 1),
    ]

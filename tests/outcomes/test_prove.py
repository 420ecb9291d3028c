"""What is wrong with outcomes in cytoreg.toml is told before a night begins, with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from cytoreg.errors import ConfigError
from cytoreg.models.build import load_models
from cytoreg.outcomes.prove import prove_outcomes
from cytoreg.project.config import Config
from cytoreg.project.load import parse

HEAD = """
[registry]
name = "biopsies"
title = "Biopsies"
[linkage]
entity = "patient"
number = "number"
precedence = {}
"""
MODEL = """/* One row a biopsy.
grain: side, cores
materialized: table
*/
select
  x.side, -- left or right
  x.cores, -- cores taken
  x.core_mm -- their lengths, mm
from registry.biopsy as x
"""
KNOWN = ("marts.biopsy", "registry.biopsy", "registry.patient")


def prove(tmp_path: Path, text: str, **models: str) -> Config:
    folder = tmp_path / "sql" / "marts"
    folder.mkdir(parents=True)
    for name, sql in {"biopsy": MODEL, **models}.items():
        (folder / f"{name}.sql").write_text(sql)
    config = parse(HEAD + text, tmp_path / "cytoreg.toml")
    prove_outcomes(config, load_models(tmp_path / "sql"), KNOWN)
    return config


def declared(measure: str, more: str = "", table: str = "marts.biopsy") -> str:
    return (
        f'[outcome.biopsy]\ntable = "{table}"\n{more}\n[outcome.biopsy.measures.asked]\n{measure}\n'
    )


def test_what_a_night_can_count_is_not_refused(tmp_path: Path) -> None:
    text = declared("share = \"Side = 'left'\"", 'strata = ["side"]\nby = "cores"')
    text += '[outcome.biopsy.measures.length]\nquantity = "list_sum(core_mm) / cores"\nunit = "mm"'
    text += '[outcome.biopsy.measures.long]\nshare = "list_any_value([x > 3 for x in core_mm])"'
    config = prove(tmp_path, text.replace('"mm"[', '"mm"\n['))
    assert config.outcome["biopsy"].strata == {"side": "side"}
    assert list(config.outcome["biopsy"].quantities) == ["length"]


def test_a_registry_without_outcomes_has_nothing_to_prove(tmp_path: Path) -> None:
    assert prove(tmp_path, "").outcome == {}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            declared("share = \"sidde = 'left'\""),
            r"\[outcome.biopsy.measures.asked\] share: marts.biopsy has no column sidde"
            r" \(perhaps side\)",
        ),
        (declared('quantity = "core"'), r"asked\] quantity: marts.biopsy has no column core"),
        (declared('share = "true"\nof = "sidde"'), r"asked\] of: .* no column sidde"),
        (declared('share = "true"\namong = "sidde"'), r"asked\] among: .* no column sidde"),
        (
            declared('share = "true"', 'strata = ["side", "era"]'),
            r"\[outcome.biopsy\] strata: marts.biopsy has no column era",
        ),
        (declared('share = "true"', 'by = "person"'), r"\] by: marts.biopsy has no column person"),
        (
            declared('share = "true"', table="marts.biopsi"),
            r"\[outcome.biopsy\] table: no night makes marts.biopsi \(perhaps marts.biopsy\)",
        ),
        (declared('share = "side = = 1"'), r"asked\] share: side = = 1 is not SQL"),
        (declared('share = "side, cores"'), r"asked\] share: .* is not SQL"),
        (declared('share = "side) from x; select (1"'), r"asked\] share: .* is not SQL"),
        (declared('share = "max(cores) > 3"'), r"asked\] share: .* is about more than one row"),
        (
            declared('quantity = "row_number() over ()"'),
            r"asked\] quantity: .* is about more than one row",
        ),
        (
            declared('share = "cores in (select 1)"'),
            r"asked\] share: .* is about more than one row",
        ),
    ],
)
def test_what_no_night_could_count_is_refused(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(ConfigError, match=told) as raised:
        prove(tmp_path, text)
    assert raised.value.remedy


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            declared("label = 'x'"),
            r"outcome.biopsy.measures.asked: .* either `share` or `quantity`",
        ),
        (declared('share = "true"\nquantity = "1"'), r"either `share` or `quantity`"),
        (declared('quantity = "cores"\nof = "true"'), r"`of` is the denominator of a share"),
        (declared('share = "true"\nunit = "mm"'), r"`unit` is of a quantity"),
        (
            declared('share = "true"', 'strata = ["side", "side"]'),
            r"strata: .* side is named twice",
        ),
        (declared('share = "true"', 'strata = ["all"]'), r"strata: .* no stratum is called all"),
        (declared('shar = "true"'), r"measures.asked.shar: unknown key \(perhaps share\)"),
        (declared('share = "true"', table="biopsy"), r"outcome.biopsy.table: "),
        ('[outcome.biopsy]\ntable = "marts.biopsy"\nmeasures = {}', r"outcome.biopsy.measures: "),
        (declared('share = "true"') * 2, r"not valid TOML: .*outcome.*twice.*line"),
    ],
)
def test_what_the_file_itself_says_wrong_is_told_with_its_key(
    tmp_path: Path, text: str, told: str
) -> None:
    with pytest.raises(ConfigError, match=told) as raised:
        prove(tmp_path, text)
    assert str(tmp_path / "cytoreg.toml") in str(raised.value)


def test_a_mart_that_both_sql_and_the_outcomes_make_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"outcome_summary.sql: marts.outcome_summary is made"):
        prove(tmp_path, declared('share = "true"'), outcome_summary=MODEL)

"""The reference schemas say what a steward and a dictionary need, and agree with the SQL."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cytoreg.demo.defects import DEFECTS
from cytoreg.models.build import load_models
from cytoreg.project.load import load_project
from cytoreg.rules import load_schemas

ROOT = Path(__file__).parents[2]
LINEAGE = {"_source", "_table", "_file", "_row"}


@pytest.fixture(scope="module")
def schemas():
    return load_schemas(ROOT / "schemas")


@pytest.fixture(scope="module")
def models():
    return load_models(ROOT / "sql")


def test_every_entity_of_the_sources_has_a_schema(schemas):
    text = (ROOT / "cytoreg.toml").read_text(encoding="utf-8")
    named = set(re.findall(r'= "(\w+)"', "\n".join(re.findall(r"tables.*?[}]", text))))
    research = {"operative_finding", "complication", "follow_up"}
    assert named | research == set(schemas)


def test_every_planted_defect_has_its_rule(schemas):
    ids = {rule.id for entity in schemas.values() for rule in entity.rules}
    linkage = load_project(ROOT).config.linkage  # which judges whether sources agree
    ids |= {f"patient.{field}_agrees" for field in linkage.weigh}
    planted = {defect.rule for defect in DEFECTS if not defect.rule.endswith(".unparsable")}
    assert planted - ids == set()


def test_every_rule_gives_a_reason_in_a_sentence(schemas):
    for entity in schemas.values():
        for rule in entity.rules:
            assert re.fullmatch(r"[A-Z].{10,160}[.?]", rule.reason), rule.id


def test_every_column_is_described(schemas):
    for entity in schemas.values():
        assert entity.description
        for column in entity.columns:
            assert len(column.description) > 10, f"{entity.name}.{column.name}"


def test_every_rule_runs_in_the_database(schemas):
    assert [r.id for e in schemas.values() for r in e.rules if r.kind != "compiled"] == []


def test_every_entity_has_one_key_which_comes_first(schemas):
    for entity in schemas.values():
        assert [column.key for column in entity.columns] == [True] + [False] * (
            len(entity.columns) - 1
        )


def test_staging_gives_exactly_the_columns_of_the_schema(schemas, models):
    for name, entity in schemas.items():
        declared = [column.name for column in entity.columns]
        staged = [column for column in models[f"staging.{name}"].columns if column not in LINEAGE]
        assert staged == declared
        assert set(models[f"staging.{name}"].columns) >= LINEAGE


def test_every_model_says_what_each_column_is(models):
    for name, model in models.items():
        if model.schema in ("staging", "registry"):
            assert all(model.columns.values()), name


def test_the_histologies_of_the_registry_are_those_of_the_code_list():
    from importlib.util import module_from_spec, spec_from_file_location

    spec = spec_from_file_location("codes", ROOT / "schemas" / "codes.py")
    codes = module_from_spec(spec)
    spec.loader.exec_module(codes)
    sql = (ROOT / "sql" / "registry" / "neuroendocrine.sql").read_text(encoding="utf-8")
    listed = re.findall(r"\((\d{4}), (true|false)\)", sql)
    assert tuple(int(code) for code, _ in listed) == codes.NET_HISTOLOGIES
    carcinomas = tuple(int(code) for code, carcinoma in listed if carcinoma == "true")
    assert carcinomas == codes.NEC_HISTOLOGIES


def test_the_registry_keeps_the_categories_that_the_rules_accept():
    from importlib.util import module_from_spec, spec_from_file_location

    spec = spec_from_file_location("codes", ROOT / "schemas" / "codes.py")
    codes = module_from_spec(spec)
    spec.loader.exec_module(codes)
    sql = (ROOT / "sql" / "registry" / "pathology.sql").read_text(encoding="utf-8")
    for pattern in (codes.T_CATEGORY, codes.N_CATEGORY, codes.M_CATEGORY):
        assert f"'{pattern}'" in sql

"""Each registry table has a suite that a steward can read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cytoreg.models.build import load_models
from cytoreg.suites import load_suites

ROOT = Path(__file__).parents[2]
# Views and one-row tables that the suites of other tables look into.
WITHOUT_SUITE = {
    *("registry.complication_operation", "registry.contact", "registry.landed_person"),
    *("registry.extract", "registry.neuroendocrine", "registry.patient_of_source"),
}


@pytest.fixture(scope="module")
def suites():
    return load_suites(ROOT / "expectations")


def test_every_registry_table_has_a_suite(suites):
    models = {name for name in load_models(ROOT / "sql") if name.startswith("registry.")}
    assert {suite.table for suite in suites} == (models - WITHOUT_SUITE) | {"registry.patient"}


def test_every_expectation_has_an_id_of_its_table_and_a_reason(suites):
    for suite in suites:
        assert suite.description
        for item in suite.items:
            assert item.rule.startswith(suite.table.replace(".", "_") + "."), item.rule
            assert re.fullmatch(r"[A-Z0-9].{20,240}\.", item.reason), item.rule


def test_each_suite_counts_its_rows_or_its_keys_critically(suites):
    for suite in suites:
        assert any(item.severity == "critical" for item in suite.items), suite.table

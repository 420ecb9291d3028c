"""The simulated hospital's extracts give the published figures, at any seed."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from statistics import mean, stdev

import numpy as np
import pytest
from extract_files import cases, iso, research, survival, table

from cytoreg.demo import simulate
from cytoreg.demo.mortality import life_expectancy

MONTH = 365.25 / 12


@pytest.fixture(scope="module", params=[2017, 1])
def extracts(request: pytest.FixtureRequest, clean: Path, tmp_path_factory) -> Path:
    if request.param == 2017:
        return clean
    return simulate(tmp_path_factory.mktemp("seed"), seed=request.param, defects=False).folder


def test_counts_are_the_published_ones(extracts: Path) -> None:
    log = cases(extracts)
    assert len(log) == 1001
    assert len({case["MRN"] for case in log}) == 800
    assert len(table(extracts, "patients")) == 834


def test_operations_take_368_minutes_give_or_take_146(extracts: Path) -> None:
    minutes = [int(case["MINUTES"]) for case in cases(extracts)]
    assert mean(minutes) == pytest.approx(368, abs=0.5)
    assert stdev(minutes) == pytest.approx(146, abs=0.5)


def test_patients_stay_9_days_give_or_take_10(extracts: Path) -> None:
    stays = {}
    for encounter in table(extracts, "encounters"):
        if encounter["class"] == "IMP":
            stays.setdefault(encounter["mrn"], []).append(
                (iso(encounter["admit_time"][:10]), iso(encounter["discharge_time"][:10]))
            )
    days = []
    for case in cases(extracts):
        operated = iso(case["DATE"])
        [discharged] = [out for into, out in stays[case["MRN"]] if into <= operated <= out]
        days.append((discharged - operated).days)
    assert mean(days) == pytest.approx(9, abs=0.05)
    assert stdev(days) == pytest.approx(10, abs=0.1)


def test_sites_and_unknown_primaries_are_the_published_ones(extracts: Path) -> None:
    index = [row for row in research(extracts)["procedure"] if row["redcap_repeat_instance"] == "1"]
    found = Counter(row["proc_site_found"] for row in index)
    assert found["1"] == 520
    assert found["2"] == 120
    unknown = [row for row in index if row["proc_preop_site"] == "9"]
    assert len(unknown) == 138
    assert sum(row["proc_site_found"] != "9" for row in unknown) == 123
    assert found["9"] == 138 - 123


def test_complications_crises_and_deaths_are_the_published_ones(extracts: Path) -> None:
    forms = research(extracts)
    operations = forms["procedure"]
    assert sum(row["proc_intraop_comp"] == "1" for row in operations) == 90
    assert sum(row["proc_crisis"] == "1" for row in operations) == 10
    grades: dict[str, set[int]] = {}
    for row in forms["complication"]:
        grades.setdefault(row["comp_case_no"], set()).add(int(row["comp_clavien"]))
    assert sum(min(found) <= 2 for found in grades.values()) == 430
    assert sum(max(found) >= 3 for found in grades.values()) == 190
    assert sum(7 in found for found in grades.values()) == 20


def test_recorded_crises_meet_the_rules_by_facts(extracts: Path) -> None:
    for row in research(extracts)["procedure"]:
        low, minutes = int(row["proc_sbp_low"]), int(row["proc_sbp_low_min"])
        assert (minutes > 0) == (low < 80)
        if row["proc_crisis"] == "1":
            assert row["proc_intraop_type"] == "5"
            assert minutes >= 10
            assert int(row["proc_bp_change_pct"]) >= 40
            assert int(row["proc_bp_change_min"]) < 5
            assert int(row["proc_bp_regress_pct"]) >= 20
            assert row["proc_other_cause"] == "0"


@pytest.mark.parametrize(
    ("site", "published", "median"),
    [("2", (0.67, 0.51, 0.36), 124), ("1", (0.84, 0.67, 0.31), 161)],
)
def test_survival_runs_through_the_published_points(
    extracts: Path, site: str, published: tuple[float, ...], median: int
) -> None:
    days, dead, ages = _from_index(extracts, site)
    shares, middle = survival(days, dead, [1826.25, 3652.5, 7305])
    # Steps of the estimate at 20 years are as wide as one of few patients at risk.
    tolerance = (0.01, 0.015, 0.035 if site == "2" else 0.01)
    assert np.all(np.abs(np.array(shares) - published) <= tolerance)
    assert middle / MONTH == pytest.approx(median, rel=0.035)
    assert 53 < mean(ages) < 60


def _from_index(extracts: Path, site: str) -> tuple[list[int], list[bool], list[float]]:
    """Days from index operation to death or last contact, death, age, of patients of a site."""
    forms = research(extracts)
    born = {row["record_id"]: iso(row["enr_birth_date"]) for row in forms[""]}
    last: dict[str, dict[str, str]] = {}
    for row in forms["follow_up"]:
        last[row["record_id"]] = row
    days, dead, ages = [], [], []
    for row in forms["procedure"]:
        if row["redcap_repeat_instance"] == "1" and row["proc_site_found"] == site:
            start, end = iso(row["proc_date"]), last[row["record_id"]]
            days.append((iso(end["fu_date"]) - start).days)
            dead.append(end["fu_status"] == "3")
            ages.append((start - born[row["record_id"]]).days / 365.25)
    return days, dead, ages


def test_thirty_day_deaths_are_two_percent_of_operations(extracts: Path) -> None:
    died = {
        row["mrn"]: iso(row["death_date"])
        for row in table(extracts, "patients")
        if row["death_date"]
    }
    last = {case["MRN"]: iso(case["DATE"]) for case in cases(extracts)}
    within = [died[mrn] - day for mrn, day in last.items() if mrn in died]
    assert sum(0 <= gap.days <= 30 for gap in within) == 20


def test_life_expectancy_falls_with_age_and_is_longer_for_women() -> None:
    age, year = np.array([50.0, 70.0, 50.0, 0.0]), np.array([2000.0] * 4)
    years = life_expectancy(age, np.array([True, True, False, True]), year)
    assert years[0] > years[2] > years[1]
    # Of women aged 50 in 2000 the period life table expects 31.4 years; mortality fell after.
    assert 31.4 < years[0] < 34


def test_figures_hold_at_another_size(tmp_path: Path) -> None:
    simulate(tmp_path, patients=4170, seed=5, defects=False)
    log = cases(tmp_path)
    assert (len(log), len({case["MRN"] for case in log})) == (5005, 4000)
    days, dead, _ = _from_index(tmp_path, "1")
    shares, middle = survival(days, dead, [1826.25, 3652.5, 7305])
    assert shares == pytest.approx([0.84, 0.67, 0.31], abs=0.004)
    assert middle / MONTH == pytest.approx(161, abs=0.6)

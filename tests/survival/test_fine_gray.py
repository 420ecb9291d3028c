"""Fine and Gray's regression against cmprsk and survival, and against its laws."""

from __future__ import annotations

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pytest
from population_tables import GOLDEN

from cytoreg.errors import CytoregError
from cytoreg.survival import Cox, concordance, cox, fine_gray, proportional_hazards
from cytoreg.survival.prediction import predicted_survival

X = ["age", "male", "mspike"]
ESTIMATES = ["coefficient", "std_err"]


def registry(name: str) -> pd.DataFrame:
    return pd.read_csv(GOLDEN / f"registry_{name}.csv").rename(columns={"etime": "time_days"})


def same(one: Cox, other: Cox, columns: list[str], within: float = 1e-9) -> None:
    np.testing.assert_allclose(one.terms[columns], other.terms[columns], rtol=0, atol=within)


def test_coefficients_are_those_of_crr() -> None:
    fit = fine_gray(registry("mgus2"), X, 1)
    issue = [-0.0169425280797, -0.213616037007, 0.888464126481]
    np.testing.assert_allclose(fit.terms["coefficient"], issue, rtol=0, atol=1e-8)
    theirs = registry("crr")
    np.testing.assert_allclose(fit.terms["coefficient"], theirs["coefficient"], rtol=0, atol=1e-8)
    np.testing.assert_allclose(fit.terms["std_err"], theirs["std_err"], rtol=0.005)
    assert (fit.patients, fit.left_out, fit.robust) == (len(registry("mgus2")), 0, True)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_estimates_are_those_of_finegray(ties: str) -> None:
    fit = fine_gray(registry("mgus2"), X, 1, ties)
    theirs = registry("fine_gray").query("ties == @ties")
    np.testing.assert_allclose(fit.terms[ESTIMATES], theirs[ESTIMATES], rtol=0, atol=1e-8)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_little_cohorts_full_of_ties_give_the_same_estimates(ties: str) -> None:
    theirs = registry("small_fine_gray").query("ties == @ties").set_index("number")
    for number, cohort in registry("small").groupby("number"):
        fit = fine_gray(cohort, ["x"], 1, ties, "arm")
        wanted = theirs.loc[number, ESTIMATES].to_numpy(float)
        np.testing.assert_allclose(fit.terms.loc[0, ESTIMATES].to_numpy(float), wanted, atol=1e-8)


@pytest.mark.parametrize("ties", ["crr", "efron", "breslow"])
def test_without_another_cause_it_is_coxs_model(ties: str) -> None:
    cohort = registry("small")
    cohort["event"] = cohort["event"].replace(2, 0)
    coxs = "breslow" if ties == "crr" else ties
    same(fine_gray(cohort, ["x"], 1, ties), cox(cohort, ["x"], coxs), ["coefficient"])


def test_without_censoring_others_stay_at_risk_to_the_end() -> None:
    cohort = registry("small").query("event > 0")
    stay = cohort.assign(
        time_days=cohort["time_days"].where(cohort["event"] == 1, 99),
        event=cohort["event"].replace(2, 0),
    )
    for ties in ("efron", "breslow"):
        same(fine_gray(cohort, ["x"], 1, ties), cox(stay, ["x"], ties), ["coefficient"])


def test_weights_are_repeated_rows_of_the_coefficients() -> None:
    cohort = registry("small").assign(weight=lambda frame: 1 + np.arange(len(frame)) % 3)
    repeated = cohort.loc[cohort.index.repeat(cohort["weight"])].drop(columns="weight")
    for ties in ("crr", "breslow"):
        one, other = (fine_gray(c, ["x"], 1, ties, "arm") for c in (cohort, repeated))
        same(one, other, ["coefficient"])
    scaled = fine_gray(cohort.assign(weight=cohort["weight"] * 0.7), ["x"], 1)
    same(scaled, fine_gray(cohort, ["x"], 1), ESTIMATES)


def test_frames_of_any_kind_and_names_of_causes_are_read() -> None:
    cohort = registry("small")
    wanted = fine_gray(cohort, ["x", "arm"], 2)
    named = cohort.assign(event=cohort["event"].map({0: None, 1: "tumour", 2: "other"}))
    polars = pl.from_pandas(named)
    shuffled = named.sample(frac=1, random_state=3)
    for given in (named, polars, polars.to_arrow(), duckdb.from_df(named), shuffled):
        same(fine_gray(given, ["x", "arm"], "other"), wanted, ESTIMATES)


def test_missing_values_are_left_out_and_counted() -> None:
    cohort = registry("small")
    holes = cohort.assign(x=cohort["x"].where(cohort.index % 10 > 0))
    fit = fine_gray(holes, ["x"], 1)
    assert (fit.left_out, fit.patients) == (48, 432)
    same(fit, fine_gray(holes.dropna(), ["x"], 1), ESTIMATES)


def test_what_cannot_be_estimated_is_said() -> None:
    cohort = registry("small")
    with pytest.raises(CytoregError, match="nobody in the cohort had the cause 3"):
        fine_gray(cohort, ["x"], 3)
    with pytest.raises(CytoregError, match="nobody in the cohort had the cause"):
        fine_gray(cohort.assign(event=0), ["x"], 1)
    only_missing = cohort.assign(x=cohort["x"].where(cohort["event"] != 1))
    with pytest.raises(CytoregError, match="nobody had the event"):
        fine_gray(only_missing, ["x"], 1)
    with pytest.raises(CytoregError, match="delayed entry"):
        fine_gray(cohort.assign(entry_days=0.5), ["x"], 1)
    with pytest.raises(CytoregError, match="a time that is missing, negative"):
        fine_gray(cohort.assign(time_days=-1), ["x"], 1)
    with pytest.raises(CytoregError, match="take crr, efron or breslow"):
        fine_gray(cohort, ["x"], 1, "exact")  # type: ignore[arg-type]
    one = fine_gray(cohort.query("event == 1").head(1), ["x"], 1)
    assert one.terms["problem"].tolist() == ["one value"]
    assert one.terms["coefficient"].isna().all()
    same(fine_gray(cohort.assign(entry_days=0), ["x"], 1), fine_gray(cohort, ["x"], 1), ESTIMATES)


def test_what_follows_a_cox_model_refuses_it() -> None:
    cohort = registry("small")
    fit = fine_gray(cohort, ["x"], 1)
    for ask in (concordance, proportional_hazards, lambda f: predicted_survival(f, cohort, 0.01)):
        with pytest.raises(CytoregError, match="not a Fine-Gray model"):
            ask(fit)

"""Probabilities of states against R's survfit, and against their laws."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pytest
from population_tables import GOLDEN

from cytoreg.errors import CytoregError
from cytoreg.survival import incidence_at, state_probabilities

AT = np.array([100, 365, 1000]) / 365.25
ESTIMATES = ["probability", "std_err"]


def myeloid() -> pd.DataFrame:
    rows = pd.read_csv(GOLDEN / "registry_myeloid.csv")
    return rows.assign(to_state=rows["to_state"].where(rows["to_state"] != "none"))


def test_probabilities_and_errors_are_survfits() -> None:
    found, theirs = (
        state_probabilities(myeloid(), AT),
        pd.read_csv(GOLDEN / "registry_states.csv"),
    )
    assert found["state"].tolist() == theirs["state"].tolist()
    np.testing.assert_allclose(found[ESTIMATES], theirs[ESTIMATES], rtol=0, atol=1e-10)
    issue = [0.02920788293, 0.33964577731, 0.36213018135, 0.26901615841]
    np.testing.assert_allclose(found["probability"][1::3], issue, rtol=0, atol=1e-10)


def test_competing_causes_have_the_incidence_of_aalen_and_johansen() -> None:
    small = pd.read_csv(GOLDEN / "registry_small.csv").rename(columns={"id": "person"})
    late = small.assign(entry_days=small.index % 2)
    for cohort in (small.assign(entry_days=0), late[late["entry_days"] < late["time_days"]]):
        theirs = incidence_at(cohort, AT[0] / 20, "arm").query("cause == 2")
        rows = cohort.assign(from_state="here", to_state=cohort["event"])
        found = state_probabilities(rows, AT[0] / 20, "arm").query("state == '2'")
        np.testing.assert_allclose(found["probability"], theirs["incidence"], atol=1e-12)
        np.testing.assert_allclose(found["std_err"], theirs["std_err"], atol=1e-12)


def test_a_row_may_be_cut_and_rows_come_in_any_frame_and_order() -> None:
    rows, wanted = myeloid(), state_probabilities(myeloid(), AT)
    half = rows["time_days"] // 2
    long = rows["entry_days"] < half
    first = rows.assign(time_days=half, to_state=None)[long]
    cut = pd.concat([first, rows.assign(entry_days=half.where(long, rows["entry_days"]))])
    for given in (cut, pl.from_pandas(rows.sample(frac=1, random_state=1)), rows.assign(weight=2)):
        found = state_probabilities(given, AT)
        np.testing.assert_allclose(found[ESTIMATES], wanted[ESTIMATES], atol=1e-10)


@pytest.mark.parametrize("at", [[], [[1.0]], -1, [1, np.nan]])
def test_it_is_asked_for_times_from_0_on(at: object) -> None:
    with pytest.raises(CytoregError, match="times, of 0 years or more"):
        state_probabilities(myeloid(), at)


def test_the_shares_of_all_states_are_one() -> None:
    found = state_probabilities(myeloid().assign(weight=lambda r: 0.3 + r["person"] % 4), AT)
    np.testing.assert_allclose(found.groupby("years")["probability"].sum(), 1, atol=1e-12)
    late = state_probabilities(myeloid(), 50)
    assert late["probability"].isna().all()


def test_one_person_and_people_who_never_move_have_states() -> None:
    one = myeloid().head(2)
    assert state_probabilities(one, 0.5)["probability"].tolist() == [0, 1, 0]
    still = state_probabilities(one.head(1).assign(to_state=None), 0.1)
    assert still[["state", "probability", "std_err"]].to_numpy().tolist() == [["(s0)", 1, 0]]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"entry_days": [0, 40]}, "1 with a time that another row"),
        ({"entry_days": [0, 50]}, "1 with a gap"),
        ({"from_state": ["(s0)", "SCT"]}, "1 with a from_state that the row before"),
        ({"to_state": ["(s0)", "death"]}, "1 with a move to the state"),
        ({"from_state": [None, "CR"]}, "1 with no from_state"),
        ({"person": [None, 1]}, "1 with no person"),
        ({"time_days": [44, 44]}, "an entry that is not before the time"),
    ],
)
def test_what_no_person_can_do_is_refused(change: dict[str, list], message: str) -> None:
    with pytest.raises(CytoregError, match=message):
        state_probabilities(myeloid().head(2).assign(**change), 1)

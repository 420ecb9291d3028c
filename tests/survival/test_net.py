"""Net and relative survival: relsurv's figures, where ours differ and why, and laws."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from population_tables import cohort, golden, immortal, ratetable, where_relsurv_looks

from cytoreg.errors import CytoregError
from cytoreg.survival import LifeTable, kaplan_meier, net_survival

YEAR = 365.241  # days of relsurv's year
SLOPOP = ratetable("slopop", age_days=YEAR)
METHODS = ("pohar-perme", "ederer2", "ederer1", "hakulinen")


def estimates(patients: pd.DataFrame, method: str, days: np.ndarray) -> pd.DataFrame:
    """Without steps; beside relsurv's own steps: test_population_elsewhere.py."""
    return net_survival(patients, SLOPOP, method, days / 365.25, integral="exact")


@pytest.mark.parametrize(
    ("method", "precision", "within"),
    [
        ("ederer1", 1, 1e-9),
        # relsurv looks hazards up at the beginning of each step; with short steps it meets ours
        ("ederer2", 0.01, 1e-6),
        ("ederer2", 1, 4e-5),
    ],
)
def test_relative_survival_of_rdata_is_relsurvs(
    method: str, precision: float, within: float
) -> None:
    expected = golden("net").query("method == @method and precision == @precision")
    patients = cohort("rdata", YEAR)
    days = where_relsurv_looks(patients, expected["days"].to_numpy(), method)
    found = estimates(patients, method, days)
    for column in ("estimate", "std_err"):
        assert found[column].to_numpy() == pytest.approx(expected[column].to_numpy(), abs=within)


@pytest.mark.parametrize("method", ["pohar-perme", "ederer2", "ederer1"])
def test_where_somebody_leaves_every_day_all_methods_are_relsurvs(method: str) -> None:
    expected = golden("many_net").query("method == @method")
    found = estimates(cohort("many"), method, expected["days"].to_numpy())
    for column in ("estimate", "std_err"):
        # a day's hazard is looked up when it begins: after four years that is 1.3e-5
        assert found[column].to_numpy() == pytest.approx(expected[column].to_numpy(), abs=2e-5)


def by_days(
    patients: pd.DataFrame, at: np.ndarray, *, averaged_twice: bool, table: LifeTable = SLOPOP
) -> np.ndarray:
    """Pohar Perme in steps of a day within each gap until somebody leaves or enters.

    averaged_twice: a step's mean hazard is the one of all steps since the gap began, as relsurv's.
    """
    age, start = patients["age_days"].to_numpy(), patients["start_date"].to_numpy()
    sex = table.group_of(patients["sex"].to_numpy())
    event, time = patients["event"].to_numpy(), patients["time_days"].to_numpy()
    entry = patients["entry_days"].to_numpy() if "entry_days" in patients else np.zeros_like(time)
    changes = (table.years - 1970).astype("datetime64[Y]").astype("datetime64[D]")
    weight = np.ones(len(patients))
    curve, estimate, previous = [], 1.0, 0
    for now in np.unique(np.concatenate([time, entry[entry > 0], at])):
        here = (time >= now) & (entry < now)
        expected, above, below = 0.0, np.zeros(2), np.zeros(2)
        for day in np.arange(previous, now):
            place = np.floor((age + day) / table.age_days + 1e-9).astype(int) - table.first_age
            year = (
                np.searchsorted(
                    changes, start + np.timedelta64(int(np.floor(day)), "D"), side="right"
                )
                - 1
            )
            hazard = table.hazard[sex, np.clip(place, 0, table.hazard.shape[1] - 1), year]
            length = min(day + 1, now) - day
            after = weight * np.exp(hazard * length)
            sums = [
                [np.sum((h * w)[here]), np.sum(w[here])]
                for h, w in ((hazard, weight), (hazard, after))
            ]
            if averaged_twice:
                above, below = above + np.array(sums)[:, 0], below + np.array(sums)[:, 1]
            else:
                above, below = np.array(sums)[:, 0], np.array(sums)[:, 1]
            expected += np.mean(above / below) * length
            weight = after
        gone = (time == now) & (event == 1)
        estimate *= 1 - (weight[gone].sum() / weight[here].sum() - expected)
        curve.append((now, estimate))
        previous = now
    times, values = np.array(curve).T
    return values[np.searchsorted(times, at, side="right") - 1]


def test_pohar_perme_differs_from_relsurv_by_its_averaging_twice_and_nothing_else() -> None:
    expected = golden("net").query("method == 'pohar-perme' and precision == 1")
    patients, days = cohort("rdata", YEAR), expected["days"].to_numpy()
    found = estimates(patients, "pohar-perme", days)
    theirs, ours = (by_days(patients, days, averaged_twice=twice) for twice in (True, False))
    assert theirs == pytest.approx(expected["estimate"].to_numpy(), abs=1e-8)
    assert ours == pytest.approx(found["estimate"].to_numpy(), abs=5e-5)  # steps of a day
    difference = np.abs(found["estimate"].to_numpy() - expected["estimate"].to_numpy())
    assert difference[0] < 1e-5
    assert 1e-4 < difference[2] < 1e-3
    assert found["std_err"].to_numpy() == pytest.approx(expected["std_err"].to_numpy(), rel=1e-3)


def test_with_late_entry_the_steps_end_where_somebody_enters_too() -> None:
    patients = cohort("rdata", YEAR).query("time_days > 0").head(150)
    late = np.arange(150) % 5 * 70
    patients["entry_days"] = np.where(late < patients["time_days"], late, 0)
    days = np.array([30, 400, 1500])
    ours = net_survival(patients, SLOPOP, at=days / 365.25, integral="relsurv")
    ours = ours["estimate"].to_numpy()
    assert ours == pytest.approx(by_days(patients, days, averaged_twice=True), abs=1e-10)
    at_start = net_survival(patients, SLOPOP, at=0)["at_risk"].tolist()
    assert at_start == [(patients["entry_days"] == 0).sum()]
    assert np.all(ours != estimates(patients, "pohar-perme", days)["estimate"])


def test_hakulinen_is_the_observed_over_the_expected_curve() -> None:
    patients = cohort("rdata", YEAR)
    found = estimates(patients, "hakulinen", np.array([365, 3652]))
    other = estimates(patients, "ederer1", np.array([365, 3652]))
    assert found["estimate"].to_numpy() == pytest.approx(other["estimate"].to_numpy(), abs=1e-3)
    assert found["std_err"].to_numpy() == pytest.approx(other["std_err"].to_numpy(), rel=1e-3)


@pytest.mark.parametrize("method", METHODS)
def test_beside_an_immortal_population_net_survival_is_kaplan_meiers(method: str) -> None:
    patients = cohort("rdata", YEAR)
    found = net_survival(patients, immortal(), method, [1, 5, 10])
    curve = kaplan_meier(patients)
    row = np.searchsorted(curve["time_days"], np.array([1, 5, 10]) * 365.25, side="right") - 1
    assert found["estimate"].to_numpy() == pytest.approx(curve["survival"].to_numpy()[row])


@st.composite
def small(draw: Callable) -> pd.DataFrame:
    size = draw(st.integers(1, 30))

    def some(low: int, high: int) -> list[int]:
        return draw(st.lists(st.integers(low, high), min_size=size, max_size=size))

    frame = pd.DataFrame(
        {
            "time_days": some(0, 60),
            "event": some(0, 1),
            "age_days": some(7000, 40000),
            "sex": [("male", "female")[value] for value in some(0, 1)],
            "start_date": pd.Timestamp("1990-01-01") + pd.to_timedelta(some(0, 9000), "D"),
            "weight": some(1, 4),
        }
    )
    late = np.array(some(0, 40))
    return frame.assign(entry_days=np.where(late < frame["time_days"], late, 0))


def alive(frame: pd.DataFrame) -> pd.DataFrame:
    """Nobody enters at the time at which he leaves."""
    return frame[frame["time_days"] > frame["entry_days"]]


@settings(max_examples=40, deadline=None)
@given(small())
def test_order_does_not_matter_and_weights_are_repeated_rows(frame: pd.DataFrame) -> None:
    frame = alive(frame)
    if frame.empty:
        return
    repeated = frame.loc[frame.index.repeat(frame["weight"])].drop(columns="weight")
    mixed = repeated.sample(frac=1, random_state=1)
    table, at = LifeTable.builtin("usa"), np.array([0, 10, 30, 60]) / 365.25
    for method in METHODS:
        one, other = (net_survival(each, table, method, at) for each in (frame, mixed))
        pd.testing.assert_frame_equal(one, other, rtol=1e-9, atol=1e-12)


@settings(max_examples=40, deadline=None)
@given(small())
def test_late_entry_counts_from_entry_on(frame: pd.DataFrame) -> None:
    """The definition, day by day, beside ours."""
    frame = alive(frame)
    if frame.empty:
        return
    table = ratetable("us", calendar="birthday")
    found = net_survival(frame, table, "ederer2", np.arange(61) / 365.25)
    from cytoreg.survival.cohort import reduce
    from cytoreg.survival.net import COLUMNS, OPTIONAL, count
    from cytoreg.survival.population import people

    (part,) = reduce(frame, COLUMNS, optional=OPTIONAL)
    counts = count(people(part, table), part["event"] == 1)
    weight = frame["weight"].to_numpy()
    for day, at_risk in zip(counts.time, counts.at_risk, strict=True):
        here = (frame["time_days"] >= day) & (frame["entry_days"] < day)
        here |= (day == 0) & (frame["entry_days"] == 0)
        assert at_risk == weight[here].sum()
    estimate = found["estimate"].dropna()
    assert (estimate >= -1e-12).all()


def test_one_patient_and_all_censored_have_an_answer() -> None:
    one = cohort("rdata", YEAR).head(1).assign(event=0, time_days=400)
    for method in METHODS:
        found = net_survival(one, SLOPOP, method, [1, 2])
        assert found["at_risk"].tolist() == [1, 0]
        assert np.isnan(found["estimate"][1])  # past the last time: nobody knows
        assert found["std_err"][0] == 0


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda f: f.assign(time_days=-1), "time"),
        (lambda f: f.assign(event=2), "event"),
        (lambda f: f.assign(entry_days=f["time_days"]), "entry"),
        (lambda f: f.assign(sex="x"), "sex"),
    ],
)
def test_what_cannot_be_estimated_is_refused_with_counts(change: object, said: str) -> None:
    with pytest.raises(CytoregError, match=said):
        net_survival(change(cohort("rdata", YEAR)), SLOPOP)
    with pytest.raises(CytoregError, match="there is no method"):
        net_survival(cohort("rdata", YEAR), SLOPOP, "brenner")


def test_steps_lose_no_digit_when_somebody_who_outweighs_all_has_left() -> None:
    patients = cohort("rdata", YEAR).query("time_days > 0").head(80).reset_index(drop=True)
    patients.loc[0, ["age_days", "time_days", "event"]] = 40_000, 1700, 0
    table, days = LifeTable.builtin("usa"), np.array([1000, 1826, 4000])
    ours = net_survival(patients, table, at=days / 365.25, integral="relsurv")
    ours = ours["estimate"].to_numpy()
    truth = by_days(patients, days, averaged_twice=True, table=table)
    assert ours == pytest.approx(truth, rel=1e-10)

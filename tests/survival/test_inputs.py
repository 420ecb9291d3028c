"""What cohorts can be read from, and what becomes of texts, zones and truth values in them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import polars
import pyarrow as pa
import pyarrow.dataset
import pytest

from cytoreg.errors import CytoregError
from cytoreg.project.config import Endpoint
from cytoreg.survival import (
    LifeTable,
    cox,
    crude_mortality,
    cumulative_incidence,
    expected_deaths,
    fit_kaplan_meier,
    incidence_at,
    kaplan_meier,
    life_expectancy,
    materialize,
    net_survival,
    restricted_mean,
    survival_landmark,
    survival_quantile,
)

USA = LifeTable.builtin("usa")
PEOPLE = pd.DataFrame(
    {
        "time_days": [400, 1200, 3000, 4000],
        "event": [1, 1, 1, 0],
        "age_days": 24_000,
        "sex": "female",
        "start_date": pd.Timestamp("2001-05-10"),
    }
)
ARROW = pa.Table.from_pandas(PEOPLE)


def estimates(cohort: object) -> list[float]:
    return net_survival(cohort, USA, at=[1, 5])["estimate"].tolist()


@pytest.mark.parametrize(
    "make",
    [
        lambda: ARROW,
        lambda: ARROW.to_reader(),
        lambda: ARROW.to_batches()[0],
        lambda: pyarrow.dataset.dataset(ARROW),
        lambda: PEOPLE.convert_dtypes(dtype_backend="pyarrow"),
        lambda: PEOPLE.assign(event=PEOPLE["event"] == 1),
        lambda: PEOPLE.assign(start_date=pd.Timestamp("2001-05-10").date()),
    ],
)
def test_a_cohort_is_the_same_whatever_holds_it(make: Callable[[], object]) -> None:
    assert estimates(make()) == estimates(PEOPLE)


@pytest.mark.parametrize("lazy", [False, True])
def test_a_polars_frame_is_read_eager_or_lazy(lazy: bool) -> None:
    frame = polars.from_arrow(ARROW)
    assert estimates(frame.lazy() if lazy else frame) == estimates(PEOPLE)


@pytest.mark.parametrize(
    "text", ["2001-05-10", " 2001-05-10 ", "2001-05-10T23:30:00Z", "2001-05-10 00:30:00+02:00"]
)
def test_a_start_may_be_an_iso_text_whose_written_day_counts(text: str) -> None:
    assert estimates(PEOPLE.assign(start_date=text)) == estimates(PEOPLE)
    con = duckdb.connect()
    con.register("frame", PEOPLE.assign(start_date=text))
    assert estimates(con.table("frame")) == estimates(PEOPLE)


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Pacific/Auckland", "UTC"])
def test_of_a_time_in_a_zone_the_local_day_counts(zone: str) -> None:
    for hour in ("00:30", "23:30"):
        zoned = PEOPLE.assign(start_date=pd.Timestamp(f"2001-05-10 {hour}", tz=zone))
        assert estimates(zoned) == estimates(PEOPLE)
        assert estimates(pa.Table.from_pandas(zoned)) == estimates(PEOPLE)


@pytest.mark.parametrize("text", ["10.05.2001", "2001", "2001-13-01", "", "soon"])
def test_a_text_that_is_no_date_is_a_missing_start_and_not_shown(text: str) -> None:
    starts = ["2001-05-10", text, "2001-05-10", "2001-05-10"]
    with pytest.raises(CytoregError, match="1 with no start date") as failure:
        estimates(PEOPLE.assign(start_date=starts))
    assert not text or text not in str(failure.value).replace("with no start date", "")


def test_a_truth_value_that_splits_a_cohort_stays_one() -> None:
    people = PEOPLE.assign(operated=[True, False, True, False])
    found = kaplan_meier(people, "operated")
    assert found["operated"].dtype == bool
    missing = kaplan_meier(people.assign(operated=[True, None, True, False]), "operated")
    assert set(missing["operated"]) == {True, False, None}


BROAD = [
    (lambda **c: kaplan_meier(PEOPLE, **c).iloc[1], "survival"),
    (lambda **c: survival_landmark(PEOPLE, 2, **c).iloc[0], "survival"),
    (lambda **c: survival_quantile(PEOPLE, 0.5, **c).iloc[0], "estimate"),
    (lambda **c: restricted_mean(PEOPLE, 5, **c).iloc[0], "estimate"),
    (lambda **c: net_survival(PEOPLE, USA, at=5, **c).iloc[0], "estimate"),
    (lambda **c: crude_mortality(PEOPLE, USA, at=5, **c).iloc[0], "estimate"),
    (lambda **c: expected_deaths(PEOPLE, USA, **c).iloc[0], "smr"),
    (lambda **c: cumulative_incidence(PEOPLE, **c).iloc[1], "incidence"),
    (lambda **c: incidence_at(PEOPLE, 2, **c).iloc[0], "incidence"),
    (lambda **c: life_expectancy(PEOPLE, USA, 5, **c).iloc[2], "estimate"),
    (lambda **c: life_expectancy(PEOPLE, USA, 5, **c).iloc[3], "estimate"),
    (lambda **c: cox(PEOPLE.assign(x=[1, 3, 2, 3]), ["x"], **c).terms.iloc[0], "hazard_ratio"),
]


@pytest.mark.parametrize(("estimate", "column"), BROAD)
def test_an_interval_is_as_wide_as_its_confidence_says(
    estimate: Callable[..., pd.Series], column: str
) -> None:
    plain, same, narrow = estimate(), estimate(confidence=0.95), estimate(confidence=0.5)
    assert plain.equals(same)
    assert narrow[column] == plain[column]
    assert narrow["lower"] > plain["lower"] or narrow["upper"] < plain["upper"]
    for wrong in (0, 1, 95, float("nan")):
        with pytest.raises(CytoregError, match="a confidence lies between 0 and 1"):
            estimate(confidence=wrong)


def test_limits_of_a_level_are_the_quantiles_of_the_normal_distribution() -> None:
    curve = fit_kaplan_meier([1, 2, 3, 4], [1, 0, 1, 0], interval="plain", confidence=0.9)
    half = 1.6448536269514722 * curve.std_err
    np.testing.assert_allclose(np.maximum(curve.survival - half, 0), curve.lower)


def test_a_life_table_with_an_empty_race_leaves_out_those_it_does_not_know(tmp_path: Path) -> None:
    rows = [
        f"2000,{age},{sex},{race},0.01"
        for age in range(110)
        for sex in ("male", "female")
        for race in ("white", "")
    ]
    (tmp_path / "race.csv").write_text("year,age,sex,race,q\n" + "\n".join(rows))
    con = duckdb.connect()
    con.execute("create schema marts")
    con.register("people", PEOPLE.assign(race=["white", None, "black", "white"]))
    con.execute("create table marts.cohort as from people")
    endpoint = Endpoint(cohort="marts.cohort", label="x", life_table="race.csv")
    materialize(con, {"overall": endpoint}, tmp_path)
    found = con.sql("select distinct left_out from marts.net_survival").fetchall()
    assert found == [(2,)]
    reasons = con.sql("select reason, patients from marts.survival_left_out order by 1").fetchall()
    assert reasons == [("race not in life table", 1), ("race unknown", 1)]


@pytest.mark.parametrize("kind", ["varchar", "timestamptz", "timestamp", "date"])
def test_an_endpoints_start_is_read_from_text_and_zones(kind: str) -> None:
    con = duckdb.connect()
    con.execute("create schema marts")
    con.register("people", PEOPLE)
    start = f"cast(cast(start_date as date) as {kind}) as start_date"
    con.execute(f"create table marts.cohort as select * replace ({start}) from people")
    endpoint = Endpoint(cohort="marts.cohort", label="x", life_table="usa", landmarks_years=[1, 5])
    materialize(con, {"overall": endpoint})
    found = con.sql("select estimate from marts.net_survival order by years").fetchall()
    assert [value for (value,) in found] == pytest.approx(estimates(PEOPLE))


def test_a_start_past_the_calendar_leaves_one_patient_out_and_ends_nothing() -> None:
    con = duckdb.connect()
    con.execute("create schema marts")
    con.register("people", PEOPLE)
    con.execute(
        "create table marts.cohort as select * replace (case when time_days = 400"
        " then date '5881580-07-10' else cast(start_date as date) end as start_date) from people"
    )
    materialize(con, {"overall": Endpoint(cohort="marts.cohort", label="x", life_table="usa")})
    found = con.sql("select reason, patients from marts.survival_left_out").fetchall()
    assert found == [("start impossible", 1)]


@pytest.mark.parametrize("name", ["rows", "count", "squares"])
def test_a_covariate_with_the_name_of_a_sum_is_refused_not_replaced_by_it(name: str) -> None:
    cohort = pd.DataFrame({"time_days": [1, 2, 3, 4], "event": [1, 0, 1, 1], name: [3, 1, 2, 5]})
    with pytest.raises(CytoregError, match=f"can be called {name}: rename it"):
        cox(cohort, [name])

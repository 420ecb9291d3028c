"""What the tests beside a population share: R's life tables and cohorts, from tests/golden."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from cytoreg.survival import LifeTable

GOLDEN = Path(__file__).parents[1] / "golden"
SEXES = {"M": "male", "F": "female"}


def golden(name: str) -> pd.DataFrame:
    """population_<name>.csv."""
    return pd.read_csv(GOLDEN / f"population_{name}.csv")


def ratetable(name: str, **choices: object) -> LifeTable:
    """R's table of hazards as a LifeTable."""
    rows = golden(name)
    years, ages = np.sort(rows["year"].unique()), np.sort(rows["age"].unique())
    hazard = np.full((2, len(ages), len(years)), np.nan)
    sex = (rows["sex"] == "F").astype(int)
    at = np.searchsorted(ages, rows["age"]), np.searchsorted(years, rows["year"])
    hazard[sex, *at] = rows["hazard"]
    return LifeTable.from_hazards(hazard, first_age=int(ages[0]), years=years, **choices)


def cohort(name: str, year_days: float = 365.25) -> pd.DataFrame:
    """A cohort of R's, with standard columns; ages are whole years."""
    rows = golden(name)
    age = rows["age_days"] if "age_days" in rows else rows["age"] * year_days
    return pd.DataFrame(
        {
            "time_days": rows["time"],
            "event": rows["event"],
            "age_days": age,
            "sex": rows["sex"].map(SEXES),
            "start_date": pd.to_datetime(rows["start"]),
        }
    )


def colrec() -> pd.DataFrame:
    """relsurv's colrec; `group` from 1 on is the age group of the standards."""
    rows = cohort("colrec").assign(site=golden("colrec")["site"])
    limits = [45, 55, 65, 75]
    years = rows["age_days"].to_numpy() / 365.241
    return rows.assign(group=np.searchsorted(limits, years, side="right") + 1)


def where_relsurv_looks(patients: pd.DataFrame, days: np.ndarray, method: str) -> np.ndarray:
    """The day whose value relsurv gives: for Pohar Perme the one asked for (add.times), for other
    methods the last one at which somebody left, whatever add.times says."""
    if method == "pohar-perme":
        return days
    times = np.unique(patients["time_days"])
    return times[np.searchsorted(times, days, side="right") - 1]


def immortal() -> LifeTable:
    """A population in which nobody dies."""
    return LifeTable.from_hazards(np.zeros((2, 1, 1)), years=[1900])

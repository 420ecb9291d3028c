"""The cohorts that R has estimated too: tests/golden/cohorts.R."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

GOLDEN = Path(__file__).parents[1] / "golden"


@cache
def read_cohort(name: str) -> pd.DataFrame:
    frame = pd.read_csv(GOLDEN / f"cohorts_data_{name.split('_')[0]}.csv")
    if name == "made_unweighted":
        return frame.drop(columns="weight")
    if name == "made_whole":
        return frame.assign(weight=np.ceil(frame["weight"]))
    if name == "made_weighted":
        return frame.drop(columns="entry_days")
    return frame


@pytest.fixture
def cohort() -> Callable[[str], pd.DataFrame]:
    """A cohort of tests/golden/cohorts.R by its name there."""
    return lambda name: read_cohort(name).copy()

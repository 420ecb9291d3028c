"""What the tests of judging on Spark share."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

# The strategies of rule expressions.
sys.path.append(str(Path(__file__).parents[1] / "property"))


@pytest.fixture(scope="session")
def session() -> Iterator[object]:
    """A session on this machine. Only tests with the mark `spark` ask for it."""
    from cytoreg import spark

    found = spark.connect(
        "local[2]", spark__ui__enabled="false", spark__sql__shuffle__partitions="2"
    )
    found.sparkContext.setLogLevel("OFF")
    yield found
    found.stop()

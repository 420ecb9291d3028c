"""One judging on Spark: the folder that it fills, the names that it uses, and Spark's errors."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date

from cytoreg.errors import BuildError, ConfigError
from cytoreg.spark.frames import Frame, Row, Session


@dataclass
class Run:
    """A judging: its session, the folder of its tables, and the day of `$as_of`."""

    session: Session
    folder: str
    token: str
    as_of: date
    views: list[str] = field(default_factory=list)

    def name(self, table: str) -> str:
        """The name of a table in this session, which no other judging has."""
        return f"cytoreg_{self.token}_{table}"

    def view(self, table: str, sql: str) -> str:
        """Name the result of a query; returns the name."""
        return self.call(table, self.session.sql(sql))

    def call(self, table: str, frame: Frame) -> str:
        """Name a frame; returns the name."""
        name = self.name(table)
        frame.createOrReplaceTempView(name)
        self.views.append(name)
        return name

    def keep(self, table: str, sql: str, place: str) -> str:
        """Write the result of a query below the folder, and name what was written."""
        path = f"{self.folder}/{place}"
        self.session.sql(sql).write.parquet(path)
        return self.call(table, self.session.read.parquet(path))

    def fetch(self, sql: str) -> list[Row]:
        """The few rows of a query."""
        return self.session.sql(sql).collect()

    def forget_names(self) -> None:
        """Drop the names of this judging."""
        for name in self.views:
            self.session.catalog.dropTempView(name)


@contextmanager
def told(what: str) -> Iterator[None]:
    """An error of Spark by its condition, without its message, which may quote values."""
    # pyspark logs each error of SQL with its message.
    log = logging.getLogger("SQLQueryContextLogger")
    was, log.disabled = log.disabled, True
    try:
        yield
    except Exception as error:
        condition = condition_of(error)
        if condition is None:
            raise
        if "OutOfMemory" in condition:
            raise BuildError(
                f"{what}: an executor of Spark ran out of memory",
                remedy="give executors more (spark.executor.memory), or raise"
                " spark.sql.shuffle.partitions so that each task has less to hold",
            ) from None
        raise BuildError(
            f"{what}: Spark stopped with {condition}",
            remedy="the log of the driver and Spark's own page (port 4040) tell at which task;"
            " nothing of this judging counts",
        ) from None
    finally:
        log.disabled = was


def condition_of(error: Exception) -> str | None:
    """The name of an error of Spark; None for other errors."""
    if isinstance(error, ConfigError | BuildError):
        return None
    if not type(error).__module__.startswith(("pyspark.", "py4j.", "grpc")):
        return None
    named: object = getattr(error, "getCondition", lambda: None)()
    if isinstance(named, str):
        return named
    text = str(error)
    if "OutOfMemoryError" in text:
        return "OutOfMemoryError"
    causes = [
        word for word in text.replace(":", " ").split() if word.endswith(("Exception", "Error"))
    ]
    return causes[-1].rsplit(".", 1)[-1] if causes else type(error).__name__

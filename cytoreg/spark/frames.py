"""What is used of Spark's sessions and frames, as types: pyspark is an optional package."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol


class Kind(Protocol):
    """The type of a column."""

    def simpleString(self) -> str:
        """The type as Spark writes it: `string`, `bigint`, `string collate UTF8_LCASE`."""


class Field(Protocol):
    """A column of a frame."""

    name: str
    dataType: Kind


class Schema(Protocol):
    """The columns of a frame."""

    fields: list[Field]


class Writer(Protocol):
    """Writes a frame."""

    def parquet(self, path: str) -> None:
        """Write it to a folder that does not exist."""


class Row(Protocol):
    """A row that was fetched."""

    def __getitem__(self, place: int) -> object:
        """The value of a column by its place."""


class Frame(Protocol):
    """A DataFrame of Spark."""

    @property
    def schema(self) -> Schema:
        """Its columns."""

    @property
    def write(self) -> Writer:
        """Its writer."""

    def createOrReplaceTempView(self, name: str) -> None:
        """Give it a name in SQL."""

    def collect(self) -> list[Row]:
        """Fetch its rows."""


class Reader(Protocol):
    """Reads frames."""

    def parquet(self, *paths: str) -> Frame:
        """The frame in some folders."""


class Settings(Protocol):
    """The settings of a session."""

    def get(self, key: str) -> str | None:
        """A setting's value."""

    def set(self, key: str, value: str) -> None:
        """Change a setting."""

    @property
    def getAll(self) -> Mapping[str, str]:
        """All that were set."""


class Catalog(Protocol):
    """The names that a session knows."""

    def dropTempView(self, name: str) -> bool:
        """Forget a name."""


class Session(Protocol):
    """A SparkSession, of a cluster or over Spark Connect."""

    version: str

    @property
    def conf(self) -> Settings:
        """Its settings."""

    @property
    def read(self) -> Reader:
        """Its reader."""

    @property
    def catalog(self) -> Catalog:
        """Its names."""

    def sql(self, query: str) -> Frame:
        """The result of a query."""

    def stop(self) -> None:
        """End it."""

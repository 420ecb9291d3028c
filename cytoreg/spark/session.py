"""Sessions of Spark: starting one, and refusing one under which SQL would mean another thing."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType
from typing import Protocol, cast

from cytoreg.errors import ConfigError
from cytoreg.spark.frames import Session
from cytoreg.spark.run import condition_of

SETTINGS = MappingProxyType(
    {
        "spark.sql.ansi.enabled": "true",
        "spark.sql.caseSensitive": "false",
        "spark.sql.parser.escapedStringLiterals": "false",
        "spark.sql.parquet.datetimeRebaseModeInRead": "CORRECTED",
        "spark.sql.parquet.datetimeRebaseModeInWrite": "CORRECTED",
        "spark.sql.session.collation.default": "UTF8_BINARY",
    }
)
"""Settings by which Spark's SQL means what rules mean; all are Spark 4's own defaults."""

_OLD_MEANINGS = "spark.sql.legacy."
_JAVA = (17, 21)
"""Java's releases that Spark 4 runs on (spark.apache.org, Overview, Downloading)."""
_PATIENCE = 10.0
"""Seconds in which a master must answer."""


class _Builder(Protocol):
    def appName(self, name: str) -> _Builder: ...
    def master(self, url: str) -> _Builder: ...
    def config(self, key: str, value: str) -> _Builder: ...
    def getOrCreate(self) -> Session: ...


def connect(master: str, **settings: str) -> Session:
    """A session on `master`: `local[4]`, `spark://host:7077`, `yarn`, `k8s://…`.

    settings: more settings of Spark, with `__` for a dot (`spark__executor__memory="8g"`).
    Raises ConfigError if pyspark or Java is missing or of a release that does not fit, and for a
    master that does not answer.
    """
    _require_pyspark()
    if master.startswith("sc://"):
        raise ConfigError(
            f"{master}: cytoreg does not judge over Spark Connect yet",
            remedy="name the cluster itself: spark://host:7077, yarn or k8s://…",
        )
    _require_java()
    _require_answer(master)
    builder = cast("_Builder", import_module("pyspark.sql").SparkSession.builder)
    builder = builder.appName("cytoreg").master(master)
    builder = builder.config("spark.ui.showConsoleProgress", "false")
    for name, value in settings.items():
        builder = builder.config(name.replace("__", "."), value)
    try:
        session = builder.getOrCreate()
        for key, value in SETTINGS.items():
            session.conf.set(key, value)
    except Exception as error:
        if isinstance(error, ConfigError):
            raise
        raise ConfigError(
            f"Spark's master {master} does not answer"
            f" ({condition_of(error) or type(error).__name__})",
            remedy="is it running, and does its address begin with local[, spark://, yarn or k8s://?",
        ) from None
    check_session(session)
    return session


def check_session(session: Session) -> None:
    """Raise ConfigError for a session under which SQL would mean another thing than on DuckDB."""
    if session.version.partition(".")[0] != "4":
        raise ConfigError(
            f"this is Spark {session.version}", remedy="cytoreg judges on Spark 4 (4.0 or newer)"
        )
    for key, value in SETTINGS.items():
        given = session.conf.get(key)
        if given is not None and given.lower() != value.lower():
            raise ConfigError(
                f"the session has {key} = {given}: rules would mean another thing than on DuckDB",
                remedy=f"session.conf.set({key!r}, {value!r})",
            )
    for key in session.conf.getAll:
        if key.startswith(_OLD_MEANINGS):
            raise ConfigError(
                f"the session has {key}, which gives SQL an old meaning",
                remedy=f"session.conf.unset({key!r}), or another session",
            )


def _require_pyspark() -> None:
    if find_spec("pyspark") is None:
        raise ConfigError("pyspark is not installed", remedy="pip install 'cytoreg[spark]'")
    version = str(import_module("pyspark").__version__)
    if version.partition(".")[0] != "4":
        raise ConfigError(
            f"pyspark {version} is installed", remedy="pip install 'cytoreg[spark]' (pyspark 4)"
        )


def _require_java() -> None:
    home = os.environ.get("JAVA_HOME")
    java = str(Path(home, "bin", "java")) if home else shutil.which("java")
    remedy = (
        f"install Java {_JAVA[0]} or {_JAVA[1]} (Debian: apt install openjdk-17-jre-headless),"
        " and let JAVA_HOME name its folder"
    )
    if java is None or not Path(java).exists():
        where = f"JAVA_HOME ({home}) has no bin/java" if home else "there is no Java"
        raise ConfigError(f"Spark needs Java: {where}", remedy=remedy)
    try:
        told = subprocess.run(
            [java, "-version"], capture_output=True, text=True, timeout=60, check=False
        ).stderr
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ConfigError(
            f"Spark needs Java: {java} does not run ({type(error).__name__})", remedy=remedy
        ) from None
    found = re.search(r'version "(?:1\.)?(\d+)', told)
    if found is None or not _JAVA[0] <= int(found[1]):
        release = f"Java {found[1]}" if found else "not a Java whose release is known"
        raise ConfigError(f"Spark 4 does not run on this: {java} is {release}", remedy=remedy)


def _require_answer(master: str) -> None:
    """Try the port of a master that has one: Spark itself would try for minutes."""
    addresses = re.fullmatch(r"spark://([^/;?]+).*", master)
    if addresses is None:
        return
    failure = "no address"
    for address in addresses[1].split(","):
        host, _, port = address.rpartition(":") if ":" in address else (address, "", "")
        try:
            with socket.create_connection((host, int(port or 7077)), _PATIENCE):
                return
        except (OSError, ValueError) as error:
            failure = getattr(error, "strerror", None) or type(error).__name__
    raise ConfigError(
        f"Spark's master {master} does not answer ({failure})",
        remedy="start it, or correct its address",
    )

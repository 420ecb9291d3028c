"""Each way in which Spark can be missing is one clear error."""

from __future__ import annotations

import socket
from types import SimpleNamespace

import pytest

from cytoreg import spark
from cytoreg.errors import BuildError, ConfigError
from cytoreg.spark import session
from cytoreg.spark.run import told


@pytest.fixture
def with_pyspark(monkeypatch):
    monkeypatch.setattr(session, "_require_pyspark", lambda: None)


@pytest.fixture
def java(tmp_path, monkeypatch):
    """A Java that says what it is told to."""

    def say(text: str) -> None:
        program = tmp_path / "bin" / "java"
        program.parent.mkdir()
        program.write_text(f"#!/bin/sh\necho '{text}' >&2\n")
        program.chmod(0o755)
        monkeypatch.setenv("JAVA_HOME", str(tmp_path))

    return say


def test_without_pyspark(monkeypatch):
    monkeypatch.setattr(session, "find_spec", lambda _: None)
    with pytest.raises(ConfigError, match=r"pyspark is not installed\n.*cytoreg\[spark\]"):
        spark.connect("local[1]")


def test_with_another_pyspark(monkeypatch):
    monkeypatch.setattr(session, "find_spec", lambda _: True)
    monkeypatch.setattr(session, "import_module", lambda _: SimpleNamespace(__version__="3.5.1"))
    with pytest.raises(ConfigError, match=r"pyspark 3.5.1 is installed\n.*pyspark 4"):
        spark.connect("local[1]")


def test_without_java(with_pyspark, tmp_path, monkeypatch):
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(ConfigError, match=r"has no bin/java\n.*install Java 17"):
        spark.connect("local[1]")
    monkeypatch.delenv("JAVA_HOME")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConfigError, match=r"there is no Java\n.*install Java 17"):
        spark.connect("local[1]")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('openjdk version "11.0.2" 2019', "is Java 11"),
        ('java version "1.8.0_202"', "is Java 8"),
        ("hello", "not a Java"),
    ],
)
def test_with_another_java(with_pyspark, java, text, found):
    java(text)
    with pytest.raises(ConfigError, match=rf"{found}.*\n.*install Java 17"):
        spark.connect("local[1]")


def test_a_master_that_does_not_answer(with_pyspark, java):
    java('openjdk version "17.0.15" 2025-04-15')
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(ConfigError, match=r"does not answer \(.*\)\n.*start it"):
        spark.connect(f"spark://127.0.0.1:{port}")


def test_spark_connect_is_refused(with_pyspark):
    with pytest.raises(ConfigError, match="not judge over Spark Connect yet"):
        spark.connect("sc://localhost")


class _Settings(dict):
    getAll = property(lambda self: self)


@pytest.mark.parametrize(
    ("key", "value", "told_as"),
    [
        ("spark.sql.ansi.enabled", "false", "rules would mean another thing"),
        ("spark.sql.legacy.sizeOfNull", "true", "an old meaning"),
        ("spark.sql.session.collation.default", "UNICODE_CI", "rules would mean another thing"),
    ],
)
def test_a_session_under_which_rules_mean_another_thing_is_refused(key, value, told_as):
    found = SimpleNamespace(version="4.0.1", conf=_Settings({key: value}))
    with pytest.raises(ConfigError, match=told_as):
        session.check_session(found)


def test_an_old_session_is_refused():
    with pytest.raises(ConfigError, match=r"this is Spark 3\.5\.0"):
        session.check_session(SimpleNamespace(version="3.5.0", conf=_Settings()))


@pytest.mark.parametrize(
    ("message", "told_as"),
    [
        ("java.lang.OutOfMemoryError: Java heap space", "ran out of memory"),
        ("org.apache.spark.SparkException: the value 'Jane Doe'", "stopped with SparkException"),
    ],
)
def test_an_error_of_spark_is_told_without_values(message, told_as):
    failure = type("Py4JJavaError", (Exception,), {"__module__": "py4j.protocol"})
    with pytest.raises(BuildError, match=told_as) as found, told("entity claim"):
        raise failure(message)
    assert "Jane" not in str(found.value)

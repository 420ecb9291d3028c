"""Questions are answered from the published file alone, also while it is replaced."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from cytoreg.errors import ConfigError
from cytoreg.publication.query import query


def write(path: Path, value: int) -> Path:
    with duckdb.connect(str(path)) as con:
        con.execute("create schema marts; create schema quality")
        con.execute(
            f"create table marts.survival_curve as select i as n, {value} as v,"
            " 'SECRET' || i as text from range(300000) as t(i)"
        )
        con.execute("create table marts.patient_outcome as select 1 as n")
        con.execute("create table quality.finding as select 'x' as rule")
    return path


@pytest.fixture
def published(tmp_path: Path) -> Path:
    return write(tmp_path / "registry.duckdb", 1)


def test_an_answer_comes_as_arrow_batches(published) -> None:
    reader = query(published, "select n, v from marts.survival_curve order by n")
    table = reader.read_all()
    assert table.column_names == ["n", "v"]
    assert table.num_rows == 300000
    assert query(published, "from quality.finding").read_all().to_pydict() == {"rule": ["x"]}


def test_a_reader_keeps_its_file_while_another_is_put_in_place(published, tmp_path) -> None:
    reader = query(published, "select sum(v)::int as total from marts.survival_curve")
    slow = query(published, "select v from marts.survival_curve")
    write(tmp_path / "next.duckdb", 2).replace(published)
    assert reader.read_all().to_pydict() == {"total": [300000]}
    assert set(slow.read_all()["v"].to_pylist()) == {1}
    again = query(published, "select max(v)::int as v from marts.survival_curve")
    assert again.read_all().to_pydict() == {"v": [2]}


def test_nothing_can_be_written_or_reached(published, tmp_path) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("a\n1\n")
    for sql in (
        "create table marts.x as select 1",
        "delete from marts.patient_outcome",
        f"copy marts.patient_outcome to '{tmp_path / 'out.csv'}'",
        f"select * from read_csv('{secret}')",
        f"select * from '{secret}'",
        f"attach '{tmp_path / 'other.duckdb'}'",
        "set enable_external_access = true",
        "install httpfs",
    ):
        with pytest.raises(ConfigError, match=r"the query failed|no table|only be read"):
            query(published, sql).read_all()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["registry.duckdb", "secret.csv"]


def test_a_table_that_is_not_there_is_answered_with_those_that_are(published) -> None:
    with pytest.raises(ConfigError) as caught:
        query(published, "select * from marts.survival_curves")
    assert "there is no table" in str(caught.value)
    assert "did you mean marts.survival_curve?" in str(caught.value)
    assert "marts.patient_outcome" in str(caught.value)
    with pytest.raises(ConfigError, match=r"did you mean quality\.finding"):
        query(published, "select * from findings")


def test_a_name_is_a_table_and_no_variable_of_the_program(published) -> None:
    for name in ("sql", "con", "published", "_MISSING"):
        with pytest.raises(ConfigError, match=f"there is no table {name}"):
            query(published, f"select * from {name}")


def test_what_does_not_fit_into_memory_is_sorted_all_the_same(published, tmp_path) -> None:
    sql = "select text from marts.survival_curve order by hash(text)"
    assert query(published, sql).read_all().num_rows == 300000
    assert [path.name for path in tmp_path.iterdir()] == ["registry.duckdb"]


def test_wrong_sql_is_told_without_values(published) -> None:
    with pytest.raises(ConfigError, match='"nothing" not found'):
        query(published, "select nothing from marts.survival_curve")
    with pytest.raises(ConfigError, match="syntax error"):
        query(published, "selct 1")
    with pytest.raises(ConfigError) as caught:
        query(published, "select cast(text as integer) from marts.survival_curve").read_all()
    assert "SECRET" not in str(caught.value)
    assert caught.value.__suppress_context__


def test_one_statement_is_one_statement(published) -> None:
    for sql in ("", "  -- nothing", "select 1; select 2"):
        with pytest.raises(ConfigError, match="one SQL statement is expected"):
            query(published, sql)


def test_a_private_build_has_a_schema_called_registry(tmp_path) -> None:
    with duckdb.connect(str(tmp_path / "build.duckdb")) as con:
        con.execute("create schema registry; create table registry.patient as select 1 as n")
    answer = query(tmp_path / "build.duckdb", "select n from registry.patient")
    assert answer.read_all().to_pydict() == {"n": [1]}


def test_before_the_first_refresh_the_remedy_is_a_refresh(tmp_path) -> None:
    with pytest.raises(ConfigError, match=r"nothing is published yet(.|\n)*cytoreg refresh"):
        query(tmp_path / "registry.duckdb", "select 1")


def test_a_file_that_is_no_database_is_one_clear_error(tmp_path) -> None:
    path = tmp_path / "registry.duckdb"
    path.write_text("something else" * 1000)
    with pytest.raises(ConfigError, match="cannot be opened"):
        query(path, "select 1")

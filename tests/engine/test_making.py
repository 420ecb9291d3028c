"""Tables are taken over from the last build only if they would come out the same."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from cytoreg.errors import BuildError
from cytoreg.models.build import build, load_models
from cytoreg.warehouse import making as making_steps
from cytoreg.warehouse.connection import open_build
from cytoreg.warehouse.last_build import Part, content_of, copy_whole
from cytoreg.warehouse.making import Making, Origin
from tests.kept_registry import AS_OF


@contextmanager
def made(
    path: Path,
    before: Path | None = None,
    *,
    common: str = "",
    landed: dict[str, str] | None = None,
) -> Iterator[Making]:
    path.unlink(missing_ok=True)
    with open_build(path) as con:
        con.execute(
            "create table registry.given as select * from (values (1, 'a'), (2, 'b')) it(i, t)"
        )
        with closing(
            Making(con, Origin({"code": common}, landed=landed or {}, before=before))
        ) as making:
            yield making


def step(making: Making, sql: str, *, reads: tuple[str, ...] = ("registry.given",)) -> bool:
    """Make marts.made by this SQL; returns whether it was taken over."""

    def make() -> None:
        making.con.execute(f"create or replace table marts.made as {sql}")
        making.con.execute("comment on table marts.made is 'It''s made.'")
        making.con.execute("comment on column marts.made.t is 'A text.'")

    return making.step("marts.made", {"its SQL": sql}, reads, [Part("marts.made")], make)


SQL = "select i, t from registry.given order by i"


def test_a_step_is_taken_over_with_its_comments_if_nothing_changed(tmp_path: Path) -> None:
    with made(tmp_path / "1.duckdb") as making:
        assert not step(making, SQL)
    with made(tmp_path / "2.duckdb", tmp_path / "1.duckdb") as making:
        assert step(making, SQL)
        assert making.con.execute("from marts.made").fetchall() == [(1, "a"), (2, "b")]
        assert making.con.execute(
            "select comment from duckdb_tables()"
            " where table_name = 'made' and schema_name = 'marts'"
            " union all select comment from duckdb_columns()"
            " where table_name = 'made' and schema_name = 'marts' and comment is not null"
        ).fetchall() == [("It's made.",), ("A text.",)]
    with made(tmp_path / "3.duckdb", tmp_path / "2.duckdb") as making:
        assert step(making, SQL), "what was taken over can be taken over again"


CHANGES: dict[str, Callable[[Making], object]] = {
    "a value": lambda it: it.con.execute("update registry.given set t = 'c' where i = 2"),
    "a null": lambda it: it.con.execute("update registry.given set t = null where i = 2"),
    "values that change places": lambda it: it.con.execute(
        "update registry.given set t = case t when 'a' then 'b' else 'a' end"
    ),
    "a row more": lambda it: it.con.execute("insert into registry.given values (1, 'a')"),
    "no rows": lambda it: it.con.execute("delete from registry.given"),
    "a column's name": lambda it: it.con.execute("alter table registry.given rename t to u"),
    "a column's type": lambda it: it.con.execute("alter table registry.given alter i type bigint"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_step_is_done_again_if_what_it_reads_has_another_content(
    tmp_path: Path, change: str
) -> None:
    with made(tmp_path / "1.duckdb") as making:
        step(making, "select 1 as t")
    with made(tmp_path / "2.duckdb", tmp_path / "1.duckdb") as making:
        CHANGES[change](making)
        assert not step(making, "select 1 as t")


def test_a_step_is_done_again_if_its_definition_or_the_code_changed(tmp_path: Path) -> None:
    with made(tmp_path / "1.duckdb", common="code 1") as making:
        step(making, SQL)
    with made(tmp_path / "2.duckdb", tmp_path / "1.duckdb", common="code 1") as making:
        assert not step(making, f"{SQL} limit 1")
    with made(tmp_path / "3.duckdb", tmp_path / "1.duckdb", common="code 2") as making:
        assert not step(making, SQL)


@pytest.mark.parametrize(
    "fault",
    [
        "update marts.made set t = 'x' where i = 1",
        "insert into marts.made values (3, 'c')",
        "drop table marts.made",
        "update quality.made set content = 'x'",
        "drop table quality.made",
    ],
)
def test_what_the_last_build_no_longer_holds_is_made_again(tmp_path: Path, fault: str) -> None:
    with made(tmp_path / "1.duckdb") as making:
        step(making, SQL)
        making.con.execute(fault)
    with made(tmp_path / "2.duckdb", tmp_path / "1.duckdb") as making:
        assert not step(making, SQL)
        assert making.con.execute("from marts.made").fetchall() == [(1, "a"), (2, "b")]


def test_a_last_build_that_is_gone_or_no_database_is_done_without(tmp_path: Path) -> None:
    (tmp_path / "text.duckdb").write_text("no database")
    for before in (tmp_path / "none.duckdb", tmp_path / "text.duckdb"):
        with made(tmp_path / "1.duckdb", before) as making:
            assert not step(making, SQL)


def test_rows_of_a_shared_table_are_taken_over_one_by_one(tmp_path: Path) -> None:
    def fill(making: Making, name: str, value: int) -> bool:
        part = [Part("marts.shared", f"name = '{name}'")]
        insert = f"insert into marts.shared values ('{name}', {value})"
        return making.step(name, {"value": value}, [], part, lambda: making.con.execute(insert))

    for number, value, taken in ((1, 1, (False, False)), (2, 2, (True, False))):
        before = tmp_path / f"{number - 1}.duckdb"
        with made(tmp_path / f"{number}.duckdb", before if before.exists() else None) as making:
            making.con.execute("create table marts.shared (name varchar, value integer)")
            assert (fill(making, "one", 1), fill(making, "two", value)) == taken
            assert making.con.execute("from marts.shared").fetchall() == [
                ("one", 1),
                ("two", value),
            ]


def test_a_view_counts_by_its_sql_and_what_it_reads(tmp_path: Path) -> None:
    def through_view(path: Path, before: Path | None, sql: str, content: str) -> bool:
        path.unlink(missing_ok=True)
        with open_build(path) as con:
            con.execute("create view landing.file as select 1 as i, 'run 1' as _run_id")
            con.execute(f"create view staging.seen as {sql}")
            origin = Origin(
                {},
                landed={"landing.file": content},
                views={"staging.seen": (sql, ["landing.file"])},
                before=before,
            )
            with closing(Making(con, origin)) as making:
                return step(making, "select 1 as t", reads=("staging.seen",))

    first, sql = tmp_path / "1.duckdb", "select i from landing.file"
    assert not through_view(first, None, sql, "hash 1")
    assert through_view(tmp_path / "2.duckdb", first, sql, "hash 1")
    assert not through_view(tmp_path / "3.duckdb", first, sql, "hash 2")
    assert not through_view(tmp_path / "4.duckdb", first, f"{sql} where i = 1", "hash 1")


def test_a_step_may_make_nothing(tmp_path: Path) -> None:
    with made(tmp_path / "1.duckdb") as making:
        assert not making.step("nothing", {}, [], [], lambda: None)


def test_tables_that_name_their_run_are_never_taken_over(tmp_path: Path) -> None:
    with made(tmp_path / "1.duckdb") as making:
        making.mark("identity")
        step(making, "select 'run 1' as _run_id, 'a' as t")
    assert not copy_whole(
        tmp_path / "1.duckdb", tmp_path / "0.duckdb", "identity", ["registry.given", "marts.made"]
    )
    with made(tmp_path / "2.duckdb", tmp_path / "1.duckdb") as making:
        assert not step(making, "select 'run 1' as _run_id, 'a' as t")


def test_columns_of_every_type_are_taken_over_as_they_are(tmp_path: Path) -> None:
    with made(tmp_path / "1.duckdb") as making:
        kinds = dict(
            making.con.execute(
                "select column_name, column_type from (describe from test_all_types())"
            ).fetchall()
        )
    taken = {}
    for name, kind in kinds.items():
        sql = f'select "{name}" as t from test_all_types()'
        with made(tmp_path / "1.duckdb") as making:
            step(making, sql)
            expected = making.con.execute("select t::varchar, typeof(t) from marts.made").fetchall()
        with made(tmp_path / "2.duckdb", tmp_path / "1.duckdb") as making:
            taken[kind] = step(making, sql)
            assert (
                making.con.execute("select t::varchar, typeof(t) from marts.made").fetchall()
                == expected
            )
    usual = {"VARCHAR", "BIGINT", "INTEGER", "DOUBLE", "DATE", "BOOLEAN", "TIMESTAMP", "VARCHAR[]"}
    assert usual <= {kind for kind, was in taken.items() if was}


MODEL = """/* One.
grain: one row
*/
select {} as one -- one
from registry.given
limit 1
"""


@pytest.mark.parametrize(
    ("expression", "repeatable"),
    [
        ("1", True),
        ("1 -- now() in a comment\n + 0", True),
        ("age", True),
        ("local_time", True),
        ("now()", False),
        ("current_date", False),
        ("TODAY()", False),
        ("random()", False),
        ("age(timestamp '2020-01-01')", False),
        ("(select count(*) from read_csv('codes.csv'))", False),
        ("(select count(*) from duckdb_tables())", False),
        ("getenv('HOME')", False),
        ("current_setting('threads')", False),
        ("concat('--', now())", False),
        ("(select max(num_rows) from parquet_metadata('codes.parquet'))", False),
        ("(select max(_run_id) from landing.office_people)", False),
        ("concat('it''s', '/* 1', 2) /* now() */", True),
    ],
)
def test_models_that_depend_on_time_chance_or_files_are_told(
    tmp_path: Path, expression: str, repeatable: bool
) -> None:
    path = tmp_path / "registry" / "one.sql"
    path.parent.mkdir()
    path.write_text(MODEL.format(expression), encoding="utf-8")
    assert load_models(tmp_path)["registry.one"].repeatable is repeatable


def test_such_a_model_is_built_in_every_night(tmp_path: Path) -> None:
    path = tmp_path / "sql" / "registry" / "one.sql"
    path.parent.mkdir(parents=True)
    path.write_text(MODEL.format("random()"), encoding="utf-8")
    found = set()
    for number in (1, 2):
        before = tmp_path / f"{number - 1}.duckdb"
        with made(tmp_path / f"{number}.duckdb", before if before.exists() else None) as making:
            build(making, load_models(tmp_path / "sql"), as_of=AS_OF)
            found |= set(making.con.execute("from registry.one").fetchall())
    assert len(found) == 2


def test_a_copied_build_whose_step_would_come_out_otherwise_ends_the_night(tmp_path: Path) -> None:
    with made(tmp_path / "1.duckdb") as making:
        making.mark("identity")
        step(making, SQL)
    assert copy_whole(tmp_path / "1.duckdb", tmp_path / "2.duckdb", "identity", ["registry.given"])
    origin = Origin({"code": ""})
    with open_build(tmp_path / "2.duckdb") as con, closing(Making(con, origin)) as making:
        assert making.copied
        assert step(making, SQL)
        assert not making.step("nothing", {}, [], [], lambda: None)
        with pytest.raises(BuildError, match="would not come out"):
            step(making, f"{SQL} limit 1")


@pytest.mark.parametrize(
    "fault",
    [
        "select 1",
        "update marts.made set t = 'x'",
        "create table marts.stranger as select 1 as i",
        "create view marts.stranger as select 1 as i",
        "drop table marts.made",
        "delete from quality.made where step = 'build'",
    ],
)
def test_a_build_is_copied_only_whole_and_as_it_was_made(tmp_path: Path, fault: str) -> None:
    with made(tmp_path / "1.duckdb") as making:
        making.mark("identity")
        step(making, SQL)
        making.con.execute(fault)
    first, second, third = (tmp_path / f"{number}.duckdb" for number in (1, 2, 3))
    copied = copy_whole(first, second, "identity", ["registry.given"])
    assert copied == second.exists() == (fault == "select 1")
    assert not copy_whole(first, third, "another", [])


COPIED = """
import sys
from pathlib import Path
from cytoreg.warehouse.connection import open_build
from cytoreg.warehouse.last_build import Part, content_of, copy_whole
from cytoreg.warehouse.making import Making, Origin

first, second = map(Path, sys.argv[1:])
with open_build(first) as con:
    making = Making(con, Origin({}))
    making.mark("identity")
    sql = "create table marts.made as select timestamptz '2020-01-01 00:00:00+00' as t"
    making.step("marts.made", {"its SQL": sql}, [], [Part("marts.made")], lambda: con.execute(sql))
print(copy_whole(first, second, "identity", []))
"""


def test_a_build_with_instants_is_copied_in_any_time_zone_of_the_machine(tmp_path: Path) -> None:
    # DuckDB asks for the machine's time zone once in a process.
    done = subprocess.run(
        [sys.executable, "-c", COPIED, tmp_path / "1.duckdb", tmp_path / "2.duckdb"],
        env=os.environ | {"TZ": "America/Chicago"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "True\n"


def test_what_a_stage_noted_is_not_read_again_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def after(name: str, always: frozenset[str] = frozenset()) -> list[str]:
        """The tables whose rows are read when a stage makes a step that reads marts.made."""
        usual, read = making_steps.content_of, list[str]()
        with open_build(tmp_path / "1.duckdb") as con:
            making = Making(con, Origin({"code": ""}, always=always))
            with monkeypatch.context() as patch:
                patch.setattr(
                    making_steps,
                    "content_of",
                    lambda con, part: read.append(part.table) or usual(con, part),
                )
                sql = f"create or replace table {name} as from marts.made"
                making.step(name, {}, ["marts.made"], [Part(name)], lambda: con.execute(sql))
        return read

    with made(tmp_path / "1.duckdb") as making:
        step(making, SQL)
    assert after("marts.next") == ["marts.next"]
    assert after("marts.more", frozenset({"marts.made"})) == ["marts.made", "marts.more"]
    with open_build(tmp_path / "1.duckdb") as con:
        step(Making(con, Origin({"code": ""})), f"{SQL} limit 1")
    with open_build(tmp_path / "1.duckdb") as con:
        shorter = Making(con, Origin({"code": ""})).content("marts.made")
        assert shorter == content_of(con, Part("marts.made")), "the last note of a table counts"

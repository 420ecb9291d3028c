"""SQL models are read, ordered, built and described; what is wrong with one is said of its file."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb
import pytest

from cytoreg.errors import BuildError, ConfigError
from cytoreg.identity.pseudonyms import define_pseudonym
from cytoreg.models.build import build as build_models
from cytoreg.models.build import load_models

AS_OF = date(2016, 12, 31)
STAGING = """/* Cases as the log has them.
grain: case_number
*/
select trim(number) as case_number, day -- lineage
from landing.log_cases;
"""
REGISTRY = """/* One row a case.
Second line of the first paragraph.

A second paragraph.
grain: case_number
*/
with cases as (
  select case_number, cast(day as date) as day from staging.cases -- text until here
)
select
  -- a comment that stands alone belongs to no column
  case_number, -- the log's number, its own
  case
    when day > $as_of then 'later' -- inside
    else 'known'
  end as told, -- known or later
  day
    as operation_date -- when
from cases
"""
MART = """/* Cases by year.
grain: year
*/
select
  extract(year from operation_date) as year, -- calendar year
  count(*) as cases -- operations; the log's
from registry.cases
group by 1
"""


def project(folder: Path, **models: str) -> Path:
    """A folder of models; `registry__cases` is registry/cases.sql."""
    for name, text in models.items():
        path = folder.joinpath(*name.split("__")).with_suffix(".sql")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def landed(build: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    build.execute(
        "create table landing.log_cases as select * from"
        " (values ('b ', '2001-01-02'), ('a', '2017-01-01'), ('c', '2001-05-06')) as t(number, day)"
    )
    return build


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return project(
        tmp_path / "sql",
        marts__outcome__by_year=MART,
        registry__cases=REGISTRY,
        staging__cases=STAGING,
    )


def test_models_are_built_after_what_they_read(landed, folder) -> None:
    models = load_models(folder)
    assert list(models) == ["staging.cases", "registry.cases", "marts.by_year"]
    assert build_models(landed, models, as_of=AS_OF) == list(models)
    assert landed.table("marts.by_year").fetchall() == [(2001, 2), (2017, 1)]


def test_tables_lie_in_the_order_of_their_grain(landed, folder) -> None:
    build_models(landed, load_models(folder), as_of=AS_OF)
    rows = landed.table("registry.cases").fetchall()
    assert rows == [
        ("a", "later", date(2017, 1, 1)),
        ("b", "known", date(2001, 1, 2)),
        ("c", "known", date(2001, 5, 6)),
    ]


def test_comments_of_the_file_are_comments_of_the_table(landed, folder) -> None:
    build_models(landed, load_models(folder), as_of=AS_OF)
    tables = landed.execute(
        "select table_name, comment from duckdb_tables() where schema_name in ('registry', 'marts')"
    ).fetchall()
    assert dict(tables) == {
        "cases": "One row a case. Second line of the first paragraph.",
        "by_year": "Cases by year.",
    }
    columns = landed.execute(
        "select column_name, comment from duckdb_columns()"
        " where schema_name || '.' || table_name = 'registry.cases'"
    ).fetchall()
    assert dict(columns) == {
        "case_number": "the log's number, its own",
        "told": "known or later",
        "operation_date": "when",
    }
    assert landed.execute(
        "select comment from duckdb_views() where view_name = 'cases'"
    ).fetchone() == ("Cases as the log has them.",)


def test_schemas_are_built_one_stage_at_a_time(landed, folder) -> None:
    models = load_models(folder)
    assert build_models(landed, models, as_of=AS_OF, schemas=("staging",)) == ["staging.cases"]
    assert build_models(landed, models, as_of=AS_OF, names=["registry.cases"]) == ["registry.cases"]
    with pytest.raises(ConfigError, match=r"registry\.case\b"):
        build_models(landed, models, as_of=AS_OF, names=["registry.case"])


def test_a_stage_whose_input_was_not_built_names_file_and_table(landed, folder) -> None:
    with pytest.raises(ConfigError, match=r"by_year\.sql reads registry\.cases"):
        build_models(landed, load_models(folder), as_of=AS_OF, schemas=("marts",))


def test_models_that_read_what_comes_later_wait(landed, folder) -> None:
    project(
        folder,
        marts__a_summary="/* S.\ngrain: n\n*/\nselect n -- n\nfrom marts.curve",
        marts__b_digest="/* D.\ngrain: n\n*/\nselect n -- n\nfrom marts.a_summary",
    )
    models = load_models(folder)
    first = build_models(landed, models, as_of=AS_OF, later={"marts.curve"})
    assert first == ["staging.cases", "registry.cases", "marts.by_year"]
    landed.execute("create table marts.curve as select 1 as n")
    rest = {name: model for name, model in models.items() if name not in first}
    assert build_models(landed, rest, as_of=AS_OF, schemas=("marts",)) == [
        "marts.a_summary",
        "marts.b_digest",
    ]


def test_a_grain_that_does_not_tell_rows_apart_stops_the_build(landed, folder) -> None:
    landed.execute("insert into landing.log_cases values ('a', '2001-01-02')")
    with pytest.raises(BuildError, match=r"registry\.cases has 1 groups.*\(case_number\)"):
        build_models(landed, load_models(folder), as_of=AS_OF)


def test_one_row_means_one_row(landed, folder) -> None:
    text = "/* Day.\ngrain: one row\n*/\nselect day -- d\nfrom landing.log_cases"
    project(folder, registry__day=text)
    with pytest.raises(BuildError, match=r"registry\.day has 2 groups.*\(one row\)"):
        build_models(landed, load_models(folder), as_of=AS_OF)


def test_a_value_that_breaks_the_sql_is_not_told(landed, folder) -> None:
    landed.execute("insert into landing.log_cases values ('d', 'SMITH, JOHN')")
    with pytest.raises(BuildError, match=r"cases\.sql, line 8: registry\.cases failed") as caught:
        build_models(landed, load_models(folder), as_of=AS_OF)
    assert "SMITH" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_an_error_of_the_sql_itself_is_told_with_its_line(landed, folder) -> None:
    project(folder, registry__cases=REGISTRY.replace("day > $as_of", "dya > $as_of"))
    with pytest.raises(BuildError, match=r'cases\.sql, line 14:.*"dya" not found'):
        build_models(landed, load_models(folder), as_of=AS_OF)


def test_building_twice_gives_the_same(landed, folder) -> None:
    models = load_models(folder)
    build_models(landed, models, as_of=AS_OF)
    before = landed.table("registry.cases").fetchall()
    build_models(landed, models, as_of=AS_OF)
    assert landed.table("registry.cases").fetchall() == before


def test_a_model_may_use_pseudonyms(landed, folder) -> None:
    sql = REGISTRY.replace(
        "  case_number, -- the", "  pseudonym('case', case_number) as id, -- the"
    )
    project(folder, registry__cases=sql.replace("grain: case_number", "grain: id"))
    define_pseudonym(landed, "key")
    build_models(landed, load_models(folder), as_of=AS_OF, schemas=("staging", "registry"))
    ids = landed.execute("select id from registry.cases").fetchall()
    assert (
        ids
        == landed.execute(
            "select pseudonym('case', case_number) from staging.cases order by 1"
        ).fetchall()
    )


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("registry__x", "select 1 as n", r"x\.sql: no comment before"),
        ("registry__x", "/* grain: n */ select 1 as n", r"x\.sql: the comment .* does not say"),
        ("registry__x", "/* X. */ selct 1 as n from", r"x\.sql.*: (not SQL|a model is one SELECT)"),
        ("registry__x", "/* X. */\nselect (1 as n", r"x\.sql, line 2: not SQL"),
        ("registry__x", "/* X. */ select 1 as n; select 2", r"x\.sql: a model is one SELECT"),
        ("registry__x", "/* X. */ drop table landing.log_cases", r"a model is one SELECT"),
        ("registry__x", "/* X.\nmaterialized: tabel\n*/ select 1 as n", r"view or table"),
        ("registry__x", "/* X.\ngrain: m\n*/ select 1 as n", r"grain names m"),
        ("registry__x", "/* X. */ select 1 as n, 2 as n", r"selects n twice"),
        ("registry__x", "/* X. */ select n from cases", r"x\.sql reads cases, which is no CTE"),
        (
            "registry__x",
            "/* X.\nmaterialized: view\n*/ select pseudonym('k', n) as n from staging.cases",
            r"a view cannot call pseudonym",
        ),
        ("marts__x", "/* X.\ngrain: n\n*/ select 1 as n", r"x\.sql: no comment says what n is"),
        ("marts__x", "/* X.\ngrain: n\n*/ select * from staging.cases", r"instead of select \*"),
        ("marts__x", "/* X. */ select 1 as n -- n", r"x\.sql: no grain"),
        ("marts__x", "/* X.\nmaterialized: view\n*/ select 1 as n -- n", r"published as a table"),
        ("marts__other__by_year", MART, r"by_year\.sql and .*by_year\.sql are both marts\.by_year"),
        ("martz__x", MART, r"SQL models lie in sql/staging/"),
        ("registry__X-1", STAGING, r"small letters"),
        (
            "staging__cases",
            STAGING.replace("landing.log_cases", "registry.cases"),
            r"in a circle: .*cases\.sql ← .*cases\.sql",
        ),
    ],
)
def test_what_is_wrong_with_a_model_is_said_of_its_file(folder, name, text, message) -> None:
    project(folder, **{name: text})
    with pytest.raises(ConfigError, match=message):
        load_models(folder)


def test_table_functions_and_unions_are_understood(landed, folder) -> None:
    text = """/* Numbers.
    grain: n, x
    */
    with wide as (select unnest([1, 2]) as n)
    select distinct n, /* the number */ greatest(n, 2) as x -- two or more
    from wide, generate_series(1, 2)
    union all
    select 3, 3
    """
    models = load_models(project(folder, registry__n=text))
    assert models["registry.n"].columns == {"n": "the number", "x": "two or more"}
    build_models(landed, models, as_of=AS_OF, names=["registry.n"])
    assert landed.table("registry.n").fetchall() == [(1, 2), (2, 2), (3, 3)]

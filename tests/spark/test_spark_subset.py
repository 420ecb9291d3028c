"""What rules may use on Spark is a table; the rest is refused before anything runs."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import duckdb
import pandera.pandas as pa
import pytest

from cytoreg.errors import ConfigError
from cytoreg.rules import Entity, compile_schemas, field, rowwise, rule
from cytoreg.rules.operations import OPERATIONS
from cytoreg.rules.requirement import Codes
from cytoreg.spark.portable import refuse_unportable
from cytoreg.spark.subset import CONSTRUCTS, UNPORTABLE
from cytoreg.spark.translate import Unportable, to_spark

AS_OF = date(2016, 12, 31)
EXAMPLES = [(one.name, example) for one in CONSTRUCTS for example in one.examples]


@pytest.mark.parametrize(("name", "example"), EXAMPLES)
def test_duckdb_knows_each_example_and_it_has_a_wording_for_spark(name, example):
    duckdb.sql(f"select {example}").fetchall()
    assert to_spark(example)


def test_every_operation_of_rules_is_in_the_table_or_refused_by_name():
    for name, operation in OPERATIONS.items():
        sql = operation.sql.format("a", "b", "c")
        if name == "names agree":
            with pytest.raises(Unportable, match="names_agree"):
                to_spark(sql)
        else:
            assert to_spark(sql)


@pytest.mark.parametrize(
    "sql",
    [
        *("median(x)", "list_sort([1])", "x::time", "x::integer[]", "date_diff('month', a, b)"),
        *("x ilike 'a'", "x // 2", "x ** 2", "date_trunc('month', x)", "strftime(x, '%y')"),
        *("x + interval 1 month", "x in (select y from t)", "regexp_matches(x, y)"),
        *(
            "regexp_matches(x, 'a', 'i')",
            "exists (select 1)",
            "sum(x) over ()",
            "x at time zone 'UTC'",
        ),
        *("[1, 2]", "{'a': 1}", "x -> 1", "x collate nocase = 'a'", "x is distinct from y"),
    ],
)
def test_what_the_table_does_not_list_is_refused(sql):
    with pytest.raises(Unportable):
        to_spark(sql)


def test_constants_survive_escapes_and_substitution():
    assert to_spark(r"x = 'it''s \n ${spark.home}'") == (r"(`x` = 'it\'s \\n \u0024{spark.home}')")


def test_codes_of_a_table_become_a_list():
    codes = Codes("codes_a", "select unnest(['a', 'it''s']) as code")
    assert to_spark("x in (select code from codes_a)", [codes]) == r"(`x` IN ('a', 'it\'s'))"
    dated = Codes("codes_b", "select 'a' as code, date '2000-01-01' as valid_from")
    assert to_spark("(select valid_from from codes_b where code = x)", [dated]) == (
        "try_element_at(map_from_arrays(array('a'), array(DATE'2000-01-01')), `x`)"
    )


def test_zeros_of_either_sign_are_one_number_in_a_list():
    assert to_spark("x in (cast('-0.0' as double))").count("+ 0D") == 2


class Claim(Entity):
    """A claim."""

    number: str = field("Its number.", key=True)
    holder: str = field("Who holds it.", nullable=True)

    agrees = rule("names_agree(holder, number)", "Another name.")


def test_a_rule_outside_the_subset_is_refused_with_its_name_and_what_to_write_instead(tmp_path):
    schemas = compile_schemas([Claim])
    schemas = {"claim": replace(schemas["claim"], path=tmp_path / "claim.py")}
    with pytest.raises(ConfigError) as refused:
        refuse_unportable(schemas, AS_OF)
    told = str(refused.value)
    assert f"{tmp_path / 'claim.py'}: claim.agrees: Spark cannot judge this: names_agree()" in told
    assert UNPORTABLE["names_agree"] in told


def test_a_check_in_python_is_refused_by_name():
    class Visit(Entity):
        """A visit."""

        number: str = field("Its number.", key=True)

        @pa.dataframe_check
        @rowwise
        def odd(cls, frame):
            """Is odd."""
            return frame["number"].str.len() % 2 == 1

    with pytest.raises(
        ConfigError, match=r"visit\.odd: Spark cannot judge this: it is a check in Py"
    ):
        refuse_unportable(compile_schemas([Visit]), AS_OF)

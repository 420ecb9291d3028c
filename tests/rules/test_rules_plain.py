"""Plain Pandera in schemas/ is used as entities, or refused; nothing there is passed over."""

from __future__ import annotations

from pathlib import Path

import pytest
from rules_build import findings

from cytoreg.errors import ConfigError
from cytoreg.rules import load_schemas

HEAD = """
import pandera.pandas as pa, pandas as pd, numpy as np
from datetime import date, datetime
from decimal import Decimal
from typing import Optional
from pandera.typing import Index, Series
from cytoreg.rules import *
"""
MODEL = """
class Specimen(pa.DataFrameModel):
    "A specimen."
    number: int = pa.Field(ge=1, unique=True)
    site: Series[str] = pa.Field(isin=["ileum", "colon"], nullable=True)
    share: Optional[Series[float]] = pa.Field(in_range=(0, 1), nullable=True)

    class Config:
        strict = True
        unique = ["site", "share"]

    @pa.check("number", element_wise=True, error="The number is even.")
    def odd(cls, value):
        return value % 2 == 1
"""
SCHEMA = """
specimen = pa.DataFrameSchema(
    {
        "number": pa.Column(
            int,
            [pa.Check.ge(1), pa.Check(lambda v: v % 2 == 1, element_wise=True, name="odd")],
            unique=True,
        ),
        "site": pa.Column("string", pa.Check.isin(["ileum", "colon"]), nullable=True),
        "share": pa.Column(float, pa.Check.in_range(0, 1), nullable=True),
    },
    checks=pa.Check(lambda row: row["number"] != 7, element_wise=True, name="not_seven"),
    unique=["site", "share"],
    description="A specimen.",
)
"""
BASE = """
class Numbered(pa.DataFrameModel):
    number: Series[int] = pa.Field(ge=1)

class Sited(Numbered):
    site: str = pa.Field(isin=["ileum"], nullable=True)

class Specimen(Entity, Sited):
    "A specimen."
    share: float = field("Share.", nullable=True)
    share_known = rule("number > 2 or share is not null", "Early ones have a share.")
"""
ROWS = [
    {"number": number, "site": site, "share": share}
    for number, site, share in [
        ("1", "ileum", "0.5"), ("2", "liver", "2"), ("x", None, None), ("3", "ileum", "0.5"),
        ("1", "colon", "1"), ("0", None, "0.1"), ("7", "colon", "0"),
    ]
]  # fmt: skip


def load(folder: Path, text: str, **files: str):
    (folder / "specimen.py").write_text(HEAD + text)
    for name, other in files.items():
        (folder / name.replace("__", ".")).write_text(other)
    return load_schemas(folder)


EXPECTED = {
    ("specimen.number.odd", 2),
    ("specimen.number.odd", 6),
    ("specimen.site.isin", 2),
    ("specimen.share.in_range", 2),
    ("specimen.number.type", 3),
    ("specimen.unique", 4),
    ("specimen.number.unique", 5),
    ("specimen.number.ge", 6),
}


def test_a_plain_model_is_an_entity(judged, tmp_path):
    schemas = load(tmp_path, MODEL)
    assert schemas["specimen"].description == "A specimen."
    con = judged([schemas["specimen"].model], specimen=ROWS)
    assert set(findings(con)) == EXPECTED
    assert con.execute(
        "select distinct reason from quality.finding where rule = 'specimen.number.odd'"
    ).fetchall() == [("The number is even.",)]


def test_a_schema_object_is_an_entity(judged, tmp_path):
    schemas = load(tmp_path, SCHEMA)
    assert schemas["specimen"].description == "A specimen."
    con = judged([schemas["specimen"].model], specimen=ROWS)
    assert set(findings(con)) == EXPECTED | {("specimen.not_seven", 7)}


def test_an_entity_inherits_from_existing_models(judged, tmp_path):
    """And these, of which others inherit, are no entities themselves."""
    schemas = load(tmp_path, BASE)
    assert list(schemas) == ["specimen"]
    con = judged([schemas["specimen"].model], specimen=ROWS)
    assert set(findings(con)) == {
        ("specimen.number.type", 3),
        ("specimen.number.ge", 6),
        ("specimen.site.isin", 2),
        ("specimen.site.isin", 5),
        ("specimen.site.isin", 7),
    }


@pytest.mark.parametrize("order", ["Sited, Entity", "Entity, Sited"])
def test_the_order_of_the_bases_does_not_matter(tmp_path, order):
    schemas = load(tmp_path, BASE.replace("Entity, Sited", order))
    assert "specimen.number.ge" in {rule.id for rule in schemas["specimen"].rules}
    assert [column.name for column in schemas["specimen"].columns] == ["number", "site", "share"]


def test_a_field_that_is_declared_anew_replaces_the_inherited_one(tmp_path):
    text = BASE.replace("    share:", "    number: float = field('Number.', le=9)\n    share:")
    found = load(tmp_path, text)["specimen"]
    assert {rule.id for rule in found.rules if rule.column == "number"} == {
        "specimen.number.type",
        "specimen.number.required",
        "specimen.number.le",
    }


@pytest.mark.parametrize(
    ("annotation", "kind"),
    [
        ("int", "integer"), ("np.int64", "integer"), ("pd.Int64Dtype", "integer"),
        ("pa.Int64", "integer"), ("Series[int]", "integer"), ("Optional[int]", "integer"),
        ("int | None", "integer"), ("float", "number"), ("np.float64", "number"),
        ("pd.Float64Dtype", "number"), ("str", "text"), ("pd.StringDtype", "text"),
        ("pa.String", "text"), ("pa.typing.Series[str]", "text"), ("bool", "true/false"),
        ("pd.BooleanDtype", "true/false"), ("date", "date"), ("pa.Date", "date"),
        ("datetime", "date and time"), ("pd.Timestamp", "date and time"),
        ("pa.DateTime", "date and time"), ("Optional[Series[datetime]]", "date and time"),
    ],
)  # fmt: skip
def test_annotations_of_pandas_numpy_and_pandera_are_known(tmp_path, annotation, kind):
    plain = load(tmp_path, f"class Specimen(pa.DataFrameModel):\n    a: {annotation}\n")
    assert plain["specimen"].columns[0].type.name == kind
    text = f"class Specimen(Entity):\n    'x'\n    a: {annotation} = field('a', nullable=True)\n"
    assert load(tmp_path, text)["specimen"].columns[0].type.name == kind


def model(line: str) -> str:
    return f"class Specimen(pa.DataFrameModel):\n    a: {line}\n"


def entity(line: str) -> str:
    return f"class Specimen(Entity):\n    'x'\n    a: {line}\n"


REFUSED = [
    (model("np.int32"), "specimen.a: int32 is not a type for a column that is judged exactly"),
    (model("np.uint64"), "specimen.a: uint64"),
    (model("np.float32"), "specimen.a: float32"),
    (model("pd.CategoricalDtype"), "specimen.a: CategoricalDtype"),
    (model("Decimal"), "specimen.a: Decimal"),
    (model("object"), "specimen.a: object"),
    (model("Index[int]"), "specimen.a: Index is not a type for a column"),
    (model("list[int]"), "specimen.a: list"),
    (model("int | str"), "specimen.a: int | str is not a type"),
    (model("'nowhere'"), "its annotations cannot be read"),
    (model("int = pa.Field(default=1)"), "defaults in a schema"),
    (model("int = pa.Field(regex=True)"), "columns by pattern in a schema"),
    (model("int = pa.Field(required=False)"), "optional columns in a schema"),
    (model("int = pa.Field(alias='_a')"), "names that begin with an underscore are reserved"),
    (model("int\n    @pa.parser('a')\n    def p(cls, s): return s"), "parsers in a schema"),
    (model("int\n    @pa.check('a')\n    def p(cls, s): return s > 1"), "look at each row alone"),
    ("class Specimen(pa.DataFrameModel):\n    pass\n", "specimen: has no columns"),
    ("x = 1\n", "no file declares an entity"),
    ("s = pa.SeriesSchema(int)\n", "s is not a Pandera model"),
    ("s = pa.DataFrameSchema({'a': pa.Column(int)}, index=pa.Index(int))\n", "s: an index"),
    ("s = pa.DataFrameSchema({'a': pa.Column()})\n", "s.a: has no type"),
    ("s = pa.DataFrameSchema({3: pa.Column(int)})\n", "s: 3 is not a name for a column"),
    ("s = pa.DataFrameSchema({'a': pa.Column(int)}, name='My s')\n", "is not a name for an entity"),
    ("s = pa.DataFrameSchema({'a': pa.Column(int)}, checks=pa.Check(lambda f: True))\n",
     "look at each row alone"),
    ("s = pa.DataFrameSchema({'a': pa.Column(int), 'A': pa.Column(int)})\n", "one column to"),
    (entity("PartialDate = field('a')\n    a_latest: date = field('b')"), "stored with a_latest"),
    (model("int\n    class Config:\n        strickt = True"), "no attribute 'strickt'"),
    ("all = {'s': pa.DataFrameSchema({'a': pa.Column(int)})}\n" + MODEL, "all['s'] is a schema"),
    ("all = [1, [pa.DataFrameSchema({'a': pa.Column(int)})]]\n" + MODEL, "all[1][0] is a schema"),
    ("class All:\n    s = pa.DataFrameSchema({'a': pa.Column(int)})\n" + MODEL, "All.s is a"),
    ("class All:\n    class S(pa.DataFrameModel):\n        a: int\n" + MODEL, "All.S is a schema"),
    (MODEL + "specimen = pa.DataFrameSchema({'a': pa.Column(int)})\n", "both declare specimen"),
    (entity("int = field('a', isn=[1])"), "custom check 'isn' is not available"),
    (entity("int = field('a', isin=['1'])"), "specimen.a.isin: a constant is str"),
    (entity("int = field('a', ge='1')"), "specimen.a.ge: a constant is str"),
    (entity("float = field('a', in_range=(float('nan'), 1))"), "a constant is nan"),
    (entity("date = field('a', ge='2020-01-01')"), "specimen.a.ge: a constant is str"),
    (entity("date = field('a', ge=datetime(2020, 1, 1))"), "a constant is datetime"),
    (entity("datetime = field('a', ge=date(2020, 1, 1))"), "a constant is date"),
    (entity("bool = field('a', isin=[1, 0])"), "a constant is int"),
    (entity("bool = field('a', gt=False)"), "true and false have no order"),
    (entity("int = field('a', str_matches='x')"), "str_matches is for text"),
    (entity("str = field('a', str_matches='[')"), "unterminated character set"),
    (entity("str = field('a', isin='abc')"), "specimen.a.isin: is not a list of values"),
    (entity("str = field('a', str_length={'min_value': 'a'})"), "a length is a whole number"),
    (entity("str = field('a', str_length={'max_value': -1})"), "a length is a whole number"),
    (entity("str = field('a', str_startswith=3)"), "specimen.a.str_startswith: a constant is int"),
    (entity("int = field('a', in_range={'min_value': 3, 'max_value': 1})"), "min_value = 3"),
    (entity("int = field('a', in_range={'min': 3})"), "missing required arguments"),
    (entity("int = field('a', warn='in_range')"), "which the column does not check"),
    (entity("int = field('a')\n    class Config:\n        unique = ['b']"), "unique names b"),
    (entity("str = field('a')\n    r = rule('length(a, 2) > 1')"), "length takes 1 argument"),
    (entity("str = field('a')\n    r = rule('substr(a) = a')"), "substr takes 2 or 3 arguments"),
    (entity("date = field('a')\n    r = rule(\"date_diff('day', a, a, a) > 1\")"), "takes 3 arg"),
    (entity("float = field('a')\n    r = rule('floor(a, 1) > 1')"), "floor takes 1 argument"),
    (entity("str = field('a')\n    r = rule('coalesce() = a')"), "coalesce takes at least 1"),
    (entity("str = field('a')\n    r = rule(\"regexp_matches(a, '(')\")"), "pattern is not valid"),
    (entity("int = field('a')\n    r = references('nobody', on='a')"), "no entity nobody"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "message"), REFUSED)
def test_what_is_wrong_is_refused_with_its_file_and_a_remedy(tmp_path, text, message):
    with pytest.raises(ConfigError) as refused:
        load(tmp_path, text)
    assert message in refused.value.message
    assert refused.value.message.startswith(str(tmp_path))
    assert refused.value.remedy


def test_schemas_that_no_file_reads_are_refused(tmp_path):
    with pytest.raises(ConfigError, match=r"other\.yaml: a Pandera schema that is not Python"):
        load(tmp_path, MODEL, other__yaml="schema_type: dataframe\n")
    (tmp_path / "other.yaml").unlink()
    more = tmp_path / "more"
    more.mkdir()
    (more / "x.py").write_text("x = 1\n")
    with pytest.raises(ConfigError, match="more: a folder of Python files that no schema imports"):
        load(tmp_path, MODEL)
    assert load(tmp_path, "from .more.x import x\n" + MODEL)


def test_a_schema_object_that_begins_with_an_underscore_is_a_building_block(tmp_path):
    text = "_base = pa.DataFrameSchema({'a': pa.Column(int)})\n"
    text += "specimen = _base.add_columns({'b': pa.Column(str)})\n"
    assert list(load(tmp_path, text)) == ["specimen"]


def test_two_checks_of_one_name_are_refused_and_not_one_of_them_forgotten(tmp_path):
    one = "pa.Check(lambda r: r.a > 1, element_wise=True)"
    both = "s = pa.DataFrameSchema({'a': pa.Column(int)}, checks=[" + one + ", " + one + "])\n"
    with pytest.raises(ConfigError, match=r"two rules would be called s\.<lambda>") as refused:
        load(tmp_path, both)
    assert "name=" in refused.value.remedy
    named = both.replace("True)]", "True, name='below_nine')]")
    assert [rule.id for rule in load(tmp_path, named)["s"].rules][-2:] == [
        "s.<lambda>",
        "s.below_nine",
    ]


@pytest.mark.parametrize("name", ["Config", "validate", "to_schema", "column_0", "a"])
def test_a_column_and_a_check_may_be_called_as_what_every_model_has(judged, tmp_path, name):
    check = f"pa.Check(lambda r: r['{name}'] > 1, element_wise=True, name='{name}')"
    text = f"s = pa.DataFrameSchema({{'{name}': pa.Column(int)}}, checks={check})\n"
    con = judged([load(tmp_path, text)["s"].model], s=[{name: "1"}, {name: "2"}])
    assert findings(con) == [(f"s.{name}", 1)]


def test_models_and_schemas_from_elsewhere_are_entities_too(tmp_path, monkeypatch):
    ours = tmp_path / "ours"
    ours.mkdir()
    (tmp_path / "hospital_rules.py").write_text(
        HEAD
        + "class Ward(pa.DataFrameModel):\n    a: int\n"
        + "bed = pa.DataFrameSchema({'a': pa.Column(int)})\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    (ours / "more").mkdir()
    (ours / "more" / "room.py").write_text(HEAD + "class Room(pa.DataFrameModel):\n    a: int\n")
    imports = "from hospital_rules import Ward, bed\nfrom .more.room import Room\n"
    assert set(load(ours, imports + MODEL)) == {"ward", "bed", "room", "specimen"}


def test_a_model_that_begins_with_an_underscore_is_a_building_block(tmp_path):
    assert list(load(tmp_path, "class _Base(pa.DataFrameModel):\n    a: int\n" + MODEL)) == [
        "specimen"
    ]
    assert list(
        load(tmp_path, "_all = {'s': pa.DataFrameSchema({'a': pa.Column(int)})}\n" + MODEL)
    ) == ["specimen"]

"""Loading a folder of schemas: isolated, ordered, and clear when a file is broken."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from cytoreg.errors import ConfigError
from cytoreg.rules import catalogue, load_schemas

CODES = 'SITES = ("lung", "liver")\n'
TUMOR = """
from __future__ import annotations
from datetime import date
from cytoreg.rules import Entity, field, references
from .codes import SITES

class Tumor(Entity):
    "A tumour."
    number: str = field("Number.", key=True)
    site: str = field("Site.", isin=SITES)
    found: date = field("Day.", nullable=True)
    patient_exists = references("zpatient", on="number")
"""
PATIENT = """
from cytoreg.rules import Entity, field

class Zpatient(Entity):
    "A patient."
    number: str = field("Number.", key=True)
"""


def write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text)
    return folder


def test_a_folder_of_schemas_loads_in_the_order_of_references(tmp_path):
    schemas = load_schemas(write(tmp_path, codes=CODES, tumor=TUMOR, zpatient=PATIENT))
    assert list(schemas) == ["zpatient", "tumor"]
    assert schemas["tumor"].path == tmp_path / "tumor.py"
    assert schemas["tumor"].refers_to == {"zpatient"}
    assert schemas["tumor"].description == "A tumour."


def test_loading_leaves_the_import_path_alone_and_two_projects_apart(tmp_path):
    before = list(sys.path)
    one, other = tmp_path / "one", tmp_path / "other"
    one.mkdir()
    other.mkdir()
    write(one, codes=CODES, tumor=TUMOR, zpatient=PATIENT)
    write(other, codes='SITES = ("skin",)\n', tumor=TUMOR, zpatient=PATIENT)
    sites = [
        next(r.expression for r in load_schemas(folder)["tumor"].rules if r.id.endswith("isin"))
        for folder in (one, other)
    ]
    assert sites == ["isin(lung, liver)", "isin(skin)"]
    assert sys.path == before
    assert "codes" not in sys.modules


def test_a_changed_file_is_read_afresh(tmp_path):
    load_schemas(write(tmp_path, zpatient=PATIENT))
    schemas = load_schemas(write(tmp_path, zpatient=PATIENT.replace("A patient.", "Someone else.")))
    assert schemas["zpatient"].description == "Someone else."


@pytest.mark.parametrize(
    ("text", "place", "what"),
    [
        ("x = (\n", "broken.py:1", "never closed"),
        ("import nothing_of_that_name\n", "broken.py:1", "ModuleNotFoundError"),
        ("\n\nraise ValueError('no')\n", "broken.py:3", "ValueError: no"),
        (PATIENT + "    x: list = field('x')\n", "broken.py:4", "is not a type for a column"),
        ("\n" + TUMOR.replace("SITES", "SIDES"), "broken.py:6", "ImportError"),
    ],
)
def test_a_broken_file_is_named_with_its_line(tmp_path, text, place, what):
    with pytest.raises(ConfigError, match=what) as caught:
        load_schemas(write(tmp_path, codes=CODES, broken=text))
    assert str(tmp_path / place) in str(caught.value)


def test_two_files_cannot_declare_one_entity(tmp_path):
    with pytest.raises(ConfigError, match="both declare zpatient"):
        load_schemas(write(tmp_path, a=PATIENT, b=PATIENT))


def test_a_folder_without_schemas_is_a_configuration_error(tmp_path):
    with pytest.raises(ConfigError, match="no schemas there"):
        load_schemas(tmp_path)


def test_the_reference_projects_rules_are_all_compiled():
    rules = catalogue(load_schemas(Path(__file__).parents[2] / "schemas"))
    assert len(rules) > 100
    assert [rule.id for rule in rules if rule.kind == "fallback"] == []

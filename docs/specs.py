"""Pages of docs/spec, from the tables that the modules of tests/spec draw.

The modules are parsed, not run: their tables are literals. ehrQL renders its specification in the
same way (docs.opensafely.org/ehrql/reference/specs).
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from markdown_text import literal, table

SPEC = Path(__file__).resolve().parents[1] / "tests" / "spec"

# Each page: its title, what it is about, and its modules in reading order.
SUBJECTS = {
    "patients": (
        "Patients and their deaths",
        "staging/patients staging/death_index registry/vital_status registry/deaths_taken_back"
        " registry/causes_of_death registry/partial_dates rules/deaths rules/certificates_twice"
        " rules/sources_that_disagree rules/missing_records",
    ),
    "whose": (
        "Whose a record is",
        "staging/enrolments staging/registered_patients staging/numbers_of_cases"
        " staging/numbers_of_encounters staging/numbers_of_reports rules/numbers_used_twice"
        " registry/numbers_used_twice marts/lineage",
    ),
    "tumours": (
        "Tumours",
        "staging/tumours rules/tumours rules/tumour_indices rules/values_in_shape"
        " registry/tumor_sites marts/primary_site",
    ),
    "operations": (
        "Operations",
        "staging/operating_room_log staging/operating_room_log_values rules/operations"
        " rules/findings_at_operation registry/operations registry/crisis marts/operation"
        " marts/mortality marts/follow_up_missing marts/partial_dates",
    ),
    "complications": (
        "Complications",
        "staging/codes rules/complications registry/complications marts/complication"
        " marts/grades_without_letter",
    ),
    "encounters": (
        "Encounters and diagnoses",
        "staging/hospital_codes rules/encounters registry/stays registry/diagnoses",
    ),
    "pathology": (
        "Pathology, grade and stage",
        "staging/pathology staging/pathology_words staging/pathology_sizes"
        " staging/pathology_short rules/pathology rules/pathology_limits"
        " rules/pathology_corrections rules/editions registry/pathology marts/grade marts/stage",
    ),
    "laboratory": (
        "Laboratory results",
        "staging/laboratory staging/laboratory_numbers staging/laboratory_signs rules/laboratory"
        " registry/laboratory marts/biomarker",
    ),
}
LAYERS = {
    "staging": "Staging: source words become registry words",
    "rules": "Rules: which rows are found",
    "registry": "Registry: how entities are joined",
    "marts": "Marts: outcomes",
}
INTRODUCTION = (
    "Small tables that the tests in `tests/spec` put into a build, and what the reference"
    " registry's SQL and rules make of them. An empty cell is null. Columns that are not shown"
    " are null too; under *Rules* they have the values of a sound record. The extracts end on 31"
    " December 2016.\n"
)
RESULT = {
    "staging": "`{}` then has:",
    "rules": "The rules find:",
    "registry": "`{}` then has:",
    "marts": "`{}` then has:",
}


class Case(NamedTuple):
    """A test: its sentence, its remark, and what each of its drawn tables shows."""

    sentence: str
    remark: str
    shown: list[tuple[str, str, str]]


class Spec(NamedTuple):
    """A module: its layer, title, introduction, given tables and cases."""

    layer: str
    title: str
    introduction: str
    given: dict[str, str]
    cases: list[Case]


def path_of(name: str) -> Path:
    """The module of "layer/subject"."""
    layer, subject = name.split("/")
    suffix = "_mart" if layer == "marts" else ""
    prefix = "" if layer == "marts" else f"{layer}_"
    return SPEC / layer / f"test_{prefix}{subject}{suffix}.py"


def read(path: Path) -> Spec:
    """A module's literals; raises ValueError for one that is not drawn in this way."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    values = {
        node.targets[0].id: ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    }
    cases = [case_of(node) for node in tree.body if isinstance(node, ast.FunctionDef)]
    introduction = ast.get_docstring(tree) or ""
    return Spec(path.parent.name, values["title"], introduction, values["given"], cases)


def case_of(test: ast.FunctionDef) -> Case:
    """A test's sentence and tables."""
    shown = []
    for node in test.body:
        match node:
            case ast.Expr(ast.Call(ast.Name(), [*names, ast.Constant(drawn)], keywords)) if (
                "|" in drawn or "\n" in drawn
            ):
                name = ast.literal_eval(names[0]) if names else ""
                where = "".join(ast.literal_eval(keyword.value) for keyword in keywords)
                shown.append((name, where, drawn))
    sentence = test.name.removeprefix("test_").replace("_", " ")
    return Case(sentence[0].upper() + sentence[1:], ast.get_docstring(test) or "", shown)


def drawn_table(text: str) -> str:
    """A drawn table as Markdown."""
    lines = [line.strip() for line in text.strip().splitlines()]
    rows = [[part.strip() for part in line.split("|")] for line in lines if set(line) - set("-+| ")]
    return table([f"`{name}`" for name in rows[0]], [map(literal, row) for row in rows[1:]])


def section(spec: Spec) -> Iterator[str]:
    """One module as the section of a page."""
    yield f"### {spec.title}\n"
    yield literal(spec.introduction) + "\n"
    for name, text in spec.given.items():
        yield f"Given `{name}`:\n"
        yield drawn_table(text)
    for one in spec.cases:
        yield f"#### {one.sentence}\n"
        if one.remark:
            yield literal(one.remark) + "\n"
        for name, where, drawn in one.shown:
            result = RESULT[spec.layer].format(name)
            yield (result if not where else f"{result[:-1]}, where `{where}`:") + "\n"
            yield drawn_table(drawn)


def pages() -> dict[str, str]:
    """Every page by its name; ends the program if a module has no page, or a page no module."""
    placed = [path_of(name) for _, names in SUBJECTS.values() for name in names.split()]
    if missing := set(SPEC.rglob("test_*.py")).symmetric_difference(placed):
        names = ", ".join(sorted(path.name for path in missing))
        sys.exit(f"docs/specs.py and tests/spec differ in: {names}")
    made = {}
    for name, (title, modules) in SUBJECTS.items():
        parts = [f"# {title}\n", INTRODUCTION]
        specs = [read(path_of(module)) for module in modules.split()]
        for layer, group in groupby(specs, key=lambda spec: spec.layer):
            parts.append(f"## {LAYERS[layer]}\n")
            for spec in group:
                parts += section(spec)
        made[f"{name}.md"] = "\n".join(parts)
    return made

"""The pictures of the ways through the code name what is there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "explanation" / "ways.md").read_text(encoding="utf-8")
NAMES = sorted(set(re.findall(r"[a-z_]+(?:\.[a-z_]+)+\.\w+|\bmanifest\.\w+", PAGE)))


def _defined(module: Path) -> set[str]:
    found = set()
    for node in ast.parse(module.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
    return found


def test_the_page_names_the_way_from_a_source_to_its_landing() -> None:
    assert {"landing.land.land", "landing.kept.reusable", "manifest.write"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_what_a_picture_names_is_defined(name: str) -> None:
    module, _, defined = name.rpartition(".")
    assert defined in _defined(ROOT / "cytoreg" / f"{module.replace('.', '/')}.py")

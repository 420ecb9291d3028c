"""The plan of the house: rooms, few files outside them, and no import in a circle."""

from __future__ import annotations

import ast
from graphlib import TopologicalSorter
from pathlib import Path

HOUSE = Path(__file__).parents[1] / "cytoreg"


def _modules() -> dict[str, Path]:
    """Every module of cytoreg by its dotted name."""
    return {
        ".".join(path.relative_to(HOUSE.parent).with_suffix("").parts).removesuffix(
            ".__init__"
        ): path
        for path in HOUSE.rglob("*.py")
    }


def _imports(modules: dict[str, Path]) -> dict[str, set[str]]:
    """What each module imports of cytoreg, wherever in the module it does so."""
    found: dict[str, set[str]] = {name: set() for name in modules}
    for name, path in modules.items():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module:
                asked = [f"{node.module}.{alias.name}" for alias in node.names]
                found[name] |= {it if it in modules else node.module for it in asked}
            elif isinstance(node, ast.Import):
                found[name] |= {alias.name for alias in node.names}
        found[name] = {it for it in found[name] if it in modules and it != name}
    return found


def _room(module: str) -> str:
    """The folder below cytoreg/ that a module stands in, or the module itself."""
    return ".".join(module.split(".")[:2])


def test_at_most_eight_files_stand_outside_the_rooms() -> None:
    assert len([path for path in HOUSE.iterdir() if path.is_file()]) <= 8


def test_no_module_imports_another_in_a_circle() -> None:
    imports = _imports(_modules())
    TopologicalSorter(imports).prepare()


def test_no_room_imports_another_in_a_circle() -> None:
    rooms: dict[str, set[str]] = {}
    for module, imported in _imports(_modules()).items():
        rooms.setdefault(_room(module), set()).update(map(_room, imported))
    TopologicalSorter({room: needs - {room} for room, needs in rooms.items()}).prepare()

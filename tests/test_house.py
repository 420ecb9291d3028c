"""The plan of the house: rooms, few files outside them, no import in a circle, small parts."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

HOUSE = Path(__file__).parents[1] / "cytoreg"

MODULE_LINES = 300
FUNCTION_LINES = 60
PARAMETERS = 7

# What is larger, and why it stays so; it may not grow.
LARGE_MODULES = {
    # A table is declared in one place, its rules beside the columns that they are about.
    "schemas/pathology.py": 482,
}
LONG_FUNCTIONS: dict[str, int] = {}
LONG_PARAMETER_LISTS = {
    # The keywords with which a schema describes a column; most columns need two or three.
    "cytoreg/rules/declare.py:field": 11,
}


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


def _sources() -> dict[str, str]:
    """The text of each module of cytoreg and of the reference project."""
    root = HOUSE.parent
    return {
        path.relative_to(root).as_posix(): path.read_text(encoding="utf-8")
        for folder in ("cytoreg", "flows", "schemas")
        for path in (root / folder).rglob("*.py")
    }


Function = ast.FunctionDef | ast.AsyncFunctionDef


def _functions() -> Iterator[tuple[str, Function]]:
    """Every function and method, named `module.py:function`."""
    for module, text in _sources().items():
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, Function):
                yield f"{module}:{node.name}", node


def _is_command(function: Function) -> bool:
    """Whether a function is a command of the command line: its options are its parameters."""
    return any(".command(" in ast.unparse(it) for it in function.decorator_list)


def _lines(function: Function) -> int:
    """A function's lines; a command's without its options and their help."""
    first = function.body[0].lineno if _is_command(function) else function.lineno
    return (function.end_lineno or first) - first + 1


def _parameters(function: Function) -> int:
    """How many parameters a caller may give; a command has none."""
    given = function.args
    named = [it.arg for it in (*given.posonlyargs, *given.args, *given.kwonlyargs)]
    stars = [it for it in (given.vararg, given.kwarg) if it]
    own = bool(named) and named[0] in ("self", "cls")
    return 0 if _is_command(function) else len(named) + len(stars) - own


def _compare(sizes: Iterator[tuple[str, int]], limit: int, known: dict[str, int]) -> None:
    """Fail for each part over the limit that is not known or has grown, and for what is mended."""
    over: dict[str, int] = {}
    for name, size in sizes:
        if size > limit:
            over[name] = max(size, over.get(name, 0))
    grown = {name: size for name, size in over.items() if size > known.get(name, limit)}
    mended = sorted(known.keys() - over.keys())
    assert not grown, f"more than {limit}: {grown}"
    assert not mended, f"no longer more than {limit}: take {mended} off the list"


def test_no_module_has_more_than_300_lines() -> None:
    sizes = ((name, len(text.splitlines())) for name, text in _sources().items())
    _compare(sizes, MODULE_LINES, LARGE_MODULES)


def test_no_function_has_more_than_60_lines() -> None:
    sizes = ((name, _lines(function)) for name, function in _functions())
    _compare(sizes, FUNCTION_LINES, LONG_FUNCTIONS)


def test_no_function_has_more_than_7_parameters() -> None:
    sizes = ((name, _parameters(function)) for name, function in _functions())
    _compare(sizes, PARAMETERS, LONG_PARAMETER_LISTS)


def test_no_two_modules_of_tests_have_one_name() -> None:
    """pytest imports each by its name alone: of two, a run of the whole suite collects one."""
    names = [path.name for path in (HOUSE.parent / "tests").rglob("test_*.py")]
    assert sorted(set(names)) == sorted(names)

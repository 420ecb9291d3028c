"""Pages of docs/reference/api: the public names of a package, their signatures and docstrings.

A docstring is plain text with a few conventions: an indented block is a formula or a table, `>>>`
begins an example, `name:` at the beginning of a line describes a parameter or a field.
"""

from __future__ import annotations

import ast
import inspect
import re
import sys
from collections.abc import Collection, Iterator
from dataclasses import is_dataclass
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from textwrap import dedent
from types import FunctionType
from typing import Literal, NamedTuple, get_origin

from markdown_text import literal, table

ROOT = Path(__file__).resolve().parents[1]
WIDTH = 92
PACKAGES = ("cytoreg", "cytoreg.survival", "cytoreg.outcomes", "cytoreg.rules")
_LABEL = re.compile(r"(?:In R|Columns|Raises|Returns)\b")
_TERM = re.compile(r"(`?[a-z_0-9]+`?(?:, `?[a-z_0-9]+`?)*): ")


class Assigned(NamedTuple):
    """A documented assignment at the top of a module: the value's source, and its docstring."""

    source: str
    docstring: str


def pages() -> dict[str, str]:
    """Every page by its name."""
    return {f"{package.split('.')[-1]}.md": page(package) for package in PACKAGES}


def page(package: str) -> str:
    """The page of a package."""
    module = import_module(package)
    parts = [f"# {package}\n", markdown(module.__doc__ or "")]
    assigned = assignments(package)
    names = [name for name in module.__all__ if not name.startswith("__")]
    values = {name: getattr(module, name) for name in names}
    docstrings = {
        name: assigned[name].docstring if name in assigned else inspect.getdoc(value) or ""
        for name, value in values.items()
    }
    lower = [name.lower() for name in names]
    anchors = {  # as Python-Markdown numbers equal ones: cox for Cox, cox_1 for cox
        name: name.lower() + (f"_{count}" if (count := lower[:place].count(name.lower())) else "")
        for place, name in enumerate(names)
    }
    rows = [(f"[`{name}`](#{anchors[name]})", summary(docstrings[name])) for name in names]
    parts.append("## Contents\n\n" + table(("name", "what it is"), rows))
    entries = [part for name in names for part in entry(name, values[name], docstrings[name])]
    used = set(re.findall(r"\w+", "\n".join(one for one in entries if one.startswith("```"))))
    parts += entries
    if rows := [
        (f"`{name}`", f"<code>{one.source.replace('|', '&#124;')}</code>", literal(one.docstring))
        for name, one in assigned.items()
        if name in used - set(names)
    ]:
        parts.append("## Types\n\n" + table(("name", "type", "what it is"), rows))
    return "\n".join(parts)


def assignments(package: str) -> dict[str, Assigned]:
    """Assignments with a docstring in any module of the package, those of a type checker too."""
    found = {}
    for path in sorted(ROOT.joinpath(*package.split(".")).glob("*.py")):
        body = ast.parse(path.read_text(encoding="utf-8")).body
        for block in (body, *(node.body for node in body if isinstance(node, ast.If))):
            for pair in pairwise(block):
                match pair:
                    case (
                        ast.Assign([ast.Name(name)], value)
                        | ast.AnnAssign(ast.Name(name), _, value),
                        ast.Expr(ast.Constant(str(docstring))),
                    ):
                        source = ast.unparse(value).replace("'", '"')
                        found[name] = Assigned(source, inspect.cleandoc(docstring))
    return found


def entry(name: str, value: object, docstring: str) -> Iterator[str]:
    """A public name: heading, signature, docstring; then the methods of a class."""
    yield f"## {name}\n"
    named: set[str] = set()
    if isinstance(value, FunctionType):
        named = set(inspect.signature(value).parameters)
        yield fenced(signature(name, value))
    elif isinstance(value, type) and is_dataclass(value):
        named = set(value.__annotations__)
        yield fenced(fields(value))
    yield markdown(docstring, named)
    for method in vars(value).values() if isinstance(value, type) else ():
        function = getattr(method, "__func__", getattr(method, "fget", method))
        if isinstance(function, FunctionType) and function.__name__[0] != "_":
            called = f"{name}.{function.__name__}"
            yield f"### {called}\n"
            if not isinstance(method, property):
                yield fenced(signature(called, function))
            yield markdown(
                inspect.getdoc(function) or "", set(inspect.signature(function).parameters)
            )


def signature(name: str, function: FunctionType) -> str:
    """A function's call with types and defaults, on several lines if one is too long."""
    known = inspect.signature(function)
    parts = []
    star = False
    for one in known.parameters.values():
        if one.name in ("self", "cls"):
            continue
        if one.kind is one.KEYWORD_ONLY and not star:
            parts.append("*")
        star = star or one.kind in (one.KEYWORD_ONLY, one.VAR_POSITIONAL)
        prefix = {one.VAR_POSITIONAL: "*", one.VAR_KEYWORD: "**"}.get(one.kind, "")
        default = "" if one.default is one.empty else f" = {shown(one.default)}"
        parts.append(
            f"{prefix}{one.name}: {annotation(one.annotation, function.__globals__)}{default}"
        )
    end = f") -> {annotation(known.return_annotation, function.__globals__)}"
    line = f"{name}({', '.join(parts)}{end}"
    if len(line) <= WIDTH:
        return line
    return f"{name}(\n" + "".join(f"    {part},\n" for part in parts) + end


def annotation(text: str, names: dict[str, object]) -> str:
    """An annotation as it is written, with named choices spelled out."""
    choices = {
        name: str(value).replace("typing.", "").replace("'", '"')
        for name, value in names.items()
        if get_origin(value) is Literal
    }
    return re.sub(r"\w+", lambda it: choices.get(it[0], it[0]), text).replace("'", '"')


def shown(default: object) -> str:
    """A default value as Python source."""
    if isinstance(default, str):
        return f'"{default}"'
    return "{}" if repr(default) == "mappingproxy({})" else repr(default)


def fields(value: type) -> str:
    """A data class with its public fields."""
    module = sys.modules[value.__module__]
    lines = [
        f"    {name}: {annotation(str(kind), vars(module))}"
        for name, kind in value.__annotations__.items()
        if not name.startswith("_") and "ClassVar" not in str(kind)
    ]
    return "\n".join([f"class {value.__name__}:", *lines])


def is_python(text: str) -> bool:
    """Whether a block is code, and no formula or table."""
    try:
        return any(isinstance(node, ast.Import | ast.ImportFrom) for node in ast.parse(text).body)
    except SyntaxError:
        return False


def fenced(text: str, language: str = "python") -> str:
    """Text as a block of code."""
    return f"```{language}\n{text}\n```\n"


def summary(docstring: str) -> str:
    """The first line of a docstring."""
    return literal(docstring.partition("\n")[0])


def markdown(docstring: str, named: Collection[str] = ()) -> str:
    """A docstring as Markdown; a line that begins with one of `named` and a colon describes it."""
    parts: list[str] = []
    for block in re.split(r"\n\n(?![ \n])", inspect.cleandoc(docstring)):
        if block.startswith(">>>"):
            parts.append(fenced(block))
        else:
            parts += paragraphs(block.split("\n"), named)
    return "\n".join(parts)


def paragraphs(lines: list[str], named: Collection[str]) -> Iterator[str]:
    """A block of prose: paragraphs, list items, and indented text unchanged."""
    groups: list[tuple[str, list[str]]] = []
    for line in lines:
        last = groups[-1][0] if groups else ""
        term = _TERM.match(line)
        if line.startswith("- "):
            groups.append(("item", [line[2:]]))
        elif term and set(term[1].replace("`", "").split(", ")) <= set(named):
            names = ", ".join(f"`{name.strip('`')}`" for name in term[1].split(", "))
            groups.append(("term", [f"{names}: {line[term.end() :]}"]))
        elif line.startswith("  ") and last == "item":
            groups[-1][1].append(line.strip())
        elif line.startswith("  ") or not line:
            if last != "code":
                groups.append(("code", []))
            groups[-1][1].append(line)
        elif _LABEL.match(line) or last not in ("prose", "term"):
            groups.append(("prose", [line]))
        else:
            groups[-1][1].append(line)
    for (kind, text), (following, _) in pairwise([*groups, ("", [])]):
        if kind == "code":
            block = dedent("\n".join(text)).strip("\n")
            yield fenced(block, "python" if is_python(block) else "text")
        elif kind == "prose":
            yield literal("\n".join(text)) + "\n"
        else:
            yield f"- {literal(' '.join(text))}" + ("" if following == kind else "\n")

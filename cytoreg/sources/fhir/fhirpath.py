"""Parse the FHIRPath of views to a tree.

The grammar is the normative one with its precedences; expression.py defines the meaning of a tree
in SQL, and refuses what it does not support.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal as OneOf


class Unsupported(ValueError):
    """An expression that is not FHIRPath, or that views may not use; the message names the part."""


@dataclass(frozen=True)
class Literal:
    """A constant as it is written in FHIR: `kind` decides how its texts compare."""

    kind: OneOf["string", "number", "boolean", "date", "empty"]
    text: str


@dataclass(frozen=True)
class Constant:
    """`%name`."""

    name: str


@dataclass(frozen=True)
class This:
    """The item on which the expression is evaluated."""


@dataclass(frozen=True)
class Member:
    """`target.name`: the elements of this name."""

    target: Node
    name: str


@dataclass(frozen=True)
class Index:
    """`target[position]`."""

    target: Node
    position: Node


@dataclass(frozen=True)
class Call:
    """`target.name(arguments)`."""

    target: Node
    name: str
    arguments: tuple[Node, ...]


@dataclass(frozen=True)
class Binary:
    """`left operator right`."""

    operator: str
    left: Node
    right: Node


@dataclass(frozen=True)
class Minus:
    """`-operand`."""

    operand: Node


Node = Literal | Constant | This | Member | Index | Call | Binary | Minus

_LEVELS = (
    ("implies",),
    ("or", "xor"),
    ("and",),
    ("in", "contains"),
    ("=", "!=", "~", "!~"),
    ("<=", "<", ">=", ">"),
    ("|",),
    ("is", "as"),
    ("+", "-", "&"),
    ("*", "/", "div", "mod"),
)
"""Operators in order of increasing precedence."""

_TOKEN = re.compile(
    r"""(?P<skip>\s+|//[^\n]*|/\*.*?\*/)
    |(?P<date>@T?[0-9][0-9T:.Z+-]*)
    |(?P<number>[0-9]+(?:\.[0-9]+)?)
    |(?P<string>'(?:[^'\\]|\\.)*')
    |(?P<constant>%(?:[A-Za-z_][A-Za-z0-9_-]*|'(?:[^'\\]|\\.)*'|`[^`]*`))
    |(?P<name>[A-Za-z_][A-Za-z0-9_]*|`[A-Za-z_][A-Za-z0-9_]*`)
    |(?P<special>\$this|\$index|\$total)
    |(?P<sign><=|>=|!=|!~|[.,()\[\]{}=~<>|+*/&-])""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPES = {"t": "\t", "n": "\n", "r": "\r", "f": "\f"}


def parse(text: str) -> Node:
    """The tree of an expression; raises Unsupported for an invalid one."""
    parser = _Parser(_tokens(text))
    tree = parser.expression()
    if parser.kind:
        raise Unsupported(f"{parser.text!r} is where the expression should end")
    return tree


def _tokens(text: str) -> list[tuple[str, str]]:
    found, position = [], 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise Unsupported(f"not FHIRPath at {text[position : position + 12]!r}")
        position = match.end()
        if match.lastgroup and match.lastgroup != "skip":
            found.append((match.lastgroup, match[0]))
    return found


class _Parser:
    """Recursive descent over tokens; `kind` and `text` are the next one's, empty at the end."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._rest = iter(tokens)
        self.kind, self.text = next(self._rest, ("", ""))

    def _next(self) -> str:
        text = self.text
        self.kind, self.text = next(self._rest, ("", ""))
        return text

    def _take(self, *signs: str) -> bool:
        """Skip the next token if it is one of these symbols or words."""
        if self.kind in ("sign", "name") and self.text in signs:
            self._next()
            return True
        return False

    def _expect(self, sign: str) -> None:
        if not self._take(sign):
            at = repr(self.text) if self.kind else "the end"
            raise Unsupported(f"{sign!r} is missing before {at}")

    def expression(self, level: int = 0) -> Node:
        if level == len(_LEVELS):
            return self._signed()
        left = self.expression(level + 1)
        while self.kind in ("sign", "name") and self.text in _LEVELS[level]:
            left = Binary(self._next(), left, self.expression(level + 1))
        return left

    def _signed(self) -> Node:
        signs = 0
        while self.kind == "sign" and self.text in "+-":
            signs += self._next() == "-"
        operand = self._path()
        return Minus(operand) if signs % 2 else operand

    def _path(self) -> Node:
        node = self._term()
        while True:
            if self._take("."):
                node = self._invocation(node)
            elif self._take("["):
                node = Index(node, self.expression())
                self._expect("]")
            else:
                return node

    def _term(self) -> Node:
        if self._take("("):
            inner = self.expression()
            self._expect(")")
            return inner
        if self._take("{"):
            self._expect("}")
            return Literal("empty", "")
        match self.kind:
            case "string":
                return Literal("string", _unquoted(self._next()))
            case "number":
                return Literal("number", self._number())
            case "date":
                return Literal("date", self._next().lstrip("@T"))
            case "constant":
                name = self._next()[1:]
                return Constant(_unquoted(name) if name[0] in "'`" else name)
            case "special":
                return self._this()
            case "name" if self.text in ("true", "false"):
                return Literal("boolean", self._next())
            case "name":
                return self._invocation(This())
        raise Unsupported(f"{self.text!r} is where a path or a literal should begin")

    def _number(self) -> str:
        text = self._next()
        if self.kind == "string" or self.text.rstrip("s") in _UNITS:
            raise Unsupported("a quantity with a unit is not supported")
        return text

    def _this(self) -> Node:
        if (text := self._next()) != "$this":
            raise Unsupported(f"{text} is not supported")
        return This()

    def _invocation(self, target: Node) -> Node:
        if self.kind == "special":
            return self._this()
        if self.kind != "name":
            raise Unsupported(f"{self.text!r} is where a name should begin")
        name = self._next().strip("`")
        if not self._take("("):
            return Member(target, name)
        arguments: list[Node] = []
        if not self._take(")"):
            arguments.append(self.expression())
            while self._take(","):
                arguments.append(self.expression())
            self._expect(")")
        return Call(target, name, tuple(arguments))


_UNITS = frozenset(["year", "month", "week", "day", "hour", "minute", "second", "millisecond"])


def _unquoted(quoted: str) -> str:
    """The content of a string, without quotes and escapes."""

    def plain(match: re.Match[str]) -> str:
        sign = match[1]
        return chr(int(sign[1:], 16)) if len(sign) == 5 else _ESCAPES.get(sign, sign)

    return re.sub(r"\\(u[0-9A-Fa-f]{4}|.)", plain, quoted[1:-1], flags=re.DOTALL)

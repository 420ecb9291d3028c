"""What is at a path or a URL: its likely kind, and a draft of its section of cytoreg.toml."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from cytoreg.connect.at_hand import NAME, check_name
from cytoreg.errors import ConfigError
from cytoreg.project.load import CONFIG, Project, escaped, expand
from cytoreg.sources.compression import without_packing
from cytoreg.sources.drops.address import is_address
from cytoreg.sources.files import of_endings
from cytoreg.sources.headings import words
from cytoreg.sources.kinds import kinds, reader
from cytoreg.sources.reader import Draft

_SECRET = re.compile(
    r"://[^/@\s]*:(?!\$)[^/@\s]+@|[?&;][^=&;]*(?:pass|pwd|token|secret|key)[^=&;]*=(?!\$)",
    re.IGNORECASE,
)
"""A password before a host or among a URL's parameters; a `${NAME}` in its place is not one."""
BY_TABLE = ("columns", "each", "groups", "items", "read_from", "views")
"""Keys of a declaration that may be mappings by table."""


def guess(where: str, extracts: Path) -> str:
    """The likely kind of a path or a URL; '' if it is unclear.

    If several kinds have files with such a name, the content decides. Raises ConfigError for files
    that none of them reads.
    """
    if "://" in where and not is_address(where):
        return "" if where.casefold().startswith(("http://", "https://")) else "sql"
    name = without_packing(where)
    found = {kind: reader(kind) for kind in kinds()}
    named = {kind: its for kind, its in found.items() if name.endswith(its.endings)}
    if len(named) < 2:
        return next(iter(named), "")
    perhaps, refused = "", None
    for kind, its in named.items():
        try:
            told = its.recognizes(where, extracts)
        except ConfigError as error:
            refused = error
            continue
        if told:
            return kind
        if told is None:
            perhaps = perhaps or kind
    if refused and not perhaps:
        raise refused
    return perhaps


def offered(
    project: Project,
    name: str,
    kind: str,
    where: str,
    *,
    header: int | None = None,
    comment: str | None = None,
    missing: Sequence[str] = (),
) -> Draft:
    """Everything found at `where`, with the given keys in place of those found.

    Raises ConfigError for an invalid name or kind, for a key that the kind does not have, and for a
    URL with a secret in it; SourceError if it cannot be read.
    """
    check_name(project, name)
    its = reader(kind)
    if _SECRET.search(where):
        raise ConfigError(
            "a password does not belong in cytoreg.toml",
            remedy=f"export the URL, then: cytoreg sources add {name} '${{{name.upper()}_URL}}'",
        )
    meant = str(expand(where, project.root / CONFIG))
    with of_endings(its.endings):
        found = its.draft(name, meant, project.extracts)
    keys = {key: where if value == meant else _literal(value) for key, value in found.keys.items()}
    given = {
        "header": header,
        "comment": comment or None,
        "missing": list(map(escaped, missing)) or None,
    }
    if header is not None or comment == "":
        keys.pop("comment", None)  # found beside another line of headings, or not a comment
    for key, value in given.items():
        if value is None:
            continue
        if key not in its.config.model_fields:
            fit = (one for one in kinds() if key in reader(one).config.model_fields)
            raise ConfigError(f"--{key} is not for {kind}", remedy=f"it is for {', '.join(fit)}")
        keys = {key: value, **keys} if key not in keys else keys | {key: value}
    return Draft({"kind": kind, **keys}, found.tables, found.called)


def _literal(value: object) -> object:
    """The found declaration, escaped so that cytoreg.toml takes its texts literally."""
    if isinstance(value, dict):
        return {key: _literal(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_literal(one) for one in value]
    return escaped(value) if isinstance(value, str) else value


def renamed(draft: Draft, name: str) -> Draft:
    """The draft of a source whose single table is named by cytoreg, with this name for it.

    A name that is not valid in cytoreg.toml is changed: `Deaths (2010)` becomes deaths_2010.
    """
    (old,) = draft.tables
    word = name if NAME.fullmatch(name) and name != "reject" else next(iter(words([name])))
    word = f"{word}_table" if word == "reject" else word
    keys = {
        key: {word: value[old]} if key in BY_TABLE and isinstance(value, dict) and old in value
        else value
        for key, value in draft.keys.items()
    }  # fmt: skip
    return Draft(keys, [word], {word: name})

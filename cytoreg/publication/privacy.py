"""What of a build is published: the columns, dates, ages, places and texts that a profile allows.

The private build is exact, and every estimate is made in it. A profile decides what is published,
by the lists of 45 CFR 164.514, (b)(2) for `safe-harbor` and (e)(2) for `limited`; docs/explanation/
privacy.md compares them. Only `identified` publishes anything from which a birth date can be
computed, ages above 89, or texts that the project does not declare.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from cytoreg.models.file import privacy_of
from cytoreg.publication.reading import tables_of
from cytoreg.warehouse.connection import literal, quote

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from cytoreg.project.load import Project

__all__ = ["Policy", "Shown", "policy_of", "rows_of", "shown"]

Profile = Literal["safe-harbor", "limited", "identified"]

OLDEST = 90
"""From this age on, ages form one group: 45 CFR 164.514(b)(2)(i)(C)."""

FEW = 10
"""With fewer patients, an estimate compared with the population is not published: it is a function
of their exact ages, which could then be solved for. Larger groups are rounded, to DECIMALS."""

DECIMALS = 4
OF_EXACT_AGES = {
    "expected_survival": ("expected",),
    "net_survival": ("estimate", "std_err", "lower", "upper"),
    "standardized_net_survival": ("estimate", "std_err", "lower", "upper"),
    "life_expectancy": ("estimate", "lower", "upper", "low", "high"),
}
OF_DATA = ("stratum", "level", "reference", "first", "second", "patient", "key")
"""Columns of the engine's own marts that hold values of a cohort; the others hold its own terms."""

ENGINE_WORDS = ("all", "unknown", "day", "month", "year", "years")
"""Terms that the engine itself writes into strata, and the results of date_precision."""

PSEUDONYM = "P[0-9A-F]{16}"
SHORT_NUMBER = "[0-9]{1,3}"
_LEXEME = re.compile(r"--[^\n]*|/\*.*?\*/|\"[^\"]*\"|'((?:[^']|'')*)'", re.DOTALL)


@dataclass(frozen=True)
class Policy:
    """A profile and what it needs to know of a project; by default no text is trusted.

    `kinds` has, by mart, the columns that its model's header names; `matched` the columns by which
    persons are matched; `words` the texts in the project's own files; `codes` regular expressions
    for further ones; `engine` the marts with only the engine's terms; `files` the names of files
    that a sentence about a source might contain.
    """

    profile: Profile = "limited"
    kinds: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    matched: frozenset[str] = frozenset()
    words: frozenset[str] = frozenset(ENGINE_WORDS)
    codes: tuple[str, ...] = ()
    engine: frozenset[str] = frozenset()
    files: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Shown:
    """A published column: its name, its SQL over the build's table, an addition to its comment."""

    name: str
    sql: str
    note: str = ""


def policy_of(project: Project) -> Policy:
    """What cytoreg.toml, schemas and models of a project say about publishing."""
    from cytoreg.outcomes.marts import tables
    from cytoreg.survival import TABLES

    config = project.config
    models = project.root / "sql"
    return Policy(
        profile=config.privacy.profile,
        kinds={path.stem: privacy_of(path) for path in sorted(models.glob("marts/**/*.sql"))},
        matched=frozenset(
            {*config.linkage.match, config.linkage.number, config.linkage.other_numbers} - {""}
        ),
        words=frozenset(_words(project)),
        codes=tuple(config.privacy.codes),
        engine=frozenset(table.name.removeprefix("marts.") for table in (*TABLES, *tables(config))),
        files=frozenset(_files(project)),
    )


def _words(project: Project) -> Iterator[str]:
    """Every text that schemas and models contain, and the names in cytoreg.toml."""
    yield from ENGINE_WORDS
    for path in project.root.glob("sql/**/*.sql"):
        for found in _LEXEME.finditer(path.read_text(encoding="utf-8")):
            if found[1] is not None:
                yield found[1].replace("''", "'")
    for path in project.root.glob("schemas/**/*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value
    config = project.config
    for name, source in config.sources.items():
        yield from (name, *source.tables, *source.tables.values())
    yield from config.survival


def _files(project: Project) -> Iterator[str]:
    if project.extracts.is_dir():
        for path in project.extracts.rglob("*"):
            if path.is_file():
                yield from (path.relative_to(project.extracts).as_posix(), path.name)


def shown(
    con: DuckDBPyConnection, policy: Policy, schema: str, table: str, kinds: Mapping[str, str]
) -> list[Shown]:
    """The published columns of `build.schema.table`, in order; `kinds`: the types of its columns.

    `con` has the build attached as `build`, and knows the function `pseudonym`.
    """
    if schema == "quality":
        return [_quality(con, policy, table, name) for name in kinds]
    if policy.profile == "identified":
        return [Shown(name, quote(name)) for name in kinds]
    found = (_mart(con, policy, table, name, kind) for name, kind in kinds.items())
    return [column for column in found if column]


def rows_of(con: DuckDBPyConnection, policy: Policy, schema: str, table: str) -> str:
    """A condition for the published rows of `build.schema.table`; '' if all are."""
    names = ("endpoint", "stratum_variable", "stratum")
    if policy.profile == "identified" or schema != "marts" or table not in OF_EXACT_AGES:
        return ""
    if table not in policy.engine or "expected_survival" not in tables_of(con, schema, "build"):
        return ""
    small: list[tuple[str, ...]] = con.execute(
        f"select distinct {', '.join(names)} from build.marts.expected_survival"
        f" where at_risk < {FEW} order by all"
    ).fetchall()
    listed = ", ".join(f"({', '.join(literal(part) for part in row)})" for row in small)
    return f"({', '.join(names)}) not in ({listed})" if small else ""


def _mart(
    con: DuckDBPyConnection, policy: Policy, table: str, name: str, kind: str
) -> Shown | None:
    """A column of a mart as the profile allows it; None if it stays private."""
    cell = quote(name)
    declared = policy.kinds.get(table, {}).get(name, "")
    harbor = policy.profile == "safe-harbor"
    text = kind == "VARCHAR" or kind.startswith("ENUM")
    if declared == "private" or (declared in ("ages", "places") and harbor):
        return None
    if not text and (name == "age_days" or _identifying(policy, name)):
        return None
    if kind == "DATE" or kind.startswith("TIME"):
        if not harbor:
            return Shown(name, cell)
        return Shown(name, f"year({cell})", "the year") if declared == "years" else None
    if declared == "ages":
        grouped = f"case when {cell} >= {OLDEST} then {OLDEST} else {cell} end"
        return Shown(name, grouped, f"{OLDEST} stands for {OLDEST} and above")
    if text:
        trusted = table in policy.engine and name not in OF_DATA
        return Shown(
            name, cell if trusted else _declared(con, policy, f"marts.{quote(table)}", name)
        )
    if table in policy.engine and name in OF_EXACT_AGES.get(table, ()):
        return Shown(name, f"round({cell}, {DECIMALS})", f"rounded to {DECIMALS} decimals")
    if kind.endswith("]") or kind.split("(")[0] in ("STRUCT", "MAP", "UNION", "BLOB", "JSON"):
        return None
    return Shown(name, cell)


def _identifying(policy: Policy, name: str) -> bool:
    """Whether persons are matched by this column, or it derives from one (birth_date_latest)."""
    return any(name == one or name.startswith(f"{one}_") for one in policy.matched)


def _declared(con: DuckDBPyConnection, policy: Policy, place: str, name: str) -> str:
    """A text column in which texts that the project does not declare are replaced by pseudonyms."""
    cell = quote(name)
    values: list[tuple[str]] = con.execute(
        f"select distinct cast({cell} as varchar) from build.{place} where {cell} is not null"
        f" and not regexp_full_match(cast({cell} as varchar), '{PSEUDONYM}|{SHORT_NUMBER}')"
    ).fetchall()
    codes = [re.compile(code) for code in policy.codes]
    known = sorted(
        value
        for (value,) in values
        if value in policy.words or any(code.fullmatch(value) for code in codes)
    )
    if len(known) == len(values):
        return cell
    listed = ", ".join(map(literal, known))
    return (
        f"case when regexp_full_match(cast({cell} as varchar), '{PSEUDONYM}|{SHORT_NUMBER}')"
        f" or list_contains([{listed}]::varchar[], cast({cell} as varchar)) then {cell}"
        f" else {_hashed(cell)} end"
    )


_ON_SERVER = r"(?:sftp|s3)://[^/\s]+/(?:.*?\.\w{1,8}(?![\w./])|\S+)"
"""The address of a file on a server, up to its suffix."""


def _hashed(cell: str) -> str:
    return f"pseudonym('text', {cell})"


def _quality(con: DuckDBPyConnection, policy: Policy, table: str, name: str) -> Shown:
    """A column of a quality table: keys as pseudonyms; hashed names of files and headings."""
    cell = quote(name)
    if (table, name) == ("finding", "key"):
        return Shown(name, f"pseudonym(entity, {cell})")
    if policy.profile == "identified":
        return Shown(name, cell)
    match table, name:
        case ("finding", "file"):
            return Shown(name, _hashed(cell), "its pseudonym")
        case ("drift", "column"):
            return Shown(name, _declared(con, policy, "quality.drift", name))
        case ("drift", "reason" | "before" | "now") | ("source", "reason") | ("gate", "detail"):
            return Shown(name, _without_names(con, policy, table, name))
    return Shown(name, cell)


def _without_names(con: DuckDBPyConnection, policy: Policy, table: str, name: str) -> str:
    """A column of sentences in which names of files and undeclared headings are hashed."""
    cell = quote(name)
    told: list[tuple[str]] = con.execute(
        f"select distinct {cell} from build.quality.{quote(table)} where {cell} is not null"
    ).fetchall()
    names = sorted(_names(con, policy), key=len, reverse=True) if told else []
    known = (rf"(?<!\w){re.escape(one)}(?!\w)" for one in names)
    pattern = re.compile("|".join([*known, _ON_SERVER]))
    changed = []
    for (sentence,) in told:
        parts: list[str] = []
        end = 0
        for found in pattern.finditer(sentence):
            parts += [literal(sentence[end : found.start()]), _hashed(literal(found[0]))]
            end = found.end()
        if parts:
            parts.append(literal(sentence[end:]))
            changed.append(f"when {literal(sentence)} then {' || '.join(parts)}")
    return f"case {cell} {' '.join(changed)} else {cell} end" if changed else cell


def _names(con: DuckDBPyConnection, policy: Policy) -> Iterable[str]:
    """Names of files, and headings of sources that the project does not declare."""
    from cytoreg.landing.deliveries import named_in

    found = set(policy.files)
    if "drift" in tables_of(con, "quality", "build"):
        rows: list[tuple[str | None]] = con.execute(
            'select "column" from build.quality.drift union'
            " select unnest([before, now]) from build.quality.drift where what = 'renamed'"
        ).fetchall()
        found |= {str(name) for (name,) in rows if name}
        reasons: list[tuple[str]] = con.execute(
            "select reason from build.quality.drift"
            " where what in ('gone', 'shrunk', 'overlooked', 'incomplete')"
        ).fetchall()
        found |= {name for (reason,) in reasons for name in named_in(reason)}
    return {name for name in found if name not in policy.words}

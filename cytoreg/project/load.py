"""A registry project: the folder that holds cytoreg.toml, schemas, SQL models and suites."""

from __future__ import annotations

import hashlib
import os
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from cytoreg.errors import ConfigError
from cytoreg.project.config import Config
from cytoreg.project.misspelled import explain
from cytoreg.project.zone import machine_zone
from cytoreg.sources.declaration import Source
from cytoreg.system.environment import variable

CONFIG = "cytoreg.toml"
LEDGER = "ledger.sqlite"
CONTENT = (CONFIG, "prefect.yaml", "flows", "schemas", "sql", "views", "expectations")
"""The files and folders of a project's own content."""
_VARIABLE = re.compile(r"\$(\$)\{|\$\{([A-Z_][A-Z0-9_]*)(?::-([^}]*))?\}")

_FROM_OUTSIDE = re.compile(r"\$\{[A-Z_][A-Z0-9_]*(?::-)?\}")


@dataclass(frozen=True)
class Project:
    """A loaded project; `extracts` and `data` are absolute."""

    root: Path
    config: Config
    extracts: Path
    data: Path

    @property
    def builds(self) -> Path:
        """One folder per run: the private build, what it publishes, its report."""
        return self.data / "builds"

    @property
    def landing(self) -> Path:
        """Immutable Parquet snapshots, one folder per source and fingerprint."""
        return self.data / "landing"

    @property
    def published(self) -> Path:
        """The one file that readers open."""
        return self.data / "published" / "registry.duckdb"

    @property
    def time_zone(self) -> str:
        """The time zone of all days: declared, or the machine's own."""
        return self.config.registry.time_zone or machine_zone()

    @property
    def ledger_url(self) -> str:
        """SQLAlchemy URL of the ledger."""
        return self.config.ledger.url or f"sqlite:///{self.data / LEDGER}"

    def source(self, name: str) -> Source:
        """The declaration of a source in cytoreg.toml; ConfigError for an unknown source."""
        try:
            return self.config.sources[name]
        except KeyError:
            raise ConfigError(
                f"cytoreg.toml has no source {name}",
                remedy=f"it has {', '.join(self.config.sources) or 'none'}",
            ) from None

    def content_hash(self) -> str:
        """SHA-256 over every file that affects the content of a build (config, schemas, SQL, …)."""
        digest = hashlib.sha256()
        for path in sorted(
            [
                self.root / CONFIG,
                *(
                    path
                    for folder in ("schemas", "sql", "expectations", "views")
                    for path in (self.root / folder).rglob("*")
                    if path.suffix in {".csv", ".json", ".py", ".sql", ".yaml"}
                ),
            ]
        ):
            digest.update(path.relative_to(self.root).as_posix().encode() + b"\0")
            digest.update(path.read_bytes() + b"\0")
        return digest.hexdigest()


def find_project(start: Path | None = None) -> Path:
    """Folder of the nearest cytoreg.toml at or above `start` (default: the working directory).

    A project executes its own Python. If no folder was named, ConfigError is raised when any of the
    project belongs to somebody other than this user or root.
    """
    try:
        here = (start or Path.cwd()).resolve()
    except FileNotFoundError:
        raise ConfigError(
            "the working directory has been removed", remedy="go to another: cd ~"
        ) from None
    for folder in (here, *here.parents):
        if (folder / CONFIG).is_file():
            if start is None or folder != here:
                _refuse_foreign(folder)
            return folder
    raise ConfigError(
        f"no {CONFIG} in {here} or above it",
        remedy="go to a project, name one with --project DIR, or make one: cytoreg init DIR",
    )


def _refuse_foreign(folder: Path) -> None:
    parts = [folder, *(folder / name for name in CONTENT)]
    trusted = {os.geteuid(), 0}
    foreign = [part for part in parts if part.exists() and part.stat().st_uid not in trusted]
    if foreign:
        raise ConfigError(
            f"{foreign[0]} belongs to another user, and a project executes its own Python",
            remedy=f"if you trust it, name the project: --project {folder}",
        )


def load_project(
    root: Path | None = None, *, extracts: Path | None = None, data: Path | None = None
) -> Project:
    """Load the project at or above `root`; `extracts` and `data` override its [paths].

    Raises ConfigError with the key, what was expected and where, for anything wrong in the file.
    """
    folder = find_project(root)
    path = folder / CONFIG
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: not in UTF-8", remedy="save it as UTF-8") from None
    config = parse(text, path)
    return Project(
        root=folder,
        config=config,
        extracts=(extracts or folder / config.paths.extracts).resolve(),
        data=(data or folder / config.paths.data).resolve(),
    )


def parse(text: str, path: Path) -> Config:
    """The declarations in the text of the cytoreg.toml at `path`.

    Raises ConfigError with the key and what was expected, for anything wrong in it.
    """
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: not valid TOML: {error}") from None
    _refuse_passwords(raw, path)
    try:
        return Config.model_validate(expand(raw, path), context={"root": path.parent})
    except ValidationError as error:
        raise ConfigError(
            f"{path}: {explain(error, _kinds(raw))}",
            remedy="every key is explained in docs/reference/configuration.md",
        ) from None


def _refuse_passwords(raw: dict[str, Any], path: Path) -> None:
    """Raise ConfigError for a source whose password is written in cytoreg.toml itself."""
    sources = raw.get("sources")
    for name, source in sources.items() if isinstance(sources, dict) else ():
        server = source.get("server") if isinstance(source, dict) else None
        for key, section in (("", source), ("server.", server)):
            said = section.get("password", "") if isinstance(section, dict) else ""
            if said and isinstance(said, str) and not _FROM_OUTSIDE.fullmatch(said):
                raise ConfigError(
                    f"{path}: sources.{name}.{key}password holds the password itself",
                    remedy='keep it in the environment: password = "${NAME}"',
                )


def _kinds(raw: dict[str, object]) -> dict[str, str]:
    """The declared kind of each source."""
    sources = raw.get("sources")
    if not isinstance(sources, dict):
        return {}
    sections = {name: one for name, one in sources.items() if isinstance(one, dict)}
    return {name: str(one["kind"]) for name, one in sections.items() if "kind" in one}


def expand(value: object, path: Path) -> object:
    """Replace ${NAME} and ${NAME:-default} in every string by the variable's value.

    `$${` is a literal `${`.
    """
    if isinstance(value, dict):
        return {key: expand(item, path) for key, item in value.items()}
    if isinstance(value, list):
        return [expand(item, path) for item in value]
    if not isinstance(value, str):
        return value

    def known(match: re.Match[str]) -> str:
        escape, name, default = match.groups()
        if escape:
            return "${"
        found = variable(name)
        if found is None and default is None:
            raise ConfigError(
                f"{path}: ${{{name}}} is used, but the environment has no {name}",
                remedy=f"export {name} (or {name}_FILE), or give a default: ${{{name}:-…}}",
            )
        return default if found is None else found

    return _VARIABLE.sub(known, value)


def escaped(text: str) -> str:
    """Text for cytoreg.toml that is read literally, whatever it contains."""
    return text.replace("${", "$${")

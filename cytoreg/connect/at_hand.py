"""The files of a source to be declared: local ones, or one fetched from a server."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

import tomlkit

from cytoreg.errors import ConfigError
from cytoreg.project.load import CONFIG, Project, expand, parse
from cytoreg.sources.drops.address import is_address
from cytoreg.sources.drops.fetch import glimpsed

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


@contextmanager
def at_hand(
    project: Project, name: str, where: str, server: Mapping[str, str]
) -> Iterator[Project]:
    """The project with a file of a new source at hand: if they are on a server, one is fetched.

    `server` is the source's declaration of it. Raises ConfigError for an invalid address,
    SourceError when the server cannot be reached.
    """
    check_name(project, name)
    path = project.root / CONFIG
    if not is_address(str(expand(where, path))):
        if server:
            raise ConfigError(
                "--server is for files at an address", remedy="give it as sftp://… or s3://…"
            )
        yield project
        return
    any_kind: dict[str, object] = {
        "kind": "parquet",
        "path": where,
        "tables": {name: name},
        "columns": "all",
    }
    any_kind["server"] = {**server}
    text = tomlkit.dumps({"sources": {name: any_kind}})
    config = parse(f"{path.read_text(encoding='utf-8')}\n\n{text}", path).sources[name]
    with glimpsed(name, config, project.extracts) as delivery:
        yield replace(project, extracts=delivery.extracts)


def check_name(project: Project, name: str) -> None:
    """Raise ConfigError for an invalid name of a new source."""
    if not NAME.fullmatch(name):
        raise ConfigError(
            f"a source cannot be called {name}", remedy="use letters, digits and underscores"
        )
    if name in project.config.sources:
        raise ConfigError(
            f"cytoreg.toml has a source {name} already", remedy="give the new one another name"
        )

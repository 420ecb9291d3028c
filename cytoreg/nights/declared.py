"""Check what cytoreg.toml says of its sources against the schemas, before anything is judged."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from cytoreg.errors import ConfigError, perhaps
from cytoreg.project.config import Config

if TYPE_CHECKING:
    from cytoreg.project.load import Project


def require_sources(config: Config) -> None:
    """Raise ConfigError if the project has no source."""
    if not config.sources:
        raise ConfigError(
            "cytoreg.toml declares no source: there is nothing to land",
            remedy="add one: cytoreg sources add NAME WHERE",
        )


def declares_marts(project: Project) -> bool:
    """Whether there is anything to publish besides the findings."""
    sql = any((project.root / "sql" / "marts").rglob("*.sql"))
    return sql or bool(project.config.survival or project.config.outcome)


def require_declared(config: Config, entities: Collection[str]) -> None:
    """Raise ConfigError for a table without a schema, and for sources that linkage would ignore.

    A name in [linkage.precedence] or [linkage.cut] that is not a source would have no effect; a
    source of persons in no list of [linkage.precedence] would give no field of a person.
    """
    for source, section in config.sources.items():
        for table, entity in section.tables.items():
            if entity not in entities:
                raise ConfigError(
                    f"[sources.{source}.tables] {table}: there is no schema of"
                    f" {entity}{perhaps(entity, entities)}",
                    remedy=f"correct the name, or write schemas/{entity}.py and"
                    f" sql/staging/{entity}.sql",
                )
    linkage = config.linkage
    named = {
        **{f"[linkage.precedence] {field}": order for field, order in linkage.precedence.items()},
        "[linkage.cut]": list(linkage.cut),
    }
    for where, sources in named.items():
        for source in sources:
            if source not in config.sources:
                raise ConfigError(
                    f"{where}: there is no source {source}{perhaps(source, config.sources)}",
                    remedy="correct the name, or take it out",
                )
    persons = {linkage.entity, *linkage.without_number}
    unranked = [
        source
        for source, section in config.sources.items()
        if source not in linkage.ranked and persons & set(section.tables.values())
    ]
    if unranked:
        raise ConfigError(
            f"[linkage.precedence] does not rank {', '.join(unranked)}, whose fields would be lost",
            remedy="add the source to default",
        )

"""What [linkage] says of a new source whose records are of persons."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cytoreg.project.load import Project

__all__ = ["has_persons", "numbered", "ranked"]


def has_persons(project: Project) -> bool:
    """Whether the project has rules of the entity of persons."""
    return (project.root / "schemas" / f"{project.config.linkage.entity}.py").exists()


def ranked(text: str, name: str) -> str:
    """cytoreg.toml with the source as the last of the sources of persons."""
    import tomlkit

    document = tomlkit.parse(text)
    known: dict[str, dict[str, dict[str, list[str]]]] = document.unwrap()
    default = known["linkage"]["precedence"].get("default")
    if default is None or name in default:
        return text
    order: Any = document["linkage"]  # tomlkit has one type for tables, lists and values
    sources: list[str] = order["precedence"]["default"]
    sources.append(name)
    return tomlkit.dumps(document)


def numbered(text: str, entity: str) -> str:
    """cytoreg.toml with the entity as one whose numbers are of persons."""
    import tomlkit

    document = tomlkit.parse(text)
    linkage: Any = document["linkage"]
    if "with_number" in linkage:
        entities: list[str] = linkage["with_number"]
        entities.append(entity)
    else:
        linkage.add("with_number", [entity])
    return tomlkit.dumps(document)

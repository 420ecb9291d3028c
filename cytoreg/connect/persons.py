"""What [linkage] says of a new source whose records are of persons."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
    tables: dict[str, dict[str, dict[str, list[str]]]] = document
    tables["linkage"]["precedence"]["default"].append(name)
    return tomlkit.dumps(document)


def numbered(text: str, entity: str) -> str:
    """cytoreg.toml with the entity as one whose numbers are of persons."""
    import tomlkit

    document = tomlkit.parse(text)
    tables: dict[str, dict[str, list[str]]] = document
    linkage = tables["linkage"]
    if "with_number" in linkage:
        linkage["with_number"].append(entity)
    else:
        linkage["with_number"] = [entity]
    return tomlkit.dumps(document)

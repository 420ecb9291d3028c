"""The key behind the pseudonyms of the published build, and where its rotation is recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from cytoreg.project.load import Project

__all__ = ["key_behind", "published_key", "rotation"]


def published_key(project: Project) -> str:
    """The fingerprint of the published build's key; '' when it is unknown."""
    return key_behind(project.published)


def key_behind(published: Path) -> str:
    """The fingerprint of the key behind the pseudonyms of such a file; '' when it is unknown."""
    import duckdb

    from cytoreg.publication.reading import reading

    if not published.exists():
        return ""
    try:
        with reading(published) as con:
            keys: list[tuple[str | None]] = con.execute(
                "select pseudonym_key from quality.run"
            ).fetchall()
    except duckdb.Error:
        return ""
    return keys[0][0] or "" if keys else ""


def rotation(project: Project, old: str, new: str) -> Path:
    """The file that maps one key's pseudonyms to another's, named by their fingerprints."""
    return project.data / "keys" / f"{old}-{new}.parquet"

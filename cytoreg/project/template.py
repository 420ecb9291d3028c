"""The templates that `cytoreg init` copies."""

from __future__ import annotations

import shutil
from enum import StrEnum
from pathlib import Path

from cytoreg.errors import ConfigError

__all__ = ["Template", "copy"]

_SHOWN = 3
"""Most names that are shown of a folder's content."""
_EVERYWHERE = ("flows", "prefect.yaml")
"""Files of the reference project that every project gets."""
_IGNORED = shutil.ignore_patterns("__pycache__")


class Template(StrEnum):
    """The content of a new project."""

    blank = "blank"
    survival = "survival"
    reference = "reference"


def copy(template: Template, folder: Path) -> None:
    """Make `folder` a project like the template.

    Raises ConfigError if it is not empty, or cannot be made.
    """
    from cytoreg.project.load import CONTENT

    package = Path(__file__).resolve().parents[1]
    reference = _found(package / "reference", package.parent)
    if template is Template.reference:
        parts = [reference / name for name in CONTENT]
    else:
        own = _found(package / "templates" / template, package.parent / "templates" / template)
        parts = [*sorted(own.iterdir()), *(reference / name for name in _EVERYWHERE)]
    _make(folder)
    for part in parts:
        if part.is_dir():
            shutil.copytree(part, folder / part.name, ignore=_IGNORED)
        else:
            shutil.copy2(part, folder / part.name)
    (folder / ".gitignore").write_text("/extracts/\n/data/\n", encoding="utf-8")


def _make(folder: Path) -> None:
    """Make an empty folder."""
    try:
        there = sorted(path.name for path in folder.iterdir()) if folder.exists() else []
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:  # a file, or one above it, or no permission
        raise ConfigError(
            f"{folder} cannot be a project: {error.strerror}",
            remedy="name a folder that is new or empty",
        ) from None
    if there:
        more = f" and {len(there) - _SHOWN} more" if len(there) > _SHOWN else ""
        raise ConfigError(
            f"{folder} is not empty: it holds {', '.join(there[:_SHOWN])}{more}",
            remedy="name a folder that is new or empty",
        )


def _found(*folders: Path) -> Path:
    """The first folder that is a project: inside an installed wheel, or in the repository."""
    for folder in folders:
        if (folder / "cytoreg.toml").is_file():
            return folder
    raise ConfigError(
        f"this installation has no {folders[0].name} project",
        remedy="install cytoreg from its wheel",
    )

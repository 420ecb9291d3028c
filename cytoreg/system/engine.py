"""What computes: cytoreg's own files and the versions of the libraries that decide results."""

from __future__ import annotations

import hashlib
import platform
from functools import cache
from importlib import metadata
from pathlib import Path

__all__ = ["engine", "files_hash"]

_LIBRARIES = (
    *("duckdb", "great-expectations", "jinja2", "lifelines", "matplotlib", "numpy", "pandas"),
    *("pandera", "pyarrow", "scipy", "sqlglot"),
)


@cache
def engine() -> str:
    """SHA-256 over cytoreg's files, Python's version and the libraries' versions."""
    known = [files_hash(Path(__file__).parent.parent), platform.python_version()]
    known += [f"{name} {metadata.version(name)}" for name in _LIBRARIES]
    return hashlib.sha256("\n".join(known).encode()).hexdigest()


def files_hash(folder: Path) -> str:
    """SHA-256 over the names and bytes of all files below a folder, without compiled ones."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix != ".pyc":
            digest.update(path.relative_to(folder).as_posix().encode() + b"\0")
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()

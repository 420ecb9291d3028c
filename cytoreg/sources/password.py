"""The password of the source being read, for its workbooks and zip archives."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

REMEDY = (
    'set `password = "${NAME}"` in cytoreg.toml, and in the environment NAME, or in NAME_FILE a'
    " file that holds it; or deliver it without a password"
)
"""The remedy for a file that does not open."""

_password: ContextVar[str] = ContextVar("password", default="")


@contextmanager
def unlocked(password: str) -> Iterator[None]:
    """Decrypt files opened in this block, in this thread, with this password."""
    token = _password.set(password)
    try:
        yield
    finally:
        _password.reset(token)


def known() -> str:
    """The password of the source being read; empty if none is declared."""
    return _password.get()

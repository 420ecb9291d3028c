"""The password of the source that is being read: of its workbooks and its zip archives."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

REMEDY = (
    'set `password = "${NAME}"` in cytoreg.toml, and in the environment NAME, or in NAME_FILE a'
    " file that holds it; or deliver it without a password"
)
"""What to do about a file that does not open."""

_password: ContextVar[str] = ContextVar("password", default="")


@contextmanager
def unlocked(password: str) -> Iterator[None]:
    """Let files that are opened in here, in this thread, be decrypted by this password."""
    token = _password.set(password)
    try:
        yield
    finally:
        _password.reset(token)


def known() -> str:
    """The password of what is being read; empty if none is declared."""
    return _password.get()

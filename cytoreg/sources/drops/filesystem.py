"""The part of fsspec's file systems that is used here; they have no types of their own."""

from __future__ import annotations

from asyncio import AbstractEventLoop
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import IO, NotRequired, Protocol, TypedDict


class Entry(TypedDict):
    """What a folder says of a file, a folder or a link in it."""

    name: str
    type: str
    size: int
    mtime: NotRequired[datetime]  # by SFTP
    LastModified: NotRequired[datetime]  # by S3
    ETag: NotRequired[str]


class Listed(Entry):
    """An entry by its name alone, a link replaced by its target."""

    linked: bool


class Sftp(Protocol):
    """A session of asyncssh."""

    async def rename(self, old: str, new: str) -> None:
        """Rename a file; refused if the target exists."""
        ...


class Client(Protocol):
    """A connection of asyncssh."""

    def close(self) -> None:
        """Close the connection."""
        ...

    def start_sftp_client(self) -> AbstractAsyncContextManager[Sftp]:
        """Open a session."""
        ...


class FileSystem(Protocol):
    """A file system; `loop` and `client` are those of SFTP."""

    loop: AbstractEventLoop
    client: Client

    def open(self, path: str, mode: str) -> IO[bytes]:
        """Open a file."""
        ...

    def info(self, path: str) -> Entry:
        """Describe a file or a folder; raises FileNotFoundError."""
        ...

    def ls(self, path: str, *, detail: bool) -> list[Entry]:
        """List a folder, with paths for names."""
        ...

    def makedirs(self, path: str, *, exist_ok: bool) -> None:
        """Make a folder and those above it."""
        ...

    def cp_file(self, old: str, new: str) -> None:
        """Copy a file."""
        ...

    def rm_file(self, path: str) -> None:
        """Remove a file."""
        ...

"""Addresses of files on a server: `sftp://host:port/inbox/*.csv`, `s3://bucket/prefix/*.ndjson`.

Names are written literally, without percent-encoding. `sftp://host/~/inbox` is below the user's
home. An address holds no user and no password: it appears in manifests, findings and messages.
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import NamedTuple

_ADDRESS = re.compile(r"(sftp|s3)://([A-Za-z0-9_.-]+)(?::(\d{1,5}))?/(.+)", re.DOTALL)
_AT_SIGN = re.compile(r"[a-z0-9]+://[^/]*@")


class Address(NamedTuple):
    """A server, and a file or a pattern of files on it."""

    scheme: str
    host: str
    port: int | None
    path: str

    @property
    def server(self) -> str:
        """The address of the server itself."""
        return f"{self.scheme}://{self.host}" + (f":{self.port}" if self.port else "")

    def __str__(self) -> str:
        return f"{self.server}/{self.path}"


def is_remote(pattern: str) -> bool:
    """Whether a pattern is for files on a server."""
    return "://" in pattern


def is_address(text: str) -> bool:
    """Whether a text is meant as an address of files that can be fetched."""
    return text.casefold().startswith(("sftp://", "s3://"))


def parse(text: str) -> Address:
    """The address in a text; raises ValueError, which does not repeat the text."""
    if _AT_SIGN.match(text):
        raise ValueError(
            "an address holds no user and no password: say `server = { user = …, password = … }`"
        )
    found = _ADDRESS.fullmatch(text)
    if not found:
        raise ValueError("files on a server are sftp://HOST/FOLDER/FILE or s3://BUCKET/FOLDER/FILE")
    scheme, host, port, path = found.groups()
    parts = [part for part in path.split("/") if part]
    if scheme == "s3" and port:
        raise ValueError(
            "a bucket has no port: an endpoint that is not Amazon's is `server.endpoint`"
        )
    if {".", ".."}.intersection(parts) or "\0" in path or not parts:
        raise ValueError("an address has no `.` and no `..` in it")
    return Address(scheme, host, int(port) if port else None, "/".join(parts))


def matches(pattern: Address, where: str) -> bool:
    """Whether a file matches a pattern, by its address alone."""
    server, path = where[: len(pattern.server) + 1], where[len(pattern.server) + 1 :]
    return server == f"{pattern.server}/" and _match(pattern.path.split("/"), path.split("/"))


def _match(pattern: list[str], path: list[str]) -> bool:
    if not pattern or not path:
        return not pattern and not path
    if pattern[0] == "**":
        return _match(pattern[1:], path) or (len(path) > 1 and _match(pattern, path[1:]))
    if path[0][0] == "." and pattern[0][0] != ".":
        return False
    return fnmatchcase(path[0], pattern[0]) and _match(pattern[1:], path[1:])

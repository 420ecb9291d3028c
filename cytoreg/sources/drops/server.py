"""File servers, through fsspec: SFTP (sshfs, asyncssh) and S3 (s3fs)."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from cytoreg.errors import SourceError
from cytoreg.sources.drops.address import Address
from cytoreg.sources.drops.failures import Failures
from cytoreg.sources.drops.filesystem import Entry, FileSystem, Listed

if TYPE_CHECKING:
    from cytoreg.sources.declaration import Server as Declared

T = TypeVar("T")

_PATIENCE = 30
"""Seconds after which a silent server counts as away."""

_CHUNK = 4 << 20


@dataclass(frozen=True)
class Remote:
    """A file on a server: its address and size, its time, and its ETag if it has one."""

    where: str
    size: int
    written: float
    etag: str

    @property
    def state(self) -> str:
        """A text that changes when the file does."""
        return f"{self.size} {self.written:.0f} {self.etag}".rstrip()

    @property
    def written_at(self) -> str:
        """When it was written, in ISO 8601; '' if the server does not say."""
        moment = datetime.fromtimestamp(self.written, UTC)
        return moment.isoformat(timespec="seconds") if self.written else ""


class Server:
    """An open connection; every failure is a SourceError without a secret."""

    def __init__(self, source: str, address: Address, declared: Declared) -> None:
        self._address, self.failures = address, Failures(source, address)
        self.url = address.server
        open_ = self._sftp if address.scheme == "sftp" else self._s3
        self._fs = self._ask(lambda: open_(declared))

    def close(self) -> None:
        """Close the connection."""
        if self._address.scheme == "sftp":
            with suppress(Exception):
                self._fs.loop.call_soon_threadsafe(self._fs.client.close)

    def _sftp(self, declared: Declared) -> FileSystem:
        from sshfs import SSHFileSystem

        hosts = Path(declared.known_hosts or "~/.ssh/known_hosts").expanduser()
        if not hosts.is_file():
            raise self.failures.unknown()
        options: dict[str, object] = {"known_hosts": str(hosts)}  # otherwise sshfs trusts any host
        if self._address.port:
            options["port"] = self._address.port
        if declared.user:
            options["username"] = declared.user
        if declared.key_file:
            options["client_keys"] = [str(Path(declared.key_file).expanduser())]
            options["passphrase"] = declared.password or None
        elif declared.password:
            options |= {"client_keys": None, "password": declared.password}
        connected: FileSystem = SSHFileSystem(
            self._address.host,
            connect_timeout=_PATIENCE,
            login_timeout=_PATIENCE,
            keepalive_interval=_PATIENCE / 2,
            skip_instance_cache=True,
            **options,
        )
        return connected

    def _s3(self, declared: Declared) -> FileSystem:
        from s3fs import S3FileSystem

        connected: FileSystem = S3FileSystem(
            key=declared.user or None,
            secret=declared.password or None,
            endpoint_url=declared.endpoint or None,
            config_kwargs={
                "connect_timeout": _PATIENCE,
                "read_timeout": _PATIENCE,
                "retries": {"max_attempts": 2},
            },
            skip_instance_cache=True,
            use_listings_cache=False,
        )
        return connected

    def look(self, pattern: str) -> tuple[list[Remote], list[Remote]]:
        """Files that match the path of an address, by name, and all files in their folders."""
        *folders, name = pattern.split("/")
        beside: dict[str, Remote] = {}
        for folder in self._folders("", folders):
            for entry in self._entries(folder):
                if entry["type"] == "file":
                    file = self._remote(f"{folder}{entry['name']}", entry)
                    beside[file.where] = file
        wanted = [
            file
            for file in beside.values()
            if fnmatchcase(own := file.where.rpartition("/")[2], name)
            and (own[0] != "." or name[0] == ".")
        ]
        return sorted(wanted, key=lambda file: file.where), list(beside.values())

    def fetch(self, file: Remote, out: Path) -> None:
        """Copy a file; raises SourceError (transient) if its length is not the announced one."""
        path, left = self._path(file.where.removeprefix(f"{self.url}/")), file.size
        remote = self._ask(lambda: self._fs.open(path, "rb"), file.where)

        def more() -> bytes:
            return bytes(remote.read(min(_CHUNK, left + 1)))

        with os.fdopen(os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as local:
            try:
                while left >= 0 and (chunk := self._ask(more, file.where)):
                    left -= local.write(chunk)
            finally:
                with suppress(Exception):
                    remote.close()
        if left:
            raise self.failures.changed()

    def state(self, where: str) -> str:
        """The state of the file at an address; '' if there is none."""
        try:
            entry = self._fs.info(self._path(where.removeprefix(f"{self.url}/")))
        except FileNotFoundError:
            return ""
        except Exception as error:
            raise self.failures.told(error, where) from None
        return self._remote("", entry).state if entry["type"] == "file" else "no file"

    def move(self, where: str, to: str) -> None:
        """Move a file without overwriting, to a folder that is made if it does not exist."""
        old, new = (self._path(each.removeprefix(f"{self.url}/")) for each in (where, to))
        if self._address.scheme == "s3":
            self._ask(lambda: self._fs.cp_file(old, new), where)
            if self.state(to).partition(" ")[0] == self.state(where).partition(" ")[0]:
                self.remove(where)
            return
        from fsspec.asyn import sync

        async def rename() -> None:  # refused if the target exists, unlike fsspec's own mv
            async with self._fs.client.start_sftp_client() as client:
                await client.rename(old, new)

        self._ask(lambda: self._fs.makedirs(new.rpartition("/")[0], exist_ok=True), to)
        self._ask(lambda: sync(self._fs.loop, rename), where)

    def remove(self, where: str) -> None:
        """Remove a file."""
        path = self._path(where.removeprefix(f"{self.url}/"))
        self._ask(lambda: self._fs.rm_file(path), where)

    def _path(self, path: str) -> str:
        """The path of an address in fsspec's form."""
        if self._address.scheme == "s3":
            return f"{self._address.host}/{path}"
        return f".{path[1:]}" if path.startswith("~/") else f"/{path}"

    def _folders(self, above: str, patterns: list[str]) -> Iterator[str]:
        """Matching folders, each with a slash at its end; `**` does not follow links."""
        if not patterns:
            yield above
            return
        first, *rest = patterns
        if first == "**":
            yield from self._folders(above, rest)
        elif not set(first).intersection("*?["):
            yield from self._folders(f"{above}{first}/", rest)
            return
        for entry in self._entries(above):
            name = entry["name"]
            if entry["type"] != "directory" or (name[0] == "." and first[0] != "."):
                continue
            if first == "**" and not entry["linked"]:
                yield from self._folders(f"{above}{name}/", patterns)
            elif first != "**" and fnmatchcase(name, first):
                yield from self._folders(f"{above}{name}/", rest)

    def _entries(self, folder: str) -> list[Listed]:
        """The content of a folder by name; links are replaced by their targets."""
        path = self._path(folder).rstrip("/")
        try:
            listed = self._fs.ls(path or "/", detail=True)
        except (FileNotFoundError, NotADirectoryError):
            return []
        except Exception as error:
            raise self.failures.told(error, f"{self.url}/{folder}") from None
        found: list[Listed] = []
        for entry in listed:
            whole = entry["name"].rstrip("/")
            name = whole.rpartition("/")[2]
            if whole == path:
                continue  # the folder itself, which S3 may list
            if whole != f"{path}/{name}" or name in ("", ".", "..") or "\0" in name:
                raise self.failures.strange(folder)
            linked = entry["type"] == "link"
            if linked:
                try:
                    entry = self._fs.info(entry["name"])
                except FileNotFoundError:
                    continue
                except Exception as error:
                    raise self.failures.told(error, f"{self.url}/{folder}") from None
            found.append({**entry, "name": name, "linked": linked})
        return found

    def _remote(self, path: str, entry: Entry) -> Remote:
        written = entry.get("mtime") or entry.get("LastModified")
        at = written.timestamp() if written else 0.0
        etag = str(entry.get("ETag") or "").strip('"')
        return Remote(f"{self.url}/{path}", entry["size"], at, etag)

    def _ask(self, call: Callable[[], T], where: str = "") -> T:
        try:
            return call()
        except SourceError:
            raise
        except Exception as error:
            raise self.failures.told(error, where or self.url) from None

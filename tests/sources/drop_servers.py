"""Servers of files in this process: SFTP by asyncssh, S3 by moto."""

from __future__ import annotations

import asyncio
import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import asyncssh
import boto3
from moto.server import ThreadedMotoServer

USER, PASSWORD = "lab", "pässw@rd:/%$ 1"
BUCKET = "deliveries"
_SECRET = 'password = "${DROP_PASSWORD}"'


@dataclass
class Sftp:
    """A server whose root is `root`; `faults` maps an operation to what it does instead."""

    root: Path
    known_hosts: Path
    port: int = 0
    faults: dict[str, object] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    users_key: bytes = b""

    @property
    def url(self) -> str:
        return f"sftp://127.0.0.1:{self.port}"

    @property
    def declared(self) -> str:
        """What a source declares to get in."""
        return f'user = "{USER}", {_SECRET}, known_hosts = "{self.known_hosts}"'

    def put(self, name: str, data: bytes | str, written: float | None = None) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        if written is not None:
            os.utime(path, (written, written))

    def remove(self, name: str) -> None:
        (self.root / name).unlink()

    def names(self) -> list[str]:
        return sorted(
            path.relative_to(self.root).as_posix()
            for path in self.root.rglob("*")
            if path.is_file()
        )

    def clear(self) -> None:
        self.faults.clear()
        self.asked.clear()
        shutil.rmtree(self.root)
        self.root.mkdir()


@dataclass
class S3:
    """A store with one bucket."""

    endpoint: str
    port: int

    @property
    def url(self) -> str:
        return f"s3://{BUCKET}"

    @property
    def declared(self) -> str:
        """What a source declares to get in."""
        return f'user = "{USER}", {_SECRET}, endpoint = "{self.endpoint}"'

    @cached_property
    def client(self):  # type: ignore[no-untyped-def]
        return boto3.client(
            "s3", endpoint_url=self.endpoint, region_name="us-east-1", aws_access_key_id=USER,
            aws_secret_access_key="any",
        )  # fmt: skip

    def put(self, name: str, data: bytes | str, written: float | None = None) -> None:
        self.client.put_object(Bucket=BUCKET, Key=name, Body=data)

    def remove(self, name: str) -> None:
        self.client.delete_object(Bucket=BUCKET, Key=name)

    def names(self) -> list[str]:
        found = self.client.list_objects_v2(Bucket=BUCKET).get("Contents", [])
        return sorted(each["Key"] for each in found)

    def clear(self) -> None:
        for name in self.names():
            self.remove(name)


@contextmanager
def sftp(folder: Path) -> Iterator[Sftp]:
    """A server whose files lie in `folder`/root."""
    key = asyncssh.generate_private_key("ssh-ed25519")
    running = Sftp(folder / "root", folder / "known_hosts")
    running.root.mkdir(parents=True)

    class Files(asyncssh.SFTPServer):
        def __init__(self, channel: asyncssh.SSHServerChannel) -> None:
            super().__init__(channel, chroot=str(running.root).encode())

        def _fault(self, what: str, *given: object) -> None:
            running.asked.append(what)
            if fault := running.faults.get(what):
                fault(self, *given)  # type: ignore[operator]

        def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> object:
            self._fault("open", path)
            return super().open(path, pflags, attrs)

        def read(self, file_obj: object, offset: int, size: int) -> bytes:
            self._fault("read", offset)
            return super().read(file_obj, offset, size)

        def scandir(self, path: bytes) -> object:
            self._fault("scandir", path)
            return super().scandir(path)

    class Door(asyncssh.SSHServer):
        def password_auth_supported(self) -> bool:
            return True

        def validate_password(self, username: str, password: str) -> bool:
            return (username, password) == (USER, PASSWORD)

        def public_key_auth_supported(self) -> bool:
            return True

        def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
            return (username, key.export_public_key()) == (USER, running.users_key)

    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def listen() -> asyncssh.SSHAcceptor:
        return await asyncssh.listen(
            "127.0.0.1", 0, server_factory=Door, server_host_keys=[key], sftp_factory=Files
        )

    acceptor = asyncio.run_coroutine_threadsafe(listen(), loop).result(10)
    running.port = acceptor.get_port()
    public = key.export_public_key().decode().strip()
    running.known_hosts.write_text(f"[127.0.0.1]:{running.port} {public}\n", encoding="utf-8")
    try:
        yield running
    finally:
        loop.call_soon_threadsafe(acceptor.close)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
        loop.close()


@contextmanager
def s3() -> Iterator[S3]:
    """A store of a bucket."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    running = S3(f"http://{host}:{port}", port)
    running.client.create_bucket(Bucket=BUCKET)
    try:
        yield running
    finally:
        server.stop()

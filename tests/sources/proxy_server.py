"""A proxy on this machine: it forwards requests, inspects TLS, and refuses on demand."""

from __future__ import annotations

import datetime
import http.client
import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from redcap_server import send


@dataclass
class Proxy:
    """A proxy that is `port` of 127.0.0.1.

    `asked` are the methods and hosts of what it was sent, `shown` the credentials. With a status in
    `refuses` it forwards nothing. The servers behind it speak http: TLS ends here, with the
    certificate in the file `trusted`.
    """

    trusted: Path
    refuses: int = 0
    port: int = 0
    asked: list[tuple[str, str]] = field(default_factory=list)
    shown: set[str] = field(default_factory=set)


@contextmanager
def serving(folder: Path) -> Iterator[Proxy]:
    """The proxy until the block ends; its certificate is made in `folder`."""
    proxy = Proxy(folder / "authority.pem")
    tls = _certificate(proxy.trusted)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # an answer in one packet

        def _lets_pass(self, host: str) -> bool:
            proxy.asked.append((self.command, host))
            proxy.shown.add(self.headers.get("proxy-authorization", ""))
            if proxy.refuses:
                send(self, "SECRET of the proxy", proxy.refuses, "text/html")
            return not proxy.refuses

        def do_CONNECT(self) -> None:
            if not self._lets_pass(self.path):
                return
            self.send_response(200)
            self.end_headers()
            self.wfile.flush()
            self.close_connection = True
            host, _, port = self.path.rpartition(":")
            with (
                suppress(OSError),
                tls.wrap_socket(self.connection, server_side=True) as near,
                socket.create_connection((host, int(port))) as far,
            ):
                threading.Thread(target=_pass, args=(far, near), daemon=True).start()
                _pass(near, far)

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            if not self._lets_pass(parts.netloc):
                return
            server = http.client.HTTPConnection(parts.netloc)
            headers = {k: v for k, v in self.headers.items() if not k.lower().startswith("proxy-")}
            path = f"{parts.path}?{parts.query}" if parts.query else parts.path
            server.request(self.command, path, body, headers)
            answer = server.getresponse()
            text = answer.read()
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(text)
            server.close()

        do_POST = do_DELETE = do_GET

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    proxy.port = server.server_port
    try:
        yield proxy
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _pass(one: socket.socket, other: socket.socket) -> None:
    with suppress(OSError):
        while some := one.recv(1 << 16):
            other.sendall(some)
        other.shutdown(socket.SHUT_WR)


def _certificate(path: Path) -> ssl.SSLContext:
    """TLS as 127.0.0.1, with a certificate that only who trusts the file believes."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "a proxy that inspects")])
    now = datetime.datetime.now(datetime.UTC)
    here = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(here, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret = path.with_name("secret.pem")
    secret.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(path, secret)
    return tls

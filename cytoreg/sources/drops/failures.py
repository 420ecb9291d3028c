"""What a file server's failures mean, without a secret: a library's message may repeat one."""

from __future__ import annotations

from dataclasses import dataclass

from cytoreg.errors import SourceError
from cytoreg.sources.drops.address import Address

_REFUSED = {
    "PermissionDenied", "SFTPPermissionDenied", "NoCredentialsError", "PartialCredentialsError",
    "KeyImportError", "KeyEncryptionError",
}  # fmt: skip
"""Permanent errors of asyncssh and botocore, by name, since neither may be installed."""

_AWAY = {"OSError", "EOFError", "TimeoutError", "Error", "BotoCoreError", "ClientError"}
"""Errors of the system, of asyncssh and of botocore that may be temporary."""


@dataclass(frozen=True)
class Failures:
    """The errors of a source whose files lie on a server."""

    source: str
    address: Address

    def told(self, error: Exception, where: str = "") -> SourceError:
        """What went wrong, in cytoreg's words: a library's message may repeat what it was given."""
        names = {each.__name__ for each in type(error).__mro__}
        if isinstance(error, ImportError):
            extra = self.address.scheme
            return SourceError(
                self.source,
                f"{extra}:// needs packages that are not installed",
                remedy=f"pip install 'cytoreg[{extra}]'",
                away=True,
            )
        if "HostKeyNotVerifiable" in names:
            return self.unknown()
        if isinstance(error, FileNotFoundError):
            return self.refused(where) if where == self.address.server else self.changed()
        if isinstance(error, PermissionError) or names & _REFUSED:
            return self.refused(where)
        if not names & _AWAY:
            raise error
        return SourceError(
            self.source,
            f"{where} cannot be reached ({type(error).__name__})",
            remedy="see whether the server is up, and whether a firewall is between",
            transient=True,
        )

    def refused(self, where: str) -> SourceError:
        """The error for a place to which the user has no right."""
        return SourceError(
            self.source,
            f"{where} may not be read or changed by this user, or is not there",
            remedy="check `server` (user, password, key_file) and the rights there",
            away=True,
        )

    def unknown(self) -> SourceError:
        """The error for a server whose key is not the known one."""
        host, port = self.address.host, self.address.port or 22
        name = host if port == 22 else f"[{host}]:{port}"
        return SourceError(
            self.source,
            f"{self.address.server} is not known: its key is not the one in known_hosts, or none is"
            " there",
            remedy=f"get its key (ssh-keyscan -p {port} {host}), compare its fingerprint"
            " (ssh-keygen -lf -) with what who runs it tells you, and put the line of"
            f" {name} into ~/.ssh/known_hosts, or into the file that `server.known_hosts` names",
            away=True,
        )

    def strange(self, folder: str) -> SourceError:
        """The error for a folder whose list leads out of it."""
        return SourceError(
            self.source,
            f"{self.address.server}/{folder} lists a name outside it",
            remedy="ask who runs the server: nothing was fetched from there",
        )

    def changed(self) -> SourceError:
        """The error for files that changed while they were fetched."""
        return SourceError(
            self.source,
            f"files on {self.address.server} changed while they were fetched",
            remedy="deliver under another name, and rename once the delivery is complete",
            transient=True,
        )

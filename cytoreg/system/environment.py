"""The environment of a process: variables, files that they name, and its user."""

from __future__ import annotations

import os
from pathlib import Path

from cytoreg.errors import ConfigError


def variable(name: str) -> str | None:
    """The value of `name`, else the content of the file in `name`_FILE, without a last newline.

    None when neither is set. Raises ConfigError when the file cannot be read.
    """
    found = os.environ.get(name)
    file = os.environ.get(f"{name}_FILE")
    if found is not None or not file:
        return found
    try:
        return Path(file).read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError):
        raise ConfigError(
            f"the file that {name}_FILE names cannot be read",
            remedy=f"mount it where {name}_FILE says, as text in UTF-8, readable for this user",
        ) from None


def user() -> str:
    """Who runs this process: the system user, and who became it by sudo."""
    import getpass

    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        name = f"uid {os.getuid()}"
    before = os.environ.get("SUDO_USER")
    return f"{name} (sudo by {before})" if before else name

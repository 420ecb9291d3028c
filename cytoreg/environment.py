"""Variables of the environment, or of files that it names, as Docker mounts secrets."""

from __future__ import annotations

import os
from pathlib import Path

from cytoreg.errors import ConfigError


def variable(name: str) -> str | None:
    """The value of `name`, else what the file that `name`_FILE names holds, without a last newline.

    None when there is neither. Raises ConfigError when the file cannot be read.
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

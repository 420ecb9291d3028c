"""The registry's time zone, which determines "today" and the day of an instant."""

from __future__ import annotations

import os
from datetime import date, datetime
from functools import cache
from pathlib import Path
from zoneinfo import TZPATH, ZoneInfo, available_timezones

from cytoreg.errors import ConfigError

_LOCALTIME = Path("/etc/localtime")


@cache  # looking through the folders of the database takes longer than all else in a project
def _zones() -> frozenset[str]:
    return frozenset(available_timezones() - {"localtime"})


def is_zone(name: str) -> bool:
    """Whether the time zone database has this name."""
    return name in _zones()


def today(zone: str) -> date:
    """The current day in the zone."""
    return datetime.now(ZoneInfo(zone)).date()


def machine_zone() -> str:
    """The name of the machine's own zone: from TZ, else from the file that /etc/localtime copies.

    Raises ConfigError if neither has a name of the time zone database.
    """
    told = os.environ.get("TZ")
    if told is None:
        return _of_file(_LOCALTIME) if _LOCALTIME.exists() else "UTC"
    # POSIX.1-2017, 8.3: a colon may stand before a name; an empty TZ means UTC.
    name = told.removeprefix(":") or "UTC"
    if name.startswith("/"):
        return _of_file(Path(name))
    if not is_zone(name):
        raise _nameless("TZ")
    return name


def _of_file(path: Path) -> str:
    """The name of a zone's file, or of a link to it or copy of it."""
    name = str(path.resolve()).partition("zoneinfo/")[2]
    if is_zone(name):
        return name
    try:
        content = path.read_bytes()
    except OSError:
        raise _nameless(str(path)) from None
    for name in sorted(_zones()):
        for folder in map(Path, TZPATH):
            twin = folder / name
            if twin.is_file() and twin.read_bytes() == content:
                return name
    raise _nameless(str(path))


def _nameless(where: str) -> ConfigError:
    return ConfigError(
        f"this machine's time zone ({where}) has no name of the time zone database",
        remedy='say the registry\'s: [registry] time_zone = "America/Chicago"',
    )

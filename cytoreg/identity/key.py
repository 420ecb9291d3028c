"""The key of pseudonyms: set in the environment, strong, and the same every night.

Without a key nothing is published, except by a project that reads only a simulated hospital's
extracts, exactly as `cytoreg simulate` wrote them: the demo's key is public.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from cytoreg.errors import ConfigError
from cytoreg.identity.pseudonyms import fingerprint, is_strong
from cytoreg.system.environment import variable

if TYPE_CHECKING:
    from cytoreg.project.load import Project

__all__ = ["DEMO_NAME", "fingerprint_of", "is_demo", "key_of"]

DEMO, DEMO_NAME = "the demo's key, which is public", "demo"

_IN_EXTRACTS = "sqlite:///"


def key_of(project: Project) -> str:
    """The project's key; DEMO for a simulated hospital without one.

    Raises ConfigError if there is no key, or if it has fewer than 128 bits.
    """
    name = project.config.privacy.pseudonym_key
    key = variable(name)
    if key is None or not key.strip():
        if is_demo(project):
            return DEMO
        raise ConfigError(
            f"{name} is not set: without a key of pseudonyms nothing is published",
            remedy=f'make one, keep it safe, set it every night: export {name}="$(cytoreg key new)"'
            f" (or {name}_FILE)",
        )
    if not is_strong(key.strip()):
        raise ConfigError(
            f"the key in {name} is too weak: 32 or more random hexadecimal digits are expected",
            remedy="make one: cytoreg key new",
        )
    return key.strip()


def fingerprint_of(key: str) -> str:
    """How `quality.run` identifies the key: its fingerprint, or `demo`."""
    return DEMO_NAME if key == DEMO else fingerprint(key)


def is_demo(project: Project) -> bool:
    """Whether a project reads only simulated extracts, exactly as `simulate` wrote them."""
    from cytoreg.demo import fence

    for source in project.config.sources.values():
        urls = (url.removeprefix(_IN_EXTRACTS) for url in source.urls)
        places = [*source.patterns, *urls]
        for place in places:
            if "://" in place or Path(place).is_absolute() or ".." in Path(place).parts:
                return False
        if not places:  # it is not known where such a source is read from
            return False
    try:
        fence.check(project.extracts)
    except ConfigError:
        return False
    return (project.extracts / fence.MARK).is_file()

"""The key from which a run makes pseudonyms, and the gate that checks it.

A validation publishes nothing: if no key is set, it uses a temporary one.
"""

from __future__ import annotations

import secrets
from functools import cache
from typing import TYPE_CHECKING

from cytoreg.errors import ConfigError
from cytoreg.identity.key import DEMO_NAME, fingerprint_of, key_of
from cytoreg.publication.gates import Gate
from cytoreg.publication.keys import published_key, rotation
from cytoreg.system.environment import variable

if TYPE_CHECKING:
    from cytoreg.nights.run import Run

__all__ = ["REHEARSAL", "key_gates", "run_key"]

REHEARSAL = "rehearsal"
"""Id of the doctor's rehearsal, of which nothing is kept."""


@cache
def run_key(run: Run) -> str:
    """The key from which a run makes pseudonyms; see `key_of`.

    A run that publishes nothing, such as a validation or the doctor's rehearsal, needs no key.
    """
    try:
        return key_of(run.project)
    except ConfigError:
        nothing = run.purpose == "validate" or run.run_id == REHEARSAL
        if nothing and not variable(run.project.config.privacy.pseudonym_key):
            return secrets.token_hex(32)
        raise


def key_gates(run: Run) -> list[Gate]:
    """Gate `pseudonym_key`: the key is that of the published build, or was rotated; a validation
    has no such gate."""
    if run.purpose == "validate":
        return []
    old, new = published_key(run.project), fingerprint_of(run_key(run))
    if old in ("", new):
        told = "that of the published build" if old else "no earlier build has a known key"
    elif old == DEMO_NAME:
        told = "of this registry; what is published is a demo"
    elif rotation(run.project, old, new).exists():
        told = "rotated since the published build"
    else:
        name = run.project.config.privacy.pseudonym_key
        told = (
            "not that of the published build: every pseudonym would change; set"
            f" {name} to the former key, or run cytoreg key rotate"
        )
        return [Gate("pseudonym_key", False, told)]
    return [Gate("pseudonym_key", True, told)]

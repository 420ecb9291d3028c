"""Pseudonyms: keyed, repeatable, and made inside the database.

A pseudonym is an HMAC-SHA-256 (RFC 2104) of a kind and a text, cut to 64 bits; the key has at least
128. `cytoreg key new` makes one.
"""

from __future__ import annotations

import hashlib
import hmac
import re

import duckdb

__all__ = ["define_pseudonym", "fingerprint", "is_strong"]

BLOCK = 64
"""Block size of SHA-256 in bytes."""

LEAST_DIGITS = 32
"""Hexadecimal digits of 128 bits."""

FEWEST_KINDS = 8
"""Fewest distinct digits of a key: 32 random digits have fewer than 8 once in 28 million keys."""


def define_pseudonym(con: duckdb.DuckDBPyConnection, key: str, name: str = "pseudonym") -> None:
    """Define `pseudonym(kind, text)` on this connection: P and 16 hex digits; null for null.

    The same key, kind and text always give the same pseudonym. The macro is temporary and holds
    only what is derived from the key, so that neither is ever written to a file.
    """
    padded = _derived(key).ljust(BLOCK, b"\0")
    inner, outer = (_blob(bytes(byte ^ pad for byte in padded)) for pad in (0x36, 0x5C))
    con.execute(
        f"""create or replace temp macro {name}(kind, text) as
        case when text is not null then
          'P' || upper(substr(sha256({outer} || unhex(sha256(
            {inner} || encode(kind || chr(31) || cast(text as varchar))))), 1, 16))
        end"""
    )


def fingerprint(key: str) -> str:
    """A fingerprint that identifies a key without revealing it: 16 hex digits."""
    return hmac.new(_derived(key), b"fingerprint", hashlib.sha256).hexdigest()[:16]


def is_strong(key: str) -> bool:
    """Whether a key has at least 128 bits as hexadecimal digits, with enough distinct digits."""
    return (
        re.fullmatch(rf"[0-9a-fA-F]{{{LEAST_DIGITS},}}", key) is not None
        and len(set(key.lower())) >= FEWEST_KINDS
    )


def _derived(key: str) -> bytes:
    return hashlib.sha256(b"cytoreg pseudonym\0" + key.encode()).digest()


def _blob(value: bytes) -> str:
    escaped = "".join(f"\\x{byte:02X}" for byte in value)
    return f"'{escaped}'::blob"

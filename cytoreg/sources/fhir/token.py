"""The access token for a FHIR server: given, or obtained by SMART Backend Services.

With `client_id` and a private key cytoreg signs an assertion of its identity and is given a token
for some minutes; it requests another before that one expires, or when the server refuses it.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cytoreg.errors import ConfigError, SourceError
from cytoreg.sources.fhir.config import FhirSource
from cytoreg.system.environment import variable

_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_LIFETIME = 240.0
"""Lifetime of a signed assertion in seconds; the standard allows at most five minutes."""

_SPARE = 30.0
"""Seconds before its expiry from which a token is not used any more."""

_CURVES = {"secp256r1": "ES256", "secp384r1": "ES384", "secp521r1": "ES512"}


@dataclass
class Token:
    """A bearer token; `ends` and `given` in monotonic seconds. A given one cannot be renewed."""

    text: str = ""
    ends: float = float("inf")
    given: float = 0.0
    renewable: bool = False

    @property
    def usable(self) -> bool:
        """Whether it is still valid."""
        return bool(self.text) and time.monotonic() < self.ends

    def grant(self, answer: Mapping[str, object]) -> bool:
        """Take the token from the token server's response; returns whether there is one."""
        text, lasts = answer.get("access_token"), answer.get("expires_in", 300)
        if not isinstance(text, str) or not text or not isinstance(lasts, int | float):
            return False
        self.text, self.given = text, time.monotonic()
        self.ends = self.given + max(float(lasts) - _SPARE, 1.0)
        return True


def token_of(source: str, config: FhirSource) -> Token:
    """The first token; raises ConfigError if it is not set in the environment."""
    if config.client_id:
        return Token(renewable=True)
    if not config.token_env:
        return Token()
    return Token(_from_environment(source, config.token_env, "the access token"))


def statement(source: str, config: FhirSource, audience: str) -> dict[str, str]:
    """The form that requests a token; raises ConfigError for an invalid key."""
    import jwt

    text = _from_environment(source, config.key_env, "the private key, or names a file with it")
    if not text.startswith(("{", "-----")):
        try:
            text = Path(text).read_text(encoding="utf-8").strip()
        except (OSError, ValueError):
            raise _no_key(source, config, "names a file that cannot be read") from None
    now = int(time.time())
    claims = {
        "iss": config.client_id,
        "sub": config.client_id,
        "aud": audience,
        "iat": now,
        "exp": now + int(_LIFETIME),
        "jti": secrets.token_hex(16),
    }
    headers: dict[str, str] = {}
    try:
        from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
        from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
        from cryptography.hazmat.primitives.serialization import load_pem_private_key

        if text.startswith("{"):
            described: dict[str, str] = json.loads(text)
            headers = {"kid": described["kid"]} if "kid" in described else {}
            key: object = jwt.PyJWK(described).key
        else:
            key = load_pem_private_key(text.encode(), password=None)
        if not isinstance(key, EllipticCurvePrivateKey | RSAPrivateKey):
            raise TypeError("neither of an elliptic curve nor of RSA")
        curve = "" if isinstance(key, RSAPrivateKey) else key.curve.name
        algorithm = _CURVES.get(curve, "RS384")
        signed = jwt.encode(claims, key, algorithm=algorithm, headers=headers)
    except Exception:  # of any class: its text may hold the key
        raise _no_key(source, config, "is no private key in PEM or as JWK") from None
    return {
        "grant_type": "client_credentials",
        "scope": config.scope,
        "client_assertion_type": _ASSERTION,
        "client_assertion": signed,
    }


def refused(source: str, shown: str) -> SourceError:
    """The token server refuses to give a token."""
    return SourceError(
        source,
        f"{shown} gives no token for this client",
        remedy="check `client_id`, `scope` and that the server knows the public key",
        away=True,
    )


def _no_key(source: str, config: FhirSource, what: str) -> ConfigError:
    return ConfigError(
        f"source {source}: {config.key_env} {what}",
        remedy="set it to the key, RSA or an elliptic curve, or to the path of a file with it",
    )


def _from_environment(source: str, name: str, what: str) -> str:
    text = (variable(name) or "").strip()
    if not text:
        raise ConfigError(
            f"source {source}: the environment variable {name} is not set",
            remedy=f"set it to {what}",
        )
    return text

"""Proof that who redeems a code is who asked for it (RFC 7636, method S256)."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Callable
from typing import TypeAlias

NewToken: TypeAlias = Callable[[int], str]
"""Makes a text of letters, digits, `-` and `_` out of so many random bytes."""

new_token: NewToken = secrets.token_urlsafe


def challenge_of(verifier: str) -> str:
    """Return what is shown of a verifier before it is used."""
    digest = hashlib.sha256(verifier.encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")

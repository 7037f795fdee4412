"""The content of a file of secrets, readable or sealed with a passphrase."""

from __future__ import annotations

import base64
import hashlib
import os
from functools import lru_cache, partial
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from penguiflow.tools.errors import ToolAuthError

# 32 MB and about a tenth of a second per guess.
_COST, _BLOCK, _LANES = 2**15, 8, 1
_MAX_MEMORY = 256 * 1024 * 1024
_SALT_BYTES = 16


class _Content(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    version: Literal[1] = 1
    entries: dict[str, str] | None = Field(default=None, repr=False)
    salt: str | None = None
    sealed: str | None = None


class _Entries(BaseModel):
    model_config = ConfigDict(hide_input_in_errors=True)

    entries: dict[str, str] = Field(repr=False)


class Sealer:
    """Seals and opens with a key made of a passphrase; the key of the last salts is kept."""

    def __init__(self, passphrase: str) -> None:
        self._key_of = lru_cache(maxsize=4)(partial(_stretch, passphrase))
        self._salt = os.urandom(_SALT_BYTES)

    def seal(self, plain: bytes) -> tuple[bytes, str]:
        """Return the salt and the sealed text."""
        from cryptography.fernet import Fernet  # noqa: PLC0415 - only who has a passphrase needs it

        return self._salt, Fernet(self._key_of(self._salt)).encrypt(plain).decode("ascii")

    def open(self, salt: bytes, sealed: str) -> bytes | None:
        """Return the text; None when the passphrase is another one, or the text was changed."""
        from cryptography.fernet import Fernet, InvalidToken  # noqa: PLC0415 - as above

        try:
            plain = Fernet(self._key_of(salt)).decrypt(sealed.encode("ascii"))
        except (InvalidToken, ValueError):
            return None
        self._salt = salt  # one key for a file, or each change would stretch the passphrase again
        return plain


def seal_entries(entries: dict[str, str], sealer: Sealer | None) -> bytes:
    """Return the content of a file with these entries."""
    if sealer is None:
        return _Content(entries=entries).model_dump_json(exclude_none=True).encode()
    salt, sealed = sealer.seal(_Entries(entries=entries).model_dump_json().encode())
    content = _Content(salt=base64.b64encode(salt).decode("ascii"), sealed=sealed)
    return content.model_dump_json(exclude_none=True).encode()


def open_entries(content: bytes, sealer: Sealer | None, *, path: str) -> dict[str, str]:
    """Return the entries of a file.

    Raises:
        ToolAuthError: it is damaged, or sealed with another passphrase, or with one and none is given.
    """
    try:
        parsed = _Content.model_validate_json(content)
    except ValidationError:
        raise _damaged(path) from None
    if parsed.sealed is None or parsed.salt is None:
        return _plain_entries(parsed, sealer, path)
    if sealer is None:
        raise ToolAuthError(f"the tokens in `{path}` are encrypted", hint="give the passphrase")
    try:
        plain = sealer.open(base64.b64decode(parsed.salt), parsed.sealed)
    except ValueError:
        raise _damaged(path) from None
    if plain is None:
        raise ToolAuthError(
            f"the passphrase is not the one of `{path}`, or the file was changed",
            hint=f"give the right passphrase, or delete the file and sign in again: {path}",
        )
    try:
        return _Entries.model_validate_json(plain).entries
    except ValidationError:
        raise _damaged(path) from None


def _plain_entries(parsed: _Content, sealer: Sealer | None, path: str) -> dict[str, str]:
    if parsed.entries is None:
        raise _damaged(path)
    if sealer is not None:
        raise ToolAuthError(
            f"the tokens in `{path}` are not encrypted, though a passphrase is given",
            hint=f"delete the file and sign in again, or leave the passphrase out: {path}",
        )
    return parsed.entries


def _damaged(path: str) -> ToolAuthError:
    return ToolAuthError(
        f"`{path}` is no file of tokens, or is damaged", hint=f"delete it and sign in again: {path}"
    )


def _stretch(passphrase: str, salt: bytes) -> bytes:
    key = hashlib.scrypt(
        passphrase.encode(), salt=salt, n=_COST, r=_BLOCK, p=_LANES, maxmem=_MAX_MEMORY, dklen=32
    )
    return base64.urlsafe_b64encode(key)

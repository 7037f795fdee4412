"""Names at NATS: what a subject may consist of."""

from __future__ import annotations

from penguiflow._bus.errors import BusError

_MAX_TOKEN_CHARS = 100  # a server reads a subject as part of one line of 4,096 bytes


def subject_of(prefix: str, source: str | None, target: str | None) -> str:
    """Return the subject of an edge; readers may ask for `prefix.*.TARGET` or `prefix.SOURCE.*`."""
    return f"{prefix}.{token_of(source)}.{token_of(target)}"


def token_of(name: str | None) -> str:
    """Return a node's name as one token of a subject; whatever separates or selects there becomes `_`."""
    token = "".join(char if char.isalnum() or char in "-_" else "_" for char in name or "")
    return token[:_MAX_TOKEN_CHARS] or "_"


def check_prefix(name: str, setting: str, *, dots: bool) -> None:
    """Refuse a name of which NATS would make something else.

    Raises:
        BusError: it is no token, nor (with `dots`) tokens with dots between them.
    """
    tokens = name.split(".") if dots else [name]
    if any(not token or token != token_of(token) for token in tokens):
        allowed = "letters, digits, `-` and `_`" + (", and single dots between them" if dots else "")
        raise BusError(f"`{setting}` is `{name}`, which is no name at NATS", hint=f"use {allowed}")

"""What can go wrong while a person signs in."""

from __future__ import annotations

from penguiflow.redaction import without_known_secrets
from penguiflow.safe_text import safe_line
from penguiflow.tools.errors import ToolAuthError

_MAX_CHARS = 300


class SignInError(ToolAuthError, ValueError):
    """Signing in failed, or was refused because it could not be done safely."""


def shown(text: str) -> str:
    """Return a short text of a server as it may stand in an error, also when it repeats a token."""
    return safe_line(without_known_secrets(text), max_chars=_MAX_CHARS)


def without_query(url: str) -> str:
    """Return a URL as it may stand in an error: its query may hold a code or a token."""
    return shown(url.partition("#")[0].partition("?")[0].rpartition("@")[2] or url.partition(":")[0])

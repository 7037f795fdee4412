"""The one way by which secrets are kept out of the history, exports, logs and crash reports.

`redact` walks a JSON value and returns a copy of the same shape in which secrets read `[redacted]`. A value
is a secret because of its key (`password`, `access_token`, `Authorization`), because of its own form
(`sk-...`, a bearer token, a JSON Web Token, the password in a URL), because it was registered, or because it
is an argument of a call whose tool marks it so. Under a secret key texts and numbers go; `true`, `false` and
`null` stay, they only say whether a secret was set.

Whoever learns a credential registers it with `remember_secret`. From then on it is hidden wherever it stands
in this process, also escaped as in URLs and JSON, and in base64. Values shorter than 6 characters, single
words and what people write in the place of a secret (`not-needed`) are not taken: hiding them would destroy
texts that have nothing to do with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any

from penguiflow._redaction.calls import MARKED_TOOLS
from penguiflow._redaction.credentials import credentials_in
from penguiflow._redaction.forms import is_secret_key
from penguiflow._redaction.known import KNOWN_SECRETS
from penguiflow._redaction.log_records import RedactingFilter
from penguiflow._redaction.placeholders import NOT_STORED, REDACTED, TOO_DEEP
from penguiflow._redaction.values import redact, redact_text, without_known_secrets

__all__ = [
    "NOT_STORED",
    "REDACTED",
    "TOO_DEEP",
    "RedactingFilter",
    "is_secret_key",
    "redact",
    "redact_text",
    "remember_credentials",
    "remember_marked_arguments",
    "remember_passing_secret",
    "remember_secret",
    "remember_secrets_in_calls",
    "secrets_remembered",
    "settled_chars",
    "without_known_secrets",
    "without_marked_arguments",
]


def remember_secret(value: str) -> None:
    """Hide this credential wherever it stands, as long as the process lives. Safe from any thread."""
    KNOWN_SECRETS.remember(value)


# Any: settings of any program.
def remember_credentials(settings: Mapping[str, Any]) -> None:
    """Hide what is secret by its name, or is a credential in a URL, in settings or in an environment."""
    for credential in credentials_in(settings):
        remember_secret(credential)


def remember_passing_secret(value: str) -> None:
    """Hide a secret of which many may come and go, such as an argument of a call.

    The last 64 of them are known; a credential of the program itself belongs to `remember_secret`.
    """
    KNOWN_SECRETS.remember_passing(value)


def secrets_remembered(*values: str) -> AbstractContextManager[None]:
    """Hide these values inside the block, and afterwards those that somebody else remembers too."""
    return KNOWN_SECRETS.remembered(*values)


# Any: a JSON schema as somebody wrote it.
def remember_marked_arguments(tool: str, schema: Mapping[str, Any]) -> None:
    """Know that the schema of a tool's arguments marks some as secrets (`writeOnly`, `format: password`)."""
    MARKED_TOOLS.remember(tool, schema)


def remember_secrets_in_calls(text: str) -> None:
    """Hide from now on the secret arguments of the calls that stand in what a model says."""
    for value in MARKED_TOOLS.secrets_in(text):
        remember_passing_secret(value)


def without_marked_arguments(text: str) -> str:
    """Return what a model says with the secret arguments of its calls replaced, also short ones."""
    return MARKED_TOOLS.hide_in(text)


def settled_chars(text: str, at_most: int) -> int:
    """Return how many of the first `at_most` characters of a growing text can be redacted by themselves.

    Those behind may be the beginning of a registered secret.
    """
    return KNOWN_SECRETS.settled_chars(text, at_most)

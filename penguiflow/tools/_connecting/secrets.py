"""Which values of a config are secrets in one environment."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping

from penguiflow._redaction.credentials import (
    credentials_in,
    credentials_in_command,
    credentials_in_headers,
    credentials_in_text,
)
from penguiflow.redaction import remember_secret
from penguiflow.tools._connecting.environment import expand_known, values_referred_to
from penguiflow.tools.config import ExternalToolConfig

_COOKIE_NAME = "cookie_name"  # says `cookie`, but is no secret


def remember_secrets_of(config: ExternalToolConfig, environment: Mapping[str, str] | None = None) -> None:
    """Have the secrets of a config hidden from now on; without an environment those that stand in it."""
    for secret in secrets_of(config, environment or {}):
        remember_secret(secret)


def secrets_of(config: ExternalToolConfig, environment: Mapping[str, str]) -> Iterator[str]:
    """Yield what must never be shown: credentials, and what the config takes from the environment.

    A variable that is not set gives nothing here; connecting will say so.
    """
    auth = {key: value for key, value in config.auth_config.items() if key != _COOKIE_NAME}
    for text in (config.connection, *config.env.values(), *config.headers.values(), *auth.values()):
        yield from values_referred_to(text, environment)
    yield from credentials_in(_expanded(config.env, environment))
    yield from credentials_in(_expanded(auth, environment))
    yield from credentials_in_headers(_expanded(config.headers, environment))
    if config.is_url:
        yield from credentials_in_text(expand_known(config.connection, environment))
    else:
        yield from credentials_in_command([expand_known(word, environment) for word in _words(config)])


def _expanded(values: Mapping[str, str], environment: Mapping[str, str]) -> Mapping[str, str]:
    return {key: expand_known(value, environment) for key, value in values.items()}


def _words(config: ExternalToolConfig) -> list[str]:
    try:
        return shlex.split(config.connection)
    except ValueError:
        return config.connection.split()

"""A tool server as it is configured, as text and as JSON, with its secrets masked."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from penguiflow.redaction import redact_text
from penguiflow.tools.config import ExternalToolConfig, TransportType

MASK = "***"
_NAME, _TRANSPORT, _AUTH = 16, 10, 12


def server_lines(config: ExternalToolConfig, *, is_preset: bool = False) -> list[str]:
    """Return what would be started or called: one line per fact."""
    lines = [
        f"Preset: {config.name}" if is_preset else f"Server:     {config.name}",
        f"Transport:  {_transport(config)}",
        f"Auth:       {config.auth_type.value}",
        f"{'URL:' if config.is_url else 'Command:':<12}{masked_target(config)}",
    ]
    if config.description:
        lines.insert(1, f"About:      {config.description}")
    if config.cwd:
        lines.append(f"Folder:     {config.cwd}")
    if config.env:
        lines.append(f"Variables:  {' '.join(f'{name}={MASK}' for name in config.env)}")
    if config.headers:
        lines.append(f"Headers:    {', '.join(f'{name}: {MASK}' for name in config.headers)}")
    return lines


def server_record(config: ExternalToolConfig) -> Mapping[str, Any]:
    """Return the same as JSON."""
    return {
        "name": config.name,
        "description": config.description,
        "transport": config.transport.value,
        "auth": config.auth_type.value,
        "connection": masked_target(config),
        "env": dict.fromkeys(config.env, MASK),
        "headers": dict.fromkeys(config.headers, MASK),
    }


def server_table(configs: Sequence[ExternalToolConfig]) -> list[str]:
    """Return one row per server under a heading."""
    rows = [("NAME", "TRANSPORT", "AUTH", "CONNECTION")]
    rows += [
        (config.name, config.transport.value, config.auth_type.value, masked_target(config))
        for config in configs
    ]
    lines = [f"{name:<{_NAME}}{how:<{_TRANSPORT}}{auth:<{_AUTH}}{where}" for name, how, auth, where in rows]
    return [lines[0], "-" * 64, *lines[1:]]


def _transport(config: ExternalToolConfig) -> str:
    """Return the protocol, and of MCP also which way its messages go."""
    if config.transport is not TransportType.MCP:
        return config.transport.value
    return f"{config.transport.value} ({'http' if config.is_url else 'stdio'})"


def masked_target(config: ExternalToolConfig) -> str:
    """Return the command, quoted as a shell would need it, or the URL; without secrets."""
    if config.is_url:
        return redact_text(config.connection)
    try:
        return redact_text(shlex.join(shlex.split(config.connection)))
    except ValueError:  # a quotation is not closed; connecting will say so
        return redact_text(config.connection)

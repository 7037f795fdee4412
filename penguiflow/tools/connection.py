"""The state of one tool connection as a value that anybody may watch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

ConnectionState = Literal["idle", "connecting", "ready", "needs_auth", "failed", "closed", "disabled"]

CircuitState = Literal["closed", "open", "half_open"]
"""`open`: the server failed so often that calls are refused at once for a while; `half_open`: the next call
finds out whether it is back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionStatus:
    """What is known about a connection now.

    `target` is the command or URL without secrets; `latency_ms` is how long connecting and discovery
    took; `error` and `hint` are set in the states `failed` and `needs_auth`, `last_error` stays when the
    connection is up again. `last_lines` is the end of what a server process wrote to stderr, `held_back` the
    tools that changed since they were approved, `auth_url` where a person signs in.
    """

    name: str
    state: ConnectionState
    transport: str
    target: str
    tool_count: int = 0
    server: str | None = None
    protocol_version: str | None = None
    latency_ms: float | None = None
    error: str | None = None
    hint: str | None = None
    last_error: str | None = None
    last_lines: tuple[str, ...] = ()
    circuit: CircuitState = "closed"
    held_back: tuple[str, ...] = ()
    auth_url: str | None = None


ConnectionListener: TypeAlias = Callable[[ConnectionStatus], None]
"""Called on each change, in the event loop, with the new status. Must not raise or block."""

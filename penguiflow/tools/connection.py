"""The state of one tool connection as a value that anybody may watch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

ConnectionState = Literal["idle", "connecting", "ready", "needs_auth", "failed", "closed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionStatus:
    """What is known about a connection now.

    `target` is the command or URL without secrets; `latency_ms` is how long connecting and discovery
    took; `error` and `hint` are set in the states `failed` and `needs_auth`.
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


ConnectionListener: TypeAlias = Callable[[ConnectionStatus], None]
"""Called on each change, in the event loop, with the new status. Must not raise or block."""

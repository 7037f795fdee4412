"""What a remote node needs of the flow it runs in."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Protocol

from penguiflow.node import Node
from penguiflow.state.models import RemoteBinding
from penguiflow.types import Message, StreamChunk


class RemoteRuntime(Protocol):
    """The flow."""

    def ensure_trace_event(self, trace_id: str) -> asyncio.Event:
        """Return the event that is set when the trace is cancelled."""
        ...

    def register_external_task(self, trace_id: str, future: asyncio.Future[None]) -> None:
        """Own the future: cancel it and wait for it when the flow stops."""
        ...

    async def save_remote_binding(self, binding: RemoteBinding) -> None:
        """Keep the binding in the flow's store, if there is one."""
        ...

    async def record_remote_event(
        self,
        *,
        event: str,
        node: Node,
        context: Any,  # the flow knows its own contexts
        trace_id: str,
        latency_ms: float,
        level: int,
        extra: Mapping[str, Any] | None,  # the facts of the event
    ) -> None:
        """Tell the flow's listeners."""
        ...


class CallContext(Protocol):
    """The node's place in the flow."""

    @property
    def owner(self) -> Node: ...

    @property
    def runtime(self) -> RemoteRuntime | None: ...

    async def emit_chunk(
        self,
        *,
        parent: Message,
        text: str,
        done: bool = False,
        meta: Mapping[str, Any] | None = None,  # free-form
    ) -> StreamChunk: ...

"""The events of one remote call, with the facts that the event catalogue names."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass

from penguiflow._clock import MonotonicClock, monotonic_clock
from penguiflow._remote.byte_size import json_bytes
from penguiflow._remote.interruption import CancelReason
from penguiflow._remote.surroundings import CallContext, RemoteRuntime
from penguiflow._remote.transport import RemoteStreamEvent


@dataclass(slots=True, kw_only=True)
class RemoteTask:
    """Where the remote work happens, as far as it is known by now."""

    agent_url: str
    context_id: str | None = None
    task_id: str | None = None

    def facts(self) -> dict[str, object]:
        """Return what is known, under the names that events use."""
        facts = {
            "remote_agent_url": self.agent_url,
            "remote_context_id": self.context_id,
            "remote_task_id": self.task_id,
        }
        return {name: value for name, value in facts.items() if value is not None}


class Telemetry:
    """Tells the flow what happens to one call; the byte sizes are those of payload, chunk and result."""

    def __init__(
        self,
        runtime: RemoteRuntime,
        ctx: CallContext,
        *,
        trace_id: str,
        task: RemoteTask,
        base: Mapping[str, object],
        clock: MonotonicClock = monotonic_clock,
    ) -> None:
        self._runtime = runtime
        self._ctx = ctx
        self._trace_id = trace_id
        self._task = task
        self._base = base
        self._clock = clock
        self._started = clock()
        self._streamed = 0

    async def started(self) -> None:
        await self._tell("remote_call_start", logging.DEBUG, {}, latency_ms=0.0)

    async def streamed(self, event: RemoteStreamEvent) -> None:
        chunk_bytes = 0 if event.text is None else json_bytes(event.text)
        facts: dict[str, object] = {
            "remote_stream_seq": self._streamed,
            "remote_chunk_done": event.done,
            "remote_chunk_meta_keys": sorted(str(key) for key in event.meta or ()),
        }
        if chunk_bytes:
            facts["remote_chunk_bytes"] = chunk_bytes
        self._streamed += 1
        await self._tell("remote_stream_event", logging.DEBUG, facts)

    async def succeeded(self, result: object) -> None:
        facts = {
            "remote_response_bytes": json_bytes(result),
            "remote_stream_events": self._streamed,
            "remote_status": "success",
        }
        await self._tell("remote_call_success", logging.INFO, facts)

    async def failed(self, failure: BaseException) -> None:
        facts = {"remote_error": repr(failure), "remote_status": "error"}
        await self._tell("remote_call_error", logging.ERROR, facts)

    async def cancelled(self, reason: CancelReason) -> None:
        facts = {"remote_cancel_reason": reason, "remote_status": "cancelled"}
        await self._tell("remote_call_cancelled", logging.INFO, facts)

    async def cancel_failed(self, failure: BaseException) -> None:
        facts = {"remote_error": repr(failure), "remote_status": "cancel_error"}
        await self._tell("remote_cancel_error", logging.ERROR, facts)

    async def _tell(
        self, event: str, level: int, facts: Mapping[str, object], *, latency_ms: float | None = None
    ) -> None:
        elapsed_ms = (self._clock() - self._started) * 1000
        await self._runtime.record_remote_event(
            event=event,
            node=self._ctx.owner,
            context=self._ctx,
            trace_id=self._trace_id,
            latency_ms=elapsed_ms if latency_ms is None else latency_ms,
            level=level,
            extra={**self._base, **self._task.facts(), **facts},
        )

"""The remote task of one call: what becomes known of it, and its end when the call is given up.

The keeping of the binding and the withdrawal are external tasks of the flow: the interrupted worker does
not wait for them, `stop` does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from penguiflow._remote.interruption import CancelReason
from penguiflow._remote.surroundings import RemoteRuntime
from penguiflow._remote.telemetry import RemoteTask, Telemetry
from penguiflow._remote.transport import RemoteTransport
from penguiflow._remote.withdrawal import withdraw
from penguiflow.errors import TraceCancelled
from penguiflow.state.models import RemoteBinding


class TaskWatch:
    """Cancels the remote task of a given-up call exactly once, as soon as its id is known."""

    def __init__(
        self,
        runtime: RemoteRuntime,
        transport: RemoteTransport,
        telemetry: Telemetry,
        task: RemoteTask,
        *,
        trace_id: str,
        record_binding: bool,
    ) -> None:
        self.came_late = False
        """When the task became known, the trace was already cancelled."""
        self._runtime = runtime
        self._transport = transport
        self._telemetry = telemetry
        self._task = task
        self._trace_id = trace_id
        self._record_binding = record_binding
        self._trace_cancelled = runtime.ensure_trace_event(trace_id)
        self._binding: asyncio.Task[None] | None = None
        self._given_up = False

    def is_trace_cancelled(self) -> bool:
        """Tell whether nobody waits for the result any more."""
        return self._trace_cancelled.is_set()

    def report(self, task_id: str | None, context_id: str | None, agent_url: str | None = None) -> None:
        """Note what the remote side told; the first task id counts."""
        self._task.agent_url = agent_url or self._task.agent_url
        self._task.context_id = context_id or self._task.context_id
        if task_id is None or self._task.task_id is not None:
            return
        self._task.task_id = task_id
        self.came_late = self.is_trace_cancelled()
        if self._record_binding:
            binding = RemoteBinding(self._trace_id, self._task.context_id, task_id, self._task.agent_url)
            self._binding = self._entrust(self._runtime.save_remote_binding(binding))
        if self._given_up:
            self._withdraw(task_id, None)

    async def learn(self, task_id: str | None, context_id: str | None, agent_url: str | None) -> None:
        """Note what the remote side told, and go on when the binding is kept.

        Raises:
            TraceCancelled: the trace was cancelled, but that did not interrupt this coroutine.
        """
        is_news = self._task.task_id is None and task_id is not None
        self.report(task_id, context_id, agent_url)
        try:
            if self._binding is not None:
                await asyncio.wait((self._binding,))
                self._binding.result()
        finally:
            self.came_late = self.came_late or (is_news and self.is_trace_cancelled())
        self.refuse_if_cancelled()

    def refuse_if_cancelled(self) -> None:
        """Stop a call that took no notice of the cancellation of its trace."""
        if self.is_trace_cancelled():
            raise TraceCancelled(self._trace_id)

    def give_up(self, reason: CancelReason | None) -> asyncio.Task[None] | None:
        """Cancel the remote task, now or when its id becomes known; a `reason` is told as an event."""
        self._given_up = True
        if self._task.task_id is None and reason is None:
            return None
        return self._withdraw(self._task.task_id, reason)

    def _withdraw(self, task_id: str | None, reason: CancelReason | None) -> asyncio.Task[None]:
        return self._entrust(
            withdraw(
                self._transport,
                self._telemetry,
                agent_url=self._task.agent_url,
                task_id=task_id,
                reason=reason,
            )
        )

    def _entrust(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work, name=f"penguiflow:remote:{self._trace_id}")
        self._runtime.register_external_task(self._trace_id, task)
        return task

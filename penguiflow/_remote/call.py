"""One attempt of a remote node: ask the agent, pass on what it answers, and tell how it ended."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any, Final

from penguiflow._remote.byte_size import json_bytes
from penguiflow._remote.interruption import interruption
from penguiflow._remote.surroundings import CallContext, RemoteRuntime
from penguiflow._remote.telemetry import RemoteTask, Telemetry
from penguiflow._remote.transport import RemoteCallRequest, RemoteStreamEvent, RemoteTransport
from penguiflow._remote.watch import TaskWatch
from penguiflow._runtime.origin import is_timed_out
from penguiflow.types import Message

PATIENCE_S: Final = 0.05
"""How long an attempt that ends by itself waits for a quick transport to cancel its remote task."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteSkill:
    """The skill a node calls, and how it calls it."""

    transport: RemoteTransport
    skill: str
    agent_url: str
    agent_card: Mapping[str, Any] | None  # the agent describes itself freely
    streaming: bool
    record_binding: bool
    timeout_s: float | None


class RemoteCall:
    """Runs once; unless it succeeds, the remote task is cancelled."""

    def __init__(
        self, skill: RemoteSkill, runtime: RemoteRuntime, message: Message, ctx: CallContext
    ) -> None:
        self._skill = skill
        self._message = message
        self._ctx = ctx
        task = RemoteTask(agent_url=skill.agent_url)
        self._telemetry = Telemetry(
            runtime,
            ctx,
            trace_id=message.trace_id,
            task=task,
            base={
                "remote_skill": skill.skill,
                "remote_transport": type(skill.transport).__name__,
                "remote_streaming": skill.streaming,
                "remote_request_bytes": json_bytes(message.payload),
            },
        )
        self._watch = TaskWatch(
            runtime,
            skill.transport,
            self._telemetry,
            task,
            trace_id=message.trace_id,
            record_binding=skill.record_binding,
        )

    async def run(self) -> object:
        """Return the remote result.

        Raises:
            TraceCancelled: the trace was cancelled, but that did not interrupt this coroutine.
        """
        async with AsyncExitStack() as at_end:  # a stream is closed after the remote side was told
            try:
                await self._telemetry.started()
                result = await (self._relay(at_end) if self._skill.streaming else self._send())
                self._watch.refuse_if_cancelled()
            except (Exception, asyncio.CancelledError) as problem:
                await self._end_early(problem)
                raise
            await self._telemetry.succeeded(result)
        return result

    async def _send(self) -> object:
        answer = await self._skill.transport.send(self._request())
        await self._watch.learn(answer.task_id, answer.context_id, answer.agent_url)
        return answer.result

    async def _relay(self, at_end: AsyncExitStack) -> object:
        events = self._skill.transport.stream(self._request())
        at_end.push_async_callback(_close, events)
        result: object = None
        async for event in events:
            await self._watch.learn(event.task_id, event.context_id, event.agent_url)
            await self._telemetry.streamed(event)
            if event.text is not None:
                await self._ctx.emit_chunk(
                    parent=self._message, text=event.text, done=event.done, meta=event.meta
                )
            if event.result is not None:
                result = event.result
        return result

    def _request(self) -> RemoteCallRequest:
        def on_task(task_id: str, context_id: str | None) -> None:
            # A function, not the bound method: deep copies of the request must not copy the running flow.
            self._watch.report(task_id, context_id)

        return RemoteCallRequest(
            message=self._message,
            skill=self._skill.skill,
            agent_url=self._skill.agent_url,
            agent_card=self._skill.agent_card,
            metadata=self._message.meta,
            timeout_s=self._skill.timeout_s,
            on_task=on_task,
        )

    async def _end_early(self, problem: BaseException) -> None:
        task = asyncio.current_task()
        reason = interruption(
            problem,
            trace_cancelled=self._watch.is_trace_cancelled(),
            task_came_late=self._watch.came_late,
            cancel_requested=task is not None and task.cancelling() > 0,
            timed_out=is_timed_out(),
        )
        withdrawal = self._watch.give_up(reason)
        if reason is None:
            await self._telemetry.failed(problem)
        elif withdrawal is not None and not isinstance(problem, asyncio.CancelledError):
            await asyncio.wait((withdrawal,), timeout=PATIENCE_S)


async def _close(events: AsyncIterator[RemoteStreamEvent]) -> None:
    close = getattr(events, "aclose", None)  # a generator has it, an iterator need not
    if close is not None:
        await close()

"""Calling a whole flow as if it were a function.

The call owns the flow it builds. However it ends, with a result, a failure, a timeout or a cancellation,
the flow has fully stopped by then and no task of the call is left.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import Any, Protocol, TypeAlias

from penguiflow._runtime.origin import current_origin
from penguiflow._runtime.trace import trace_id_of
from penguiflow.errors import FlowError, FlowStopped, TraceCancelled
from penguiflow.registry import ModelRegistry
from penguiflow.types import Message


class Subflow(Protocol):
    """What a call needs of the flow that it builds."""

    def run(self, *, registry: ModelRegistry | None = None) -> None: ...
    async def emit(self, msg: Any) -> None: ...  # any item can be emitted
    async def outcome(self, trace_id: str | None) -> Any: ...  # whatever the last node returned
    async def cancel(self, trace_id: str) -> bool: ...
    async def stop(self) -> None: ...


class CallingFlow(Protocol):
    """What a call needs of the flow that it is made from."""

    def ensure_trace_event(self, trace_id: str) -> asyncio.Event: ...


PlaybookFactory: TypeAlias = Callable[[], tuple[Subflow, ModelRegistry | None]]
"""Builds a fresh flow that is not running yet, and names the registry to run it with."""


async def call_playbook(
    playbook: PlaybookFactory,
    parent_msg: Any,  # any item can be emitted
    timeout: float | None = None,
    *,
    runtime: CallingFlow | None = None,
) -> Any:  # whatever the last node of the playbook returned
    """Run a fresh flow on `parent_msg`, stop it, and return the payload of its first result.

    The flow gets the very message, so trace, headers, deadline and meta reach it; middlewares, store
    and bus of the caller do not. Cancelling the message's trace in `runtime` ends the call. `timeout`
    bounds the wait for the result, in seconds; a playbook that answers nothing is waited for.

    Raises:
        FlowError: a node of the playbook failed for good, or returned such an error.
        TraceCancelled: the trace was cancelled, before the call or during it.
        TimeoutError: no result came in time.
        RuntimeError: the registry lacks a node of the playbook.
    """
    trace_id = _trace_id_for(parent_msg)
    cancelled = None if runtime is None or trace_id is None else runtime.ensure_trace_event(trace_id)
    if cancelled is not None and cancelled.is_set():
        raise TraceCancelled(trace_id)
    subflow, registry = playbook()
    async with _Call(subflow, parent_msg, trace_id, cancelled) as call:
        subflow.run(registry=registry)
        item = await call.first_result(timeout)
    if isinstance(item, FlowError):
        raise item
    return item.payload if isinstance(item, Message) else item


def _trace_id_for(parent_msg: object) -> str | None:
    """Return the message's own trace, or else, for a bare item, the one that its caller works for."""
    trace_id, origin = trace_id_of(parent_msg), current_origin()
    return origin.trace_id if trace_id is None and origin is not None else trace_id


class _Call:
    """Owns a subflow; leaving the block, or the cancellation that it watches, ends the subflow once."""

    def __init__(
        self, subflow: Subflow, parent_msg: object, trace_id: str | None, cancelled: asyncio.Event | None
    ) -> None:
        self._subflow = subflow
        self._parent_msg = parent_msg
        self._trace_id = trace_id
        self._cancelled = cancelled
        self._watcher: asyncio.Task[Any] | None = None
        self._ending: asyncio.Task[None] | None = None

    async def __aenter__(self) -> _Call:
        if self._cancelled is not None:
            self._watcher = asyncio.create_task(self._cancelled.wait())
            self._watcher.add_done_callback(self._watcher_ended)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, _: TracebackType | None
    ) -> None:
        interrupted = isinstance(problem, (asyncio.CancelledError, TraceCancelled))
        await _to_its_end(self._begin_ending(interrupted=interrupted))

    async def first_result(self, timeout: float | None) -> object:
        """Emit the message and wait for what comes of it."""
        await self._subflow.emit(self._parent_msg)
        try:
            # In this very task: a task of its own would listen too late for a node that fails at once.
            async with asyncio.timeout(timeout):
                return await self._subflow.outcome(self._trace_id)
        except TimeoutError:
            raise TimeoutError(f"the playbook gave no result within {timeout} s") from None
        except FlowStopped:
            if self._cancelled is not None and self._cancelled.is_set():
                raise TraceCancelled(self._trace_id) from None
            raise

    def _watcher_ended(self, watcher: asyncio.Task[Any]) -> None:
        if not watcher.cancelled():
            self._begin_ending(interrupted=True)

    def _begin_ending(self, *, interrupted: bool) -> asyncio.Task[None]:
        if self._ending is None:
            self._ending = asyncio.create_task(self._end(interrupted=interrupted))
        return self._ending

    async def _end(self, *, interrupted: bool) -> None:
        if self._watcher is not None:
            self._watcher.cancel()
        own_trace_id = trace_id_of(self._parent_msg)
        try:
            if interrupted and own_trace_id is not None:
                await self._subflow.cancel(own_trace_id)  # so its listeners learn why it ends
        finally:
            await self._subflow.stop()
            if self._watcher is not None:
                await asyncio.wait((self._watcher,))


async def _to_its_end(task: asyncio.Task[None]) -> None:
    """Await a task even if the caller is cancelled meanwhile, again and again; it learns so afterwards."""
    cancellation: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait((task,))
        except asyncio.CancelledError as exc:
            cancellation = exc
    task.result()
    if cancellation is not None:
        raise cancellation

"""Ending a remote task whose call was interrupted, outside the invocation that was interrupted."""

from __future__ import annotations

import asyncio
from typing import Final

from penguiflow._remote.interruption import CancelReason
from penguiflow._remote.telemetry import Telemetry
from penguiflow._remote.transport import RemoteTransport

CANCEL_TIMEOUT_S: Final = 5.0
"""Seconds that a transport may take to cancel a remote task."""

CANCEL_TIMEOUT_AT_STOP_S: Final = 1.0
"""Seconds that are left to it from the moment at which the flow stops."""


async def withdraw(
    transport: RemoteTransport,
    telemetry: Telemetry,
    *,
    agent_url: str,
    task_id: str | None,
    reason: CancelReason | None,
) -> None:
    """Cancel the remote task, if its id is known, and tell how that went.

    Without a `reason` the end of the call has its own event, so only a failure is told. Cancelling this
    coroutine once does not take the request back but hurries it: a remote agent that is never told would
    go on working for nobody.
    """
    interrupted: asyncio.CancelledError | None = None
    failure: BaseException | None = None
    if task_id is not None:
        request = asyncio.create_task(_ask(transport, agent_url, task_id))
        try:
            interrupted = await _wait_for(request)
            failure = await _failure_of(request)
        finally:
            request.cancel()
    if failure is not None:
        await telemetry.cancel_failed(failure)
    elif reason is not None:
        await telemetry.cancelled(reason)
    if interrupted is not None:
        raise interrupted


async def _ask(transport: RemoteTransport, agent_url: str, task_id: str) -> None:
    await transport.cancel(agent_url=agent_url, task_id=task_id)


async def _wait_for(request: asyncio.Task[None]) -> asyncio.CancelledError | None:
    """Wait until the request is done or has taken too long; return the cancellation that hurried it."""
    try:
        await asyncio.wait((request,), timeout=CANCEL_TIMEOUT_S)
    except asyncio.CancelledError as stopping:
        await asyncio.wait((request,), timeout=CANCEL_TIMEOUT_AT_STOP_S)
        return stopping
    return None


async def _failure_of(request: asyncio.Task[None]) -> BaseException | None:
    if not request.done():
        request.cancel()
        # Bounded: a transport that swallows its cancellation must not hold up the flow's stop.
        await asyncio.wait((request,), timeout=CANCEL_TIMEOUT_AT_STOP_S)
        return TimeoutError("the transport did not cancel the task in time")
    if request.cancelled():
        return asyncio.CancelledError("the transport cancelled itself")
    return request.exception()

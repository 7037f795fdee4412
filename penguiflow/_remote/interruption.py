"""Why a remote call ended before its answer was complete.

The flow does not say why it interrupts a node, so the reason is read from what is known: the trace, who
asked for the cancellation, and how long the invocation has taken.
"""

from __future__ import annotations

import asyncio
from typing import Final, Literal, TypeAlias

from penguiflow.errors import FlowStopped, TraceCancelled

CancelReason: TypeAlias = Literal["trace_cancel", "pre_cancelled", "node_timeout", "flow_stop"]
"""The values of `remote_cancel_reason`.

- `trace_cancel`: the trace was cancelled during the call
- `pre_cancelled`: the trace was already cancelled when the remote task became known
- `node_timeout`: the node's `timeout_s` had passed
- `flow_stop`: the flow stopped
"""

_ABOUT: Final = 0.9
"""Part of its timeout after which a cancelled invocation counts as timed out: timers may fire early."""


def interruption(
    problem: BaseException,
    *,
    trace_cancelled: bool,
    task_came_late: bool,
    cancel_requested: bool,
    elapsed_s: float,
    timeout_s: float | None,
) -> CancelReason | None:
    """Return why the flow ended the call, or None when the call failed by itself.

    `task_came_late`: when the remote task became known, the trace was already cancelled.
    `cancel_requested`: somebody cancelled the asyncio task in which the node runs.
    """
    if trace_cancelled or isinstance(problem, TraceCancelled):
        return "pre_cancelled" if task_came_late else "trace_cancel"
    if isinstance(problem, FlowStopped):
        return "flow_stop"
    if not (isinstance(problem, asyncio.CancelledError) and cancel_requested):
        return None
    if timeout_s is not None and elapsed_s >= timeout_s * _ABOUT:
        return "node_timeout"
    return "flow_stop"

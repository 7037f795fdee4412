"""Why a remote call ended before its answer was complete."""

from __future__ import annotations

import asyncio
from typing import Literal, TypeAlias

from penguiflow.errors import FlowStopped, TraceCancelled

CancelReason: TypeAlias = Literal["trace_cancel", "pre_cancelled", "node_timeout", "flow_stop"]
"""The values of `remote_cancel_reason`.

- `trace_cancel`: the trace was cancelled during the call
- `pre_cancelled`: the trace was already cancelled when the remote task became known
- `node_timeout`: the node's `timeout_s` had passed
- `flow_stop`: the flow stopped
"""


def interruption(
    problem: BaseException,
    *,
    trace_cancelled: bool,
    task_came_late: bool,
    cancel_requested: bool,
    timed_out: bool,
) -> CancelReason | None:
    """Return why the flow ended the call, or None when the call failed by itself.

    `task_came_late`: when the remote task became known, the trace was already cancelled.
    `cancel_requested`: somebody cancelled the asyncio task in which the node runs; `timed_out`: the flow
    did, because of the node's timeout.
    """
    if trace_cancelled or isinstance(problem, TraceCancelled):
        return "pre_cancelled" if task_came_late else "trace_cancel"
    if isinstance(problem, FlowStopped):
        return "flow_stop"
    if not (isinstance(problem, asyncio.CancelledError) and cancel_requested):
        return None
    return "node_timeout" if timed_out else "flow_stop"

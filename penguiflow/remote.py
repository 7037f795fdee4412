"""Nodes whose work is done by a remote agent, and the port through which they reach it.

Every call ends with one event: `remote_call_success`, `remote_call_error` (it failed by itself), or, when
the flow ended it, `remote_call_cancelled` with a `remote_cancel_reason`: `trace_cancel`, `pre_cancelled`
(the trace was cancelled before the remote task became known), `node_timeout` or `flow_stop`. A remote task
that could not be cancelled is told by `remote_cancel_error`, in place of `remote_call_cancelled`.
"""

from __future__ import annotations

from penguiflow._remote.node import RemoteNode
from penguiflow._remote.transport import (
    RemoteCallRequest,
    RemoteCallResult,
    RemoteStreamEvent,
    RemoteTransport,
)

__all__ = [
    "RemoteCallRequest",
    "RemoteCallResult",
    "RemoteNode",
    "RemoteStreamEvent",
    "RemoteTransport",
]

"""Verdicts on failed attempts: functions of values, without clock, queue or loop."""

from __future__ import annotations

import asyncio

from penguiflow.errors import FlowError, FlowErrorCode, repr_of, text_of
from penguiflow.node import Node


def is_timeout(failure: BaseException) -> bool:
    """Tell a timeout, of the policy or of the node's own making, from other failures."""
    return isinstance(failure, asyncio.TimeoutError)


def flow_error(
    node: Node, failure: BaseException, *, trace_id: str | None, attempt: int, latency_ms: float
) -> FlowError:
    """Describe the final failure of a node."""
    timeout_s = node.policy.timeout_s
    message: str | None
    metadata: dict[str, float | str | None]
    if is_timeout(failure):
        code = FlowErrorCode.NODE_TIMEOUT
        message = None if timeout_s is None else f"Node '{node.name}' timed out after {timeout_s:.2f}s"
        metadata = {"attempt": attempt, "latency_ms": latency_ms, "timeout_s": timeout_s}
    else:
        code = FlowErrorCode.NODE_EXCEPTION
        message = f"Node '{node.name}' raised {type(failure).__name__}: {text_of(failure)}"
        metadata = {"attempt": attempt, "latency_ms": latency_ms, "exception_repr": repr_of(failure)}
    return FlowError.from_exception(
        trace_id=trace_id,
        node_name=node.name,
        node_id=node.node_id,
        exc=failure,
        code=code,
        message=message,
        metadata=metadata,
    )

"""Verdicts on failed attempts: functions of values, without clock, queue or loop."""

from __future__ import annotations

import asyncio

from penguiflow.errors import FlowError, FlowErrorCode
from penguiflow.node import Node, NodePolicy


def next_delay(policy: NodePolicy, failed_attempt: int) -> float | None:
    """Return the seconds to wait before the next attempt, or None to give up; attempts count from 0."""
    if failed_attempt >= policy.max_retries:
        return None
    try:
        delay = policy.backoff_base * policy.backoff_mult**failed_attempt
    except OverflowError:
        delay = float("inf")
    if policy.max_backoff is not None:
        delay = min(delay, policy.max_backoff)
    return max(delay, 0.0)


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
        message = f"Node '{node.name}' raised {type(failure).__name__}: {failure}"
        metadata = {"attempt": attempt, "latency_ms": latency_ms, "exception_repr": repr(failure)}
    return FlowError.from_exception(
        trace_id=trace_id,
        node_name=node.name,
        node_id=node.node_id,
        exc=failure,
        code=code,
        message=message,
        metadata=metadata,
    )

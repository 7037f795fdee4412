"""What can go wrong in a flow.

- `FlowError`: a node failed for good; carried as a value when errors go to the Rookery
- `TraceCancelled`: the trace this work belongs to was cancelled
- `CycleError`: the graph has a cycle that nobody allowed
- `FlowStopped`: the flow stopped while somebody waited for it
- `DeadlockError`: a node waits for room in a queue that only the node itself empties
- `StopTimeoutError`: a node did not let itself be stopped
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from enum import Enum
from typing import Any

__all__ = [
    "CycleError",
    "DeadlockError",
    "FlowError",
    "FlowErrorCode",
    "FlowStopped",
    "StopTimeoutError",
    "TraceCancelled",
]


class FlowErrorCode(str, Enum):  # noqa: UP042 - StrEnum would change `str(code)`, which is contract
    """Stable codes of `FlowError`; the runtime creates the first two, the others are for user code."""

    NODE_TIMEOUT = "NODE_TIMEOUT"
    NODE_EXCEPTION = "NODE_EXCEPTION"
    TRACE_CANCELLED = "TRACE_CANCELLED"
    DEADLINE_EXCEEDED = "DEADLINE_EXCEEDED"
    HOP_BUDGET_EXHAUSTED = "HOP_BUDGET_EXHAUSTED"
    TOKEN_BUDGET_EXHAUSTED = "TOKEN_BUDGET_EXHAUSTED"


class FlowError(Exception):
    """A failure with the trace and the node it happened in; `code` is always a plain string."""

    def __init__(
        self,
        *,
        trace_id: str | None,
        node_name: str | None,
        code: FlowErrorCode | str,
        message: str,
        original_exc: BaseException | None = None,
        node_id: str | None = None,
        metadata: Mapping[str, Any] | None = None,  # free-form, for logs
    ) -> None:
        super().__init__(message)
        self.trace_id = trace_id
        self.node_name = node_name
        self.node_id = node_id
        self.code: str = code.value if isinstance(code, FlowErrorCode) else code
        self.message = message
        self.original_exc = original_exc
        self.metadata: dict[str, Any] = dict(metadata or {})

    @classmethod
    def from_exception(
        cls,
        *,
        trace_id: str | None,
        node_name: str | None,
        node_id: str | None,
        exc: BaseException,
        code: FlowErrorCode | str,
        message: str | None = None,
        metadata: Mapping[str, Any] | None = None,  # free-form, for logs
    ) -> FlowError:
        """Wrap `exc`; without a message its own text or, failing that, its class name is used."""
        return cls(
            trace_id=trace_id,
            node_name=node_name,
            node_id=node_id,
            code=code,
            message=message or text_of(exc),
            original_exc=exc,
            metadata=metadata,
        )

    @property
    def exception_type(self) -> str | None:
        """Class name of the original exception."""
        return None if self.original_exc is None else type(self.original_exc).__name__

    def unwrap(self) -> BaseException | None:
        """Return the very exception that the node raised."""
        return self.original_exc

    def to_payload(self) -> dict[str, Any]:  # JSON-like, as far as the metadata is
        """Return the facts that are set, for logs and events."""
        payload: dict[str, Any] = {"code": self.code, "message": self.message}
        optional = {
            "trace_id": self.trace_id,
            "node_name": self.node_name,
            "node_id": self.node_id,
            "exception_type": self.exception_type,
            "metadata": dict(self.metadata),
        }
        payload.update({key: value for key, value in optional.items() if value})
        return payload

    def __str__(self) -> str:
        text = f"[{self.code}] {self.message}"
        if self.trace_id:
            text += f" trace={self.trace_id}"
        if self.node_name:
            text += f" node={self.node_name}"
        return text


class TraceCancelled(Exception):
    """The trace was cancelled; a node may raise it to end its own part of the trace without an error."""

    def __init__(self, trace_id: str | None) -> None:
        super().__init__(f"trace `{trace_id}` was cancelled")
        self.trace_id = trace_id


class CycleError(RuntimeError):
    """The graph has a cycle; allow it per node (`allow_cycle`) or per flow (`allow_cycles`)."""


class FlowStopped(RuntimeError):
    """The flow stopped while the caller waited in emit or fetch, or was stopped before."""


class DeadlockError(RuntimeError):
    """A node would wait for ever for room in a queue that only the node itself empties."""

    def __init__(self, node_name: str, edge: str, maxsize: int) -> None:
        super().__init__(
            f"node `{node_name}` emits into its own full queue `{edge}` ({maxsize} places) and would wait"
            " for itself; raise `queue_maxsize` or emit fewer messages per invocation"
        )
        self.node_name = node_name
        self.edge = edge


class StopTimeoutError(RuntimeError):
    """Nodes that kept running although the flow asked them to stop."""

    def __init__(self, node_names: Sequence[str], grace_s: float) -> None:
        names = ", ".join(f"`{name}`" for name in node_names)
        super().__init__(
            f"{names} still running {grace_s:g} s after stop; let the node's CancelledError pass through"
        )
        self.node_names = tuple(node_names)


def text_of(failure: BaseException) -> str:
    """Return the text of any exception or, if it has none or cannot tell, the name of its class."""
    with suppress(Exception):
        return str(failure) or type(failure).__name__
    return type(failure).__name__


def repr_of(failure: BaseException) -> str:
    """Return the `repr` of any exception, also of one whose `repr` raises."""
    with suppress(Exception):
        return repr(failure)
    return f"<{type(failure).__name__}, which cannot describe itself>"

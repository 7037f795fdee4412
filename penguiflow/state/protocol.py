"""The ports of a store. One object may satisfy all of them; each user asks only for the one it needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias, runtime_checkable

from penguiflow.state.models import RemoteBinding, StoredEvent

if TYPE_CHECKING:
    from penguiflow.state.events import RunEvent

SessionState: TypeAlias = Literal["idle", "waiting", "failed", "interrupted", "running"]


@runtime_checkable
class StateStore(Protocol):
    """Keeps the flow events and remote bindings of traces."""

    async def save_event(self, event: StoredEvent) -> None:
        """Keep the event; saving an equal event again changes nothing."""
        ...

    async def load_history(self, trace_id: str) -> Sequence[StoredEvent]:
        """Return the events of a trace in the order of their time; an unknown trace has none."""
        ...

    async def save_remote_binding(self, binding: RemoteBinding) -> None:
        """Keep the binding, replacing the one of the same trace, context and task."""
        ...


@runtime_checkable
class SupportsPlannerState(Protocol):
    """Keeps the record of a paused run under its one-time resume token."""

    async def save_planner_state(self, token: str, payload: dict[str, Any]) -> None:
        """Keep the record durably; it must survive the process once this returns."""
        ...

    async def load_planner_state(self, token: str) -> dict[str, Any] | None:
        """Remove the record and return it; of several callers exactly one gets it, the others `None`."""
        ...


@runtime_checkable
class SupportsPlannerPeek(Protocol):
    """Shows the record of a paused run without using up its token."""

    async def peek_planner_state(self, token: str) -> dict[str, Any] | None:
        """Return the record and leave it; `None` when nothing waits under the token."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionSummary:
    """One line of a list of sessions. Times are Unix seconds; a cost of `None` is unknown."""

    session_id: str
    title: str
    agent: str
    state: SessionState
    last_line: str
    created_at: float
    updated_at: float
    runs: int
    cost_usd: float | None


class HistoryStore(Protocol):
    """Keeps what happened in sessions: an append-only log of `RunEvent`s.

    Raises:
        StoreError: out of every method, when the store cannot be read or written.
    """

    async def append_events(self, events: Sequence[RunEvent]) -> None:
        """Keep all of the events or none; an event that is already there is skipped.

        A batch with a `PersonAsked` or `PersonAnswered` is durable when this returns.

        Raises:
            HistoryConflictError: `(run_id, seq)` holds an event with another content.
        """
        ...

    async def load_run(self, run_id: str) -> Sequence[RunEvent]:
        """Return the events of a run by `seq`; an unknown run has none."""
        ...

    async def load_session(self, session_id: str) -> Sequence[RunEvent]:
        """Return the events of a session as they were appended, each run ordered by `seq`."""
        ...

    async def list_sessions(self, *, limit: int = 50) -> Sequence[SessionSummary]:
        """Return the sessions in which something was asked, the last changed one first."""
        ...

    async def find_request(self, request_id: str) -> RunEvent | None:
        """Return the event whose body is the `PersonAsked` with this id."""
        ...

    async def aclose(self) -> None:
        """Give back what the store holds; closing twice is harmless."""
        ...

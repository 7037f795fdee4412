"""The ports of a store. One object may satisfy all of them; each user asks only for the one it needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias, runtime_checkable

from penguiflow.state.models import RemoteBinding, StoredEvent

if TYPE_CHECKING:
    from penguiflow.artifacts import ArtifactStore
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
        """Remove the record and return it; of several callers exactly one gets it.

        The others, and whoever asks for an unknown token, get `None` or an empty record.
        """
        ...


@runtime_checkable
class SupportsPlannerPeek(Protocol):
    """Shows the record of a paused run without using up its token."""

    async def peek_planner_state(self, token: str) -> dict[str, Any] | None:
        """Return the record and leave it; `None` when nothing waits under the token."""
        ...


@runtime_checkable
class SupportsMemoryState(Protocol):
    """Keeps what a conversation memory knows, under the key of the conversation."""

    async def save_memory_state(self, key: str, state: dict[str, Any]) -> None:  # the memory's own JSON form
        """Keep the state, replacing the one before; later changes of `state` do not reach the store."""
        ...

    async def load_memory_state(self, key: str) -> dict[str, Any] | None:
        """Return the state, `None` when there is none; changes of the result do not reach the store."""
        ...


@runtime_checkable
class SupportsTrajectories(Protocol):
    """Keeps the trajectory of each trace for the session that ran it."""

    async def save_trajectory(
        self,
        trace_id: str,
        session_id: str,
        trajectory: Any,  # the planner's `Trajectory`, which a store only hands back
    ) -> None:
        """Keep the trajectory, replacing the one of the same trace and session."""
        ...

    async def get_trajectory(self, trace_id: str, session_id: str) -> Any | None:  # as it was saved
        """Return the trajectory; `None` when the trace is unknown or belongs to another session."""
        ...

    async def list_traces(self, session_id: str, limit: int = 50) -> Sequence[str]:
        """Return the traces of a session, the one saved last first."""
        ...


@runtime_checkable
class SupportsPlannerEvents(Protocol):
    """Keeps what the planner told during a trace."""

    async def save_planner_event(
        self,
        trace_id: str,
        event: Any,  # the planner's `PlannerEvent`, which a store only hands back
    ) -> None:
        """Keep the event behind those that were saved before."""
        ...

    async def list_planner_events(self, trace_id: str) -> Sequence[Any]:  # as they were saved
        """Return the events as they were saved; an unknown trace has none."""
        ...


@runtime_checkable
class SupportsArtifacts(Protocol):
    """Has a store for artifacts besides."""

    @property
    def artifact_store(self) -> ArtifactStore:
        """The same store at every access."""
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

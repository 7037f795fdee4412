"""The ports of a store. One object may satisfy all of them; each user asks only for the one it needs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from penguiflow.state.models import RemoteBinding, StoredEvent
from penguiflow.state.summaries import RunSummary, SessionState, SessionSummary

if TYPE_CHECKING:
    from penguiflow.artifacts import ArtifactStore
    from penguiflow.state.contents import Content
    from penguiflow.state.events import RunEvent

__all__ = [
    "HistoryStore",
    "RunSummary",
    "SessionState",
    "SessionSummary",
    "StateStore",
    "SupportsArtifacts",
    "SupportsMemoryState",
    "SupportsPlannerClaims",
    "SupportsPlannerEventBatches",
    "SupportsPlannerEvents",
    "SupportsPlannerPeek",
    "SupportsPlannerState",
    "SupportsTrajectories",
]


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
class SupportsPlannerClaims(Protocol):
    """Takes the record of a paused run for an answer, so that no moment leaves it nowhere."""

    async def claim_planner_state(
        self, tokens: Sequence[str], claim_key: str, fields: dict[str, Any]
    ) -> dict[str, Any] | None:
        """Move the record from under the last of the tokens to `claim_key`, with the fields added to it.

        The records under the other tokens go. All of it happens in one transaction: whoever dies in between
        leaves either the tokens or the claim. Returns the claim, or `None`, and nothing is changed, when
        nothing stands under one of the tokens; of several callers exactly one gets the claim.
        """
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

    async def get_trajectory(self, trace_id: str, session_id: str) -> Any | None:  # see the docstring
        """Return the trajectory as it was saved, or, from a store of texts, what `serialise` told of it.

        `None` when the trace is unknown or belongs to another session.
        """
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

    async def list_planner_events(self, trace_id: str) -> Sequence[Any]:  # see the docstring
        """Return the events as they were saved, or, from a store of texts, the fields of each by name.

        An unknown trace has none.
        """
        ...


@runtime_checkable
class SupportsPlannerEventBatches(Protocol):
    """Keeps many of a planner's events as quickly as one."""

    async def save_planner_events(
        self,
        trace_id: str,
        events: Sequence[Any],  # as in `SupportsPlannerEvents`
    ) -> None:
        """Keep the events, in their order, behind those that were saved before; all of them or none."""
        ...


@runtime_checkable
class SupportsArtifacts(Protocol):
    """Has a store for artifacts besides."""

    @property
    def artifact_store(self) -> ArtifactStore:
        """The same store at every access."""
        ...


class HistoryStore(Protocol):
    """Keeps what happened in sessions: an append-only log of `RunEvent`s, and large texts beside it.

    Lists are read in pages: `after` is the id in the last line of the page before.

    Raises:
        StoreError: out of every method, when the store cannot be read or written.
    """

    async def append_events(self, events: Sequence[RunEvent], contents: Sequence[Content] = ()) -> None:
        """Keep all of the events and contents or none; what is already there is skipped.

        A batch with a `PersonAsked` or `PersonAnswered` is durable when this returns.

        Raises:
            HistoryConflictError: `(run_id, seq)` holds an event with another content.
        """
        ...

    async def load_run(self, run_id: str) -> Sequence[RunEvent]:
        """Return the events of a run by `seq`; an unknown run has none."""
        ...

    async def read_run(self, run_id: str, *, after_seq: int = -1, limit: int = 1_000) -> Sequence[RunEvent]:
        """Return at most `limit` events of a run, the first ones after `after_seq`."""
        ...

    async def load_session(self, session_id: str) -> Sequence[RunEvent]:
        """Return the events of a session as they were appended, each run ordered by `seq`."""
        ...

    async def list_sessions(
        self, *, limit: int = 50, after: str | None = None, archived: bool | None = False
    ) -> Sequence[SessionSummary]:
        """Return the sessions in which something was asked or that were forked, the last changed one first.

        Archived ones are left out, or with `True` the only ones, or with `None` among the others.
        """
        ...

    async def list_runs(
        self, *, session_id: str | None = None, limit: int = 50, after: str | None = None
    ) -> Sequence[RunSummary]:
        """Return the runs of all sessions or of one, the one begun last first."""
        ...

    async def find_session(self, session_id: str) -> SessionSummary | None:
        """Return the line of one session; `None` when nothing is stored under the id."""
        ...

    async def find_run(self, run_id: str) -> RunSummary | None:
        """Return the line of one run; `None` when no run began under the id."""
        ...

    async def find_request(self, request_id: str) -> RunEvent | None:
        """Return the event whose body is the `PersonAsked` with this id."""
        ...

    async def load_content(self, session_id: str, content_id: str) -> str | None:
        """Return the text for which a `ContentRef` in the session's events stands."""
        ...

    async def delete_session(self, session_id: str) -> bool:
        """Forget a session: its events and contents; `False` when there was nothing.

        A store that keeps its artifacts, its trajectories and what planners told in them forgets those too.
        """
        ...

    async def aclose(self) -> None:
        """Give back what the store holds; closing twice is harmless."""
        ...

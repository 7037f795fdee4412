"""What the workbench needs from below: a session to talk to, and a workspace that opens sessions.

`penguiflow.sessions.AgentSession` satisfies `Session`; tests satisfy it with recorded events. Only the
application and the Run screen hold one.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol, TypeAlias

from penguiflow.planner.approvals import Decision
from penguiflow.state.events import OutputStream, RunEvent


class Session(Protocol):
    """One conversation with one agent. Everything happens in the event loop that opened it."""

    @property
    def session_id(self) -> str:
        """The name under which the history keeps the session."""
        ...

    async def start(self) -> None:
        """Connect the tools. A connection that fails becomes an event, never an exception."""
        ...

    async def check_model(self) -> None:
        """See whether the model can be asked, and load its client; raises `LLMError` when it cannot."""
        ...

    async def ask(self, question: str) -> object:
        """Run the agent until it answers, waits or fails; what happened is in the events."""
        ...

    async def decide(self, request_id: str, decision: Decision) -> object:
        """Answer a request and run on.

        Raises:
            AlreadyDecidedError: somebody was faster.
            DecisionError: the decision does not fit; the request stays open.
        """
        ...

    async def check_edit(self, request_id: str, args: Mapping[str, Any]) -> Sequence[str]:
        """Return what is wrong with edited arguments, nothing when they are valid."""
        ...

    async def interrupt(self) -> bool:
        """Stop the run that works; false when none does."""
        ...

    def events_since(self, cursor: int) -> tuple[Sequence[RunEvent], int]:
        """Return the events after `cursor` (0 is the start of the session) and the next cursor."""
        ...

    def record_output(self, stream: OutputStream, text: str) -> None:
        """Put something that was printed or logged into the history."""
        ...

    async def reconnect(self, name: str) -> object:
        """Try a tool connection again."""
        ...

    async def aclose(self) -> None:
        """Stop the run, end the connections and keep what happened."""
        ...


class StoredSession(Protocol):
    """A line of the session list (`penguiflow.state.protocol.SessionSummary`)."""

    @property
    def session_id(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def last_line(self) -> str: ...
    @property
    def updated_at(self) -> float: ...


class Workspace(Protocol):
    """A loaded agent and the history of its project."""

    @property
    def agent_name(self) -> str: ...

    @property
    def model(self) -> str | None: ...

    async def list_sessions(self) -> Sequence[StoredSession]:
        """Return the stored sessions, the newest first."""
        ...

    async def open_session(self, session_id: str | None) -> Session:
        """Open a stored session, or a new one for `None`. At most one session is open at a time."""
        ...

    async def aclose(self) -> None:
        """Give everything back that opening the workspace took."""
        ...


OpenWorkspace: TypeAlias = Callable[[Callable[[str], None]], Awaitable[Workspace]]
"""Loads the agent; told a function that takes a line of progress. Called after the first paint."""

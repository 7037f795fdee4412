"""What the workbench needs from below: a session to talk to, and a workspace that opens sessions.

`penguiflow.sessions.AgentSession` satisfies `Session`; tests satisfy it with recorded events. Only the
application and the Run screen hold one.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeAlias

from penguiflow.planner.approvals import Decision
from penguiflow.state.events import OutputStream, RunEvent


class ContentSource(Protocol):
    """Keeps the large texts for which `ContentRef`s stand."""

    async def load_content(self, content_id: str) -> str | None:
        """Return the whole text; `None` when it is not kept.

        Raises:
            StoreError: the store cannot be read.
        """
        ...


class Recording(ContentSource, Protocol):
    """What happened once, in a run or a whole session."""

    @property
    def title(self) -> str:
        """What a person knows it by."""
        ...

    async def load_events(self) -> Sequence[RunEvent]:
        """Return the events in the order in which they happened.

        Raises:
            StoreError: the store cannot be read.
        """
        ...


class Session(ContentSource, Protocol):
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
    """A line of the session list (`penguiflow.state.summaries.SessionSummary`)."""

    @property
    def session_id(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def last_line(self) -> str: ...
    @property
    def updated_at(self) -> float: ...
    @property
    def runs(self) -> int: ...
    @property
    def cost_usd(self) -> float | None: ...
    @property
    def archived(self) -> bool: ...
    @property
    def parent_session_id(self) -> str | None: ...


class SessionShelf(Protocol):
    """The stored sessions of a project, and what a person does with them.

    Raises:
        SessionError: it cannot be done with this session, for example under a name another one has.
        StoreError: the store cannot be read or written.
    """

    async def list_sessions(self, *, archived: bool | None = False) -> Sequence[StoredSession]:
        """Return the stored sessions, the last changed one first; with `None` archived ones, too."""
        ...

    def recording(self, session: StoredSession) -> Recording:
        """Return what happened in the session, with what it took over from its parents."""
        ...

    async def name_session(self, session_id: str, name: str) -> None:
        """Call the session so; an empty name takes its name away."""
        ...

    async def archive_session(self, session_id: str, *, archived: bool) -> None:
        """Put the session away, or take it back."""
        ...

    async def fork_session(self, session_id: str) -> str:
        """Begin a session that goes on from the last run of this one, and return its id."""
        ...

    async def export_session(self, session_id: str) -> Path:
        """Write the session into a file of the project, and return where it is.

        Raises:
            OSError: the file cannot be written.
        """
        ...


class Workspace(Protocol):
    """A loaded agent and the history of its project."""

    @property
    def shelf(self) -> SessionShelf: ...

    @property
    def agent_name(self) -> str: ...

    @property
    def model(self) -> str | None: ...

    async def open_session(self, session_id: str | None) -> Session:
        """Open a stored session, or a new one for `None`. At most one session is open at a time."""
        ...

    async def aclose(self) -> None:
        """Give everything back that opening the workspace took."""
        ...


OpenWorkspace: TypeAlias = Callable[[Callable[[str], None]], Awaitable[Workspace]]
"""Loads the agent; told a function that takes a line of progress. Called after the first paint."""

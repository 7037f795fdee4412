"""What the workbench needs from below: a session to talk to, and a workspace that opens sessions.

`penguiflow.sessions.AgentSession` satisfies `Session`; tests satisfy it with recorded events. Only the
application and the Run screen hold one.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Protocol, TypeAlias

from penguiflow.planner.approvals import Decision
from penguiflow.safe_text import SafeText
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


class ToolDesk(Protocol):
    """The connections of a session, by name (`penguiflow.sessions.tool_desk.ToolDesk`).

    Raises:
        SessionError: there is no such connection or tool, or it does not do that.
        ToolNodeError: the server refused or failed; it has a `hint`.
    """

    def is_ready(self, connection: str) -> bool:
        """Whether it is up and its tools can be called."""
        ...

    async def reconnect(self, connection: str) -> object:
        """Close and open it again; a failure is an event."""
        ...

    async def set_enabled(self, connection: str, enabled: bool) -> object:
        """Switch it off, or on again."""
        ...

    async def offers(self, connection: str) -> Sequence[Mapping[str, Any]]:
        """Return what the server offers: one JSON object per tool."""
        ...

    def usable_tools(self, connection: str) -> Collection[str]:
        """Return the names under which the agent knows tools of the connection."""
        ...

    def asks_first(self, connection: str, tool: str) -> bool:
        """Whether a call has to be approved."""
        ...

    def check(self, connection: str, tool: str, args: Mapping[str, Any]) -> Sequence[str]:
        """Return what is wrong with arguments, nothing when they are valid."""
        ...

    async def call(self, connection: str, tool: str, args: Mapping[str, Any]) -> object:
        """Call the tool and return the JSON value of its result."""
        ...

    async def begin_sign_in(self, connection: str) -> Mapping[str, Any]:
        """Return where one signs in: `display_name`, `auth_url`, `scopes`."""
        ...

    def changes(self, connection: str) -> Mapping[str, ChangedTool]:
        """Return the tools that changed since they were approved."""
        ...

    def approve_changes(self, connection: str, names: Collection[str]) -> None:
        """Let the agent use these tools as they are now."""
        ...


class ChangedTool(Protocol):
    """A tool that changed (`penguiflow.tools.review.ToolChange`)."""

    @property
    def shown_name(self) -> SafeText: ...
    @property
    def kinds(self) -> Sequence[str]: ...
    @property
    def diff(self) -> SafeText: ...
    @property
    def warnings(self) -> Sequence[SafeText]: ...
    @property
    def held_back(self) -> bool: ...


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

    @property
    def tools(self) -> ToolDesk:
        """What a person does with the tool connections outside of a run."""
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


class ServerQuestion(Protocol):
    """A server that a file names, as it would be started (`penguiflow.tools.trust.TrustQuestion`)."""

    @property
    def name(self) -> str: ...
    @property
    def source(self) -> Path: ...
    @property
    def argv(self) -> Sequence[SafeText]:
        """The command, run without a shell; empty for a URL."""
        ...

    @property
    def url(self) -> SafeText | None: ...
    @property
    def cwd(self) -> SafeText | None: ...
    @property
    def env_names(self) -> Sequence[SafeText]: ...
    @property
    def header_names(self) -> Sequence[SafeText]: ...
    @property
    def variables(self) -> Sequence[str]:
        """The names of variables of the person's own environment whose values it is given."""
        ...

    @property
    def auth(self) -> str: ...
    @property
    def changed(self) -> bool:
        """Whether it was decided before, about another definition."""
        ...

    @property
    def warnings(self) -> Sequence[SafeText]: ...


TrustAnswer = Literal["trusted", "once", "refused", "later"]
"""`refused` is remembered as `trusted` is; `later` decides nothing and starts nothing."""

AskTrust: TypeAlias = Callable[[ServerQuestion], Awaitable[TrustAnswer]]
"""Shows a question to the person and returns the answer."""

OpenWorkspace: TypeAlias = Callable[[Callable[[str], None], AskTrust], Awaitable[Workspace]]
"""Loads the agent; told a function that takes a line of progress, and one that asks about servers. Called
after the first paint."""

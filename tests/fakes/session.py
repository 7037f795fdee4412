"""A session and a workspace made of recorded events: what a person does is kept, what follows is given."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from penguiflow.planner.approvals import Decision
from penguiflow.state.errors import StoreError
from penguiflow.state.events import EventBody, OutputCaptured, OutputStream, RunEvent, RunInterrupted
from penguiflow_tui.ports import AskTrust, ServerQuestion, StoredSession, TrustAnswer
from tests.fakes.tool_desk import FakeDesk

STARTED_AT = 1_780_000_000.0


class FakeSession:
    """Satisfies `penguiflow_tui.ports.Session`. `on_ask` and `on_decide` are the bodies that follow."""

    def __init__(
        self,
        *,
        session_id: str = "session-1",
        on_start: Sequence[EventBody] = (),
        on_ask: Sequence[EventBody] = (),
        on_decide: Sequence[EventBody] = (),
        check: Callable[[Mapping[str, Any]], Sequence[str]] = lambda args: (),
        refuse: Exception | None = None,
        model_trouble: Exception | None = None,
    ) -> None:
        self.session_id = session_id
        self.asked: list[str] = []
        self.decided: list[tuple[str, Decision]] = []
        self.checked: list[Mapping[str, Any]] = []
        self.tools = FakeDesk()
        self.interrupted = 0
        self.closed = False
        self.refuse = refuse
        self.contents: dict[str, str] = {}
        self._on_start, self._on_ask, self._on_decide = on_start, on_ask, on_decide
        self._check = check
        self._model_trouble = model_trouble
        self._events: list[RunEvent] = []

    def happened(self, *bodies: EventBody, run_id: str = "run-1") -> None:
        """Add events, a quarter of a second apart."""
        for body in bodies:
            seq = len(self._events)
            ts = STARTED_AT + seq * 0.25
            self._events.append(
                RunEvent(session_id=self.session_id, run_id=run_id, seq=seq, ts=ts, body=body)
            )

    async def start(self) -> None:
        self.happened(*self._on_start, run_id="connections")

    async def check_model(self) -> None:
        if self._model_trouble is not None:
            raise self._model_trouble

    async def ask(self, question: str) -> None:
        self.asked.append(question)
        if self.refuse is not None:
            raise self.refuse
        self.happened(*self._on_ask)

    async def decide(self, request_id: str, decision: Decision) -> None:
        self.decided.append((request_id, decision))
        if self.refuse is not None:
            raise self.refuse
        self.happened(*self._on_decide)

    async def check_edit(self, request_id: str, args: Mapping[str, Any]) -> Sequence[str]:
        self.checked.append(args)
        return self._check(args)

    async def interrupt(self) -> bool:
        self.interrupted += 1
        self.happened(RunInterrupted())
        return True

    def events_since(self, cursor: int) -> tuple[Sequence[RunEvent], int]:
        return self._events[cursor:], len(self._events)

    async def load_content(self, content_id: str) -> str | None:
        return self.contents.get(content_id)

    def record_output(self, stream: OutputStream, text: str) -> None:
        self.happened(OutputCaptured(stream=stream, text=text), run_id="output")

    async def aclose(self) -> None:
        self.closed = True


@dataclass(frozen=True, slots=True, kw_only=True)
class FakeStored:
    """A line of the session list."""

    session_id: str
    title: str
    state: str = "idle"
    last_line: str = ""
    updated_at: float = STARTED_AT
    name: str = ""
    runs: int = 1
    cost_usd: float | None = 0.0012
    archived: bool = False
    parent_session_id: str | None = None


class FakeRecording:
    """Satisfies `penguiflow_tui.ports.Recording`; `fail` is raised instead of giving the events."""

    def __init__(
        self, events: Sequence[RunEvent], *, title: str = "a recording", fail: StoreError | None = None
    ) -> None:
        self.title = title
        self.contents: dict[str, str] = {}
        self._events = events
        self._fail = fail

    async def load_events(self) -> Sequence[RunEvent]:
        if self._fail is not None:
            raise self._fail
        return self._events

    async def load_content(self, content_id: str) -> str | None:
        return self.contents.get(content_id)


class FakeWorkspace:
    """Satisfies `penguiflow_tui.ports.Workspace` and its `SessionShelf`.

    Gives out the sessions by id, and new ones for `None`. What a person does with a stored session changes
    the list, unless `refuse` is raised instead.
    """

    def __init__(
        self, session: FakeSession, *, stored: Sequence[FakeStored] = (), others: Sequence[FakeSession] = ()
    ) -> None:
        self.shelf = self
        self.refuse: Exception | None = None
        self.unreadable: StoreError | None = None
        self.agent_name = "demo"
        self.model: str | None = "offline/scripted"
        self.closed = False
        self.opened: list[str | None] = []
        self.servers: Sequence[ServerQuestion] = ()
        self.answers: list[TrustAnswer] = []
        self._first = session
        self._stored = list(stored)
        self._others = {other.session_id: other for other in others}

    async def list_sessions(self, *, archived: bool | None = False) -> Sequence[FakeStored]:
        if self.unreadable is not None:
            raise self.unreadable
        return [stored for stored in self._stored if archived is None or stored.archived == archived]

    def recording(self, session: StoredSession) -> FakeRecording:
        events, _ = self._others[session.session_id].events_since(0)
        return FakeRecording(events, title=session.name or session.title)

    async def name_session(self, session_id: str, name: str) -> None:
        self._change(session_id, name=name)

    async def archive_session(self, session_id: str, *, archived: bool) -> None:
        self._change(session_id, archived=archived)

    async def fork_session(self, session_id: str) -> str:
        self._change(session_id)
        fork = FakeStored(session_id=f"{session_id}-fork", title="", runs=0, parent_session_id=session_id)
        self._stored.insert(0, fork)
        return fork.session_id

    async def export_session(self, session_id: str) -> Path:
        self._change(session_id)
        return Path(".penguiflow", "exports", f"{session_id}.jsonl")

    def _change(self, session_id: str, **changes: Any) -> None:
        if self.refuse is not None:
            raise self.refuse
        self._stored = [
            replace(stored, **changes) if stored.session_id == session_id else stored
            for stored in self._stored
        ]

    async def open_session(self, session_id: str | None) -> FakeSession:
        self.opened.append(session_id)
        if len(self.opened) == 1:
            return self._first
        return FakeSession(session_id="new") if session_id is None else self._others[session_id]

    async def aclose(self) -> None:
        self.closed = True

    async def open(self, tell: Callable[[str], None], ask: AskTrust) -> FakeWorkspace:
        """Be the `OpenWorkspace` that gives this workspace; asks about `servers` before."""
        for question in self.servers:
            self.answers.append(await ask(question))
        tell("loading penguiflow_tui.demo.agent")
        return self

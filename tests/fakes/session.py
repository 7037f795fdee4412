"""A session and a workspace made of recorded events: what a person does is kept, what follows is given."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from penguiflow.planner.approvals import Decision
from penguiflow.state.events import EventBody, OutputCaptured, OutputStream, RunEvent, RunInterrupted

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
        self.reconnected: list[str] = []
        self.interrupted = 0
        self.closed = False
        self.refuse = refuse
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

    def record_output(self, stream: OutputStream, text: str) -> None:
        self.happened(OutputCaptured(stream=stream, text=text), run_id="output")

    async def reconnect(self, name: str) -> None:
        self.reconnected.append(name)

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


class FakeWorkspace:
    """Satisfies `penguiflow_tui.ports.Workspace`; gives out the sessions by id, and new ones for `None`."""

    def __init__(
        self, session: FakeSession, *, stored: Sequence[FakeStored] = (), others: Sequence[FakeSession] = ()
    ) -> None:
        self.agent_name = "demo"
        self.model: str | None = "offline/scripted"
        self.closed = False
        self.opened: list[str | None] = []
        self._first = session
        self._stored = stored
        self._others = {other.session_id: other for other in others}

    async def list_sessions(self) -> Sequence[FakeStored]:
        return self._stored

    async def open_session(self, session_id: str | None) -> FakeSession:
        self.opened.append(session_id)
        if len(self.opened) == 1:
            return self._first
        return FakeSession(session_id="new") if session_id is None else self._others[session_id]

    async def aclose(self) -> None:
        self.closed = True

    async def open(self, tell: Callable[[str], None]) -> FakeWorkspace:
        """Be the `OpenWorkspace` that gives this workspace."""
        tell("loading penguiflow_tui.demo.agent")
        return self

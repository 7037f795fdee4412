"""An agent whose every turn the test writes down, and a tool connection that does as it is told."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from penguiflow.planner.approvals import Decision, call_hash
from penguiflow.planner.events import PlannerEvent, current_observers
from penguiflow.sessions import AgentOutcome, Answered, Connection, Paused
from penguiflow.tools.connection import ConnectionListener, ConnectionState, ConnectionStatus

Turn = Callable[[], Awaitable[AgentOutcome]]


def tell(event_type: str, **fields: Any) -> None:
    """Emit a planner event from inside a turn, as a planner would."""
    known = {name: fields.pop(name) for name in ("thought", "latency_ms", "error") if name in fields}
    event = PlannerEvent(event_type=event_type, ts=0.0, trajectory_step=0, extra=fields, **known)
    for observer in current_observers():
        observer(event)


def answers(text: str, *, reason: str = "answer_complete") -> Turn:
    async def turn() -> AgentOutcome:
        tell("step_start", action_seq=1)
        tell("llm_call", action_seq=1, attempt=1, model="m", cost_usd=0.5, latency_ms=3.0)
        return Answered(answer=text, reason=reason)

    return turn


def asks_to_save(token: str, **args: Any) -> Turn:
    """Pause for approval of a call of `notes.save`."""

    async def turn() -> AgentOutcome:
        tell("step_start", action_seq=1)
        payload = {
            "tool": "notes.save",
            "args": args,
            "call_id": "call-1",
            "call_hash": call_hash("notes.save", args),
            "args_schema": {"type": "object", "properties": {"text": {"type": "string"}}},
            "description": "Save a note",
            "side_effects": "write",
            "thought": "I save it",
        }
        return Paused(reason="approval_required", resume_token=token, payload=payload)

    return turn


def fails(error: Exception) -> Turn:
    async def turn() -> AgentOutcome:
        raise error

    return turn


@dataclass
class Working:
    """A turn that works until it is released; `began` is set while it does."""

    began: asyncio.Event = field(default_factory=asyncio.Event)
    release: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self) -> AgentOutcome:
        self.began.set()
        await self.release.wait()
        return Answered(answer="released")


class FakeAgent:
    """Takes one turn per question or decision. Tokens work once, like those of a planner."""

    def __init__(self, *turns: Turn, connections: Sequence[Connection] = ()) -> None:
        self.turns = list(turns)
        self.connections = connections
        self.asked: list[tuple[str, Mapping[str, Any]]] = []
        self.decided: list[tuple[str, Decision | None]] = []
        self.tokens: set[str] = set()
        self.refuse: Exception | None = None
        self.not_ready: Exception | None = None
        self.open_error: Exception | None = None
        self.closed = False

    name = "fake"
    model = "m"

    async def open(self) -> None:
        if self.open_error is not None:
            raise self.open_error

    def check_ready(self) -> None:
        if self.not_ready is not None:
            raise self.not_ready

    async def ask(
        self, question: str, *, llm_context: Mapping[str, Any] | None, tool_context: Mapping[str, Any]
    ) -> AgentOutcome:
        self.asked.append((question, tool_context))
        return await self._next_turn()

    async def resume(
        self, token: str, decision: Decision | None, *, session_id: str, trace_id: str
    ) -> AgentOutcome:
        if self.refuse is not None:
            raise self.refuse
        if token not in self.tokens:
            raise KeyError(token)
        self.tokens.remove(token)
        self.decided.append((token, decision))
        tell("resume")
        return await self._next_turn()

    async def check_edit(self, token: str, args: Mapping[str, Any]) -> Sequence[str]:
        return [] if "text" in args else ["`text`: missing"]

    async def discard(self, token: str) -> bool:
        if token not in self.tokens:
            return False
        self.tokens.remove(token)
        return True

    async def aclose(self) -> None:
        self.closed = True

    async def _next_turn(self) -> AgentOutcome:
        outcome = await self.turns.pop(0)()
        if isinstance(outcome, Paused):
            self.tokens.add(outcome.resume_token)
        return outcome


class FakeConnection:
    """A connection that comes up, or fails with `error`."""

    def __init__(self, name: str, error: str | None = None) -> None:
        self.name = name
        self.error = error
        self.status = ConnectionStatus(name=name, state="idle", transport="stdio", target="fake")
        self._listeners: list[ConnectionListener] = []

    @property
    def listeners(self) -> int:
        return len(self._listeners)

    def on_status_change(self, listener: ConnectionListener) -> Callable[[], None]:
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    async def connect(self) -> None:
        self.become("connecting")
        if self.error is not None:
            self.become("failed", error=self.error)
            raise ConnectionError(self.error)
        self.become("ready", tool_count=2)

    async def close(self) -> None:
        self.become("closed")

    def become(self, state: ConnectionState, **changes: Any) -> None:
        self.status = replace(self.status, state=state, **changes)
        for listener in list(self._listeners):
            listener(self.status)

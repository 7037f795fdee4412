"""`AgentSession`: one agent, driven the same way by every surface.

Who drives it asks, decides, interrupts; who shows it pulls `events_since`. One run works at a time, any
number may wait for a person. Everything that happens is an event without secrets, in memory for this
process and in the store for the next one. A question to a person is in the store before anybody sees it.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Self

from penguiflow._clock import MonotonicClock, WallClock, monotonic_clock, wall_clock
from penguiflow._ids import IdSource
from penguiflow._ids import new_id as random_id
from penguiflow.metrics import FlowEvent
from penguiflow.planner.approvals import Decision, DecisionError, Edit
from penguiflow.sessions.agent_port import Agent, AgentOutcome, RecoversRuns
from penguiflow.sessions.bodies import connection_changed, person_answered
from penguiflow.sessions.connections import WatchedConnections, act_for_people
from penguiflow.sessions.contents import Contents
from penguiflow.sessions.flows import WatchedFlows
from penguiflow.sessions.hidden_values import hidden_value_messages
from penguiflow.sessions.history import SessionHistory
from penguiflow.sessions.opening import AgentOpening
from penguiflow.sessions.person_context import PersonContext
from penguiflow.sessions.questions import Questions, already_decided
from penguiflow.sessions.recorder import Recovery, RunRecorder
from penguiflow.sessions.results import (
    Activity,
    NothingToRecoverError,
    RunResult,
    SessionBusyError,
    SessionClosedError,
)
from penguiflow.sessions.run import AgentRun
from penguiflow.sessions.standing import activity
from penguiflow.sessions.tool_desk import ToolDesk
from penguiflow.state.errors import StoreError
from penguiflow.state.events import (
    FlowHappened,
    OutputCaptured,
    OutputStream,
    PersonAnswered,
    PersonAsked,
    RunEvent,
    RunStarted,
)
from penguiflow.state.flow_runs import flow_body
from penguiflow.state.models import StoredEvent
from penguiflow.state.protocol import HistoryStore
from penguiflow.tools.connection import ConnectionStatus
from penguiflow.tools.offers import Offers

STOP_GRACE_S = 5.0
"""How long `interrupt` and `aclose` wait for an agent that does not let itself be cancelled."""

JsonObject = Mapping[str, Any]
"""A JSON object that goes through unread."""


class AgentSession:
    """Drives `agent` and keeps what happens in `store`; the caller opens and closes the store."""

    def __init__(
        self,
        agent: Agent,
        store: HistoryStore,
        *,
        session_id: str,
        clock: WallClock = wall_clock,
        monotonic: MonotonicClock = monotonic_clock,
        new_id: IdSource = random_id,
        user_id: str | None = None,
    ) -> None:
        self._agent = agent
        self._user_id = user_id
        self._session_id = session_id
        self._new_id = new_id
        self._history = SessionHistory(store, session_id, clock, monotonic, outside_runs=new_id())
        self._contents = Contents()
        self._questions = Questions(agent, self._history)
        person = PersonContext(user_id=user_id or "", session_id=session_id)
        self._connections = WatchedConnections(self._connection_changed, context=person)
        self._tools = ToolDesk(
            self._connections, context=person, tell=partial(self.record_output, "log"), clock=monotonic
        )
        self._opening = AgentOpening(agent, self._connections)
        self._flows = WatchedFlows(self._hear_flow)
        self._run: AgentRun | None = None
        self._loop_thread = threading.get_ident()
        self._loop = asyncio.get_running_loop()
        self._closed = False

    @classmethod
    async def open(
        cls,
        agent: Agent,
        store: HistoryStore,
        *,
        session_id: str | None = None,
        clock: WallClock = wall_clock,
        monotonic: MonotonicClock = monotonic_clock,
        new_id: IdSource = random_id,
        user_id: str | None = None,
    ) -> Self:
        """Return a new session, or the stored one with what happened in it.

        `user_id` is in whose name tools are called that act for people, unless a question says another;
        without it they refuse.

        Raises:
            StoreError: the stored session cannot be read.
        """
        session = cls(
            agent,
            store,
            session_id=session_id or new_id(),
            clock=clock,
            monotonic=monotonic,
            new_id=new_id,
            user_id=user_id,
        )
        if session_id is not None:
            await session._history.load()
        return session

    @property
    def session_id(self) -> str:
        return self._session_id

    @property
    def agent(self) -> Agent:
        return self._agent

    @property
    def activity(self) -> Activity:
        """The one word for what the session does now."""
        return activity(
            self._history.standing, working=self._working_run is not None, started=self._opening.is_over
        )

    @property
    def pending(self) -> tuple[PersonAsked, ...]:
        """The questions that wait for a person, the oldest first."""
        return tuple(request.asked for request in self._questions.waiting)

    @property
    def connections(self) -> tuple[ConnectionStatus, ...]:
        return self._connections.statuses

    @property
    def tools(self) -> ToolDesk:
        """What a person does with the connections outside of a run: try a tool, switch, sign in, review."""
        return self._tools

    @property
    def history_trouble(self) -> StoreError | None:
        """Why the history cannot be written now; `None` when all is well."""
        return self._history.trouble

    async def start(self) -> None:
        """Build the agent and open its connections; one that fails becomes a status.

        Raises:
            AgentLoadError: the agent cannot be built. Starting again tries again.
        """
        self._refuse_closed()
        await self._opening.done()

    async def check_model(self) -> None:
        """See whether the agent's model can be asked, and load its client; sends nothing.

        Raises:
            LLMError: it cannot, for example because a key is missing.
        """
        await self._opening.done()
        await asyncio.to_thread(self._agent.check_ready)  # may import for seconds

    async def ask(
        self, question: str, *, llm_context: JsonObject | None = None, tool_context: JsonObject | None = None
    ) -> RunResult:
        """Ask the agent and wait until it answered, failed, was interrupted or waits for a person.

        Tools find `session_id` and `trace_id` (the run) in the tool context beside the caller's own entries.
        Cancelling the caller interrupts the run.

        Raises:
            SessionBusyError: a run works.
            SessionClosedError: the session was closed.
        """
        self._refuse_busy()
        run_id = self._new_id()
        given = tool_context or {}
        started = RunStarted(question=question, agent=self._agent.name, model=self._agent.model)
        shown, new = self._contents.keep(llm_context) if llm_context else (None, ())
        self._history.record(run_id, replace(started, context=shown), new)

        def asked() -> Awaitable[AgentOutcome]:
            context = {**self._user(), **given, "session_id": self._session_id, "trace_id": run_id}
            return self._agent.ask(question, llm_context=llm_context, tool_context=context)

        return await self._drive(run_id, asked)

    async def decide(self, request_id: str, decision: Decision) -> RunResult:
        """Answer a question of `pending` and wait like `ask`. The decision is taken exactly once.

        Raises:
            DecisionError: the decision does not fit; the question stays open.
            AlreadyDecidedError: somebody else was faster.
            RequestNotFoundError: this session never asked that.
            SessionBusyError: a run works.
        """
        self._refuse_busy()
        request = self._questions.open(request_id)
        if isinstance(decision, Edit) and (hidden := hidden_value_messages(decision.args)):
            raise DecisionError("; ".join(hidden))

        async def go_on() -> AgentOutcome:
            await self._questions.still_open(request)
            return await self._agent.resume(
                request_id, decision, session_id=self._session_id, trace_id=request.run_id
            )

        try:
            return await self._drive(request.run_id, go_on, going_on=person_answered(request.asked, decision))
        except KeyError as exc:
            await self._questions.taken_by_somebody(request)
            raise already_decided(request_id) from exc

    async def recover(self, request_id: str) -> RunResult:
        """Go on with a run that broke off after somebody had answered it: its process died, for instance.

        The answer that was given counts again; a tool call that it allowed gets the same
        `ctx.idempotency_key`. Call it only when nothing works on the run any more.

        Raises:
            NothingToRecoverError: the question still waits for an answer, or the run is over.
            RequestNotFoundError: this session never asked that.
            SessionBusyError: a run works.
        """
        self._refuse_busy()
        request = self._questions.asked(request_id)

        async def go_on() -> AgentOutcome:
            await self._history.refresh(request.run_id)
            if not isinstance(self._agent, RecoversRuns):
                raise KeyError(request_id)
            return await self._agent.recover(request_id, session_id=self._session_id, trace_id=request.run_id)

        again = Recovery(asked=request.asked, unrecorded=not self._questions.was_answered(request_id))
        try:
            return await self._drive(request.run_id, go_on, going_on=again)
        except KeyError as exc:
            raise NothingToRecoverError(
                f"nothing broke off under `{request_id}`: it still waits for an answer, or its run is over"
            ) from exc

    async def check_edit(self, request_id: str, args: JsonObject) -> Sequence[str]:
        """Return what is wrong with edited arguments; empty when the call could run with them.

        Raises:
            AlreadyDecidedError, RequestNotFoundError: as in `decide`.
        """
        self._questions.open(request_id)
        if hidden := hidden_value_messages(args):
            return hidden
        try:
            return await self._agent.check_edit(request_id, args)
        except KeyError as exc:
            raise already_decided(request_id) from exc

    async def interrupt(self) -> bool:
        """Stop the run that works, else give up the question asked last. `False` when there was neither."""
        if (run := self._working_run) is not None:
            return await run.stop(grace_s=STOP_GRACE_S)
        waiting = self._questions.waiting
        return await self._questions.give_up(waiting[-1]) if waiting else False

    def events_since(self, cursor: int) -> tuple[Sequence[RunEvent], int]:
        """Return what happened since the cursor and the next cursor; 0 is the session's first event."""
        if (run := self._working_run) is not None:
            run.recorder.show_text()
        return self._history.since(cursor)

    async def load_content(self, content_id: str) -> str | None:
        """Return the whole text for which a `ContentRef` in the events stands; `None` when it is not kept.

        Raises:
            StoreError: the store cannot be read or written.
        """
        return await self._history.load_content(content_id)

    def record_output(self, stream: OutputStream, text: str) -> None:
        """Record what the agent's code printed or logged; may be called from any thread."""
        output = OutputCaptured(stream=stream, text=text)
        if threading.get_ident() == self._loop_thread:
            self._record_beside(output)
        else:
            self._loop.call_soon_threadsafe(self._record_beside, output)

    async def reconnect(self, name: str) -> ConnectionStatus:
        """Close and open one tool connection again and return what came of it.

        Raises:
            UnknownConnectionError: the agent has no such connection.
        """
        return await self._connections.reconnect(name)

    async def flush(self) -> None:
        """Write everything that happened so far.

        Raises:
            StoreError: the store cannot be written.
        """
        await self._history.flush()

    async def aclose(self) -> None:
        """Interrupt what works, leave open what waits, close the agent and write the history.

        Raises:
            StoreError: the end of the history could not be written.
        """
        if self._closed:
            return
        self._closed = True
        async with contextlib.AsyncExitStack() as closing:  # the last one first, and each of them for sure
            closing.push_async_callback(self._history.aclose)
            closing.callback(self._connections.stop_watching)
            closing.callback(self._flows.stop)
            closing.push_async_callback(self._agent.aclose)
            closing.push_async_callback(self._opening.aclose)
            if (run := self._working_run) is not None:
                await run.stop(grace_s=STOP_GRACE_S)

    async def _drive(
        self,
        run_id: str,
        call: Callable[[], Awaitable[AgentOutcome]],
        *,
        going_on: PersonAnswered | Recovery | None = None,
    ) -> RunResult:
        self._history.start_writing()
        self._flows.watch(self._agent)
        recorder = RunRecorder(partial(self._history.record, run_id), self._contents, going_on=going_on)
        self._run = run = AgentRun(run_id, self._agent, self._history, recorder)
        try:
            result = await run.drive(call, ready=self._opening.done)
        finally:
            if self._run is run:
                self._run = None
        # The run is over whatever the store says; that it fails is told by `history_trouble` and an event.
        with contextlib.suppress(StoreError):
            await self._history.flush()
        return result

    def _user(self) -> JsonObject:
        """Return who asks, where a tool needs to know: elsewhere it would only name another memory."""
        needed = self._user_id is not None and act_for_people(self._agent.connections)
        return {"user_id": self._user_id} if needed else {}

    @property
    def _working_run(self) -> AgentRun | None:
        return self._run if self._run is not None and self._run.working else None

    def _connection_changed(self, status: ConnectionStatus, offers: Offers) -> None:
        tools, new = self._contents.keep(offers) if offers else (None, ())
        self._history.record_outside_runs(replace(connection_changed(status), tools=tools), new)

    def _hear_flow(self, event: FlowEvent) -> None:
        self._record_beside(flow_body(StoredEvent.from_flow_event(event)))

    def _record_beside(self, body: OutputCaptured | FlowHappened) -> None:
        if (run := self._working_run) is not None:
            run.recorder.record(body)
        else:
            self._history.record_outside_runs(body)

    def _refuse_busy(self) -> None:
        self._refuse_closed()
        if self._working_run is not None:
            raise SessionBusyError("a run works in this session: interrupt it or wait until it ends")

    def _refuse_closed(self) -> None:
        if self._closed:
            raise SessionClosedError(f"session `{self._session_id}` is closed; open it again")

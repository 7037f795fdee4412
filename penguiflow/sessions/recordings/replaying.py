"""Playing a recorded run again: the real agent, without its outside."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from penguiflow.llm.cassette import CassetteClient
from penguiflow.planner.approvals import Approve, Decision, Edit, Reject, Respond
from penguiflow.planner.stand_ins import stand_in
from penguiflow.sessions.agent_port import Agent, AgentOutcome, Connection, JsonObject
from penguiflow.sessions.discovery import discover_agent, load_agent
from penguiflow.sessions.projections.recorded_run import RecordedRun, recorded_run
from penguiflow.sessions.recordings.errors import RecordingError, RecordingMissError
from penguiflow.sessions.recordings.outside import RecordedOutside
from penguiflow.sessions.recordings.recording import RecordedAnswer, Recording
from penguiflow.sessions.results import RunResult
from penguiflow.sessions.session import AgentSession
from penguiflow.state.events import RunEvent
from penguiflow.state.in_memory import InMemoryStateStore
from penguiflow.tools.offers import use_offers


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """What the agent did. `calls` are the tools in order with the arguments that they were called with."""

    calls: tuple[tuple[str, Mapping[str, Any]], ...]  # any JSON
    answer: str
    reason: str
    run: RecordedRun

    def calls_without(self, ignored: Iterable[str]) -> list[tuple[str, dict[str, Any]]]:
        """Return the calls without the arguments that differ from run to run, named `tool.argument`."""
        left_out = set(ignored)
        return [
            (tool, {name: value for name, value in args.items() if f"{tool}.{name}" not in left_out})
            for tool, args in self.calls
        ]


def replay(recording: Path, *, agent: str | None = None, project_root: Path) -> Replayed:
    """Run `replay_async` in an event loop of its own; for tests that are plain functions."""
    return asyncio.run(replay_async(recording, agent=agent, project_root=project_root))


async def replay_async(recording: Path, *, agent: str | None = None, project_root: Path) -> Replayed:
    """Load the agent and let it answer the recorded question again.

    `recording` is `NAME.recording.json`; the cassette `NAME.cassette.jsonl` lies beside it. `agent` is
    `package.module:name`, or `None` for the one that is found in the project. No model is asked, no tool
    runs and no server is started or reached.

    Raises:
        CassetteMissError: a prompt differs from the recorded one; the message shows where.
        CassetteUnusedError: the agent asked its model less often.
        RecordingMissError: a tool call or a question to a person is not recorded.
        RecordingError: a file cannot be read.
        AgentError: the agent cannot be loaded.
    """
    taken = Recording.load(recording)
    outside = RecordedOutside(taken, CassetteClient.replay(tape_beside(recording)))
    store = InMemoryStateStore()
    with stand_in(outside), use_offers(taken.offers):
        loaded = _load(agent, project_root, store)
        session = await AgentSession.open(_OfflineAgent(loaded), store)
        try:
            await _answer(session, taken)
        finally:
            events, _ = session.events_since(0)
            await session.aclose()
    outside.raise_first_miss()
    run = recorded_run([event for event in events if event.run_id == _run_id(events)])
    if run.error is not None:
        raise RecordingMissError(f"the replayed run failed: {run.error.code}: {run.error.message}")
    return Replayed(
        calls=tuple([(call.tool, call.args) for call in run.calls]),
        answer=run.answer,
        reason=run.reason,
        run=run,
    )


def tape_beside(recording: Path) -> Path:
    """Return where the cassette of a recording lies."""
    suffix = ".recording.json"
    if not recording.name.endswith(suffix):
        raise RecordingError(f"`{recording.name}` is no recording; its name must end in `{suffix}`")
    return recording.with_name(recording.name.removesuffix(suffix) + ".cassette.jsonl")


def _load(target: str | None, project_root: Path, store: InMemoryStateStore) -> Agent:
    if target is None:
        return discover_agent(project_root, state_store=store)
    return load_agent(target, project_root, state_store=store)


async def _answer(session: AgentSession, taken: Recording) -> None:
    await session.start()
    result = await session.ask(taken.question, llm_context=taken.context)
    for answer in taken.answers:
        if result.request is None:
            return  # that fewer questions were asked shows in the calls or the answer
        _check_question(result, answer)
        decision = _decision(answer)
        if decision is None:
            await session.interrupt()
            return
        result = await session.decide(result.request.request_id, decision)
    if result.request is not None:
        asked = result.request.call.tool if result.request.call else result.request.prompt
        raise RecordingMissError(f"the agent asks a person about `{asked}`; no answer to that is recorded")


def _check_question(result: RunResult, answer: RecordedAnswer) -> None:
    call = result.request.call if result.request else None
    asked = call.tool if call else None
    if asked != answer.tool:
        raise RecordingMissError(
            f"the agent asks a person about `{asked or 'a question'}`, "
            f"recorded is an answer about `{answer.tool or 'a question'}`"
        )


def _decision(answer: RecordedAnswer) -> Decision | None:
    match answer.decision:
        case "approve":
            return Approve()
        case "edit":
            return Edit(answer.args or {})
        case "reject":
            return Reject(answer.text or "")
        case "respond":
            return Respond(answer.text or "")
        case "cancelled":
            return None


def _run_id(events: Sequence[RunEvent]) -> str:
    return next(event.run_id for event in events if event.kind == "run_started")


class _OfflineAgent:
    """The agent, but nobody asks whether its model can be reached: it will not be."""

    def __init__(self, agent: Agent) -> None:
        self._agent = agent

    @property
    def name(self) -> str:
        return self._agent.name

    @property
    def model(self) -> str | None:
        return self._agent.model

    @property
    def connections(self) -> Sequence[Connection]:
        return self._agent.connections

    async def open(self) -> None:
        await self._agent.open()

    def check_ready(self) -> None:
        """Nothing is asked."""

    async def ask(
        self, question: str, *, llm_context: JsonObject | None, tool_context: JsonObject
    ) -> AgentOutcome:
        return await self._agent.ask(question, llm_context=llm_context, tool_context=tool_context)

    async def resume(
        self, token: str, decision: Decision | None, *, session_id: str, trace_id: str
    ) -> AgentOutcome:
        return await self._agent.resume(token, decision, session_id=session_id, trace_id=trace_id)

    async def check_edit(self, token: str, args: JsonObject) -> Sequence[str]:
        return await self._agent.check_edit(token, args)

    async def discard(self, token: str) -> bool:
        return await self._agent.discard(token)

    async def aclose(self) -> None:
        await self._agent.aclose()

"""A `ReactPlanner` as an agent."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from penguiflow.planner.approvals import Decision
from penguiflow.planner.models import PlannerFinish, PlannerPause
from penguiflow.sessions.agent_port import AgentOutcome, Answered, Connection, JsonObject, Paused
from penguiflow.sessions.answer_text import answer_text
from penguiflow.sessions.connections import close_connections, connections_of
from penguiflow.sessions.planner_port import Planner


@runtime_checkable
class _Closable(Protocol):
    """A planner that does things in the background, such as summaries of conversations."""

    async def aclose(self) -> None: ...


class PlannerAgent:
    """Asks one planner. `connections` are added to those found in the planner's tools."""

    def __init__(
        self, planner: Planner, *, name: str = "planner", connections: Sequence[Connection] = ()
    ) -> None:
        self._planner = planner
        self._name = name
        self._connections = connections_of(planner, also=connections)

    @property
    def name(self) -> str:
        return self._name

    @property
    def planner(self) -> Planner:
        return self._planner

    @property
    def model(self) -> str | None:
        return self._planner.model_name

    @property
    def connections(self) -> Sequence[Connection]:
        return self._connections

    async def open(self) -> None:
        """Nothing to do: a planner is complete when it is constructed."""

    def check_ready(self) -> None:
        self._planner.check_ready()

    async def ask(
        self, question: str, *, llm_context: JsonObject | None, tool_context: JsonObject
    ) -> AgentOutcome:
        return planner_outcome(
            await self._planner.run(question, llm_context=llm_context, tool_context=tool_context)
        )

    async def resume(
        self, token: str, decision: Decision | None, *, session_id: str, trace_id: str
    ) -> AgentOutcome:
        return planner_outcome(await self._planner.resume(token, decision))

    async def check_edit(self, token: str, args: JsonObject) -> Sequence[str]:
        return await self._planner.check_edit(token, args)

    async def discard(self, token: str) -> bool:
        return await discard_pause(self._planner, token)

    async def aclose(self) -> None:
        if isinstance(self._planner, _Closable):
            await self._planner.aclose()
        await close_connections(self._connections)


def planner_outcome(result: PlannerFinish | PlannerPause) -> AgentOutcome:
    """Translate what a planner returned."""
    if isinstance(result, PlannerPause):
        return Paused(reason=result.reason, resume_token=result.resume_token, payload=result.payload)
    return Answered(answer=_finish_text(result), reason=result.reason, metadata=result.metadata)


async def discard_pause(planner: Planner, token: str) -> bool:
    """Take a pause out of the planner's store, where loading a record removes it; `False` if it was gone."""
    load = getattr(planner.state_store, "load_planner_state", None)
    if load is None:
        return True  # the record lives in the planner alone, nobody else can take it
    record = load(token)
    if inspect.isawaitable(record):
        record = await record
    return bool(record)


def _finish_text(finish: PlannerFinish) -> str:
    if finish.reason == "answer_complete" or finish.payload is not None:
        return answer_text(finish.payload)
    return str(finish.metadata.get("error") or finish.metadata.get("thought") or "")

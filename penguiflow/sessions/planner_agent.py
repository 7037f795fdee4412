"""A `ReactPlanner` as an agent."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from penguiflow.planner import PauseStoreError
from penguiflow.planner.approvals import Decision
from penguiflow.planner.models import PlannerFinish, PlannerPause
from penguiflow.sessions.agent_port import AgentOutcome, Answered, Connection, JsonObject, Paused
from penguiflow.sessions.answer_text import answer_text
from penguiflow.sessions.connections import close_connections, connections_of
from penguiflow.sessions.planner_port import Planner
from penguiflow.state.errors import StoreError


@runtime_checkable
class _Closable(Protocol):
    """A planner that does things in the background, such as summaries of conversations."""

    async def aclose(self) -> None: ...


@runtime_checkable
class _Recovering(Protocol):
    """A planner that keeps an answered run until it is over."""

    async def recover(self, token: str) -> PlannerFinish | PlannerPause: ...


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
        try:
            return planner_outcome(await self._planner.resume(token, decision))
        except PauseStoreError as exc:  # which is a KeyError too, but the token may be as good as before
            raise StoreError(f"the planner's store failed: {exc}") from exc

    async def recover(self, token: str, *, session_id: str, trace_id: str) -> AgentOutcome:
        return await recovered(self._planner, token)

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


async def recovered(planner: Planner, token: str) -> AgentOutcome:
    """Let the planner go on with a run that broke off.

    Raises:
        KeyError: it has none under the token, or cannot do that.
    """
    if not isinstance(planner, _Recovering):
        raise KeyError(token)
    return planner_outcome(await planner.recover(token))


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

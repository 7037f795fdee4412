"""A class of the user with an async `execute` as an agent.

Keywords are offered by name: the orchestrator receives those its methods accept.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any, Protocol, runtime_checkable

from penguiflow.core import PenguiFlow
from penguiflow.planner.approvals import Decision
from penguiflow.planner.models import PlannerFinish, PlannerPause
from penguiflow.sessions.agent_port import AgentOutcome, Answered, Connection, JsonObject, Paused
from penguiflow.sessions.answer_text import answer_text
from penguiflow.sessions.connections import close_connections, connections_of, distinct_connections
from penguiflow.sessions.flows import flows_in
from penguiflow.sessions.json_parts import member, object_in
from penguiflow.sessions.parameters import accepted_keywords
from penguiflow.sessions.planner_agent import discard_pause, planner_outcome, recovered
from penguiflow.sessions.planner_port import Planner

LOCAL_TENANT = "local"
LOCAL_USER = "local"

_WITHOUT_ANSWER = ("no_path", "budget_exhausted", "no_progress")


@runtime_checkable
class Orchestrator(Protocol):
    """What a user writes: `execute` answers, or tells that it waits by a `pause_token`."""

    async def execute(
        self, query: str, **keywords: Any
    ) -> Any: ...  # the keywords and answers are the user's


class OrchestratorAgent:
    """Drives an orchestrator. Its optional `planner` and `connections` attributes tell about its tools."""

    def __init__(self, orchestrator: Orchestrator, *, name: str | None = None) -> None:
        self._orchestrator = orchestrator
        self._name = name or type(orchestrator).__name__
        planner = getattr(orchestrator, "planner", None)
        self._planner = planner if isinstance(planner, Planner) else None

    @property
    def name(self) -> str:
        return self._name

    @property
    def model(self) -> str | None:
        return self._planner.model_name if self._planner else None

    @property
    def connections(self) -> Sequence[Connection]:
        own = getattr(self._orchestrator, "connections", ())
        if self._planner is not None:
            return connections_of(self._planner, also=own)
        return distinct_connections(own)

    @property
    def flows(self) -> Sequence[PenguiFlow]:
        """The flows that the orchestrator keeps in its attributes."""
        return flows_in(self._orchestrator)

    async def open(self) -> None:
        """Nothing to do: the orchestrator was constructed complete."""

    def check_ready(self) -> None:
        if self._planner is not None:
            self._planner.check_ready()

    async def ask(
        self, question: str, *, llm_context: JsonObject | None, tool_context: JsonObject
    ) -> AgentOutcome:
        execute = self._orchestrator.execute
        keywords = _caller_keywords(tool_context) | {"llm_context": llm_context, "tool_context": tool_context}
        return _outcome(await execute(question, **accepted_keywords(execute, keywords)))

    async def resume(
        self, token: str, decision: Decision | None, *, session_id: str, trace_id: str
    ) -> AgentOutcome:
        resume = self._resume_method()
        keywords = _caller_keywords({"session_id": session_id, "trace_id": trace_id})
        keywords |= {"user_input": decision}
        return _outcome(await resume(token, **accepted_keywords(resume, keywords)))

    async def recover(self, token: str, *, session_id: str, trace_id: str) -> AgentOutcome:
        """Go on by the orchestrator's own `recover`, else by its planner's."""
        recover: Callable[..., Any] | None = getattr(self._orchestrator, "recover", None)
        if recover is not None:
            keywords = _caller_keywords({"session_id": session_id, "trace_id": trace_id})
            return _outcome(await recover(token, **accepted_keywords(recover, keywords)))
        if self._planner is None:
            raise KeyError(token)
        return await recovered(self._planner, token)

    async def check_edit(self, token: str, args: JsonObject) -> Sequence[str]:
        return await self._planner.check_edit(token, args) if self._planner else ()

    async def discard(self, token: str) -> bool:
        return await discard_pause(self._planner, token) if self._planner else True

    async def aclose(self) -> None:
        try:
            stop = getattr(self._orchestrator, "stop", None)
            stopping = stop() if stop is not None else None
            if inspect.isawaitable(stopping):
                await stopping
        finally:
            await close_connections(self.connections)

    def _resume_method(self) -> Callable[..., Any]:  # the user's method, with parameters of the user's choice
        resume: Callable[..., Any] | None = getattr(self._orchestrator, "resume", None)
        if resume is None:
            raise TypeError(
                f"`{type(self._orchestrator).__name__}` paused but has no `resume` method; "
                "add `async def resume(self, resume_token, *, user_input)`"
            )
        return resume


def _caller_keywords(tool_context: JsonObject) -> dict[str, Any]:
    return {
        "tenant_id": tool_context.get("tenant_id", LOCAL_TENANT),
        "user_id": tool_context.get("user_id", LOCAL_USER),
        "session_id": tool_context.get("session_id"),
        "trace_id": tool_context.get("trace_id"),
    }


def _outcome(response: Any) -> AgentOutcome:  # a mapping, an object of the user's, or a planner's own result
    if isinstance(response, PlannerFinish | PlannerPause):
        return planner_outcome(response)
    metadata = object_in(member(response, "metadata"))
    reason = metadata.get("reason")
    if token := member(response, "pause_token"):
        return Paused(
            reason=str(reason or "await_input"),
            resume_token=str(token),
            payload=object_in(metadata.get("payload")),
        )
    return Answered(
        answer=answer_text(response),
        reason=reason if reason in _WITHOUT_ANSWER else "answer_complete",
        metadata=metadata,
    )

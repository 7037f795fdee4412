"""An agent whose builder is a coroutine function: it exists once it is opened."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

from penguiflow.planner.approvals import Decision
from penguiflow.sessions.agent_port import Agent, AgentOutcome, Connection, JsonObject
from penguiflow.sessions.loading import AgentError, load_error


class AwaitedAgent:
    """Awaits `make` in `open` and is what `finish` makes of the result from then on."""

    def __init__(
        self,
        name: str,
        make: Callable[[], Awaitable[Any]],
        finish: Callable[[Any], Agent],
        *,
        what: str,
        project_root: Path,
    ) -> None:
        self._name = name
        self._make = make
        self._finish = finish
        self._what = what
        self._project_root = project_root
        self._agent: Agent | None = None

    @property
    def name(self) -> str:
        return self._name

    @property
    def model(self) -> str | None:
        return self._agent.model if self._agent else None

    @property
    def connections(self) -> Sequence[Connection]:
        return self._agent.connections if self._agent else ()

    async def open(self) -> None:
        """Build the agent, once.

        Raises:
            AgentLoadError: the builder failed or returned something else than a planner.
        """
        if self._agent is not None:
            return
        try:
            self._agent = self._finish(await self._make())
        except AgentError:
            raise
        except (Exception, SystemExit) as error:
            raise load_error(self._what, error, self._project_root) from error

    def check_ready(self) -> None:
        self._opened.check_ready()

    async def ask(
        self, question: str, *, llm_context: JsonObject | None, tool_context: JsonObject
    ) -> AgentOutcome:
        return await self._opened.ask(question, llm_context=llm_context, tool_context=tool_context)

    async def resume(
        self, token: str, decision: Decision | None, *, session_id: str, trace_id: str
    ) -> AgentOutcome:
        return await self._opened.resume(token, decision, session_id=session_id, trace_id=trace_id)

    async def check_edit(self, token: str, args: JsonObject) -> Sequence[str]:
        return await self._opened.check_edit(token, args)

    async def discard(self, token: str) -> bool:
        return await self._opened.discard(token)

    async def aclose(self) -> None:
        if self._agent is not None:
            await self._agent.aclose()

    @property
    def _opened(self) -> Agent:
        if self._agent is None:
            raise RuntimeError(f"agent `{self._name}` is not open: await `open()` first")
        return self._agent

"""Bringing an agent up: building it and opening its connections, once, whoever asks first."""

from __future__ import annotations

import asyncio

from penguiflow.sessions.agent_port import Agent
from penguiflow.sessions.connections import WatchedConnections


class AgentOpening:
    """Owns the task that opens the agent; everybody who needs the agent awaits the same one."""

    def __init__(self, agent: Agent, connections: WatchedConnections) -> None:
        self._agent = agent
        self._connections = connections
        self._task: asyncio.Task[None] | None = None

    @property
    def is_over(self) -> bool:
        """Whether it was tried to the end, with or without success."""
        return self._task is not None and self._task.done()

    async def done(self) -> None:
        """Wait until the agent is open. After a failure the next caller tries again.

        Raises:
            Exception: whatever kept the agent from being built. A connection that fails is only a status.
        """
        task = self._task
        if task is None or (task.done() and (task.cancelled() or task.exception() is not None)):
            task = self._task = asyncio.create_task(self._open(), name="penguiflow-session-start")
        await asyncio.shield(task)  # one caller that gives up does not stop it for the others

    async def aclose(self) -> None:
        """Stop opening."""
        if self._task is None:
            return
        self._task.cancel()
        await asyncio.wait([self._task])
        if not self._task.cancelled():
            self._task.exception()  # read, because the caller it was meant for may have been cancelled

    async def _open(self) -> None:
        await self._agent.open()
        await self._connections.open(self._agent.connections)

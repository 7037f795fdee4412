"""A collector on loopback that the environment points to, and sessions that are followed."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest

from penguiflow.sessions.agent_port import Agent
from penguiflow.sessions.projections.otel_environment import telemetry_from_environment
from penguiflow.sessions.projections.otel_follower import TelemetryFollower
from penguiflow.sessions.session import AgentSession
from penguiflow.state.in_memory import InMemoryStateStore
from penguiflow.state.protocol import HistoryStore
from tests.fakes.otlp_collector import Collector, running_collector

Followed = tuple[AgentSession, TelemetryFollower]
Follow = Callable[..., AbstractAsyncContextManager[Followed]]


@pytest.fixture(autouse=True)
def no_telemetry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget what the developer's own environment says, and go round its proxy."""
    for name in [name for name in os.environ if name.startswith("OTEL_")]:
        monkeypatch.delenv(name)
    monkeypatch.delenv("TRACEPARENT", raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    with running_collector() as running:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", running.endpoint)
        yield running


@pytest.fixture
async def follow() -> AsyncIterator[Follow]:
    """Open a session that is followed as the environment says, and close it in the block's end."""

    @asynccontextmanager
    async def opened(
        agent: Agent,
        store: HistoryStore | None = None,
        *,
        session_id: str | None = None,
        timeout_s: float = 10.0,
    ) -> AsyncGenerator[Followed]:
        session = await AgentSession.open(agent, store or InMemoryStateStore(), session_id=session_id)
        follower = telemetry_from_environment(session)
        assert follower is not None, "the environment wants no telemetry"
        try:
            yield session, follower
        finally:
            await session.aclose()
            await follower.aclose(timeout_s=timeout_s)

    yield opened
    assert asyncio.all_tasks() == {asyncio.current_task()}

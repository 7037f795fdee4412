"""Collectors that are away, refuse or are slow: the run does not notice, and the log tells it in measure."""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import closing

import pytest

from penguiflow.sessions import PlannerAgent
from penguiflow.sessions.projections.otel_environment import telemetry_from_environment
from penguiflow.sessions.session import AgentSession
from penguiflow.state.in_memory import InMemoryStateStore
from tests.fakes.agent import FakeAgent, answers
from tests.fakes.otlp_collector import Collector
from tests.fakes.planner_tools import answer, call, planner_for
from tests.otel.conftest import Follow


@pytest.fixture
def free_port() -> int:
    with closing(socket.socket()) as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port whose connections are taken and never answered."""
    with closing(socket.socket()) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(50)
        yield int(listening.getsockname()[1])


def planner() -> PlannerAgent:
    return PlannerAgent(planner_for(call("look", text="tea"), answer("green"))[0])


def warnings_in(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [
        record.getMessage()
        for record in caplog.records
        if record.levelno >= logging.WARNING and record.name != "penguiflow.planner"
    ]


async def test_without_a_collector_the_run_is_unaffected_and_it_is_told_once(
    follow: Follow, free_port: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{free_port}")
    async with follow(planner(), timeout_s=1.0) as (session, follower):
        result = await session.ask("Which?")

    assert (result.outcome, result.answer) == ("answered", "green")
    (told,) = warnings_in(caplog)
    assert "telemetry does not get through" in told
    assert f"port={free_port}" in told
    assert follower.troubles.lost_spans == 4


async def test_a_collector_that_refuses_is_told_once_with_its_reason(
    collector: Collector, follow: Follow, caplog: pytest.LogCaptureFixture
) -> None:
    collector.status = 401
    async with follow(planner()) as (session, follower):
        assert (await session.ask("Which?")).answer == "green"

    (told,) = warnings_in(caplog)
    assert "code: 401, reason: Unauthorized" in told
    assert follower.troubles.lost_spans == 4


async def test_a_collector_that_never_answers_holds_up_nobody_for_long(
    follow: Follow, silent_port: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{silent_port}")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "2")
    async with asyncio.timeout(10):
        async with follow(planner(), timeout_s=0.2) as (session, _):
            assert (await session.ask("Which?")).answer == "green"

    assert "telemetry does not get through" in warnings_in(caplog)[0]
    for thread in threading.enumerate():
        if thread.name.startswith(("penguiflow-telemetry", "Otel")):
            await asyncio.to_thread(thread.join, 10)
            assert not thread.is_alive()


async def test_a_session_that_sent_nothing_closes_at_once_and_starts_no_thread(
    follow: Follow, free_port: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{free_port}")
    async with follow(planner()):
        assert "penguiflow-telemetry" not in {thread.name for thread in threading.enumerate()}

    assert warnings_in(caplog) == []


async def test_what_other_exporters_of_the_program_log_is_left_alone(
    collector: Collector, follow: Follow, caplog: pytest.LogCaptureFixture
) -> None:
    async with follow(FakeAgent(answers("yes"))) as (session, _):
        await session.ask("q")
    logger = logging.getLogger("opentelemetry.exporter.otlp.proto.http.trace_exporter")

    logger.error("said by somebody else")

    assert "said by somebody else" in warnings_in(caplog)


@pytest.mark.parametrize("variable", ["OTEL_SDK_DISABLED", None])
async def test_nothing_is_followed_unless_the_environment_wants_it(
    variable: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    if variable is not None:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318")
        monkeypatch.setenv(variable, "true")
    session = await AgentSession.open(FakeAgent(), InMemoryStateStore())

    assert telemetry_from_environment(session) is None
    await session.aclose()


async def test_a_protocol_that_is_not_spoken_is_told(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4317")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")
    session = await AgentSession.open(FakeAgent(), InMemoryStateStore())

    assert telemetry_from_environment(session) is None
    await session.aclose()
    (told,) = warnings_in(caplog)
    assert "`grpc`" in told
    assert "`http/protobuf`" in told

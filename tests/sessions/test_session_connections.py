"""Tool connections as a session shows them."""

from __future__ import annotations

import asyncio

import pytest

from penguiflow.sessions.results import UnknownConnectionError
from penguiflow.state.events import ConnectionChanged
from tests.fakes.agent import FakeAgent, FakeConnection, answers
from tests.sessions.conftest import OpenSession


async def test_connections_come_up_and_one_that_fails_is_a_state(open_session: OpenSession) -> None:
    notes, broken = FakeConnection("notes"), FakeConnection("broken", error="no such command")
    session = await open_session(FakeAgent(answers("ok"), connections=[notes, broken]))
    assert session.activity == "starting"

    await session.start()

    assert [(each.name, each.state) for each in session.connections] == [
        ("notes", "ready"),
        ("broken", "failed"),
    ]
    assert session.activity == "idle"
    changes = [each.body for each in session.events_since(0)[0] if isinstance(each.body, ConnectionChanged)]
    assert [change.state for change in changes if change.name == "notes"] == ["idle", "connecting", "ready"]
    assert changes[-1] == ConnectionChanged(
        name="broken", state="failed", transport="stdio", target="fake", error="no such command"
    )


async def test_asking_waits_for_the_connections(open_session: OpenSession) -> None:
    notes = FakeConnection("notes")
    session = await open_session(FakeAgent(answers("ok"), connections=[notes]))

    await session.ask("q")

    assert notes.status.state == "ready"


async def test_a_connection_may_be_opened_again(open_session: OpenSession) -> None:
    notes = FakeConnection("notes", error="down")
    session = await open_session(FakeAgent(connections=[notes]))
    await session.start()
    notes.error = None

    status = await session.reconnect("notes")

    assert (status.state, status.tool_count) == ("ready", 2)


async def test_an_unknown_connection_is_refused_with_the_known_ones(open_session: OpenSession) -> None:
    session = await open_session(FakeAgent(connections=[FakeConnection("notes")]))
    await session.start()

    with pytest.raises(UnknownConnectionError, match="no tool connection `note`; it has: `notes`"):
        await session.reconnect("note")


async def test_a_closed_session_watches_no_more(open_session: OpenSession) -> None:
    notes = FakeConnection("notes")
    session = await open_session(FakeAgent(connections=[notes]))
    await session.start()
    assert notes.listeners == 1

    await session.aclose()

    assert notes.listeners == 0


class HangingConnection(FakeConnection):
    """Never comes up."""

    def __init__(self) -> None:
        super().__init__("slow")
        self.began = asyncio.Event()
        self.cancelled = False

    async def connect(self) -> None:
        self.become("connecting")
        self.began.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.cancelled = True
            raise


async def test_closing_while_a_connection_comes_up_stops_it(open_session: OpenSession) -> None:
    slow = HangingConnection()
    session = await open_session(FakeAgent(connections=[slow]))
    starting = asyncio.create_task(session.start())
    await asyncio.wait_for(slow.began.wait(), 5)
    assert session.activity == "starting"

    await session.aclose()

    assert slow.cancelled
    with pytest.raises(asyncio.CancelledError):
        await starting


async def test_a_run_that_waits_for_a_connection_can_be_interrupted(open_session: OpenSession) -> None:
    slow = HangingConnection()
    session = await open_session(FakeAgent(answers("never"), connections=[slow]))
    asking = asyncio.create_task(session.ask("q"))
    await asyncio.wait_for(slow.began.wait(), 5)

    assert await session.interrupt() is True

    assert (await asking).outcome == "interrupted"
    assert not slow.cancelled


async def test_everything_that_is_known_of_a_connection_is_in_the_history(open_session: OpenSession) -> None:
    notes = FakeConnection("notes")
    session = await open_session(FakeAgent(connections=[notes]))
    await session.start()

    notes.become(
        "ready",
        server="notes 1.2",
        protocol_version="2026-07-28",
        last_error="it was gone for a moment",
        last_lines=tuple(f"line {number} " + "x" * 1_000 for number in range(30)),
        circuit="half_open",
        held_back=("save",),
        auth_url="https://auth.example/authorize",
    )

    told = session.events_since(0)[0][-1].body
    assert isinstance(told, ConnectionChanged)
    assert (told.server, told.protocol_version, told.target) == ("notes 1.2", "2026-07-28", "fake")
    assert (told.last_error, told.circuit) == ("it was gone for a moment", "half_open")
    assert (told.held_back, told.auth_url) == (("save",), "https://auth.example/authorize")
    assert [line[:7] for line in told.last_lines] == [f"line {number}" for number in range(10, 30)]
    assert max(map(len, told.last_lines)) <= 400


async def test_a_connection_that_is_switched_off_is_not_started(open_session: OpenSession) -> None:
    off = FakeConnection("off")
    off.become("disabled")
    session = await open_session(FakeAgent(connections=[off]))

    await session.start()

    assert [each.state for each in session.connections] == ["disabled"]

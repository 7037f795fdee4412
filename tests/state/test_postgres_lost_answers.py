"""A connection that breaks when the database has done its work and before it could say so."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from penguiflow.state._postgres_pauses import PostgresPauses
from penguiflow.state._postgres_pool import PostgresPool
from penguiflow.state.contents import Content
from penguiflow.state.postgres import PostgresStateStore
from tests.fakes.cut_line import CutLine, cut_line
from tests.fakes.history import answered, asked, run_of
from tests.fakes.postgres import PostgresServer

pytestmark = pytest.mark.process


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A store behind a line that can be cut, and another one that sees what is really there."""

    store: PostgresStateStore
    line: CutLine
    other: PostgresStateStore


@pytest.fixture
async def place(postgres: PostgresServer) -> AsyncIterator[Place]:
    schema = postgres.new_schema()
    async with cut_line(postgres.port) as line:
        store = await PostgresStateStore.open(f"postgresql://postgres@127.0.0.1:{line.port}", schema=schema)
        other = await PostgresStateStore.open(postgres.dsn(), schema=schema)
        yield Place(store=store, line=line, other=other)
        await store.aclose()
        await other.aclose()


async def test_events_are_stored_once(place: Place) -> None:
    events, text = (
        run_of(asked(), answered()),
        Content(session_id="session-1", content_id="history_1", text="long"),
    )

    place.line.lose_answer_to(b"COMMIT")
    await place.store.append_events(events, [text])

    assert place.line.cuts == 1
    assert list(await place.other.load_session("session-1")) == events
    assert [line.runs for line in await place.other.list_sessions()] == [1]
    assert await place.other.load_content("session-1", text.content_id) == "long"


async def test_a_pause_that_was_taken_reaches_the_one_who_took_it(place: Place) -> None:
    await place.store.save_planner_state("token", {"step": 1})

    place.line.lose_answer_to(b"COMMIT")
    taken = await place.store.load_planner_state("token")

    assert (place.line.cuts, taken) == (1, {"step": 1})
    assert await place.other.load_planner_state("token") is None
    assert await place.other.peek_planner_state("token") is None


async def test_a_claim_that_was_made_reaches_the_one_who_made_it(place: Place) -> None:
    await place.store.save_planner_state("group", {"step": 1})
    await place.store.save_planner_state("token", {"step": 2})

    place.line.lose_answer_to(b"COMMIT")
    claim = await place.store.claim_planner_state(["token", "group"], "token.claim", {"claimed": "yes"})

    assert (place.line.cuts, claim) == (1, {"step": 1, "claimed": "yes"})
    assert await place.other.peek_planner_state("token.claim") == claim
    assert await place.other.claim_planner_state(["token", "group"], "x", {}) is None


async def test_an_equal_planner_event_is_added_once_for_each_saving(place: Place) -> None:
    place.line.lose_answer_to(b"the-marker")
    await place.store.save_planner_event("trace", {"thought": "the-marker"})
    await place.store.save_planner_event("trace", {"thought": "the-marker"})

    assert place.line.cuts == 1
    assert len(await place.other.list_planner_events("trace")) == 2


async def test_a_session_that_was_deleted_was_there(place: Place) -> None:
    await place.store.append_events(run_of(asked()))

    place.line.lose_answer_to(b"COMMIT")

    assert await place.store.delete_session("session-1") is True
    assert place.line.cuts == 1
    assert await place.store.delete_session("session-1") is False


async def test_an_artifact_that_was_deleted_was_there(place: Place) -> None:
    ref = await place.store.artifact_store.put_text("text")

    place.line.lose_answer_to(b"COMMIT")

    assert await place.store.artifact_store.delete(ref.id) is True
    assert place.line.cuts == 1
    assert await place.store.artifact_store.delete(ref.id) is False


async def test_a_pause_that_is_saved_again_only_because_the_answer_was_lost_stays_taken(
    postgres: PostgresServer,
) -> None:
    schema = postgres.new_schema()
    store = await PostgresStateStore.open(postgres.dsn(), schema=schema)
    pool = await PostgresPool.open(postgres.dsn(), schema=schema, max_connections=1, timeout_s=10)
    one_saving = PostgresPauses(pool, new_id=lambda: "the same each time")
    await one_saving.save_planner_state("token", {"step": 1})
    assert await store.load_planner_state("token") == {"step": 1}

    await one_saving.save_planner_state("token", {"step": 1})
    assert await store.load_planner_state("token") is None

    await store.save_planner_state("token", {"step": 1})
    assert await store.load_planner_state("token") == {"step": 1}
    await pool.aclose()
    await store.aclose()

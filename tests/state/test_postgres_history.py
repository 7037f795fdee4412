"""The history in PostgreSQL where it differs from other stores: large batches, rows of others, the order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from penguiflow.state._postgres_driver import Connection
from penguiflow.state._postgres_pool import PostgresPool
from penguiflow.state.contents import Content
from penguiflow.state.errors import HistoryConflictError, StoreError, StoreSchemaError
from penguiflow.state.events import RunInterrupted, StepStarted
from penguiflow.state.models import StoredEvent
from penguiflow.state.postgres import PostgresStateStore
from tests.fakes.history import answered, asked, event_at, run_of
from tests.fakes.postgres import PostgresServer

pytestmark = pytest.mark.process


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A store and the server behind it, whose rows a test may change as somebody else would."""

    store: PostgresStateStore
    server: PostgresServer
    schema: str

    def change(self, table: str, assignment: str) -> None:
        self.server.sql(f"UPDATE {self.schema}.{table} SET {assignment}")


@pytest.fixture
async def place(postgres: PostgresServer) -> AsyncIterator[Place]:
    schema = postgres.new_schema()
    store = await PostgresStateStore.open(postgres.dsn(), schema=schema)
    yield Place(store=store, server=postgres, schema=schema)
    await store.aclose()


async def test_a_batch_of_several_statements_is_stored_in_its_order_and_read_in_pages(place: Place) -> None:
    events = run_of(asked(), *[StepStarted(step=n) for n in range(1, 5_000)], answered())

    await place.store.append_events(events)

    assert list(await place.store.load_run("run-1")) == events
    assert list(await place.store.load_session("session-1")) == events
    assert list(await place.store.read_run("run-1", after_seq=1_499, limit=1_500)) == events[1_500:3_000]
    assert list(await place.store.read_run("run-1", after_seq=4_990)) == events[4_991:]


async def test_a_conflict_at_the_end_of_a_large_batch_leaves_nothing_behind(place: Place) -> None:
    await place.store.append_events([event_at(4_500, asked("first"))])
    late = [event_at(n, RunInterrupted()) for n in range(5_000)]
    text = Content(session_id="session-1", content_id="history_1", text="long")

    with pytest.raises(HistoryConflictError, match="event 4500 of run `run-1`"):
        await place.store.append_events(late, [text])

    assert [event.seq for event in await place.store.load_run("run-1")] == [4_500]
    assert await place.store.load_content("session-1", "history_1") is None


async def test_a_large_batch_may_be_sent_again(place: Place) -> None:
    events = run_of(asked(), *[StepStarted(step=n) for n in range(1, 5_000)])

    for _ in range(2):
        await place.store.append_events(events)

    assert len(await place.store.load_run("run-1")) == 5_000
    assert [line.runs for line in await place.store.list_sessions()] == [1]


async def test_names_that_the_server_would_refuse_are_kept(place: Place) -> None:
    odd = "s\0ession \ud800 \\u0000 'quoted' Ünïcode"
    events = run_of(asked(), run_id=f"{odd} run", session_id=odd)
    text = Content(session_id=odd, content_id=odd, text="a\0b")
    flow = StoredEvent(trace_id=odd, ts=1.0, kind=odd, node_name=odd, node_id=None, payload={odd: odd})

    await place.store.append_events(events, [text])
    await place.store.save_event(flow)
    await place.store.save_planner_state(odd, {odd: odd})
    await place.store.save_trajectory(odd, odd, {"query": odd})

    assert list(await place.store.load_session(odd)) == events
    assert [line.session_id for line in await place.store.list_sessions()] == [odd]
    assert [line.run_id for line in await place.store.list_runs(session_id=odd)] == [f"{odd} run"]
    assert list(await place.store.load_history(odd)) == [flow]
    assert await place.store.load_content(odd, odd) == "a\0b"
    assert await place.store.load_planner_state(odd) == {odd: odd}
    assert await place.store.list_traces(odd) == [odd]
    assert await place.store.get_trajectory(odd, odd) == {"query": odd}
    assert await place.store.delete_session(odd)


async def test_a_name_that_no_index_can_hold_is_an_error_with_a_hint(place: Place) -> None:
    name = "".join(chr(0x4E00 + n * 7919 % 20_000) for n in range(9_000))  # it does not compress

    with pytest.raises(StoreError, match="index row") as caught:
        await place.store.save_memory_state(name, {})

    assert "shorter" in str(caught.value.hint)


async def test_writers_of_many_sessions_at_once_do_not_wait_for_one_another_for_ever(place: Place) -> None:
    deadlocks_before = place.server.log().count("deadlock detected")
    batches = [
        [event_at(n, StepStarted(step=n), run_id=f"run-{s}", session_id=f"session-{s}") for s in order]
        for n, order in enumerate([range(200), range(199, -1, -1)] * 6)
    ]

    async with asyncio.timeout(30):
        await asyncio.gather(*(place.store.append_events(batch) for batch in batches))

    assert place.server.log().count("deadlock detected") == deadlocks_before
    for s in range(0, 200, 20):
        assert [event.seq for event in await place.store.load_run(f"run-{s}")] == list(range(12))


async def test_what_is_read_behind_a_position_is_never_overtaken(place: Place) -> None:
    """Several writers of one session; whoever reads on where it stopped reads everything, each once."""
    writing = [
        place.store.append_events(run_of(asked(), RunInterrupted(), run_id=f"run-{n}")) for n in range(40)
    ]
    done = asyncio.ensure_future(asyncio.gather(*writing))
    seen = 0
    async with asyncio.timeout(30):
        while not done.done():
            session = [event.run_id for event in await place.store.load_session("session-1")]
            assert len(session) % 2 == 0
            assert len(session) >= seen
            seen = len(session)
        await done

    assert len(await place.store.load_session("session-1")) == 80


@pytest.mark.parametrize("damage", ["payload = left(payload, 9)", "payload = 'null'", "payload = '{}'"])
async def test_a_damaged_event_is_named(place: Place, damage: str) -> None:
    await place.store.append_events(run_of(asked()))
    place.change("events", damage)

    with pytest.raises(StoreSchemaError, match="event 0 of run `run-1`"):
        await place.store.load_run("run-1")


async def test_an_event_of_a_newer_version_is_refused_by_its_version(place: Place) -> None:
    await place.store.append_events(run_of(asked()))
    place.change("events", "event_version = 9")

    with pytest.raises(StoreSchemaError, match="schema version `9`"):
        await place.store.load_session("session-1")


async def test_other_damaged_rows_are_named_and_a_damaged_pause_is_not_used_up(place: Place) -> None:
    await place.store.append_events(run_of(asked()))
    await place.store.save_planner_state("token", {"a": 1})
    await place.store.save_memory_state("key", {"a": 1})
    await place.store.save_trajectory("trace", "session", {"query": "q"})
    await place.store.save_planner_event("trace", {"a": 1})
    ref = await place.store.artifact_store.put_text("text")
    for table, column in {
        "sessions": "tally",
        "planner_states": "record",
        "memory_states": "state",
        "trajectories": "record",
        "planner_events": "record",
        "artifacts": "ref",
    }.items():
        place.change(table, f"{column} = left({column}, 3)")

    for _ in range(2):
        with pytest.raises(StoreSchemaError, match="the pause `token`"):
            await place.store.load_planner_state("token")
    with pytest.raises(StoreSchemaError, match="memory state `key`"):
        await place.store.load_memory_state("key")
    with pytest.raises(StoreSchemaError, match="trajectory of trace `trace`"):
        await place.store.get_trajectory("trace", "session")
    with pytest.raises(StoreSchemaError, match="planner event 1 of trace `trace`"):
        await place.store.list_planner_events("trace")
    with pytest.raises(StoreSchemaError, match=f"artifact `{ref.id}`"):
        await place.store.artifact_store.get_ref(ref.id)
    with pytest.raises(StoreSchemaError, match="list of sessions"):
        await place.store.list_sessions()


async def test_records_that_were_taken_long_ago_go_with_the_next_saving(place: Place) -> None:
    await place.store.save_planner_state("old", {"a": 1})
    await place.store.load_planner_state("old")
    place.change("planner_states", "taken_at = taken_at - interval '2 hours'")

    await place.store.save_planner_state("new", {"a": 2})

    assert place.server.sql(f"SELECT token FROM {place.schema}.planner_states") == ["new"]


async def test_a_lock_that_somebody_else_holds_is_told_for_what_it_is(place: Place) -> None:
    await place.store.append_events(run_of(asked()))
    hasty = await PostgresStateStore.open(place.server.dsn(), schema=place.schema, timeout_s=1.0)
    holder = await PostgresPool.open(place.server.dsn(), schema=place.schema, max_connections=1, timeout_s=10)

    async def hold(connection: Connection) -> None:
        await connection.execute("SELECT 1 FROM sessions FOR UPDATE")
        with pytest.raises(StoreError, match="lock timeout") as caught:
            await hasty.append_events(run_of(asked(), answered()))
        assert "holds a lock" in str(caught.value.hint)

    await holder.transact(hold)
    await hasty.append_events(run_of(asked(), answered()))
    await holder.aclose()
    await hasty.aclose()

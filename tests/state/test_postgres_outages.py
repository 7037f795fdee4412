"""A PostgreSQL that is away, silent or in the way for a while, as one process sees it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest

from penguiflow.state._postgres_driver import Connection
from penguiflow.state._postgres_pool import PostgresPool
from penguiflow.state.errors import StoreError
from penguiflow.state.postgres import PostgresStateStore
from tests.fakes.history import asked, run_of
from tests.fakes.postgres import PostgresServer

pytestmark = pytest.mark.process


class Rolls:
    """The random numbers of a pool's pauses: none, so that they are short; tells when one was asked for."""

    def __init__(self) -> None:
        self.asked_for = asyncio.Event()

    def __call__(self) -> float:
        self.asked_for.set()
        return 0.0


@pytest.fixture(scope="module")
def second_server() -> Iterator[PostgresServer]:
    with PostgresServer.running() as server:
        yield server


@pytest.fixture
def own_server(second_server: PostgresServer) -> PostgresServer:
    """A server that a test may stop and freeze."""
    second_server.start()
    return second_server


@asynccontextmanager
async def dropping() -> AsyncIterator[tuple[int, list[None]]]:
    """Listen on a port and drop every connection that comes; yields the port and what grows with each."""
    visits: list[None] = []

    def drop(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        visits.append(None)
        writer.transport.abort()

    server = await asyncio.start_server(drop, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1], visits
    finally:
        server.close()


async def test_work_waits_for_a_server_that_comes_back(own_server: PostgresServer) -> None:
    schema, rolls = own_server.new_schema(), Rolls()
    await (await PostgresStateStore.open(own_server.dsn(), schema=schema)).aclose()
    pool = await PostgresPool.open(
        own_server.dsn(), schema=schema, max_connections=5, timeout_s=30, roll=rolls
    )
    store = PostgresStateStore(pool)
    assert list(await store.list_sessions()) == []
    own_server.stop()

    appending = asyncio.create_task(store.append_events(run_of(asked())))
    async with asyncio.timeout(10):
        await rolls.asked_for.wait()
    own_server.start()
    async with asyncio.timeout(10):
        await appending

    assert len(await store.load_run("run-1")) == 1
    await store.aclose()


async def test_a_server_that_stays_away_is_an_error_when_the_time_is_over(own_server: PostgresServer) -> None:
    store = await PostgresStateStore.open(own_server.dsn(), schema=own_server.new_schema(), timeout_s=1.0)
    own_server.stop()

    with pytest.raises(StoreError, match=r"within 1 s and \d attempts: .*Connect call failed"):
        await store.append_events(run_of(asked()))

    await store.aclose()


async def test_a_server_that_is_silent_is_an_error_when_the_time_is_over(own_server: PostgresServer) -> None:
    store = await PostgresStateStore.open(own_server.dsn(), schema=own_server.new_schema(), timeout_s=1.0)
    own_server.freeze()
    try:
        async with asyncio.timeout(10):
            with pytest.raises(StoreError, match="within 1 s"):
                await store.append_events(run_of(asked()))
            await store.aclose()
    finally:
        own_server.thaw()


async def test_a_call_that_is_cancelled_ends_at_once_though_the_server_is_silent(
    own_server: PostgresServer,
) -> None:
    pool = await PostgresPool.open(own_server.dsn(), schema="public", max_connections=1, timeout_s=30)
    asked_for = asyncio.Event()

    async def ask(connection: Connection) -> str:
        own_server.freeze()
        asked_for.set()
        return await connection.execute("SELECT 1")

    asking = asyncio.create_task(pool.transact(ask))
    try:
        async with asyncio.timeout(5):
            await asked_for.wait()
            asking.cancel()
            await asyncio.wait([asking])
        assert asking.cancelled()
    finally:
        own_server.thaw()

    assert await pool.run(lambda connection: connection.fetchval("SELECT 1")) == 1
    await pool.aclose()


async def test_a_server_that_drops_every_connection_is_asked_a_few_times_only() -> None:
    async with dropping() as (port, visits):
        dsn = f"postgresql://me@127.0.0.1:{port}/app?sslmode=disable"
        pool = await PostgresPool.open(dsn, schema="it", max_connections=5, timeout_s=2.0)
        with pytest.raises(StoreError, match="within 2 s"):
            await pool.run(lambda connection: connection.execute("SELECT 1"))
        await pool.aclose()

    assert 2 <= len(visits) <= 7  # at the soonest after 0, 25, 75, 175, 375, 775 and 1575 ms


async def test_closing_lets_work_that_was_begun_end(postgres: PostgresServer) -> None:
    pool = await PostgresPool.open(postgres.dsn(), schema="public", max_connections=1, timeout_s=10)
    begun, may_end = asyncio.Event(), asyncio.Event()

    async def work(connection: Connection) -> str:
        begun.set()
        await may_end.wait()
        return await connection.execute("SELECT 1")

    working = asyncio.create_task(pool.transact(work))
    closing = None
    async with asyncio.timeout(10):
        await begun.wait()
        closing = asyncio.create_task(pool.aclose())
        await asyncio.sleep(0)
        may_end.set()

        assert await working == "SELECT 1"
        await closing


async def test_more_work_than_connections_takes_turns(postgres: PostgresServer) -> None:
    store = await PostgresStateStore.open(postgres.dsn(), schema=postgres.new_schema(), max_connections=2)
    appending = [
        store.append_events(run_of(asked(), run_id=f"run-{n}", session_id=f"session-{n % 7}"))
        for n in range(60)
    ]

    async with asyncio.timeout(30):
        await asyncio.gather(*appending)

    assert sum([line.runs for line in await store.list_sessions()]) == 60
    await store.aclose()


async def test_a_statement_that_fails_leaves_a_connection_that_works(postgres: PostgresServer) -> None:
    pool = await PostgresPool.open(postgres.dsn(), schema="public", max_connections=1, timeout_s=10)

    async def divide(connection: Connection) -> str:
        return await connection.execute("SELECT 1 / 0")

    for attempt in (pool.run, pool.transact):
        with pytest.raises(StoreError, match="division by zero"):
            await attempt(divide)
    assert await pool.run(lambda connection: connection.fetchval("SELECT 1")) == 1
    await pool.aclose()

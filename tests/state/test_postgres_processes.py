"""Several processes on one PostgreSQL, some of which die or freeze, and a server that comes and goes."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from asyncio.subprocess import Process
from collections import Counter
from pathlib import Path

import pytest

from penguiflow.state.postgres import PostgresStateStore
from tests.fakes import postgres_worker
from tests.fakes.postgres import PostgresServer
from tests.fakes.postgres_worker import event_of

pytestmark = pytest.mark.process

_PIPE = subprocess.PIPE


async def worker(server: PostgresServer, schema: str, *arguments: str) -> Process:
    script = Path(postgres_worker.__file__)
    return await asyncio.create_subprocess_exec(
        sys.executable, str(script), server.dsn(), schema, *arguments, stdin=_PIPE, stdout=_PIPE, stderr=_PIPE
    )


async def line_of(process: Process, *, timeout_s: float = 30) -> str:
    assert process.stdout is not None
    async with asyncio.timeout(timeout_s):
        line = (await process.stdout.readline()).decode().strip()
    assert line, f"the process ended: {await rest_of(process)}"
    return line


async def rest_of(process: Process) -> tuple[list[str], str]:
    """Return the lines that are still to be read, and stderr, once the process has ended."""
    async with asyncio.timeout(60):
        out, err = await process.communicate()
    return out.decode().split("\n")[:-1], err.decode()


async def test_when_a_writer_is_killed_nothing_that_was_acknowledged_is_lost_and_nothing_is_there_twice(
    postgres: PostgresServer,
) -> None:
    schema, events = postgres.new_schema(), 10
    victim, *others = [await worker(postgres, schema, "append", name, "100", str(events)) for name in "abc"]
    told = [await line_of(victim) for _ in range(101)]
    victim.kill()
    told += (await rest_of(victim))[0]
    assert len(told) < 100 * events, "it was done before it could be killed"
    for other in others:
        lines, complaints = await rest_of(other)
        assert (len(lines), complaints) == (100 * events, "")
        told += lines

    async with asyncio.timeout(60):
        store = await PostgresStateStore.open(postgres.dsn(), schema=schema)
        stored = await store.load_session("shared")
        assert {f"{event.run_id} {event.seq}" for event in stored} >= set(told)

        again = await worker(
            postgres, schema, "append", "a", "100", str(events)
        )  # as whoever watches it would
        assert (await rest_of(again))[1] == ""

        places = Counter((event.run_id, event.seq) for event in await store.load_session("shared"))
        assert places == Counter(
            (f"{name}-{n}", seq) for name in "abc" for n in range(100) for seq in range(events)
        )
        for run in await store.list_runs(limit=1_000):
            assert [event.seq for event in await store.load_run(run.run_id)] == list(range(events))
        session = await store.find_session("shared")
        assert session is not None
        assert session.runs == 300
        await store.aclose()


async def test_a_frozen_process_lets_others_go_on_and_loses_what_it_held(postgres: PostgresServer) -> None:
    schema = postgres.new_schema()
    store = await PostgresStateStore.open(postgres.dsn(), schema=schema)
    frozen = await worker(postgres, schema, "hold")
    assert await line_of(frozen) == "holding"
    frozen.send_signal(signal.SIGSTOP)

    async with asyncio.timeout(15):
        await store.append_events([event_of("run", 0, question="of the other one")])
    frozen.send_signal(signal.SIGCONT)
    assert frozen.stdin is not None
    frozen.stdin.write(b"go on\n")
    lines, complaints = await rest_of(frozen)

    assert (lines, complaints) == (["history_conflict"], "")
    assert list(await store.load_run("run")) == [event_of("run", 0, question="of the other one")]
    await store.aclose()


async def test_a_server_that_is_restarted_again_and_again_loses_and_repeats_nothing() -> None:
    with PostgresServer.running(durable=True) as server:
        writers = [await worker(server, "penguiflow", "append", name, "40", "10") for name in "ab"]
        for stop in (server.stop, server.kill, server.kill, server.stop):
            for _ in range(100):
                await line_of(writers[0], timeout_s=60)
            stop()
            server.start()
        for writer in writers:
            assert (await rest_of(writer))[1] == ""

        store = await PostgresStateStore.open(server.dsn())
        stored = await store.load_session("shared")
        places = Counter((event.run_id, event.seq) for event in stored)
        assert places == Counter(
            (f"{name}-{n}", seq) for name in "ab" for n in range(40) for seq in range(10)
        )
        assert [summary.runs for summary in await store.list_sessions()] == [80]
        await store.aclose()


async def test_of_two_processes_that_take_a_pause_exactly_one_gets_it(postgres: PostgresServer) -> None:
    schema = postgres.new_schema()
    store = await PostgresStateStore.open(postgres.dsn(), schema=schema)
    for number in range(200):
        await store.save_planner_state(f"token-{number}", {"number": number})
    racers = [await worker(postgres, schema, "take", "200") for _ in range(2)]
    for racer in racers:
        assert await line_of(racer) == "ready"
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write(b"go\n")

    taken = [await rest_of(racer) for racer in racers]

    assert [complaints for _, complaints in taken] == ["", ""]
    assert Counter(taken[0][0] + taken[1][0]) == Counter(f"token-{number}" for number in range(200))
    await store.aclose()


async def test_processes_that_open_a_new_database_at_once_create_the_tables_once(
    postgres: PostgresServer,
) -> None:
    schema = postgres.new_schema()
    processes = [await worker(postgres, schema, "append", name, "1", "2") for name in "abcd"]

    outcomes = await asyncio.gather(*(rest_of(process) for process in processes))

    assert [complaints for _, complaints in outcomes] == [""] * 4
    store = await PostgresStateStore.open(postgres.dsn(), schema=schema)
    assert len(await store.load_session("shared")) == 8
    await store.aclose()

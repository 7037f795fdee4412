"""A process that works on a history in PostgreSQL; it tells on stdout what was stored, a line each.

python postgres_worker.py DSN SCHEMA append RUN_PREFIX RUNS EVENTS   events of several runs, two at a time
python postgres_worker.py DSN SCHEMA take TOKENS                     the records of token-0, token-1, ...
python postgres_worker.py DSN SCHEMA hold                            stops within a transaction
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from itertools import count

from penguiflow.state._postgres_append import append_events
from penguiflow.state._postgres_driver import Connection
from penguiflow.state._postgres_pool import PostgresPool
from penguiflow.state._postgres_rows import event_row
from penguiflow.state.errors import StoreError
from penguiflow.state.events import RunEvent, RunStarted, StepStarted
from penguiflow.state.postgres import PostgresStateStore


def event_of(run_id: str, seq: int, *, question: str = "q") -> RunEvent:
    """The events that `append` stores: what a run begins with, and then steps. One session for all runs."""
    body = RunStarted(question=question, agent="a") if seq == 0 else StepStarted(step=seq)
    return RunEvent(session_id="shared", run_id=run_id, seq=seq, ts=float(seq), body=body)


async def append(dsn: str, schema: str, prefix: str, runs: str, events: str) -> None:
    store = await PostgresStateStore.open(dsn, schema=schema)
    for number in range(int(runs)):
        run_id = f"{prefix}-{number}"
        for seq in range(0, int(events), 2):
            await store.append_events([event_of(run_id, seq), event_of(run_id, seq + 1)])
            say(f"{run_id} {seq}")
            say(f"{run_id} {seq + 1}")
    await store.aclose()


async def take(dsn: str, schema: str, tokens: str) -> None:
    store = await PostgresStateStore.open(dsn, schema=schema)
    say("ready")
    await asyncio.to_thread(sys.stdin.readline)
    for number in range(int(tokens)):
        if await store.load_planner_state(f"token-{number}") is not None:
            say(f"token-{number}")
    await store.aclose()


async def hold(dsn: str, schema: str) -> None:
    """Append an event, wait for a line on stdin in the middle of it, and tell how that ended."""
    pool = await PostgresPool.open(dsn, schema=schema, max_connections=1, timeout_s=30)
    event = event_of("run", 0, question="of the frozen one")
    attempts = count(1)

    async def append_slowly(connection: Connection) -> None:
        await append_events(connection, [event], [event_row(event)])
        if next(attempts) == 1:
            say("holding")
            await asyncio.to_thread(sys.stdin.readline)

    try:
        await pool.transact(append_slowly)
    except StoreError as error:
        say(error.code)
    else:
        say("stored")
    await pool.aclose()


def say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 the process answers on stdout


_ROLES: dict[str, Callable[..., Awaitable[None]]] = {"append": append, "take": take, "hold": hold}


async def main(dsn: str, schema: str, role: str, *arguments: str) -> None:
    await _ROLES[role](dsn, schema, *arguments)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))

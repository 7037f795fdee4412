"""A process that is killed while an answer is taken: the question still waits, or its answer is kept."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest

from penguiflow.planner import PlannerFinish, PlannerPause, UnknownTokenError
from penguiflow.state.sqlite import SqliteStateStore
from tests.fakes.note_agent import note_planner

ROOT = Path(__file__).parents[2]

# Between taking the record out and putting the claim in, SQLite counts for longer than any test waits.
_HOLD_UP = """
CREATE TRIGGER hold_up BEFORE {operation} ON planner_states BEGIN
    SELECT max(n) FROM (
        WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 1e12)
        SELECT n FROM numbers
    );
END
"""

_ANSWER = """
import asyncio, sys
from pathlib import Path
from penguiflow.state.sqlite import SqliteStateStore
from tests.fakes.note_agent import note_planner

async def main(history, notes, token):
    store = await SqliteStateStore.open(history)
    planner = note_planner(Path(notes), store)
    print("answering", flush=True)
    await planner.resume(token, "approve")

asyncio.run(main(*sys.argv[1:]))
"""


@asynccontextmanager
async def answering_process(
    history: Path, notes: Path, token: str
) -> AsyncGenerator[asyncio.subprocess.Process]:
    """A process that answers; it is killed when the block is left."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        _ANSWER,
        *(str(history), str(notes), token),
        stdout=asyncio.subprocess.PIPE,
        cwd=ROOT,
    )
    try:
        assert process.stdout is not None
        assert await asyncio.wait_for(process.stdout.readline(), 20) == b"answering\n"
        yield process
    finally:
        process.send_signal(signal.SIGKILL)
        await asyncio.wait_for(process.communicate(), 10)


async def until_somebody_writes(history: Path) -> None:
    """Wait until a transaction holds the file."""
    with closing(sqlite3.connect(history, isolation_level=None, timeout=0)) as file:
        async with asyncio.timeout(10):
            while True:
                try:
                    file.execute("BEGIN IMMEDIATE")
                except sqlite3.OperationalError:
                    return
                file.execute("ROLLBACK")
                await asyncio.sleep(0)


def change(history: Path, statement: str) -> None:
    with closing(sqlite3.connect(history, isolation_level=None)) as file:
        file.execute(statement)


async def paused_run(store: SqliteStateStore, notes: Path) -> str:
    result = await note_planner(notes, store).run("save a note")
    assert isinstance(result, PlannerPause)
    return result.resume_token


@pytest.mark.process
@pytest.mark.parametrize("operation", ["DELETE", "INSERT"])
async def test_killed_before_the_answer_is_kept_the_question_still_waits(
    tmp_path: Path, operation: str
) -> None:
    history, notes = tmp_path / "history.sqlite3", tmp_path / "notes"
    store = await SqliteStateStore.open(history)
    token = await paused_run(store, notes)
    change(history, _HOLD_UP.format(operation=operation))

    async with answering_process(history, notes, token):
        await until_somebody_writes(history)
    change(history, "DROP TRIGGER hold_up")

    planner = note_planner(notes, store)
    with pytest.raises(UnknownTokenError):
        await planner.recover(token)
    assert isinstance(await planner.resume(token, "approve"), PlannerFinish)
    assert notes.read_text(encoding="utf-8") == "buy tea\n"
    await store.aclose()


@pytest.mark.process
async def test_killed_after_the_answer_was_kept_the_run_is_recovered(tmp_path: Path) -> None:
    history, notes = tmp_path / "history.sqlite3", tmp_path / "notes"
    store = await SqliteStateStore.open(history)
    token = await paused_run(store, notes)
    os.mkfifo(notes)  # in which the tool waits, because nobody reads

    async with answering_process(history, notes, token):
        async with asyncio.timeout(10):
            while await store.peek_planner_state(token) is not None:
                pass
    notes.unlink()

    planner = note_planner(notes, store)
    with pytest.raises(UnknownTokenError, match="recover"):
        await planner.resume(token, "approve")
    assert isinstance(await planner.recover(token), PlannerFinish)
    assert notes.read_text(encoding="utf-8") == "buy tea\n"
    await store.aclose()

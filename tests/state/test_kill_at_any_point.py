"""A process that is killed at any moment leaves a history that is whole up to some moment, and goes on.

Where the kill comes is drawn; `PENGUIFLOW_KILLS=200` makes it many more than a quick test has time for.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import sys
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from penguiflow.planner.approvals import Approve
from penguiflow.sessions import AlreadyDecidedError
from penguiflow.sessions.session import AgentSession
from penguiflow.state.events import (
    ModelCalled,
    PersonAnswered,
    PersonAsked,
    RunEvent,
    RunInterrupted,
    ToolFinished,
    from_record,
)
from penguiflow.state.sqlite import SqliteStateStore
from tests.fakes.killed_session import note_agent

ROOT = Path(__file__).parents[2]
SESSION = "session-1"
KILLS = int(os.environ.get("PENGUIFLOW_KILLS", "3"))
MAX_LINES_BEFORE_KILL = 160


@dataclass
class Told:
    """What a process told before it was killed: what it had shown, and how many of that had to be stored."""

    events: list[RunEvent] = field(default_factory=list[RunEvent])
    stored: int = 0

    def add(self, line: bytes) -> None:
        told = json.loads(line)
        if "event" in told:
            self.events.append(from_record(told["event"]))
        else:
            self.stored = told["stored"]


async def work_until_killed(history: Path, notes: Path, seed: str, *, lines: int, spin: int) -> Told:
    """Let a process work, kill it after so many lines and a moment, and return what it told by then."""
    arguments = (str(history), str(notes), SESSION, seed)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.fakes.killed_session",
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        cwd=ROOT,
        limit=2**24,
    )
    assert process.stdout is not None
    told = Told()
    for _ in range(lines):
        line = await asyncio.wait_for(process.stdout.readline(), 30)
        assert line.endswith(b"\n"), f"seed {seed}: the process ended by itself"
        told.add(line)
    for _ in range(spin):
        await asyncio.sleep(0)
    process.send_signal(signal.SIGKILL)
    rest = await asyncio.wait_for(process.stdout.read(), 10)
    for line in rest.splitlines(keepends=True):
        if line.endswith(b"\n"):  # the last one may be cut off
            told.add(line)
    assert await asyncio.wait_for(process.wait(), 10) == -signal.SIGKILL
    return told


def is_concluded_here_only(event: RunEvent) -> bool:
    """Whether a session may show the event without storing it, because another process has the last word."""
    body = event.body
    return isinstance(body, RunInterrupted) or (
        isinstance(body, PersonAnswered) and body.decision == "cancelled"
    )


async def check_history(store: SqliteStateStore, told: Told, notes: Path) -> None:
    """Compare what is stored with what the process told."""
    assert [line.session_id for line in await store.list_sessions()] == [SESSION]
    events = await store.load_session(SESSION)
    runs: defaultdict[str, list[RunEvent]] = defaultdict(list)
    for event in events:
        runs[event.run_id].append(event)
    stored = {(event.run_id, event.seq): event for event in events}
    assert len(stored) == len(events), "an event is there twice"
    for run_id, run in runs.items():
        assert [event.seq for event in run] == list(range(len(run))), "a run has a gap or is out of order"
        assert list(await store.load_run(run_id)) == run
    for number, event in enumerate(told.events):
        found = stored.get((event.run_id, event.seq))
        if is_concluded_here_only(event) and found != event:
            continue
        had_to_be_stored = number < told.stored or isinstance(event.body, PersonAsked)
        assert found == event or (found is None and not had_to_be_stored)
    await check_contents(store, events)
    check_notes(notes, events)


async def check_contents(store: SqliteStateStore, events: Sequence[RunEvent]) -> None:
    for event in events:
        refs = event.body.messages if isinstance(event.body, ModelCalled) else ()
        if isinstance(event.body, ToolFinished) and event.body.content is not None:
            refs = (event.body.content,)
        for ref in refs:
            assert await store.load_content(SESSION, ref.content_id) is not None


def check_notes(notes: Path, events: Sequence[RunEvent]) -> None:
    """No note was saved twice, and every one that is said to be saved is."""
    saved = saved_in(notes)
    assert len(saved) == len(set(saved))
    finished = [
        event
        for event in events
        if isinstance(event.body, ToolFinished)
        and event.body.tool == "save_note"
        and event.body.error is None
        and event.body.result == {"lines": 1}
    ]
    assert len(finished) <= len(saved)


def saved_in(notes: Path) -> list[str]:
    return notes.read_text(encoding="utf-8").split() if notes.exists() else []


@pytest.mark.process
@pytest.mark.parametrize("seed", range(2))
async def test_a_session_killed_at_any_point_is_whole_up_to_there_and_goes_on(
    tmp_path: Path, seed: int
) -> None:
    dice = random.Random(seed)
    history, notes = tmp_path / "history.sqlite3", tmp_path / "notes"
    for number in range(KILLS):
        lines, spin = dice.randrange(1, MAX_LINES_BEFORE_KILL), dice.choice((0, 0, 10, 100, 1_000))
        told = await work_until_killed(history, notes, f"{seed}.{number}", lines=lines, spin=spin)
        store = await SqliteStateStore.open(history)
        await check_history(store, told, notes)
        await check_that_it_goes_on(store, notes, mark=f"after-{number}", kills=number + 1)
        await store.aclose()


async def check_that_it_goes_on(store: SqliteStateStore, notes: Path, *, mark: str, kills: int) -> None:
    """Open the session, ask something, answer what waits; all of it is in the history."""
    session = await AgentSession.open(note_agent(notes, store), store, session_id=SESSION)
    waiting = session.pending
    result = await session.ask(f"save note {mark}")
    assert result.outcome == "paused"
    done = await session.decide(session.pending[-1].request_id, Approve())
    assert (done.outcome, saved_in(notes).count(mark)) == ("answered", 1)
    lost = 0
    for asked in waiting:
        try:
            assert (await session.decide(asked.request_id, Approve())).outcome == "answered"
        except AlreadyDecidedError:  # by a process that was killed before it could write that
            lost += 1
    assert lost <= kills
    run = await store.load_run(result.run_id)
    assert [event.seq for event in run] == list(range(len(run)))
    assert run[-1].kind == "run_finished"
    await session.aclose()

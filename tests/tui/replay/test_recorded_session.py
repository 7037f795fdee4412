"""A real session, kept in a real history, ends in the same state when it is replayed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from penguiflow.planner.approvals import Approve, Reject
from penguiflow.sessions.planner_agent import PlannerAgent
from penguiflow.sessions.session import AgentSession
from penguiflow.state.sqlite import SqliteStateStore
from penguiflow_tui.demo.agent import build_planner
from penguiflow_tui.feed import SessionFeed
from penguiflow_tui.model import TrajectoryKey, WorkbenchState, find_subject
from penguiflow_tui.model.whole_text import whole_parts
from penguiflow_tui.replay.feed import ReplayFeed
from penguiflow_tui.replay.playback import INSTANT
from tests.fakes.workbench import Ticks

pytestmark = pytest.mark.process  # the demo agent starts its notes server


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStateStore]:
    opened = await SqliteStateStore.open(tmp_path / "history.sqlite3")
    yield opened
    await opened.aclose()


async def replayed(store: SqliteStateStore, session_id: str, *, speed: float) -> WorkbenchState:
    clock = Ticks()
    feed = ReplayFeed(await store.load_session(session_id), clock=clock, speed=speed)
    while feed.playback.state != "over" or feed.state.event_count < feed.event_count:
        feed.pull()
        clock.now += 0.3
    return feed.state


async def test_a_session_with_decisions_and_its_replay_end_in_the_same_state(
    store: SqliteStateStore, tmp_path: Path
) -> None:
    planner = build_planner(project_root=tmp_path, state_store=store)
    session = await AgentSession.open(PlannerAgent(planner, name="demo"), store)
    live = SessionFeed(session)
    try:
        await session.start()
        await session.ask("what is 12 * (3 + 4)?")
        for text, decision in (("buy milk", None), ("buy bread", Reject("not today"))):
            asked = (await session.ask(f"save a note: {text}")).request
            assert asked is not None
            assert asked.call is not None
            await session.decide(asked.request_id, decision or Approve(asked.call.call_hash))
        waiting = (await session.ask("save a note: buy fish")).request
        assert waiting is not None
        live.pull()
        await session.flush()

        for speed in (0.5, 16.0, INSTANT):
            assert await replayed(store, session.session_id, speed=speed) == live.state
        assert [run.state for run in live.state.runs] == ["answered", "answered", "answered", "waiting"]

        run = live.state.runs[0]
        subject = find_subject(live.state, TrajectoryKey(run.run_id, 1))
        assert subject is not None
        refs = [part.ref for part in whole_parts(subject) if part.ref is not None]
        texts = [await session.load_content(ref.content_id) for ref in refs]
        assert any("12 * (3 + 4)" in (text or "") for text in texts)
    finally:
        await session.aclose()

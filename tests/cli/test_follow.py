"""Following a run: every event is shown once, and a run never outlives its follower."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from penguiflow.sessions.results import RunResult
from penguiflow.state.events import RunEvent, StepStarted
from penguiflow_cli._errors import OutputClosed
from penguiflow_cli._follow import follow

DONE = RunResult(run_id="run", outcome="answered", answer="42")


def step(number: int) -> RunEvent:
    return RunEvent(session_id="s", run_id="run", seq=number, ts=0.0, body=StepStarted(step=number))


class GrowingSource:
    """Events as a list that a run appends to."""

    def __init__(self) -> None:
        self.events: list[RunEvent] = []

    def events_since(self, cursor: int) -> tuple[Sequence[RunEvent], int]:
        return self.events[cursor:], len(self.events)


class RecordingView:
    """Keeps what it is shown; with `broken` it behaves like a closed pipe."""

    def __init__(self, *, broken: bool = False) -> None:
        self.shown: list[RunEvent] = []
        self.endings: list[RunResult | None] = []
        self.broken = broken

    def show(self, events: Sequence[RunEvent]) -> None:
        if self.broken and events:
            raise OutputClosed
        self.shown.extend(events)

    def end(self, result: RunResult | None) -> None:
        self.endings.append(result)


async def test_every_event_is_shown_once_and_the_last_before_the_end() -> None:
    source, view = GrowingSource(), RecordingView()

    async def work() -> RunResult:
        for number in range(3):
            source.events.append(step(number))
            await asyncio.sleep(0)
        return DONE

    assert await asyncio.wait_for(follow(source, work(), view), 5) == DONE
    assert view.shown == source.events
    assert view.endings == [DONE]


async def test_events_before_the_cursor_are_not_shown_again() -> None:
    source, view = GrowingSource(), RecordingView()
    source.events = [step(0), step(1)]

    async def work() -> RunResult:
        source.events.append(step(2))
        return DONE

    await asyncio.wait_for(follow(source, work(), view, cursor=2), 5)
    assert view.shown == [step(2)]


@pytest.mark.parametrize("why", ["closed pipe", "cancelled"])
async def test_the_run_ends_before_its_follower_does(why: str) -> None:
    source, view = GrowingSource(), RecordingView(broken=why == "closed pipe")
    started, ended = asyncio.Event(), asyncio.Event()

    async def work() -> RunResult:
        source.events.append(step(0))
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
        return DONE

    following = asyncio.create_task(follow(source, work(), view))
    await asyncio.wait_for(started.wait(), 5)
    if why == "cancelled":
        following.cancel()
    with pytest.raises(asyncio.CancelledError if why == "cancelled" else OutputClosed):
        await asyncio.wait_for(following, 5)
    assert ended.is_set()
    assert view.endings == [None]


async def test_an_error_of_the_work_comes_out() -> None:
    async def work() -> RunResult:
        raise RuntimeError("broken agent")

    with pytest.raises(RuntimeError, match="broken agent"):
        await asyncio.wait_for(follow(GrowingSource(), work(), RecordingView()), 5)

"""A replay on recorded events, without a terminal and with a clock that stands still."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from time import monotonic

from textual.pilot import Pilot

from penguiflow.state.errors import StoreError
from penguiflow.state.events import RunEvent
from penguiflow_tui.replay.playback import Playback
from penguiflow_tui.replay_app import ReplayApp
from penguiflow_tui.screens.replay import ReplayScreen
from penguiflow_tui.themes import NIGHT
from penguiflow_tui.widgets.approval_card import ApprovalCard
from penguiflow_tui.widgets.replay_bar import ReplayBar
from tests.fakes.session import FakeRecording
from tests.fakes.workbench import WAIT_S, Ticks


class ReplayBench:
    """A running replay and what a test looks at."""

    def __init__(self, pilot: Pilot[None], app: ReplayApp, recording: FakeRecording, ticks: Ticks) -> None:
        self.pilot = pilot
        self.app = app
        self.recording = recording
        self.ticks = ticks

    @property
    def screen(self) -> ReplayScreen:
        return self.app.replay_screen

    @property
    def card(self) -> ApprovalCard:
        return self.screen.query_one(ApprovalCard)

    @property
    def bar(self) -> ReplayBar:
        return self.screen.query_one(ReplayBar)

    @property
    def playback(self) -> Playback:
        playback = self.screen.playback
        assert playback is not None, "the recording is read"
        return playback

    async def until(self, condition: Callable[[], object], what: str) -> None:
        """Let the application work until `condition` holds."""
        end = monotonic() + WAIT_S
        while not condition():
            assert monotonic() < end, f"waited {WAIT_S} s in vain: {what}"
            await self.pilot.pause(0.01)
        await self.pilot.pause()

    async def shown(self, event_count: int) -> None:
        """Wait until so many events are on the screen, and no more are due."""
        await self.until(
            lambda: self.screen.state.event_count == self.playback.position == event_count,
            f"{event_count} events are shown",
        )

    async def play(self, seconds: float, *, until_shown: int) -> None:
        """Let so much time pass."""
        self.ticks.now += seconds
        await self.shown(until_shown)

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.pilot.pause()

    async def at_rest(self) -> None:
        """Wait until nothing changes any more, for a picture."""
        await self.until(lambda: not self.screen.lag_ms, "the loop is on time")
        await self.pilot.pause(0.2)
        await self.pilot.wait_for_scheduled_animations()


@asynccontextmanager
async def replaying(
    events: Sequence[RunEvent],
    *,
    folder: Path,
    size: tuple[int, int] = (120, 40),
    speed: float = 1.0,
    theme: str = NIGHT.name,
    fail: StoreError | None = None,
) -> AsyncIterator[ReplayBench]:
    """Open a replay; the recording is read, or could not be, when this yields."""
    ticks = Ticks()
    recording = FakeRecording(events, title="Save a note", fail=fail)
    app = ReplayApp(recording, project="notebook", crash_folder=folder, speed=speed, theme=theme, ticks=ticks)
    app.animation_level = "none"
    async with app.run_test(size=size) as pilot:
        bench = ReplayBench(pilot, app, recording, ticks)
        if fail is None:
            await bench.until(lambda: app.replay_screen.playback is not None, "the recording is read")
        yield bench

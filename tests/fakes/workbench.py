"""The workbench on a fake session, without a terminal and with a clock that stands still."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from time import monotonic

from textual.pilot import Pilot
from textual.widgets import Input, TextArea

from penguiflow_tui.app import WorkbenchApp
from penguiflow_tui.ports import ServerQuestion
from penguiflow_tui.screens.trust import TrustScreen
from penguiflow_tui.session_host import SessionHost
from penguiflow_tui.terminal_app import OpenLink
from penguiflow_tui.themes import NIGHT
from penguiflow_tui.widgets.approval_card import ApprovalCard
from penguiflow_tui.widgets.composer import Composer
from penguiflow_tui.widgets.transcript import Transcript
from tests.fakes.session import STARTED_AT, FakeSession, FakeStored, FakeWorkspace

WAIT_S = 5.0
NOW = STARTED_AT + 400


class Ticks:
    """A clock that moves when it is told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Bench:
    """A running workbench and what a test looks at."""

    def __init__(self, pilot: Pilot[None], app: WorkbenchApp, session: FakeSession, ticks: Ticks) -> None:
        self.pilot = pilot
        self.app = app
        self.session = session
        self.ticks = ticks

    @property
    def card(self) -> ApprovalCard:
        return self.app.run_screen.query_one(ApprovalCard)

    @property
    def composer(self) -> Composer:
        return self.app.run_screen.query_one(Composer)

    @property
    def transcript(self) -> Transcript:
        return self.app.run_screen.query_one(Transcript)

    @property
    def drawing(self) -> str:
        """The whole screen as it is drawn."""
        return self.app.export_screenshot().replace("&#160;", " ")

    async def until(self, condition: Callable[[], object], what: str) -> None:
        """Let the application work until `condition` holds."""
        end = monotonic() + WAIT_S
        while not condition():
            assert monotonic() < end, f"waited {WAIT_S} s in vain: {what}"
            await self.pilot.pause(0.01)
        await self.pilot.pause()

    async def all_shown(self) -> None:
        """Wait until every event of the session is on the screen."""
        await self.until(
            lambda: self.app.run_screen.state.event_count >= len(self.session.events_since(0)[0]),
            "the screen has read all events",
        )

    async def press_when_armed(self, *keys: str) -> None:
        """Press keys on the card after its quiet time."""
        await self.until(lambda: self.card.has_focus, "the card has the focus")
        self.ticks.now += 1
        await self.pilot.press(*keys)
        await self.pilot.pause()

    async def armed(self) -> None:
        """Wait until the card looks as if it takes keys."""
        await self.until(lambda: self.card.has_focus, "the card has the focus")
        await self.until(lambda: self.card.has_class("-armed"), "the card takes keys")

    async def write(self, text: str) -> None:
        """Type `text` into what has the focus."""
        await self.pilot.press(*("space" if character == " " else character for character in text))

    async def at_rest(self) -> None:
        """Stop what blinks and wait until nothing changes any more, for a picture."""
        for field in self.app.screen.query("TextArea, Input"):
            if isinstance(field, TextArea | Input):
                field.cursor_blink = False
        await self.until(lambda: not self.app.run_screen.lag_ms, "the loop is on time")
        await self.pilot.pause(0.15)
        await self.pilot.wait_for_scheduled_animations()


@asynccontextmanager
async def workbench(
    session: FakeSession,
    *,
    folder: Path,
    size: tuple[int, int] = (120, 40),
    theme: str = NIGHT.name,
    stored: Sequence[FakeStored] = (),
    others: Sequence[FakeSession] = (),
    open_link: OpenLink = lambda address: False,
    notifications: bool = False,
) -> AsyncIterator[Bench]:
    """Open the workbench on `session`; the agent is loaded when this yields.

    With `notifications`, what it tells in passing is drawn as well.
    """
    ticks = Ticks()
    workspace = FakeWorkspace(session, stored=stored, others=others)
    app = WorkbenchApp(
        SessionHost(workspace.open),
        project="notebook",
        crash_folder=folder,
        theme=theme,
        clock=lambda: NOW,
        ticks=ticks,
        open_link=open_link,
    )
    app.animation_level = "none"
    async with app.run_test(size=size, notifications=notifications) as pilot:
        bench = Bench(pilot, app, session, ticks)
        await bench.until(lambda: app.host.session is session, "the session is open")
        await bench.all_shown()
        yield bench


class Asking(Bench):
    """A workbench that asks about servers before it loads the agent."""

    def __init__(
        self,
        pilot: Pilot[None],
        app: WorkbenchApp,
        session: FakeSession,
        ticks: Ticks,
        workspace: FakeWorkspace,
    ) -> None:
        super().__init__(pilot, app, session, ticks)
        self.workspace = workspace

    async def loaded(self) -> None:
        """Wait until the session is open."""
        await self.until(lambda: self.app.host.session is self.session, "the session is open")


@asynccontextmanager
async def asking(
    session: FakeSession,
    servers: Sequence[ServerQuestion],
    *,
    folder: Path,
    size: tuple[int, int] = (120, 40),
) -> AsyncIterator[Asking]:
    """Open the workbench; the first question is on the screen when this yields."""
    ticks = Ticks()
    workspace = FakeWorkspace(session)
    workspace.servers = servers
    app = WorkbenchApp(
        SessionHost(workspace.open), project="notebook", crash_folder=folder, clock=lambda: NOW, ticks=ticks
    )
    app.animation_level = "none"
    async with app.run_test(size=size) as pilot:
        bench = Asking(pilot, app, session, ticks, workspace)
        await bench.until(lambda: isinstance(app.screen, TrustScreen), "it asks")
        yield bench

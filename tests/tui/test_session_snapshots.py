"""What the session list looks like, and that the picture shows what the model says."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from textual.app import App
from textual.widgets import OptionList

from penguiflow_tui.screens.sessions import SessionsScreen
from tests.fakes import recorded
from tests.fakes.panes import text_of
from tests.fakes.session import STARTED_AT, FakeSession, FakeStored
from tests.fakes.workbench import Bench, workbench

ScreenShot = Callable[[App[Any]], bool]

every_size = pytest.mark.parametrize(
    "size", [(120, 40), (80, 24), (60, 20)], ids=lambda size: f"{size[0]}x{size[1]}"
)

STORED = (
    FakeStored(
        session_id="session-1",
        title=recorded.QUESTION,
        name="Ada's call",
        state="waiting",
        last_line=recorded.TOOL,
        runs=3,
    ),
    FakeStored(
        session_id="session-2",
        title="",
        runs=0,
        cost_usd=None,
        parent_session_id="session-1",
        updated_at=STARTED_AT - 600,
    ),
    FakeStored(
        session_id="session-3",
        title="What did I [save]? And is there a note that I wrote about the flat, in last year's winter?",
        last_line="You have one note.",
        runs=12,
        cost_usd=1.25,
        updated_at=STARTED_AT - 7_200,
    ),
    FakeStored(
        session_id="session-4",
        title="Which weather is it in Ulm?",
        state="failed",
        last_line="`offline/scripted` refused the key",
        cost_usd=None,
        archived=True,
        updated_at=STARTED_AT - 90_000,
    ),
)


@asynccontextmanager
async def session_list(folder: Path, size: tuple[int, int]) -> AsyncIterator[Bench]:
    session = FakeSession(on_start=[recorded.CONNECTED])
    async with workbench(session, folder=folder, stored=STORED, size=size) as bench:
        await bench.pilot.press("ctrl+o")
        await bench.until(lambda: isinstance(bench.app.screen, SessionsScreen), "the list is open")
        await bench.until(lambda: count(bench) == 3, "the sessions are read")
        yield bench


def count(bench: Bench) -> int:
    return bench.app.screen.query_one(OptionList).option_count


@every_size
async def test_named_forked_and_archived_sessions(
    tmp_path: Path, shows_as_before: ScreenShot, size: tuple[int, int]
) -> None:
    async with session_list(tmp_path, size) as bench:
        await bench.pilot.press("tab")
        await bench.until(lambda: count(bench) == 4, "archived sessions are shown")
        await bench.pilot.press("down")
        await bench.at_rest()
        assert "↳ fork of Ada's call" in text_of(bench.app.screen)
        assert shows_as_before(bench.app)


@every_size
async def test_a_filtered_list(tmp_path: Path, shows_as_before: ScreenShot, size: tuple[int, int]) -> None:
    async with session_list(tmp_path, size) as bench:
        await bench.pilot.press("slash")
        await bench.write("note")
        await bench.until(lambda: count(bench) == 2, "two sessions are left")
        await bench.at_rest()
        assert shows_as_before(bench.app)


async def test_a_session_gets_a_name(tmp_path: Path, shows_as_before: ScreenShot) -> None:
    async with session_list(tmp_path, (80, 24)) as bench:
        await bench.pilot.press("r")
        await bench.until(lambda: "Enter call it so" in text_of(bench.app.screen), "the field is open")
        await bench.at_rest()
        assert shows_as_before(bench.app)

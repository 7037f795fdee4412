"""What tool connections look like in each state, and that the picture shows what the model says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.app import App

from penguiflow_tui.screens.confirm import ConfirmScreen
from penguiflow_tui.screens.tool_call import ToolCallScreen
from penguiflow_tui.screens.tools import ToolsScreen
from penguiflow_tui.widgets.connections import Connections
from penguiflow_tui.widgets.detail_pane import DetailPane
from penguiflow_tui.widgets.tool_list import ToolList
from tests.fakes.recorded_connections import until_consent
from tests.fakes.session import FakeSession
from tests.fakes.workbench import Bench, asking, workbench
from tests.tui.app.test_tools_screen import connected
from tests.tui.app.test_trust import QUESTION

ScreenShot = Callable[[App[Any]], bool]
BOTH_SIZES = pytest.mark.parametrize("size", [(120, 36), (80, 24)], ids=["120x36", "80x24"])


async def tools_of(bench: Bench, *keys: str) -> ToolsScreen:
    await bench.pilot.press("f5", "enter")
    await bench.until(lambda: isinstance(bench.app.screen, ToolsScreen), "the screen is open")
    screen = bench.app.screen
    assert isinstance(screen, ToolsScreen)
    await bench.until(lambda: screen.query_one(ToolList).selected, "the tools are read")
    await bench.pilot.press(*keys)
    return screen


async def test_connections_in_every_state(tmp_path: Path, shows_as_before: ScreenShot) -> None:
    async with workbench(connected(), folder=tmp_path) as bench:
        await bench.pilot.press("f5")
        await bench.at_rest()
        states = [each.state for each in bench.app.run_screen.state.connections]
        assert states == ["ready", "needs_auth", "failed", "disabled", "connecting"]
        assert shows_as_before(bench.app)


@BOTH_SIZES
async def test_a_failed_connection_in_full(
    tmp_path: Path, shows_as_before: ScreenShot, size: tuple[int, int]
) -> None:
    async with workbench(connected(), folder=tmp_path, size=size) as bench:
        screen = await tools_of(bench, "down", "down")
        detail = screen.query_one(DetailPane)
        await bench.until(lambda: detail.view and detail.view.title == "weather", "it is shown")
        await bench.at_rest()
        selected = screen.query_one(Connections).selected
        assert selected is not None
        assert selected.state == "failed"
        assert shows_as_before(bench.app)


async def test_a_tool_in_full(tmp_path: Path, shows_as_before: ScreenShot) -> None:
    async with workbench(connected(), folder=tmp_path, size=(120, 36)) as bench:
        screen = await tools_of(bench, "enter")
        detail = screen.query_one(DetailPane)
        await bench.until(lambda: detail.view and detail.view.title == "notes.save_note", "it is shown")
        await bench.at_rest()
        assert shows_as_before(bench.app)


async def test_a_tool_is_tried_and_asks_for_approval(tmp_path: Path, shows_as_before: ScreenShot) -> None:
    session = connected()
    session.tools.approval = ("notes.save_note",)
    async with workbench(session, folder=tmp_path, size=(80, 24)) as bench:
        await tools_of(bench, "enter", "t")
        await bench.until(lambda: isinstance(bench.app.screen, ToolCallScreen), "the form is open")
        await bench.until(lambda: bench.app.focused is not None, "a field has the focus")
        await bench.pilot.press("A", "tab", "B", "ctrl+s")
        await bench.until(lambda: isinstance(bench.app.screen, ConfirmScreen), "it asks")
        await bench.at_rest()
        assert session.tools.called == []
        assert shows_as_before(bench.app)


async def test_changed_tools_are_reviewed(tmp_path: Path, shows_as_before: ScreenShot) -> None:
    session = connected()
    async with workbench(session, folder=tmp_path, size=(120, 36)) as bench:
        await bench.pilot.press("f5", "v")
        await bench.until(lambda: len(bench.app.screen_stack) == 2, "the review is open")
        await bench.at_rest()
        assert session.tools.approved == []
        assert shows_as_before(bench.app)


@BOTH_SIZES
async def test_a_run_waits_for_a_sign_in(
    tmp_path: Path, shows_as_before: ScreenShot, size: tuple[int, int]
) -> None:
    session = FakeSession()
    session.happened(*until_consent())
    async with workbench(session, folder=tmp_path, size=size) as bench:
        await bench.armed()
        await bench.at_rest()
        assert bench.app.run_screen.state.activity == "waiting"
        assert shows_as_before(bench.app)


@BOTH_SIZES
async def test_a_server_is_asked_about(
    tmp_path: Path, shows_as_before: ScreenShot, size: tuple[int, int]
) -> None:
    async with asking(FakeSession(), [QUESTION], folder=tmp_path, size=size) as bench:
        await bench.at_rest()
        assert bench.workspace.answers == []
        assert shows_as_before(bench.app)

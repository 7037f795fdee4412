"""Opening, switching and leaving sessions, and what happens when the agent cannot be loaded."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from penguiflow.llm.errors import LLMSetupError
from penguiflow_tui.app import WorkbenchApp
from penguiflow_tui.ports import AskTrust
from penguiflow_tui.screens.confirm import ConfirmScreen
from penguiflow_tui.screens.help import HelpScreen
from penguiflow_tui.screens.sessions import SessionsScreen
from penguiflow_tui.session_host import SessionHost
from penguiflow_tui.session_rows import age_text
from penguiflow_tui.widgets.chat_start import ChatStart
from tests.fakes import recorded
from tests.fakes.session import FakeSession, FakeStored, FakeWorkspace
from tests.fakes.workbench import Bench, Ticks, workbench


async def test_a_stored_session_is_opened_and_the_former_one_closed(tmp_path: Path) -> None:
    first, other = FakeSession(), FakeSession(session_id="session-2")
    other.happened(*recorded.until_approval())
    stored = [FakeStored(session_id="session-2", title="old", state="waiting")]
    async with workbench(first, folder=tmp_path, stored=stored, others=[other]) as bench:
        first.happened(*recorded.thinking(), *recorded.answered("done", step=1))
        await bench.all_shown()
        await bench.pilot.press("ctrl+o")
        await bench.until(lambda: isinstance(bench.app.screen, SessionsScreen), "the list is open")
        await bench.pilot.press("enter")
        await bench.until(lambda: bench.card.display, "the other session is shown")
        assert first.closed
        assert bench.app.host.session is other
        assert [run.question for run in bench.app.run_screen.state.runs] == [recorded.QUESTION]


async def test_a_new_session_is_empty(tmp_path: Path) -> None:
    session = FakeSession()
    async with workbench(session, folder=tmp_path) as bench:
        session.happened(*recorded.thinking(), *recorded.answered("done", step=1))
        await bench.all_shown()
        await bench.pilot.press("ctrl+n")
        await bench.until(lambda: bench.app.run_screen.state.run is None, "the chat is empty")
        assert session.closed


async def test_quitting_asks_while_the_agent_works(tmp_path: Path) -> None:
    session = FakeSession()
    async with workbench(session, folder=tmp_path) as bench:
        session.happened(*recorded.thinking())
        await bench.all_shown()
        await bench.pilot.press("ctrl+q")
        await bench.until(lambda: isinstance(bench.app.screen, ConfirmScreen), "the question is shown")
        await bench.pilot.press("enter", "space")
        assert isinstance(bench.app.screen, ConfirmScreen)
        await bench.pilot.press("n")
        await bench.until(lambda: not isinstance(bench.app.screen, ConfirmScreen), "the question is gone")
        await bench.pilot.press("ctrl+q")
        await bench.until(lambda: isinstance(bench.app.screen, ConfirmScreen), "the question is shown")
        await bench.pilot.press("y")
        await bench.until(lambda: not bench.app.is_running, "the workbench is left")


async def test_ctrl_c_ends_nothing(tmp_path: Path) -> None:
    async with workbench(FakeSession(), folder=tmp_path) as bench:
        await bench.write("text")
        await bench.pilot.press("ctrl+c", "ctrl+c")
        await bench.pilot.press("f3", "ctrl+c")
        assert bench.app.is_running
        assert bench.composer.text == "text"


async def test_help_opens_once_and_closes(tmp_path: Path) -> None:
    async with workbench(FakeSession(), folder=tmp_path) as bench:
        await bench.pilot.press("f1", "f1")
        assert isinstance(bench.app.screen, HelpScreen)
        await bench.pilot.press("escape")
        await bench.until(lambda: not isinstance(bench.app.screen, HelpScreen), "the help is closed")


async def test_the_palette_finds_sessions_whatever_their_titles_hold(tmp_path: Path) -> None:
    other = FakeSession(session_id="session-2")
    stored = [FakeStored(session_id="session-2", title="[/x] \x1b[31m budget", state="idle")]
    async with workbench(FakeSession(), folder=tmp_path, stored=stored, others=[other]) as bench:
        await bench.pilot.press("ctrl+p")
        await bench.until(lambda: bench.app.screen.query("CommandInput:focus"), "the palette is open")
        await bench.write("budget")
        await bench.until(lambda: bench.app.screen.query_one("CommandList").option_count == 1, "found")  # type: ignore[attr-defined] - a list
        await bench.pilot.press("enter", "enter")
        await bench.until(lambda: bench.app.host.session is other, "the session is open")


async def test_every_pane_is_reached_with_tab_in_a_small_terminal(tmp_path: Path) -> None:
    session = FakeSession(on_start=[recorded.CONNECTED])
    async with workbench(session, folder=tmp_path, size=(80, 24)) as bench:
        reached: list[str | None] = []
        for _ in range(7):
            await bench.pilot.press("tab")
            reached.append(_focused_id(bench))
        assert reached == [
            "transcript",
            "trajectory",
            "detail",
            "connections",
            "log",
            "composer",
            "transcript",
        ]


async def test_a_screen_of_almost_no_size_survives(tmp_path: Path) -> None:
    session = FakeSession(on_start=[recorded.CONNECTED])
    async with workbench(session, folder=tmp_path, size=(20, 6)) as bench:
        session.happened(*recorded.until_approval())
        await bench.press_when_armed("e")
        for key in ("ctrl+r", "escape", "f3", "f4", "f5", "f2", "ctrl+o", "escape", "f1"):
            await bench.pilot.press(key)
        assert bench.app.is_running


async def test_an_agent_that_cannot_be_loaded_says_why_and_can_be_tried_again(tmp_path: Path) -> None:
    session = FakeSession()
    workspace = FakeWorkspace(session)
    failures = [ImportError("no module named [bold]shop[/]")]

    async def open_workspace(tell: Callable[[str], None], ask: AskTrust) -> FakeWorkspace:
        if failures:
            raise failures.pop()
        return workspace

    app = WorkbenchApp(SessionHost(open_workspace), project="shop", crash_folder=tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        bench = Bench(pilot, app, session, Ticks())
        await bench.until(lambda: not failures, "loading failed")
        await bench.until(
            lambda: "[bold]shop[/]" in app.export_screenshot().replace("&#160;", " "), "it says why"
        )
        await pilot.press("ctrl+l")
        await bench.until(lambda: app.host.session is session, "the session is open")


async def test_an_error_in_a_worker_is_shown_and_ends_nothing(tmp_path: Path) -> None:
    session = FakeSession(refuse=OSError("[/disk] full"))
    async with workbench(session, folder=tmp_path) as bench:
        await bench.write("hello")
        await bench.pilot.press("enter")
        await bench.until(lambda: session.events_since(0)[0], "the error is in the history")
        body = session.events_since(0)[0][0].body
        assert getattr(body, "text", "") == "OSError: [/disk] full"
        assert bench.app.is_running


async def test_what_the_agent_prints_is_recorded(tmp_path: Path) -> None:
    session = FakeSession()
    async with workbench(session, folder=tmp_path) as bench:
        sys.stdout.write("debugging\n")
        await bench.until(lambda: session.events_since(0)[0], "the print is in the history")
        body = session.events_since(0)[0][0].body
        assert (body.kind, getattr(body, "text", "")) == ("output_captured", "debugging")


def test_ages_are_words() -> None:
    ages = [5, 120, 7_200, 90_000, 400_000]
    assert [age_text(age) for age in ages] == ["just now", "2 min ago", "2 h ago", "1 day ago", "4 days ago"]


def _focused_id(bench: Bench) -> str | None:
    return None if bench.app.focused is None else bench.app.focused.id


async def test_a_missing_key_is_told_before_the_first_question(tmp_path: Path) -> None:
    session = FakeSession(model_trouble=LLMSetupError("the key `K` is missing", hint="set [K]"))
    async with workbench(session, folder=tmp_path) as bench:
        await bench.until(
            lambda: "`K` is missing\nset [K]" in str(bench.app.screen.query_one(ChatStart).content),
            "the problem is told",
        )
        assert session.asked == []

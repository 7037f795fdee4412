"""What a person does with the stored sessions: find, open, replay, fork, name, put away, export."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from textual.widgets import OptionList

from penguiflow.sessions.results import SessionError
from penguiflow.state.errors import StoreError
from penguiflow_tui.app import WorkbenchApp
from penguiflow_tui.screens.replay import ReplayScreen
from penguiflow_tui.screens.run import RunScreen
from penguiflow_tui.screens.sessions import SessionsScreen
from penguiflow_tui.session_host import SessionHost
from penguiflow_tui.widgets.approval_card import ApprovalCard
from tests.fakes import recorded
from tests.fakes.panes import text_of
from tests.fakes.session import FakeSession, FakeStored, FakeWorkspace
from tests.fakes.workbench import Bench, Ticks, workbench

NEWS = FakeStored(session_id="news", title="What is new?", name="News", state="waiting", runs=3)
NOTES = FakeStored(session_id="notes", title="Which notes are there?", last_line="You have one note.")
OLD = FakeStored(session_id="old", title="Which weather is it?", archived=True)


def news() -> FakeSession:
    session = FakeSession(session_id="news")
    session.happened(*recorded.until_approval())
    return session


@asynccontextmanager
async def open_list(
    folder: Path,
    *,
    stored: Sequence[FakeStored] = (NEWS, NOTES, OLD),
    size: tuple[int, int] = (120, 40),
) -> AsyncIterator[Bench]:
    async with workbench(FakeSession(), folder=folder, stored=stored, others=[news()], size=size) as bench:
        await bench.pilot.press("ctrl+o")
        await bench.until(lambda: isinstance(bench.app.screen, SessionsScreen), "the list is open")
        if stored:
            await bench.until(lambda: "Enter open" in shown(bench), "the sessions are read")
        yield bench


def shown(bench: Bench) -> str:
    return text_of(bench.app.screen)


def fake(bench: Bench) -> FakeWorkspace:
    workspace = bench.app.host.workspace
    assert isinstance(workspace, FakeWorkspace)
    return workspace


async def until_shown(bench: Bench, text: str) -> None:
    await bench.until(lambda: text in shown(bench), f"`{text}` is shown")


async def test_a_line_tells_name_question_state_runs_and_cost(tmp_path: Path) -> None:
    async with open_list(tmp_path) as bench:
        text = shown(bench)
        assert "News  What is new?" in text
        assert "◆ waiting for you · 6 min ago · 3 runs · $0.0012" in text
        assert "You have one note." in text
        assert "weather" not in text


async def test_archived_sessions_are_shown_and_hidden(tmp_path: Path) -> None:
    async with open_list(tmp_path) as bench:
        for key in ("tab", "A"):
            await bench.pilot.press(key)
            if key == "tab":
                await until_shown(bench, "▫ archived · ○ idle")
            else:
                await bench.until(lambda: "weather" not in shown(bench), "it is hidden again")


async def test_a_filter_narrows_the_list_and_escape_lifts_it(tmp_path: Path) -> None:
    async with open_list(tmp_path) as bench:
        await bench.pilot.press("slash")
        await bench.write("note")
        await bench.until(lambda: "What is new" not in shown(bench), "the list is narrowed")
        await bench.write("zz")
        await until_shown(bench, "No session has these words: notezz")
        await bench.pilot.press("escape")
        await until_shown(bench, "What is new")
        await bench.pilot.press("escape")
        await bench.until(lambda: isinstance(bench.app.screen, RunScreen), "the list is closed")


async def test_letters_in_the_filter_are_letters(tmp_path: Path) -> None:
    async with open_list(tmp_path) as bench:
        await bench.pilot.press("slash")
        await bench.write("farpx")
        assert isinstance(bench.app.screen, SessionsScreen)
        await bench.pilot.press("enter")
        assert bench.app.host.session is bench.session


async def test_the_session_that_was_filtered_out_is_opened(tmp_path: Path) -> None:
    async with open_list(tmp_path) as bench:
        await bench.pilot.press("slash")
        await bench.write("new")
        await bench.until(lambda: "Which notes" not in shown(bench), "the list is narrowed")
        await bench.pilot.press("enter", "enter")
        await bench.until(lambda: bench.app.host.session is not bench.session, "another one is open")
        assert fake(bench).opened == [None, "news"]


async def test_a_replay_lies_over_the_list_and_gives_it_back(tmp_path: Path) -> None:
    async with open_list(tmp_path) as bench:
        await bench.pilot.press("p")
        await bench.until(lambda: isinstance(bench.app.screen, ReplayScreen), "the replay is open")
        replay = bench.app.screen
        assert isinstance(replay, ReplayScreen)
        await bench.until(lambda: replay.playback is not None, "the recording is read")
        await bench.pilot.press("end")
        await bench.until(lambda: replay.query_one(ApprovalCard).display, "the recorded request is shown")
        assert bench.app.shown_panes is replay
        assert bench.session.asked == []
        assert fake(bench).opened == [None]
        await bench.pilot.press("escape")
        await bench.until(lambda: isinstance(bench.app.screen, SessionsScreen), "the list is back")
        assert bench.app.host.session is bench.session
        await bench.pilot.press("escape")
        await bench.until(lambda: bench.app.screen is bench.app.run_screen, "the list is closed")


async def test_the_palette_over_a_replay_acts_on_the_replay(tmp_path: Path) -> None:
    async with open_list(tmp_path) as bench:
        await bench.pilot.press("p")
        await bench.until(lambda: isinstance(bench.app.screen, ReplayScreen), "the replay is open")
        replay = bench.app.screen
        await bench.pilot.press("ctrl+p")
        await bench.until(lambda: bench.app.screen.query("CommandInput:focus"), "the palette is open")
        await bench.write("Log")
        await bench.until(lambda: bench.app.screen.query_one("CommandList").option_count >= 1, "found")  # type: ignore[attr-defined] - a list
        await bench.pilot.press("enter")
        await bench.until(
            lambda: bench.app.screen is replay and replay.query_one("#log").has_focus, "the log has the focus"
        )


async def test_a_new_session_is_begun_from_a_replay(tmp_path: Path) -> None:
    async with open_list(tmp_path) as bench:
        await bench.pilot.press("p")
        await bench.until(lambda: isinstance(bench.app.screen, ReplayScreen), "the replay is open")
        await bench.pilot.press("ctrl+n")
        await bench.until(lambda: bench.app.screen is bench.app.run_screen, "all is closed")
        await bench.until(lambda: bench.session.closed, "a new session is open")


async def test_a_fork_comes_first_and_under_the_cursor(tmp_path: Path) -> None:
    async with open_list(tmp_path) as bench:
        await bench.pilot.press("f")
        await until_shown(bench, "↳ fork of News")
        await until_shown(bench, "Enter opens it")
        await bench.pilot.press("r")
        await bench.write("Try")
        await bench.pilot.press("enter")
        await until_shown(bench, "↳ Try")
        assert "from News" in shown(bench)


async def test_a_name_is_given_and_escape_gives_none(tmp_path: Path) -> None:
    async with open_list(tmp_path) as bench:
        await bench.pilot.press("down", "r")
        await until_shown(bench, "Enter call it so")
        await bench.write("My notes")
        await bench.pilot.press("escape")
        assert "My notes" not in shown(bench)
        await bench.pilot.press("r")
        await bench.write("Notes of May")
        await bench.pilot.press("enter")
        await until_shown(bench, "Notes of May  Which notes are there?")
        assert "Enter open" in shown(bench)


async def test_a_session_is_put_away_and_taken_back(tmp_path: Path) -> None:
    async with open_list(tmp_path) as bench:
        await bench.pilot.press("a")
        await bench.until(lambda: "What is new" not in shown(bench), "it is gone")
        await until_shown(bench, "Put away; Tab shows archived ones.")
        assert bench.app.screen.query_one(OptionList).highlighted == 0
        await bench.pilot.press("tab")
        await until_shown(bench, "hide archived")
        await bench.pilot.press("home")
        await until_shown(bench, "A take back")
        await bench.pilot.press("a")
        await until_shown(bench, "Taken back.")


async def test_an_export_says_where_it_went(tmp_path: Path) -> None:
    async with open_list(tmp_path) as bench:
        await bench.pilot.press("x")
        await until_shown(bench, "Written to .penguiflow/exports/news.jsonl")


async def test_what_is_refused_is_told_and_changes_nothing(tmp_path: Path) -> None:
    async with open_list(tmp_path) as bench:
        fake(bench).refuse = SessionError("[News] means another session")
        await bench.pilot.press("r")
        await bench.write("!")
        await bench.pilot.press("enter")
        await until_shown(bench, "✗ [News] means another session")
        fake(bench).refuse = OSError("no space left")
        await bench.pilot.press("x")
        await until_shown(bench, "✗ no space left")
        assert "News  What is new?" in shown(bench)


async def test_an_empty_list_says_what_to_do(tmp_path: Path) -> None:
    async with open_list(tmp_path, stored=()) as bench:
        await until_shown(bench, "No session is stored yet.")
        assert "replay" not in shown(bench)
        await bench.pilot.press("p", "f", "r", "a", "x", "enter")
        assert isinstance(bench.app.screen, SessionsScreen)


async def test_a_list_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    async with workbench(FakeSession(), folder=tmp_path, stored=[NEWS]) as bench:
        fake(bench).unreadable = StoreError("the history is [locked]", hint="close the other program")
        await bench.pilot.press("ctrl+o")
        await until_shown(bench, "✗ The sessions cannot be read: the history is [locked]")
        assert "close the other program" in shown(bench)


async def test_before_the_agent_is_loaded_the_list_says_so(tmp_path: Path) -> None:
    async def never_opens(_tell: object, _ask: object) -> FakeWorkspace:
        raise ImportError("no module named shop")

    app = WorkbenchApp(SessionHost(never_opens), project="shop", crash_folder=tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        bench = Bench(pilot, app, FakeSession(), Ticks())
        await bench.until(lambda: "cannot be loaded" in text_of(app.screen), "loading failed")
        await pilot.press("ctrl+o")
        await until_shown(bench, "The agent is not loaded yet.")


async def test_many_sessions_leave_room_for_the_keys_in_a_tiny_terminal(tmp_path: Path) -> None:
    many = [FakeStored(session_id=f"s{number}", title=f"question {number}") for number in range(60)]
    async with open_list(tmp_path, stored=many, size=(60, 20)) as bench:
        await bench.pilot.press("end")
        await until_shown(bench, "question 59")
        assert "Esc close" in shown(bench)
        await bench.pilot.press("r")
        await until_shown(bench, "Enter call it so")
        assert "question 59" in shown(bench)

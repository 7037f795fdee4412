"""What the screens look like in each state, and that the picture shows what the model says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from textual.app import App

from penguiflow.state.events import EventBody
from penguiflow_tui.themes import DAY
from tests.fakes import recorded
from tests.fakes.session import STARTED_AT, FakeSession, FakeStored
from tests.fakes.workbench import workbench

ScreenShot = Callable[[App[Any]], bool]
ROOT = Path(__file__).parents[2]


def connected(*on_ask: EventBody, check: Sequence[str] = ()) -> FakeSession:
    return FakeSession(on_start=[recorded.CONNECTED], on_ask=on_ask, check=lambda args: check)


async def test_an_empty_session_says_what_to_do(tmp_path: Path, shows_as_before: ScreenShot) -> None:
    async with workbench(connected(), folder=tmp_path) as bench:
        await bench.at_rest()
        assert bench.app.run_screen.state.run is None
        assert shows_as_before(bench.app)


async def test_an_answer_streams_into_the_chat(tmp_path: Path, shows_as_before: ScreenShot) -> None:
    session = connected()
    async with workbench(session, folder=tmp_path) as bench:
        session.happened(*recorded.thinking())
        session.happened(*recorded.answered("You have **one** note:\n\n", "- Call with", step=1)[:-3])
        await bench.all_shown()
        await bench.until(lambda: len(bench.transcript.query("MarkdownBullet")) == 1, "the list is drawn")
        await bench.at_rest()
        assert bench.app.run_screen.works
        assert shows_as_before(bench.app)


async def test_an_approval_waits(tmp_path: Path, shows_as_before: ScreenShot) -> None:
    session = connected()
    async with workbench(session, folder=tmp_path) as bench:
        session.happened(*recorded.until_approval())
        await bench.armed()
        await bench.at_rest()
        assert bench.app.run_screen.state.activity == "waiting"
        assert shows_as_before(bench.app)


async def test_edited_arguments_are_invalid(tmp_path: Path, shows_as_before: ScreenShot) -> None:
    session = connected(check=["text: String should have at most 20 characters"])
    async with workbench(session, folder=tmp_path) as bench:
        session.happened(*recorded.until_approval())
        await bench.press_when_armed("e")
        await bench.until(lambda: not bench.card.has_focus, "the form has the focus")
        await bench.write("!")
        await bench.pilot.press("ctrl+s")
        await bench.until(lambda: bench.card.query("FormRow.-wrong"), "the error is shown")
        await bench.at_rest()
        assert session.decided == []
        assert shows_as_before(bench.app)


async def test_a_call_was_rejected(tmp_path: Path, shows_as_before: ScreenShot) -> None:
    session = connected()
    async with workbench(session, folder=tmp_path) as bench:
        session.happened(*recorded.until_approval(), *recorded.rejected("not on a Tuesday"))
        await bench.all_shown()
        await bench.at_rest()
        run = bench.app.run_screen.state.run
        assert run is not None
        assert run.steps[0].calls[0].state == "rejected"
        assert shows_as_before(bench.app)


async def test_a_run_finished_with_an_edited_call(tmp_path: Path, shows_as_before: ScreenShot) -> None:
    session = connected()
    async with workbench(session, folder=tmp_path) as bench:
        session.happened(*recorded.until_approval(), *recorded.saved(recorded.EDITED))
        session.happened(*recorded.answered("Saved as **note 1**.\n\n", "Ask me to `list notes` to see it."))
        await bench.all_shown()
        await bench.at_rest()
        run = bench.app.run_screen.state.run
        assert run is not None
        assert run.steps[0].calls[0].proposed_args == recorded.ARGS
        assert shows_as_before(bench.app)


async def test_a_connection_failed(tmp_path: Path, shows_as_before: ScreenShot) -> None:
    session = FakeSession(on_start=[recorded.CONNECTION_FAILED])
    async with workbench(session, folder=tmp_path) as bench:
        await bench.at_rest()
        assert bench.app.run_screen.state.connections[0].state == "failed"
        assert shows_as_before(bench.app)


async def test_an_approval_in_a_small_terminal(tmp_path: Path, shows_as_before: ScreenShot) -> None:
    session = connected()
    async with workbench(session, folder=tmp_path, size=(80, 24)) as bench:
        session.happened(*recorded.until_approval())
        await bench.armed()
        await bench.at_rest()
        assert bench.card.region.bottom <= bench.composer.region.y
        assert shows_as_before(bench.app)


async def test_a_tiny_terminal_keeps_composer_and_card(tmp_path: Path, shows_as_before: ScreenShot) -> None:
    session = connected()
    async with workbench(session, folder=tmp_path, size=(60, 20)) as bench:
        session.happened(*recorded.until_approval())
        await bench.armed()
        await bench.at_rest()
        assert bench.composer.region.bottom <= 19
        assert shows_as_before(bench.app)


async def test_an_approval_by_day(tmp_path: Path, shows_as_before: ScreenShot) -> None:
    session = connected()
    async with workbench(session, folder=tmp_path, theme=DAY.name) as bench:
        session.happened(*recorded.until_approval())
        await bench.armed()
        await bench.at_rest()
        assert not bench.app.current_theme.dark
        assert shows_as_before(bench.app)


async def test_the_stored_sessions(tmp_path: Path, shows_as_before: ScreenShot) -> None:
    stored = [
        FakeStored(session_id="session-1", title=recorded.QUESTION, state="waiting", last_line=recorded.TOOL),
        FakeStored(
            session_id="session-2",
            title="What did I [save]?",
            last_line="You have one note.",
            updated_at=STARTED_AT - 7_200,
        ),
    ]
    async with workbench(connected(), folder=tmp_path, stored=stored) as bench:
        await bench.pilot.press("ctrl+o")
        await bench.until(lambda: bench.app.screen.query("OptionList"), "the list is open")
        await bench.at_rest()
        assert shows_as_before(bench.app)


def test_every_snapshot_folder_has_its_test_module() -> None:
    folders = {drawing.parent for drawing in (ROOT / "snapshots").rglob("*.svg")}
    modules = {
        (ROOT / "tests" / folder.relative_to(ROOT / "snapshots")).with_suffix(".py") for folder in folders
    }
    assert [module for module in modules if not module.exists()] == []

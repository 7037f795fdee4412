"""A recorded run of the demo agent, replayed in a real terminal by keyboard only."""

from __future__ import annotations

import sys
from collections.abc import Generator, Sequence
from pathlib import Path

import pytest

from penguiflow.state.events import RunEvent
from tests.fakes.history_files import in_history
from tests.terminal.tmux import Terminal, tmux_missing

MISSING = tmux_missing()
pytestmark = [
    pytest.mark.terminal,
    pytest.mark.process,
    pytest.mark.skipif(MISSING is not None, reason=MISSING or ""),
]

PENGUIFLOW = str(Path(sys.executable).with_name("penguiflow"))
ANSWER = "12 * (3 + 4) = 84"


@pytest.fixture
def terminal(tmp_path: Path) -> Generator[Terminal]:
    """A terminal in a project with one recorded run, and with no agent."""
    with Terminal(tmp_path) as started:
        started.run(PENGUIFLOW, "run", "what is 12 * (3 + 4)?", "--agent", "demo")
        started.wait_for(ANSWER, timeout_s=30)
        started.wait_for_prompt()
        started.run("clear")
        started.wait_gone(ANSWER)
        yield started


def open_replay(terminal: Terminal, *options: str) -> None:
    terminal.run(PENGUIFLOW, "runs", "replay", "last", *options)
    terminal.wait_for("Replay ", timeout_s=20)


def stored(folder: Path) -> Sequence[RunEvent]:
    (run,) = in_history(folder, lambda store: store.list_runs())
    return in_history(folder, lambda store: store.load_run(run.run_id))


def assert_restored(terminal: Terminal) -> None:
    """The terminal is as the shell left it, and no process of ours lives on."""
    terminal.wait_for_prompt()
    assert not terminal.in_alternate_screen
    assert terminal.cursor_shown
    assert not terminal.mouse_reported
    assert terminal.descendants() == {}


def test_a_run_is_watched_again_stepped_through_and_left(terminal: Terminal, tmp_path: Path) -> None:
    before = stored(tmp_path)
    open_replay(terminal, "--speed", "16")
    terminal.wait_for("ended")
    screen = terminal.wait_for(ANSWER)
    for shown in ("replay 16x", "answered · 2 steps", "calculate", "No tool connections were recorded"):
        assert shown in screen
    assert "Ask the agent" not in screen

    # `.` pauses, so that it stands still at the start: played on, it would be over before the screen is read.
    terminal.press(".", "Home")
    terminal.wait_for("A recording of")
    assert ANSWER not in terminal.screen()
    terminal.press_until(".", "event 2/")
    terminal.press("End")
    terminal.wait_for(ANSWER)

    terminal.press("F3", "Home", "Down", "Tab")
    terminal.wait_for("┏━ Step 1")
    terminal.press_until("o", "Prompt 1 of")
    terminal.press("Escape")
    terminal.wait_for("Replay 16x")
    terminal.press("q")
    assert_restored(terminal)
    assert stored(tmp_path) == before


def test_a_pipe_gets_the_answer(terminal: Terminal) -> None:
    terminal.type(f"{PENGUIFLOW} runs replay last --speed instant | cat")
    terminal.press("Enter")
    terminal.wait_for(ANSWER)
    assert_restored(terminal)


def test_control_c_ends_a_replay_as_text(terminal: Terminal, tmp_path: Path) -> None:
    written = tmp_path / "lines"
    terminal.type(f"{PENGUIFLOW} runs replay last --speed 0.01 --json > lines")
    terminal.press("Enter")
    terminal.wait_until(
        lambda _: written.exists() and written.read_text() != "", "the first line", timeout_s=20
    )
    terminal.press("C-c")
    terminal.wait_for_prompt()
    terminal.type("echo code $?")
    terminal.press("Enter")
    screen = terminal.wait_for("code 130")
    assert "Traceback" not in screen
    assert written.read_text().count("\n") == 1
    assert_restored(terminal)

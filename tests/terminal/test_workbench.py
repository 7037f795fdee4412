"""The workbench in a real terminal, by keyboard only, with the demo agent and its real notes server."""

from __future__ import annotations

import os
import signal
import sqlite3
import sys
from collections.abc import Generator
from pathlib import Path

import pytest

from tests.fakes import desk_agent
from tests.terminal.tmux import Terminal, tmux_missing

MISSING = tmux_missing()
pytestmark = [
    pytest.mark.terminal,
    pytest.mark.process,
    pytest.mark.skipif(MISSING is not None, reason=MISSING or ""),
]

PENGUIFLOW = str(Path(sys.executable).with_name("penguiflow"))
CARD = "A approve once"


@pytest.fixture
def terminal(tmp_path: Path) -> Generator[Terminal]:
    with Terminal(tmp_path) as started:
        yield started


def open_workbench(terminal: Terminal, *options: str) -> None:
    terminal.run(PENGUIFLOW, "tui", "--agent", "demo", *options)
    terminal.wait_for("1/1 ready", timeout_s=20)


def wait_at_rest(terminal: Terminal) -> None:
    """Wait until no run works: meanwhile a question stays in the composer, and leaving asks first."""

    def at_rest(screen: str) -> bool:
        return screen.lstrip().startswith(("○ idle", "✗ failed"))

    terminal.wait_until(at_rest, "the status line to say that no run works", timeout_s=20)


def ask(terminal: Terminal, question: str) -> None:
    wait_at_rest(terminal)
    terminal.type(question)
    terminal.press("Enter")


def ask_to_save(terminal: Terminal, text: str) -> None:
    """Ask, and wait until the card takes keys: it ignores those of the first half second."""
    ask(terminal, f"save a note: {text}")
    terminal.wait_for(CARD)


def quit_workbench(terminal: Terminal) -> None:
    wait_at_rest(terminal)
    terminal.press("C-q")
    terminal.wait_for_prompt()


def notes(folder: Path) -> list[str]:
    """Read the stored notes out of the server's own file."""
    database = folder / ".penguiflow" / "demo-notes.sqlite3"
    if not database.exists():
        return []
    connection = sqlite3.connect(database)
    try:
        return [text for (text,) in connection.execute("SELECT text FROM notes ORDER BY id")]
    finally:
        connection.close()


def assert_restored(terminal: Terminal) -> None:
    """The terminal is as the shell left it, and no process of ours lives on."""
    terminal.wait_for_prompt()
    assert not terminal.in_alternate_screen
    assert terminal.cursor_shown
    assert not terminal.mouse_reported
    assert terminal.descendants() == {}
    terminal.run("stty", "-a")
    settings = terminal.wait_for(" icrnl")
    assert " echo " in settings
    assert " icanon" in settings


def workbench_pid(terminal: Terminal) -> int:
    return next(pid for pid, command in terminal.descendants().items() if " tui --agent " in command)


def test_an_edited_and_approved_note_is_stored_and_found_again(terminal: Terminal, tmp_path: Path) -> None:
    open_workbench(terminal)
    ask_to_save(terminal, "buy milk")
    screen = terminal.screen()
    for shown in ("notes.save_note", '"buy milk"', "waiting for you"):
        assert shown in screen

    terminal.press_until("e", "run edited")
    terminal.press("End")
    terminal.type(" and bread")
    terminal.wait_for("buy milk and bread")
    assert notes(tmp_path) == []
    terminal.press("C-s")
    terminal.wait_for("idle")
    assert notes(tmp_path) == ["buy milk and bread"]

    ask(terminal, "what did I save?")
    terminal.wait_for("buy milk and bread (note 1")
    quit_workbench(terminal)
    assert_restored(terminal)


def test_a_rejected_note_is_not_stored_and_the_agent_tells_the_reason(
    terminal: Terminal, tmp_path: Path
) -> None:
    open_workbench(terminal)
    ask_to_save(terminal, "buy milk")
    terminal.press_until("r", "Why not?")
    terminal.type("the shop is closed")
    terminal.press("Enter")
    terminal.wait_for("idle")
    assert "the shop is closed" in terminal.screen()
    assert notes(tmp_path) == []
    quit_workbench(terminal)


def test_a_killed_workbench_goes_on_where_it_waited_and_stores_once(
    terminal: Terminal, tmp_path: Path
) -> None:
    open_workbench(terminal)
    ask_to_save(terminal, "buy milk")
    os.kill(workbench_pid(terminal), signal.SIGKILL)
    # A killed program restores nothing; the person types this blindly.
    terminal.run("reset")
    terminal.wait_for_prompt()
    terminal.wait_until(
        lambda _: terminal.descendants() == {}, "the processes of the killed workbench to end"
    )
    assert notes(tmp_path) == []

    open_workbench(terminal, "--session", "last")
    terminal.wait_for(CARD)
    terminal.press_until("a", "idle")
    assert notes(tmp_path) == ["buy milk"]
    quit_workbench(terminal)
    assert_restored(terminal)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_restores_the_terminal_and_leaves_no_process(
    number: signal.Signals, terminal: Terminal
) -> None:
    open_workbench(terminal)
    os.kill(workbench_pid(terminal), number)
    assert_restored(terminal)


def test_control_c_does_not_end_the_workbench(terminal: Terminal) -> None:
    open_workbench(terminal)
    terminal.type("a draft")
    terminal.press("C-c")
    terminal.wait_for("leaves the workbench")
    assert "a draft" in terminal.screen()
    quit_workbench(terminal)
    assert_restored(terminal)


def test_a_small_terminal_shows_the_composer_and_the_card(tmp_path: Path) -> None:
    with Terminal(tmp_path, columns=60, rows=20) as terminal:
        terminal.run(PENGUIFLOW, "tui", "--agent", "demo")
        terminal.wait_for("idle", timeout_s=20)
        ask(terminal, "save a note: buy milk")
        terminal.wait_for("pprove")
        terminal.press_until("a", "idle")
        assert notes(tmp_path) == ["buy milk"]


@pytest.mark.parametrize(
    ("question", "shown"),
    [
        ("escape", "[/red]"),
        ("crash", "the model is gone"),
        ("large", "Seen:"),
        ("block", "Seen:"),
        ("print", "printed by a child"),
    ],
)
def test_the_screen_survives_what_an_agent_does_to_it(question: str, shown: str, terminal: Terminal) -> None:
    terminal.run(PENGUIFLOW, "tui", "--agent", f"{desk_agent.__file__}:build_planner")
    terminal.wait_for("idle", timeout_s=20)
    ask(terminal, question)
    terminal.wait_for(shown, timeout_s=20)
    ask(terminal, "hello")
    screen = terminal.wait_for("Hello, person.")
    assert "Ask the agent" in screen
    quit_workbench(terminal)
    assert_restored(terminal)


def test_a_run_in_a_terminal_tells_its_steps_and_can_be_interrupted(terminal: Terminal) -> None:
    terminal.run(PENGUIFLOW, "run", "wait", "--agent", f"{desk_agent.__file__}:build_with_server")
    terminal.wait_for("→ wait")
    terminal.press("C-c")
    assert_restored(terminal)
    assert "Traceback" not in terminal.screen()


def test_a_pipe_is_told_to_use_run(terminal: Terminal) -> None:
    terminal.type(f"{PENGUIFLOW} tui | cat; echo code ${{PIPESTATUS[0]}}")
    terminal.press("Enter")
    screen = terminal.wait_for("code 2")
    assert "needs a terminal" in screen
    assert "penguiflow run" in screen

"""`penguiflow runs` as a script and a person use it: pipes, signals, a terminal, and others that write."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.fakes import desk_agent
from tests.fakes.history import answered, asked, event_at
from tests.fakes.history_files import keep
from tests.fakes.recorded_runs import approval, call, run_events
from tests.terminal.tmux import Terminal, tmux_missing

pytestmark = pytest.mark.process

PENGUIFLOW = str(Path(sys.executable).with_name("penguiflow"))
WAIT_S = 30
HEAVY = ("litellm", "fastmcp", "textual", "rich", "httpx", "penguiflow.planner.react", "penguiflow_tui.demo")
MISSING = tmux_missing()


@contextmanager
def running(cwd: Path, *arguments: str) -> Generator[subprocess.Popen[str]]:
    """A command with pipes; killed at the end whatever happens, so that a failing test ends too."""
    process = subprocess.Popen(
        [PENGUIFLOW, *arguments], cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait(WAIT_S)
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()


def read_until(process: subprocess.Popen[str], part: str) -> None:
    assert process.stdout is not None
    assert any(part in line for line in process.stdout), f"no line with `{part}` came"


@pytest.mark.parametrize(
    "command", [["list"], ["show", "run-1"], ["tail", "run-1"], ["diff", "run-1", "run-1"]]
)
def test_reading_loads_no_agent_no_model_and_no_screen(command: list[str], tmp_path: Path) -> None:
    keep(tmp_path, run_events(call("a")))
    done = subprocess.run(
        [sys.executable, "-X", "importtime", PENGUIFLOW, "runs", *command],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
        timeout=WAIT_S,
    )
    loaded = {line.split("|")[-1].strip() for line in done.stderr.splitlines()}
    assert "penguiflow.state.sqlite" in loaded
    assert not [name for name in loaded if name.split(".")[0] in HEAVY or name in HEAVY]


def test_a_run_is_followed_while_another_process_works_on_it(tmp_path: Path) -> None:
    desk = f"{desk_agent.__file__}:build_planner"
    with running(tmp_path, "run", "wait", "--json", "--agent", desk) as work:
        read_until(work, '"tool_call"')
        with running(tmp_path, "runs", "tail", "last") as tail:
            read_until(tail, "tool ")
            work.send_signal(signal.SIGINT)
            stdout, stderr = tail.communicate(timeout=WAIT_S)
            assert (tail.returncode, stderr) == (130, "")
            assert "interrupted" in stdout


def test_lines_appear_as_they_are_appended_and_the_end_ends_it(tmp_path: Path) -> None:
    keep(tmp_path, [event_at(0, asked("Where?"))])
    with running(tmp_path, "runs", "tail", "run-1", "--json") as tail:
        read_until(tail, "Where?")
        keep(tmp_path, [event_at(1, answered("Here."))])
        stdout, _ = tail.communicate(timeout=WAIT_S)
        assert (tail.returncode, json.loads(stdout)["answer"]) == (0, "Here.")


def test_a_run_that_comes_to_wait_ends_it_with_code_4(tmp_path: Path) -> None:
    events = run_events(approval(None, token="token-7"), ended=False)
    keep(tmp_path, events[:1])
    with running(tmp_path, "runs", "tail", "run-1") as tail:
        read_until(tail, "question")
        keep(tmp_path, events[1:])
        stdout, _ = tail.communicate(timeout=WAIT_S)
        assert tail.returncode == 4
        assert "--resume token-7" in stdout


def test_ctrl_c_ends_following_quietly(tmp_path: Path) -> None:
    keep(tmp_path, [event_at(0, asked())])
    with running(tmp_path, "runs", "tail", "run-1") as tail:
        read_until(tail, "question")
        tail.send_signal(signal.SIGINT)
        stdout, stderr = tail.communicate(timeout=WAIT_S)
        assert (tail.returncode, stdout) == (130, "")
        assert "Traceback" not in stderr


def test_a_run_that_is_silent_for_long_is_said_to_be(tmp_path: Path) -> None:
    keep(tmp_path, [event_at(0, asked())])  # in 1970
    with running(tmp_path, "runs", "tail", "run-1") as tail:
        assert tail.stderr is not None
        assert "may be gone" in tail.stderr.readline()


@pytest.mark.parametrize(
    "command", [["show", "run-1"], ["tail", "run-1", "--from-start"], ["list", "--json"]]
)
def test_a_reader_that_leaves_ends_a_command_quietly(command: list[str], tmp_path: Path) -> None:
    keep(tmp_path, run_events(*(call("a", x="y" * 200) for _ in range(1_000))))
    with running(tmp_path, "runs", *command) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.wait(WAIT_S) == 130
        assert process.stderr is not None
        assert process.stderr.read() == ""


@pytest.mark.terminal
@pytest.mark.skipif(MISSING is not None, reason=MISSING or "")
@pytest.mark.parametrize("columns", [60, 140])
def test_a_person_finds_shows_and_compares_runs_in_a_terminal(columns: int, tmp_path: Path) -> None:
    question = "What does a very long question look like in a narrow terminal, and in a wide one?"
    keep(tmp_path, run_events(call("look", x=1), question=question))
    keep(tmp_path, run_events(call("look", x=2), question=question, run_id="run-2"))
    with Terminal(tmp_path, columns=columns, env={"NO_COLOR": "1"}) as terminal:
        terminal.run(PENGUIFLOW, "runs", "list")
        screen = terminal.wait_for("run-1")
        assert ("TOKENS" in screen) == (columns == 140)
        assert sum("✓ done" in line for line in screen.splitlines()) == 2
        terminal.run(PENGUIFLOW, "runs", "diff", "run-1", "run-2")
        assert "    ~ args.x: 1 -> 2" in terminal.wait_for("time").splitlines()
        terminal.run(PENGUIFLOW, "runs", "show", "last")
        assert "  ▸ look" in terminal.wait_for("1 tool call")


@pytest.mark.terminal
@pytest.mark.skipif(MISSING is not None, reason=MISSING or "")
def test_colours_are_for_terminals_that_want_them(tmp_path: Path) -> None:
    keep(tmp_path, run_events(call("look")))
    with Terminal(tmp_path) as terminal:
        terminal.run("script", "-qc", f"{PENGUIFLOW} runs list", "with-colours")
        terminal.wait_for("run-1")
        terminal.wait_for_prompt()
        terminal.run("script", "-qc", f"NO_COLOR=1 {PENGUIFLOW} runs list", "without")
        terminal.wait_until(lambda screen: screen.count("run-1") == 2, "the second list")
        terminal.wait_for_prompt()
    assert b"\x1b[32m" in (tmp_path / "with-colours").read_bytes()
    assert b"\x1b[" not in (tmp_path / "without").read_bytes()

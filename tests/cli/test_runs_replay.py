"""`penguiflow runs replay` as text: the pace, the views, and that no agent is needed."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from penguiflow.state.events import EventBody, RunEvent, RunFailed, RunInterrupted
from penguiflow_cli._errors import CommandError
from penguiflow_cli._json_lines import event_line
from penguiflow_cli._runs_replay import read_speed
from penguiflow_cli._text_replay import play, recorded_result
from penguiflow_cli.app import exit_code_of
from penguiflow_tui.replay.playback import INSTANT
from tests.fakes.history import answered, asked, event_at, person_asked, run_of
from tests.fakes.history_files import keep
from tests.fakes.recorded_runs import call, run_events

CaptureFd = pytest.CaptureFixture[str]


class Pace:
    """A clock that moves while somebody sleeps, and a view that notes when it was shown what."""

    def __init__(self) -> None:
        self.now = 50.0
        self.shown: list[tuple[float, list[int]]] = []

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds

    def show(self, events: Sequence[RunEvent]) -> None:
        if events:
            self.shown.append((round(self.now - 50.0, 3), [event.seq for event in events]))


async def paced(speed: float, *times: float) -> list[tuple[float, list[int]]]:
    pace = Pace()
    events = [event_at(seq, asked(), ts=ts) for seq, ts in enumerate(times)]
    await play(events, pace, speed=speed, clock=pace.clock, sleep=pace.sleep)
    return pace.shown


async def test_events_are_shown_at_the_pace_at_which_they_happened() -> None:
    assert await paced(1.0, 0.0, 0.5, 0.5, 90.0) == [(0.0, [0]), (0.5, [1, 2]), (2.5, [3])]
    assert await paced(2.0, 0.0, 0.5, 0.5, 90.0) == [(0.0, [0]), (0.25, [1, 2]), (1.25, [3])]
    assert await paced(INSTANT, 0.0, 0.5, 90.0) == [(0.0, [0, 1, 2])]
    assert await paced(1.0, 100.0, 40.0) == [(0.0, [0, 1])]
    assert await paced(1.0) == []


@pytest.mark.parametrize(
    ("bodies", "outcome", "answer"),
    [
        ([asked(), answered("Tea.")], "answered", "Tea."),
        ([asked(), run_events(reason="no_path")[-1].body], "stopped", "This."),
        ([asked(), RunFailed(code="agent_error", message="no")], "failed", ""),
        ([asked(), RunInterrupted()], "interrupted", ""),
        ([asked(), person_asked()], "paused", ""),
    ],
)
def test_the_end_of_a_recording_is_told_like_that_of_a_run(
    bodies: Sequence[EventBody], outcome: str, answer: str
) -> None:
    result = recorded_result(run_of(*bodies))
    assert result is not None
    assert (result.outcome, result.answer) == (outcome, answer)
    assert (result.request is not None) == (outcome == "paused")
    assert (result.error is not None) == (outcome == "failed")


def test_a_run_without_an_end_has_no_result() -> None:
    assert recorded_result(run_of(asked())) is None


@pytest.mark.parametrize(
    ("text", "speed"),
    [("1", 1.0), ("2x", 2.0), (" 0.5 ", 0.5), ("16X", 16.0), ("0", INSTANT), ("Instant", INSTANT)],
)
def test_a_speed_is_a_number_or_a_word(text: str, speed: float) -> None:
    assert read_speed(text) == speed


@pytest.mark.parametrize("text", ["fast", "-1", "nan", "inf", "1001", "", "x"])
def test_what_is_no_speed_is_refused(text: str) -> None:
    with pytest.raises(CommandError, match="is no speed"):
        read_speed(text)


def replay(project: Path, *arguments: str) -> int:
    return exit_code_of(["runs", "replay", *arguments, "--project-root", str(project)])


def test_a_pipe_gets_the_answer_and_what_went_wrong(tmp_path: Path, capfd: CaptureFd) -> None:
    keep(tmp_path, run_events(call("search"), answer="One.\nTwo."))
    assert replay(tmp_path, "last", "--speed", "0") == 0
    assert capfd.readouterr() == ("One.\nTwo.\n", "")


def test_a_program_gets_the_lines_of_the_run(tmp_path: Path, capfd: CaptureFd) -> None:
    events = run_events(call("search", {"hits": 2}))
    keep(tmp_path, events)
    assert replay(tmp_path, "run-1", "--json", "--speed", "instant") == 0
    lines = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert lines == [json.loads(json.dumps(event_line(event))) for event in events]


def test_a_run_that_is_not_there_is_a_usage_error(tmp_path: Path, capfd: CaptureFd) -> None:
    assert replay(tmp_path, "last") == 2
    assert "no run was recorded" in capfd.readouterr().err
    keep(tmp_path, run_events())
    assert replay(tmp_path, "other", "--json") == 2
    assert json.loads(capfd.readouterr().out)["code"] == "unknown_run"
    assert replay(tmp_path, "last", "--speed", "fast") == 2


PROGRAM = """
import sys
from penguiflow_cli.app import exit_code_of
{screen}
code = exit_code_of(["runs", "replay", "last", "--speed", "0"])
loaded = {{
    "litellm", "fastmcp", "openai", "penguiflow.planner.react", "penguiflow.sessions.session",
    "penguiflow.tools", "penguiflow.llm.client", {more}
}} & set(sys.modules)
sys.exit(f"loaded {{sorted(loaded)}}" if loaded else code)
"""


@pytest.mark.process
@pytest.mark.parametrize(
    ("screen", "more"),
    [("", '"textual"'), ("import penguiflow_tui.replay_app, penguiflow_tui.workbench", "")],
    ids=["text", "screen"],
)
def test_neither_an_agent_nor_a_model_client_is_loaded(tmp_path: Path, screen: str, more: str) -> None:
    keep(tmp_path, run_events(answer="This."))
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(screen=screen, more=more)],
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "This.\n", "")

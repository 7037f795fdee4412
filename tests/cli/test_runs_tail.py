"""`penguiflow runs tail`: the last lines of a run, then each new one."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given

from penguiflow.state.events import (
    EventBody,
    PersonAnswered,
    RunEvent,
    RunFailed,
    RunInterrupted,
    TextStreamed,
    ToolFinished,
)
from penguiflow.state.in_memory import InMemoryStateStore
from penguiflow_cli._json_lines import event_line
from penguiflow_cli._output import Output
from penguiflow_cli._run_ending import exit_code_of_ending
from penguiflow_cli._runs_tail import ending_of, new_events
from penguiflow_cli._styled import plain_text
from penguiflow_cli._tail_views import JsonTail, tail_line
from penguiflow_cli.app import exit_code_of
from penguiflow_cli.exit_codes import ExitCode
from tests.fakes.any_events import any_body
from tests.fakes.history import answered, asked, person_asked, run_of
from tests.fakes.history_files import keep
from tests.fakes.recorded_runs import approval, call, run_events

CaptureFd = pytest.CaptureFixture[str]
STOPPED = run_events(call("a"), reason="budget_exhausted")
ANSWERED = PersonAnswered(request_id="request-1", decision="approve")


@pytest.mark.parametrize(
    ("bodies", "code"),
    [
        ([asked()], None),
        ([asked(), answered()], ExitCode.OK),
        ([asked(), STOPPED[-1].body], ExitCode.STOPPED),
        ([asked(), RunFailed(code="agent_error", message="no")], ExitCode.FAILED),
        ([asked(), RunFailed(code="llm_auth", message="no")], ExitCode.MODEL),
        ([asked(), RunInterrupted()], ExitCode.INTERRUPTED),
        ([asked(), person_asked()], ExitCode.WAITING),
        ([asked(), person_asked(), ANSWERED], None),
        ([asked(), person_asked(), ANSWERED, answered()], ExitCode.OK),
        ([asked(), answered(), ToolFinished(step=1, call_id="c", tool="late")], ExitCode.OK),
    ],
)
def test_a_run_has_ended_as_the_command_that_ran_it_would_say(
    bodies: Sequence[EventBody], code: ExitCode | None
) -> None:
    ending = ending_of(run_of(*bodies))
    assert (None if ending is None else exit_code_of_ending(ending)) == code


def runs_tail(project: Path, *arguments: str) -> int:
    return exit_code_of(["runs", "tail", *arguments, "--project-root", str(project)])


def test_a_run_that_ended_is_told_at_once(tmp_path: Path, capfd: CaptureFd) -> None:
    keep(tmp_path, run_events(call("a", error="no"), answer="One.\nTwo."))
    assert runs_tail(tmp_path, "last", "--from-start") == 0
    lines = capfd.readouterr().out.splitlines()
    kinds = [line.split()[2] for line in lines[:5]]
    assert kinds == ["question", "step", "tool", "tool", "answer"]
    assert lines[5:] == ["", "One.", "Two."]


@pytest.mark.parametrize(("options", "count"), [([], 10), (["--lines", "3"], 3), (["--lines", "0"], 0)])
def test_so_many_of_the_last_lines_are_shown(
    options: list[str], count: int, tmp_path: Path, capfd: CaptureFd
) -> None:
    keep(tmp_path, run_events(*(call("a", x=number) for number in range(20))))
    assert runs_tail(tmp_path, "last", *options) == 0
    lines = capfd.readouterr().out.splitlines()
    assert len(lines) == count
    assert lines[-1:] == [line for line in lines if "answer" in line]


def test_pieces_of_text_are_no_lines_for_a_person(tmp_path: Path, capfd: CaptureFd) -> None:
    piece = TextStreamed(step=1, channel="answer", text="Thi")
    keep(tmp_path, run_events((piece, piece)))
    assert runs_tail(tmp_path, "last", "--lines", "2") == 0
    assert [line.split()[2] for line in capfd.readouterr().out.splitlines()] == ["step", "answer"]
    assert runs_tail(tmp_path, "last", "--lines", "2", "--json") == 0
    types = [json.loads(line)["type"] for line in capfd.readouterr().out.splitlines()]
    assert types == ["text", "result"]


def test_a_run_that_waits_ends_the_command_with_what_to_do(tmp_path: Path, capfd: CaptureFd) -> None:
    keep(tmp_path, run_events(approval(None, token="token-7"), ended=False))
    assert runs_tail(tmp_path, "last") == 4
    told = capfd.readouterr().out
    resume = f"penguiflow run --resume token-7 --project-root {tmp_path} --input approve"
    assert resume in told


def test_json_lines_end_with_how_the_run_ended_and_lose_no_earlier_pause() -> None:
    events = run_of(
        asked(), person_asked(), ANSWERED, answered(), TextStreamed(step=1, channel="answer", text="x")
    )
    stream = io.StringIO()
    view = JsonTail(Output(stream))
    view.show(events)
    ending = ending_of(events)
    assert ending is not None
    view.end(ending)
    types = [json.loads(line)["type"] for line in stream.getvalue().splitlines()]
    assert types == ["run_started", "pause", "decision", "text", "result"]


async def test_new_events_are_seen_whoever_appends_them() -> None:
    store = InMemoryStateStore()
    events = run_of(asked(), *([answered()] * 2_500))
    await store.append_events(events[:1])
    seen: list[RunEvent] = []

    async def follow() -> None:
        async for more in new_events(store, "run-1", after_seq=0, poll_s=0.001):
            seen.extend(more)
            if len(seen) == len(events) - 1:
                return

    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        group.create_task(follow())
        await store.append_events(events[1:3])
        await asyncio.sleep(0)
        await store.append_events(events[3:])
    assert seen == events[1:]


@given(any_body)
def test_any_event_is_one_line(body: EventBody) -> None:
    (event,) = run_of(body)
    assert "\n" not in plain_text(tail_line(event))
    assert event_line(event)["seq"] == 0

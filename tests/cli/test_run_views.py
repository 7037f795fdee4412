"""How a run reads as text and as JSON lines."""

from __future__ import annotations

import io
import json
import shlex
from typing import get_args

import pytest

from penguiflow.planner.approvals import Approve, Edit, Reject, parse_decision
from penguiflow.sessions.results import RunResult
from penguiflow.state.events import (
    ActionChosen,
    CallToApprove,
    ConnectionChanged,
    EventBody,
    FlowHappened,
    KnownBody,
    OutputCaptured,
    PersonAsked,
    RunEvent,
    RunFailed,
    TextStreamed,
    ToolFinished,
    ToolStarted,
    UnknownBody,
)
from penguiflow_cli._errors import Messages
from penguiflow_cli._json_lines import LINE_TYPES, JsonLinesView, event_line
from penguiflow_cli._output import Output
from penguiflow_cli._pause_text import pause_text
from penguiflow_cli._text_view import TextView, progress_note

CALL = CallToApprove(
    call_id="c1",
    tool="notes.save_note",
    args={"text": "it's \x1b[31mred"},
    call_hash="00",
    thought="You asked me to keep it.",
)
APPROVAL = PersonAsked(step=2, request_id="abc123", reason="approval_required", call=CALL)
QUESTION = PersonAsked(step=1, request_id="abc123", reason="await_input", prompt="Which city?")


class ScreenText(io.StringIO):
    """A terminal, as far as `isatty` tells."""

    def isatty(self) -> bool:
        return True


def event(body: EventBody, seq: int = 0) -> RunEvent:
    return RunEvent(session_id="s", run_id="r", seq=seq, ts=1.5, body=body)


def answer(text: str, step: int = 1) -> RunEvent:
    return event(TextStreamed(step=step, channel="answer", text=text))


def result(**fields: object) -> RunResult:
    return RunResult(**{"run_id": "r", "outcome": "answered", **fields})  # type: ignore[arg-type] # a test's short form


def shown(stdout: io.StringIO, events: list[RunEvent], end: RunResult) -> tuple[str, str]:
    stderr = io.StringIO()
    view = TextView(Output(stdout), Messages(stderr), [])
    view.show(events)
    view.end(end)
    return stdout.getvalue(), stderr.getvalue()


def test_every_kind_of_event_has_a_line_type() -> None:
    kinds = {body.__dataclass_fields__["kind"].default for body in get_args(KnownBody)}
    assert set(LINE_TYPES) == kinds
    assert len(set(LINE_TYPES.values())) == len(kinds)


def test_a_line_says_version_type_and_where_it_belongs() -> None:
    line = event_line(event(ToolStarted(step=1, call_id="c", tool="search", args={"q": 1}), seq=4))
    assert line == {
        **{"v": 1, "type": "tool_call", "ts": 1.5, "session_id": "s", "run_id": "r", "seq": 4},
        **{"step_id": "r/1", "step": 1, "call_id": "c", "tool": "search", "args": {"q": 1}},
    }


def test_a_kind_of_a_later_version_is_a_line_of_its_own_type_and_hides_nothing() -> None:
    line = event_line(event(UnknownBody(kind="tea_made", fields={"v": 7, "run_id": "other", "cups": 2})))
    assert (line["v"], line["type"], line["run_id"], line["cups"]) == (1, "tea_made", "r", 2)


def test_a_line_tells_the_monotonic_time_and_the_edge_where_they_are_known() -> None:
    body = FlowHappened(event="node_start", edge="a->b")
    timed = RunEvent(session_id="s", run_id="r", seq=0, ts=1.5, elapsed_ms=12.5, body=body)
    assert {"elapsed_ms": 12.5, "edge": "a->b"}.items() <= event_line(timed).items()
    assert not {"elapsed_ms", "step_id", "call_id"} & set(
        event_line(event(OutputCaptured(stream="log", text="")))
    )


def test_a_pause_line_holds_the_token_and_the_call() -> None:
    line = event_line(event(APPROVAL))
    assert (line["type"], line["resume_token"], line["call"]["tool"]) == (
        "pause",
        "abc123",
        "notes.save_note",
    )
    assert "request_id" not in line


@pytest.mark.parametrize(("error", "ok"), [(None, True), ("it broke", False)])
def test_a_tool_result_line_says_whether_it_worked(error: str | None, ok: bool) -> None:
    assert event_line(event(ToolFinished(step=1, call_id="c", tool="t", error=error)))["ok"] is ok


def test_the_line_that_tells_the_end_comes_last() -> None:
    stdout = io.StringIO()
    view = JsonLinesView(Output(stdout))
    view.show([event(APPROVAL), event(OutputCaptured(stream="stdout", text="late"), seq=1)])
    view.end(None)
    assert [json.loads(line)["type"] for line in stdout.getvalue().splitlines()] == ["output", "pause"]


def test_a_pipe_gets_the_answer_whole_and_nothing_else() -> None:
    events = [event(ActionChosen(step=1, next_node="search", thought="Looking")), answer("4"), answer("2")]
    assert shown(io.StringIO(), events, result(answer="42")) == ("42\n", "")


def test_a_terminal_gets_the_answer_as_it_comes_and_not_twice() -> None:
    assert shown(ScreenText(), [answer("4"), answer("2")], result(answer="42"))[0] == "42\n"


def test_an_answer_that_differs_from_what_was_streamed_is_printed_whole() -> None:
    stdout, _ = shown(ScreenText(), [answer("4", step=1), answer("forty", step=2)], result(answer="42"))
    assert stdout == "4\nforty\n42\n"


def test_thoughts_are_not_part_of_the_answer() -> None:
    thinking = event(TextStreamed(step=1, channel="thinking", text="hm"))
    assert shown(ScreenText(), [thinking], result(answer="42"))[0] == "42\n"


def test_a_failed_run_says_why_and_what_to_do_on_stderr() -> None:
    failed = result(outcome="failed", error=RunFailed(code="c", message="no \x1b key", hint="set it"))
    assert shown(io.StringIO(), [], failed) == ("", "✗ no ␛ key\n  Hint: set it\n")


def test_a_stopped_run_prints_what_it_has_and_says_that_it_stopped() -> None:
    stdout, stderr = shown(io.StringIO(), [], result(outcome="stopped", answer="partly", steps=8))
    assert stdout == "partly\n"
    assert "stopped after 8 steps" in stderr


@pytest.mark.parametrize(
    ("body", "watched", "note"),
    [
        (
            ConnectionChanged(name="notes", state="failed", transport="stdio", error="exited", hint="look"),
            False,
            "! tools of `notes` are missing: exited (look)",
        ),
        (ConnectionChanged(name="notes", state="ready", transport="stdio"), True, None),
        (OutputCaptured(stream="stdout", text="a print"), False, "a print"),
        (OutputCaptured(stream="log", text="WARNING slow"), True, None),
        (OutputCaptured(stream="stderr", text="Traceback ...\n  File"), True, None),
        (ActionChosen(step=1, next_node="search", thought="Looking"), True, "  1. Looking"),
        (ActionChosen(step=1, next_node="search", thought="Looking"), False, None),
        (ActionChosen(step=2, next_node="final_response", thought="Enough"), True, None),
        (ToolStarted(step=1, call_id="c", tool="t", args={"q": "ü"}), True, '     → t {"q": "ü"}'),
        (ToolFinished(step=1, call_id="c", tool="t", latency_ms=12.4), True, "     ✓ t in 12 ms"),
        (ToolFinished(step=1, call_id="c", tool="t", error="broke"), True, "     ✗ t: broke"),
        (ToolFinished(step=1, call_id="c", tool="t", error="broke"), False, None),
    ],
)
def test_progress_is_told_to_a_watching_person_and_troubles_to_everybody(
    body: EventBody, watched: bool, note: str | None
) -> None:
    assert progress_note(body, watched=watched) == note


def commands_in(text: str) -> list[list[str]]:
    return [shlex.split(line) for line in text.splitlines() if line.startswith("  penguiflow run")]


def test_the_commands_of_an_approval_are_exact_and_read_back_as_decisions() -> None:
    text = pause_text(APPROVAL, ["--agent", "my pkg:planner"])
    commands = commands_in(text)
    for command in commands:
        assert command[:7] == [
            *("penguiflow", "run", "--resume", "abc123", "--agent", "my pkg:planner", "--input"),
        ]
    decisions = [parse_decision(command[7]) for command in commands]
    assert decisions == [Approve(), Reject("REASON"), Edit(CALL.args)]


def test_an_approval_shows_tool_arguments_and_reason() -> None:
    text = pause_text(APPROVAL, [])
    for part in ("notes.save_note", '"text": "it\'s \\u001b[31mred"', "You asked me to keep it.", "abc123"):
        assert part in text


def test_a_question_of_the_agent_is_shown_with_the_command_that_answers() -> None:
    text = pause_text(QUESTION, [])
    assert "Which city?" in text
    assert commands_in(text) == [["penguiflow", "run", "--resume", "abc123", "--input", "YOUR ANSWER"]]


def test_long_arguments_are_not_repeated_in_the_command() -> None:
    call = CallToApprove(call_id="c", tool="t", args={"text": "x" * 5_000}, call_hash="00")
    text = pause_text(PersonAsked(step=1, request_id="abc", reason="approval_required", call=call), [])
    assert text.count("x" * 5_000) == 1


def test_a_pause_is_data_on_stdout() -> None:
    stdout, stderr = shown(io.StringIO(), [], result(outcome="paused", request=APPROVAL))
    assert "Resume token: abc123" in stdout
    assert "\x1b" not in stdout
    assert stderr == ""
    assert json.dumps(event_line(event(APPROVAL)))

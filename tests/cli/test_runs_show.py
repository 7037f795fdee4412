"""`penguiflow runs show`: one run from the question to its end."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penguiflow.metrics import FlowEvent
from penguiflow.sessions.projections.outline import outline
from penguiflow.state.contents import Content
from penguiflow.state.events import (
    ActionChosen,
    ContentRef,
    EventBody,
    MemoryRead,
    ModelCalled,
    OutputCaptured,
    RunEvent,
    RunFailed,
    StepStarted,
    TextStreamed,
    ToolFinished,
    ToolStarted,
)
from penguiflow.state.models import StoredEvent
from penguiflow_cli._cells import cell_count
from penguiflow_cli._json_lines import event_line
from penguiflow_cli._show_entries import EntryWriter
from penguiflow_cli._show_text import show_lines
from penguiflow_cli._styled import plain_text
from penguiflow_cli._text_blocks import Page
from penguiflow_cli.app import exit_code_of
from tests.fakes.any_events import any_body
from tests.fakes.history import run_of
from tests.fakes.history_files import in_history, keep
from tests.fakes.recorded_runs import approval, call, model, run_events

CaptureFd = pytest.CaptureFixture[str]
HOSTILE = "\x1b]52;c;cHduZWQ=\x07[/red]\u202e"


def shown(
    events: Sequence[RunEvent], *, width: int | None = None, texts: dict[str, str | None] | None = None
) -> str:
    writer = EntryWriter(page=Page(width=width), texts=texts)
    return "\n".join(plain_text(line) for line in show_lines(outline(events), writer))


def test_a_run_is_told_from_the_question_to_the_answer() -> None:
    thought = ActionChosen(step=1, next_node="search", thought="I look it up.")
    text = shown(run_events((model(), thought, *call("search", {"hits": 2}, query="tea")), (model(),)))
    assert text.splitlines()[0] == "Run run-1"
    for part in (
        "  What?",
        "Step 1  search",
        "  I look it up.",
        "  ● model  m · 20 ms · 100 in 100 out · $0.0010",
        '  ▸ search  {"query": "tea"}',
        '    ✓ 5 ms  {"hits": 2}',
        "✓ done  2 steps · 2 model calls · 1 tool call · 200 in 200 out · $0.0020 · 8.0 s",
    ):
        assert part in text.splitlines()
    assert text.endswith("\n\nThis.")


@pytest.mark.parametrize(
    ("events", "parts"),
    [
        (run_events(call("a", error="no such tea")), ["▸ a", "✗ 5 ms  no such tea"]),
        (run_events(call("a", ended=False), ended=False), ["· not ended", "▸ running"]),
        (
            run_events(approval("reject", text="too dear", x=1)),
            ['◆ asked  may save run? {"x": 1}', "↩ reject  too dear"],
        ),
        (run_events(approval(None, token="t-9"), ended=False), ["◆ no answer yet  token t-9", "◆ waiting"]),
        (
            run_events(failed=RunFailed(code="llm_auth", message="no key", hint="set it")),
            ["✗ failed", "llm_auth: no key", "Hint: set it"],
        ),
        (run_events(reason="no_path"), ["■ stopped  no_path · 0 steps"]),
        (
            run_events((ToolFinished(step=1, call_id="1", tool="a", error="refused"),)),
            ["⊘ a did not run", "refused"],
        ),
        (
            run_events((OutputCaptured(stream="stderr", text="Traceback\n  File\nValueError: no"),)),
            ["» stderr  ValueError: no (the last of 3 lines; --content shows all)"],
        ),
        (
            run_events((ModelCalled(step=1, attempt=2, latency_ms=9, purpose="repair", error="slow"),)),
            ["✗ model  model · repair · 9 ms · attempt 2: slow"],
        ),
    ],
)
def test_troubles_and_decisions_are_told(events: Sequence[RunEvent], parts: list[str]) -> None:
    text = shown(events)
    assert all(part in text for part in parts), text


def test_a_streamed_thought_is_not_quoted_twice() -> None:
    events = run_of(
        StepStarted(step=1),
        TextStreamed(step=1, channel="thinking", text="I look."),
        ActionChosen(step=1, next_node="a", thought="I look."),
    )
    assert "thinking" not in shown(events)
    assert "· thinking  7 characters" in shown(events[:2])


PROMPT = "You are\na helper."
CALLED = ModelCalled(
    step=1,
    attempt=1,
    latency_ms=5,
    messages=(
        ContentRef(content_id="c1", chars=5_000, role="system"),
        ContentRef(content_id="c2", chars=312, role="user"),
    ),
    options=ContentRef(content_id="c3", chars=7, form="json"),
    reply='{"next_node": "a"}',
)
LONG = ToolFinished(
    step=1,
    call_id="1",
    tool="a",
    result="the beginning",
    result_chars=90_000,
    content=ContentRef(content_id="c4", chars=90_000),
)
WITH_CONTENTS = run_events(
    (CALLED, ToolStarted(step=1, call_id="1", tool="a"), LONG),
    (CALLED, MemoryRead(content=ContentRef(content_id="c5", chars=40))),
)
TEXTS: dict[str, str | None] = {
    "c1": PROMPT,
    "c2": "the question",
    "c3": '{"a":1}',
    "c4": "the end",
    "c5": None,
}


def test_without_contents_sizes_are_told() -> None:
    text = shown(WITH_CONTENTS)
    assert "2 messages, 5,312 characters; reply 18 characters" in text
    assert '"the beginning"… (90,000 characters; --content shows all)' in text
    assert PROMPT.splitlines()[1] not in text


def test_contents_are_shown_whole_and_once() -> None:
    text = shown(WITH_CONTENTS, texts=TEXTS)
    for part in ("1. system, 5,000 characters", "      You are\n      a helper.", "the question", "the end"):
        assert part in text
    assert text.count("a helper.") == 1
    assert "1. system, 5,000 characters, as above" in text
    assert "(this text is not kept)" in text


@given(st.lists(any_body, min_size=1, max_size=8), st.booleans())
def test_any_events_are_shown_within_the_width(bodies: list[EventBody], content: bool) -> None:
    text = shown(run_of(*bodies), width=60, texts={} if content else None)
    head_lines = 3  # ids and names are shown whole
    assert all(cell_count(line) <= 60 for line in text.splitlines()[head_lines:] if "Step " not in line)


@given(any_body)
def test_any_event_is_a_json_line(body: EventBody) -> None:
    line = event_line(run_of(body)[0])
    assert (line["v"], line["run_id"], line["seq"]) == (1, "run-1", 0)
    assert json.loads(json.dumps(line)) == line


def runs_show(project: Path, *arguments: str) -> int:
    return exit_code_of(["runs", "show", *arguments, "--project-root", str(project)])


def lines_of(capfd: CaptureFd) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capfd.readouterr().out.splitlines()]


@pytest.mark.parametrize(
    "command",
    [
        ["show", "run-1"],
        ["show", "run-1", "--content"],
        ["show", "run-1", "--json"],
        ["tail", "run-1"],
        ["list"],
        ["list", "--json"],
        ["diff", "run-1", "run-2"],
        ["diff", "run-1", "run-2", "--json"],
    ],
)
def test_nothing_that_a_terminal_obeys_is_written(
    command: list[str], tmp_path: Path, capfd: CaptureFd
) -> None:
    for run_id, text in (("run-1", HOSTILE), ("run-2", HOSTILE * 2)):
        chosen = ActionChosen(step=1, next_node=text, thought=text)
        steps = ((chosen, *call(text, text, x=text)), call(text, error=text), approval("reject", text=text))
        keep(tmp_path, run_events(*steps, question=text, answer=text, agent=text, run_id=run_id))
    assert exit_code_of(["runs", *command, "--project-root", str(tmp_path)]) in (0, 1)
    told = capfd.readouterr()
    assert "[/red]" in told.out
    assert not set(told.out + told.err) & set("\x1b\x07\u202e")


def test_json_lines_are_those_of_the_run_and_contents_come_when_asked_for(
    tmp_path: Path, capfd: CaptureFd
) -> None:
    contents = [
        Content(session_id="session-1", content_id=content_id, text=text)
        for content_id, text in TEXTS.items()
        if text is not None
    ]
    keep(tmp_path, WITH_CONTENTS, contents)
    assert runs_show(tmp_path, "last", "--json") == 0
    assert lines_of(capfd) == [event_line(event) for event in WITH_CONTENTS]
    assert runs_show(tmp_path, "run-1", "--json", "--content") == 0
    lines = {line["type"]: line for line in lines_of(capfd)}
    assert [message["text"] for message in lines["model_call"]["messages"]] == [PROMPT, "the question"]
    assert lines["model_call"]["options"]["text"] == '{"a":1}'
    assert lines["tool_result"]["content"]["text"] == "the end"
    assert lines["memory_read"]["content"]["text"] is None


def test_the_trace_of_a_flow_is_shown_like_a_run(tmp_path: Path, capfd: CaptureFd) -> None:
    def stored(event_type: str, **extra: object) -> StoredEvent:
        facts = {"queue_depth_in": 0, "queue_depth_out": 0, "outgoing_edges": 1, "queue_maxsize": 64}
        return StoredEvent.from_flow_event(
            FlowEvent(
                event_type=event_type,
                ts=5.0 if event_type == "node_start" else 6.0,
                node_name="parse",
                node_id="n1",
                trace_id="trace-1",
                attempt=1,
                latency_ms=12.0,
                trace_pending=0,
                trace_inflight=0,
                trace_cancelled=False,
                extra=extra,
                **facts,
            )
        )

    for event in (stored("node_start"), stored("node_error", exception="ValueError('no')")):
        in_history(tmp_path, lambda store, event=event: store.save_event(event))
    assert runs_show(tmp_path, "trace-1") == 0
    text = capfd.readouterr().out
    assert text.startswith("Flow trace trace-1\n")
    assert "✗ parse  failed · 12 ms · attempt 2 · ValueError('no')" in text
    assert "q_depth" not in text
    assert runs_show(tmp_path, "trace-1", "--json") == 0
    assert [line["type"] for line in lines_of(capfd)] == ["flow", "flow"]
    assert exit_code_of(["runs", "tail", "trace-1", "--project-root", str(tmp_path)]) == 0
    assert exit_code_of(["runs", "diff", "trace-1", "trace-1", "--project-root", str(tmp_path)]) == 0

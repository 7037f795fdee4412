"""A small made-up session that has everything a screen can show: for trying a widget alone, and for tests."""

from __future__ import annotations

from collections.abc import Sequence

from penguiflow.state.events import (
    ActionChosen,
    CallToApprove,
    ConnectionChanged,
    EventBody,
    ModelCalled,
    OutputCaptured,
    PersonAnswered,
    PersonAsked,
    RunEvent,
    RunFailed,
    RunFinished,
    RunStarted,
    StepStarted,
    TextStreamed,
    ToolFinished,
    ToolStarted,
    ToolStreamed,
)

STARTED_AT = 1_780_000_000.0
MODEL = "sample/model-1"
NOTE = {"title": "Call with Ada", "text": "Ada calls back on Tuesday at ten."}
EDITED_NOTE = {"title": "Call with Ada", "text": "Ada calls back on Wednesday at ten."}


def sample_events() -> Sequence[RunEvent]:
    """Return a finished run with an edited call and a failure, a failed run, and one that waits."""
    return (
        *_events("connections", 0.0, _CONNECTIONS),
        *_events("run-1", 2.0, _FINISHED_RUN),
        *_events("run-2", 30.0, _FAILED_RUN),
        *_events("run-3", 60.0, _WAITING_RUN),
    )


def _events(run_id: str, after_s: float, bodies: Sequence[EventBody]) -> list[RunEvent]:
    return [
        RunEvent(
            session_id="sample",
            run_id=run_id,
            seq=seq,
            ts=STARTED_AT + after_s + seq * 0.217,
            body=body,
        )
        for seq, body in enumerate(bodies)
    ]


def _model(step: int, cost_usd: float | None = 0.00042) -> ModelCalled:
    return ModelCalled(
        step=step,
        attempt=1,
        latency_ms=812.0,
        model=MODEL,
        cost_usd=cost_usd,
        input_tokens=1240,
        output_tokens=86,
    )


def _save_call(call_id: str) -> CallToApprove:
    return CallToApprove(
        call_id=call_id,
        tool="notes.save_note",
        args=NOTE,
        call_hash="0" * 64,
        args_schema={"type": "object", "properties": {"title": {"type": "string"}}},
        description="Save a note.",
        side_effects="external",
        thought="The person wants the call noted.",
    )


_CONNECTIONS: tuple[EventBody, ...] = (
    ConnectionChanged(name="notes", state="connecting", transport="stdio"),
    ConnectionChanged(name="weather", state="connecting", transport="http"),
    ConnectionChanged(name="notes", state="ready", transport="stdio", tool_count=3, latency_ms=412.0),
    ConnectionChanged(
        name="weather",
        state="failed",
        transport="http",
        error="no answer from http://127.0.0.1:9/mcp within 5 s",
        hint="Start the server, then press R.",
    ),
    ConnectionChanged(name="calendar", state="needs_auth", transport="http", error="sign-in needed"),
)

_FINISHED_RUN: tuple[EventBody, ...] = (
    RunStarted(question="Note that Ada calls back on Tuesday at ten.", agent="Notebook", model=MODEL),
    StepStarted(step=1),
    TextStreamed(step=1, channel="thinking", text="Maybe there is such a note already."),
    _model(1),
    ActionChosen(
        step=1,
        next_node="notes.search_notes",
        thought="Maybe there is such a note already.",
        args={"query": "Ada"},
    ),
    ToolStarted(step=1, call_id="call-1", tool="notes.search_notes", args={"query": "Ada"}),
    ToolStreamed(step=1, stream_id="call-1", text="searching 214 notes\n"),
    ToolStreamed(step=1, stream_id="call-1", text="done\n", done=True),
    ToolFinished(
        step=1,
        call_id="call-1",
        tool="notes.search_notes",
        error="`notes.search_notes` could not open its index: [Errno 2] no such file",
        latency_ms=3021.0,
    ),
    StepStarted(step=2),
    _model(2),
    ActionChosen(
        step=2,
        next_node="notes.save_note",
        thought="The person wants the call noted; the search does not matter.",
        args=NOTE,
    ),
    PersonAsked(step=2, request_id="request-1", reason="approval_required", call=_save_call("call-2")),
    PersonAnswered(request_id="request-1", decision="edit", args=EDITED_NOTE),
    ToolStarted(step=2, call_id="call-2", tool="notes.save_note", args=EDITED_NOTE),
    OutputCaptured(stream="stderr", text="notes: 1 row written\n"),
    ToolFinished(
        step=2,
        call_id="call-2",
        tool="notes.save_note",
        result={"id": 7, "tags": ["call", "ada"], "note": EDITED_NOTE},
        result_chars=118,
        latency_ms=12.4,
    ),
    StepStarted(step=3),
    TextStreamed(step=3, channel="answer", text="Saved as note 7: Ada calls back "),
    TextStreamed(step=3, channel="answer", text="on Wednesday at ten."),
    _model(3),
    ActionChosen(step=3, next_node="final_response", thought="The note is stored."),
    RunFinished(
        reason="answer_complete",
        answer="Saved as note 7: Ada calls back on Wednesday at ten.",
        steps=3,
        llm_calls=3,
        latency_ms=4900.0,
        cost_usd=0.00126,
    ),
)

_FAILED_RUN: tuple[EventBody, ...] = (
    RunStarted(question="What is the weather in [Ulm]?", agent="Notebook", model=MODEL),
    StepStarted(step=1),
    ModelCalled(step=1, attempt=1, latency_ms=30.0, model=MODEL, error="the model refused the key"),
    RunFailed(
        code="llm_auth",
        message="`sample/model-1` refused the key in SAMPLE_API_KEY",
        hint="Set SAMPLE_API_KEY to a valid key and ask again.",
    ),
)

_WAITING_RUN: tuple[EventBody, ...] = (
    RunStarted(question="Save that the flat is cold, and tell Ben.", agent="Notebook", model=MODEL),
    StepStarted(step=1),
    _model(1, cost_usd=None),
    ActionChosen(step=1, next_node="notes.save_note", thought="First the note, then Ben.", args=NOTE),
    PersonAsked(step=1, request_id="request-2", reason="approval_required", call=_save_call("call-3")),
)

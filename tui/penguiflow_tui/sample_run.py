"""A small made-up session that has everything a screen can show: for trying a widget alone, and for tests."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from penguiflow.state.events import (
    ActionChosen,
    CallToApprove,
    ConnectionChanged,
    ContentRef,
    EventBody,
    FlowHappened,
    MemoryChanged,
    MemoryRead,
    ModelCalled,
    OutputCaptured,
    PersonAnswered,
    PersonAsked,
    PlannerNoted,
    RunEvent,
    RunFailed,
    RunFinished,
    RunStarted,
    SessionArchived,
    SessionForked,
    SessionNamed,
    StepStarted,
    TextStreamed,
    ToolFinished,
    ToolStarted,
    ToolStreamed,
    UnknownBody,
)

STARTED_AT = 1_780_000_000.0
MODEL = "sample/model-1"
NOTE = {"title": "Call with Ada", "text": "Ada calls back on Tuesday at ten."}
EDITED_NOTE = {"title": "Call with Ada", "text": "Ada calls back on Wednesday at ten."}


_SYSTEM = "\n".join(
    [
        "You keep notes for one person.",
        "",
        "Answer with one JSON object: `thought`, `next_node` and `args`.",
        "Tools: notes.search_notes, notes.save_note, weather.forecast.",
        *(
            f"Rule {number}: ask before something is deleted, and never guess a date."
            for number in range(1, 40)
        ),
    ]
)
_OFFERS = [
    {
        "name": "save_note",
        "description": "Save a note.",
        "input_schema": {
            "type": "object",
            "properties": {
                "title": {"type": "string", "description": "A few words to find it by", "maxLength": 80},
                "text": {"type": "string", "description": "What to remember"},
                "priority": {"enum": ["low", "normal", "high"], "default": "normal"},
                "tags": {"type": "array", "items": {"type": "string"}},
            },
            "required": ["title", "text"],
        },
        "read_only": False,
        "destructive": False,
    },
    {
        "name": "search_notes",
        "description": "Find the notes that contain all the words.",
        "input_schema": {
            "type": "object",
            "properties": {
                "query": {"type": "string"},
                "limit": {"type": "integer", "minimum": 1, "maximum": 50, "default": 10},
            },
            "required": ["query"],
        },
        "read_only": True,
    },
    {"name": "count_notes", "description": "Count the notes.", "input_schema": {"type": "object"}},
]
_QUESTION = "Note that Ada calls back on Tuesday at ten."


def sample_events() -> Sequence[RunEvent]:
    """Return a finished run with an edited call and a failure, a failed run, and one that waits."""
    return (
        *_events("session", 0.0, _SESSION),
        *_events("connections", 1.0, _CONNECTIONS),
        *_events("run-1", 2.0, _FINISHED_RUN),
        *_events("run-2", 30.0, _FAILED_RUN),
        *_events("run-3", 60.0, _WAITING_RUN),
    )


def sample_contents() -> Mapping[str, str]:
    """Return the texts for which the refs of the sample session stand, by their ids."""
    return {
        "system": _SYSTEM,
        "question": _QUESTION,
        "memory": json.dumps({"summary": "Ada is a customer.", "turns": 2}),
        "search": json.dumps({"role": "assistant", "content": None, "tool_calls": [{"name": "search"}]}),
        "notes": json.dumps([{"id": number, "text": f"note {number}"} for number in range(1, 215)]),
        "offers": json.dumps(_OFFERS),
    }


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


def _ref(content_id: str, role: str | None = None) -> ContentRef:
    text = sample_contents()[content_id]
    is_json = content_id in ("memory", "search", "notes", "offers")
    return ContentRef(content_id=content_id, chars=len(text), role=role, form="json" if is_json else "text")


def _model(step: int, cost_usd: float | None = 0.00042) -> ModelCalled:
    prompt = (_ref("system", "system"), _ref("question", "user"), _ref("search", "assistant"))
    return ModelCalled(
        step=step,
        attempt=1,
        latency_ms=812.0,
        model=MODEL,
        cost_usd=cost_usd,
        input_tokens=1240,
        output_tokens=86,
        messages=prompt[: step + 1],
        reply=json.dumps({"thought": "Maybe there is such a note already.", "next_node": "search"}),
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


_SESSION: tuple[EventBody, ...] = (
    SessionForked(parent_session_id="sample-parent", parent_run_id="run-0"),
    SessionNamed(name="Ada's call"),
    SessionArchived(),
    SessionArchived(archived=False),
)

_CONNECTIONS: tuple[EventBody, ...] = (
    ConnectionChanged(name="notes", state="connecting", transport="stdio"),
    ConnectionChanged(name="weather", state="connecting", transport="http"),
    ConnectionChanged(
        name="notes",
        state="ready",
        transport="stdio",
        tool_count=3,
        latency_ms=412.0,
        target="notes-server --database notes.sqlite3",
        server="notes 1.2",
        protocol_version="2025-11-25",
        tools=_ref("offers"),
    ),
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
    RunStarted(question=_QUESTION, agent="Notebook", model=MODEL),
    MemoryRead(content=_ref("memory")),
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
    FlowHappened(event="node_retry", node="fetch", latency_ms=12.0, detail={"attempt": 1}),
    PlannerNoted(step=1, event="error_recovery_attempt", detail={"error_type": "rate_limit"}),
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
        result_chars=len(sample_contents()["notes"]),
        latency_ms=12.4,
        content=_ref("notes"),
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
    MemoryChanged(change="turn_added", key="notebook", health="healthy", tokens=412),
    UnknownBody(kind="of_a_later_version", fields={"n": 1}),
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

"""Recorded pieces of runs of the note-taking demo, as a session would report them."""

from __future__ import annotations

from dataclasses import replace

from penguiflow.planner.approvals import call_hash
from penguiflow.state.events import (
    ActionChosen,
    CallToApprove,
    ConnectionChanged,
    ContentRef,
    EventBody,
    JsonObject,
    ModelCalled,
    PersonAnswered,
    PersonAsked,
    RunFinished,
    RunStarted,
    StepStarted,
    TextStreamed,
    ToolFinished,
    ToolStarted,
)

MODEL = "offline/scripted"
TOOL = "notes.save_note"
QUESTION = "Please save a note: Ada calls back on Tuesday at ten."
ARGS: JsonObject = {
    "title": "Call with Ada",
    "text": "Ada calls back on Tuesday at ten.",
    "priority": "normal",
}
EDITED: JsonObject = ARGS | {"text": "Ada calls back on Wednesday at ten."}
SCHEMA: JsonObject = {
    "type": "object",
    "properties": {
        "title": {"type": "string", "description": "A few words to find it by"},
        "text": {"type": "string", "description": "What to remember"},
        "priority": {"type": "string", "enum": ["low", "normal", "high"], "default": "normal"},
        "remind_in_days": {"type": "integer", "description": "Remind after so many days"},
    },
    "required": ["title", "text"],
}
THOUGHT = "The person wants this kept, so I save it as a note."

CONNECTED = ConnectionChanged(name="notes", state="ready", transport="stdio", tool_count=3, latency_ms=412.0)
CONNECTION_FAILED = ConnectionChanged(
    name="notes",
    state="failed",
    transport="stdio",
    error="the command `notes-server` was not found",
    hint="install it, or correct `command` in .mcp.json",
)


def model_called(step: int) -> ModelCalled:
    return ModelCalled(
        step=step,
        attempt=1,
        latency_ms=640.0,
        model=MODEL,
        cost_usd=0.0004,
        input_tokens=812,
        output_tokens=64,
    )


def with_prompt(call: ModelCalled, messages: tuple[ContentRef, ...], *, reply: str = "") -> ModelCalled:
    return replace(call, messages=messages, reply=reply)


def asked(args: JsonObject = ARGS, *, request_id: str = "request-1", call_id: str = "call-1") -> PersonAsked:
    return PersonAsked(
        step=1,
        request_id=request_id,
        reason="approval_required",
        call=CallToApprove(
            call_id=call_id,
            tool=TOOL,
            args=args,
            call_hash=call_hash(TOOL, args),
            args_schema=SCHEMA,
            description="Save a note.",
            side_effects="write",
            thought=THOUGHT,
        ),
    )


def question_asked(prompt: str = "Which Ada do you mean?") -> PersonAsked:
    return PersonAsked(step=1, request_id="request-1", reason="await_input", prompt=prompt)


def until_approval(args: JsonObject = ARGS) -> list[EventBody]:
    return [
        RunStarted(question=QUESTION, agent="demo", model=MODEL),
        StepStarted(step=1),
        model_called(1),
        ActionChosen(step=1, next_node=TOOL, thought=THOUGHT, args=args),
        asked(args),
    ]


def thinking() -> list[EventBody]:
    return [RunStarted(question=QUESTION, agent="demo", model=MODEL), StepStarted(step=1)]


def answered(*pieces: str, step: int = 2, cost_usd: float | None = 0.0008) -> list[EventBody]:
    return [
        StepStarted(step=step),
        *(TextStreamed(step=step, channel="answer", text=piece) for piece in pieces),
        model_called(step),
        ActionChosen(step=step, next_node="final_response", thought="It is saved."),
        RunFinished(
            reason="answer_complete",
            answer="".join(pieces),
            steps=step,
            llm_calls=step,
            latency_ms=2_900.0,
            cost_usd=cost_usd,
        ),
    ]


def saved(args: JsonObject = ARGS) -> list[EventBody]:
    decision = "approve" if args == ARGS else "edit"
    return [
        PersonAnswered(request_id="request-1", decision=decision, args=None if args == ARGS else args),
        ToolStarted(step=1, call_id="call-1", tool=TOOL, args=args),
        ToolFinished(step=1, call_id="call-1", tool=TOOL, result={"id": 1}, result_chars=9, latency_ms=12.0),
    ]


def rejected(reason: str) -> list[EventBody]:
    return [
        PersonAnswered(request_id="request-1", decision="reject", text=reason),
        ToolFinished(step=1, call_id="call-1", tool=TOOL, error=f"a person rejected it: {reason}"),
        *answered("I did **not** save the note, because you said: ", f"{reason}."),
    ]

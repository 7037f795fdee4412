"""From what a planner tells to what the history keeps. Pure; events that add nothing become `None`.

What has no body of its own, a repair for instance, is kept as a note: the planner may learn to tell more.
"""

from __future__ import annotations

import json
from collections.abc import Callable

from penguiflow.planner.events import PlannerEvent
from penguiflow.sessions.json_parts import Json, object_in
from penguiflow.state.events import (
    ActionChosen,
    EventBody,
    MemoryChanged,
    ModelCalled,
    PlannerNoted,
    StepStarted,
    TextChannel,
    TextStreamed,
    ToolFinished,
    ToolStarted,
    ToolStreamed,
)

_CHANNELS: dict[str, TextChannel] = {"thinking": "thinking", "observation": "thinking", "answer": "answer"}


def history_body(event: PlannerEvent) -> EventBody | None:
    """Return what the event means for the history."""
    if event.event_type in _LEFT_OUT:
        return None
    return _TRANSLATIONS.get(event.event_type, _noted)(event)


def _step(event: PlannerEvent) -> int:
    number = event.extra.get("action_seq")
    return number if isinstance(number, int) else event.trajectory_step + 1


def _step_started(event: PlannerEvent) -> EventBody:
    return StepStarted(step=_step(event))


def _model_called(event: PlannerEvent) -> EventBody:
    extra = event.extra
    return ModelCalled(
        step=_step(event),
        attempt=extra.get("attempt") or 1,
        latency_ms=event.latency_ms or 0.0,
        model=extra.get("model"),
        cost_usd=extra.get("cost_usd"),
        input_tokens=extra.get("input_tokens"),
        output_tokens=extra.get("output_tokens"),
        cached_tokens=extra.get("cached_tokens"),
        reasoning_tokens=extra.get("reasoning_tokens"),
        purpose=str(extra.get("purpose") or "action"),
        error=event.error,
    )


def _action_chosen(event: PlannerEvent) -> EventBody:
    return ActionChosen(
        step=_step(event),
        next_node=str(event.extra.get("next_node", "")),
        thought=event.thought or "",
        args=object_in(event.extra.get("args")),
    )


def _text_streamed(event: PlannerEvent) -> EventBody | None:
    text = event.extra.get("text")
    channel = _CHANNELS.get(str(event.extra.get("channel") or event.extra.get("phase")))
    if not text or channel is None:
        return None
    return TextStreamed(step=_step(event), channel=channel, text=str(text))


def _tool_started(event: PlannerEvent) -> EventBody:
    return ToolStarted(
        step=_step(event),
        call_id=str(event.extra.get("tool_call_id", "")),
        tool=str(event.extra.get("tool_name", "")),
        args=object_in(_parsed(event.extra.get("args_json"))),
    )


def _tool_streamed(event: PlannerEvent) -> EventBody:
    return ToolStreamed(
        step=_step(event),
        stream_id=str(event.extra.get("stream_id", "")),
        text=str(event.extra.get("text", "")),
        done=bool(event.extra.get("done", False)),
    )


def _tool_finished(event: PlannerEvent) -> EventBody:
    result_json = event.extra.get("result_json")
    failed = event.extra.get("ok") is False
    error = event.extra.get("error") or event.error
    return ToolFinished(
        step=_step(event),
        call_id=str(event.extra.get("tool_call_id", "")),
        tool=str(event.extra.get("tool_name", "")),
        result=object_in(_parsed(result_json)).get("failure") if failed else _parsed(result_json),
        error=str(error or "the tool failed") if failed else None,
        result_chars=len(result_json) if isinstance(result_json, str) else 0,
        latency_ms=event.latency_ms if event.latency_ms is not None else event.extra.get("latency_ms"),
    )


def _memory_changed(event: PlannerEvent) -> EventBody:
    tokens = event.extra.get("memory_tokens")
    return MemoryChanged(
        change="turn_added",
        key=str(event.extra.get("memory_key", "")),
        health=event.extra.get("health"),
        tokens=tokens if isinstance(tokens, int) else None,
    )


def _noted(event: PlannerEvent) -> EventBody:
    detail: dict[str, Json] = {key: value for key, value in event.extra.items() if key != "action_seq"}
    for name in ("node_name", "thought", "error", "latency_ms"):
        if (value := getattr(event, name)) is not None:
            detail.setdefault(name, value)
    return PlannerNoted(step=_step(event), event=event.event_type, detail=detail)


def _parsed(text: Json) -> Json:
    if not isinstance(text, str):
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):  # an agent may put plain text where JSON is expected
        return text


_TRANSLATIONS: dict[str, Callable[[PlannerEvent], EventBody | None]] = {
    "step_start": _step_started,
    "llm_call": _model_called,
    "action": _action_chosen,
    "llm_stream_chunk": _text_streamed,
    "tool_call_start": _tool_started,
    "stream_chunk": _tool_streamed,
    "tool_call_result": _tool_finished,
    "memory_turn_added": _memory_changed,
}

# Told by other events: of the session, or of the same step.
_LEFT_OUT = frozenset(
    {"approval_decided", "finish", "pause", "resume", "step_complete", "thinking", "tool_call_end"}
)

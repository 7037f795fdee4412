"""Tool calls of one step: add, change and close them by their ids."""

from __future__ import annotations

from dataclasses import replace

from penguiflow.state.events import PersonAnswered, ToolFinished, ToolStarted, ToolStreamed
from penguiflow_tui.model.state import CallState, StepView, ToolCallView, ToolStream
from penguiflow_tui.model.streamed_text import NO_TEXT

DECIDED: frozenset[CallState] = frozenset({"rejected", "answered", "cancelled"})
"""A person ended these calls; a result that the planner reports for them does not change that."""


def put_call(step: StepView, call: ToolCallView) -> StepView:
    """Return `step` with `call` in the place of the call of the same id, or at the end."""
    for place, known in enumerate(step.calls):
        if known.call_id == call.call_id:
            return replace(step, calls=(*step.calls[:place], call, *step.calls[place + 1 :]))
    return replace(step, calls=(*step.calls, call))


def find_call(step: StepView, call_id: str) -> ToolCallView | None:
    """Return the call of this id."""
    return next((call for call in step.calls if call.call_id == call_id), None)


def start_call(step: StepView, body: ToolStarted, at: float) -> StepView:
    """Return `step` with the call running with exactly the arguments of `body`."""
    known = find_call(step, body.call_id)
    if known is None:
        call = ToolCallView(
            call_id=body.call_id, tool=body.tool, args=body.args, state="running", started_at=at
        )
        return put_call(step, call)
    proposed = known.proposed_args
    if proposed is None and known.args != body.args:
        proposed = known.args
    return put_call(
        step, replace(known, state="running", args=body.args, proposed_args=proposed, started_at=at)
    )


def finish_call(step: StepView, body: ToolFinished, at: float) -> StepView:
    """Return `step` with the call ended."""
    known = find_call(step, body.call_id) or ToolCallView(
        call_id=body.call_id, tool=body.tool, args={}, state="running", started_at=at
    )
    if known.state in DECIDED:
        return put_call(step, replace(known, error=known.error or body.error))
    return put_call(
        step,
        replace(
            known,
            state="ok" if body.error is None else "failed",
            result=body.result,
            result_chars=body.result_chars,
            content=body.content,
            error=body.error,
            latency_ms=body.latency_ms,
        ),
    )


def add_chunk(step: StepView, body: ToolStreamed) -> StepView:
    """Return `step` with a piece of partial output added to its stream."""
    for place, known in enumerate(step.streams):
        if known.stream_id == body.stream_id:
            grown = replace(known, text=known.text.add(body.text), done=body.done)
            return replace(step, streams=(*step.streams[:place], grown, *step.streams[place + 1 :]))
    stream = ToolStream(stream_id=body.stream_id, text=NO_TEXT.add(body.text), done=body.done)
    return replace(step, streams=(*step.streams, stream))


def hold_calls(step: StepView, request_id: str) -> StepView:
    """Return `step` with its running calls waiting: one of them asked a person from inside."""
    held = tuple(
        replace(call, state="waiting", request_id=request_id) if call.state == "running" else call
        for call in step.calls
    )
    return replace(step, calls=held)


def cancel_open_calls(step: StepView) -> StepView:
    """Return `step` without a call that still runs or waits; the same value when there is none."""
    if all(call.state not in ("running", "waiting") for call in step.calls):
        return step
    return replace(
        step,
        calls=tuple(
            replace(call, state="cancelled") if call.state in ("running", "waiting") else call
            for call in step.calls
        ),
    )


def decide_call(call: ToolCallView, answer: PersonAnswered, *, is_approval: bool) -> ToolCallView:
    """Return `call` after a person decided about it."""
    match answer.decision:
        case "reject":
            return replace(call, state="rejected", error=answer.text)
        case "cancelled":
            return replace(call, state="cancelled")
        case "respond":
            return replace(call, state="answered", result=answer.text)
        case "edit" if answer.args is not None:
            return replace(call, state="running", args=answer.args, proposed_args=call.args)
        case _:
            # A tool that asked from inside has its answer now; nothing more will be heard of the call.
            return replace(call, state="running" if is_approval else "answered")

"""Questions to a person and their answers."""

from __future__ import annotations

from dataclasses import replace

from penguiflow.state.events import PersonAnswered, PersonAsked, RunEvent
from penguiflow_tui.model.calls import decide_call, find_call, hold_calls, put_call
from penguiflow_tui.model.consent import consent_of
from penguiflow_tui.model.runs import find_run, put_run, run_of
from penguiflow_tui.model.state import (
    Notice,
    NoticeKind,
    PendingRequest,
    RunView,
    StepView,
    ToolCallView,
    WorkbenchState,
)
from penguiflow_tui.model.steps import put_step, step_of

_NOTICE_OF: dict[str, NoticeKind] = {
    "approve": "approved",
    "edit": "edited",
    "reject": "rejected",
    "respond": "responded",
}


def person_asked(state: WorkbenchState, event: RunEvent, body: PersonAsked) -> WorkbenchState:
    """Add the request, and let its call and its run wait."""
    run = run_of(state, event)
    step = _waiting_step(step_of(run, body.step, event.ts), body, event.ts)
    others = tuple(known for known in state.pending if known.asked.request_id != body.request_id)
    request = PendingRequest(run_id=event.run_id, asked_at=event.ts, asked=body)
    return put_run(replace(state, pending=(*others, request)), replace(put_step(run, step), state="waiting"))


def _waiting_step(step: StepView, body: PersonAsked, at: float) -> StepView:
    if body.call is None:
        return hold_calls(step, body.request_id)
    known = find_call(step, body.call.call_id) or ToolCallView(
        call_id=body.call.call_id,
        tool=body.call.tool,
        args=body.call.args,
        state="waiting",
        started_at=at,
    )
    return put_call(step, replace(known, state="waiting", args=body.call.args, request_id=body.request_id))


def person_answered(state: WorkbenchState, event: RunEvent, body: PersonAnswered) -> WorkbenchState:
    """Take the request away, and let its call and its run go on."""
    request = next((known for known in state.pending if known.asked.request_id == body.request_id), None)
    pending = tuple(known for known in state.pending if known is not request)
    run = find_run(state, event.run_id)
    if run is None:
        return replace(state, pending=pending)
    still_asked = any(known.run_id == run.run_id for known in pending)
    run = replace(run, state="waiting" if still_asked else "thinking")
    if request is not None:
        run = _answered(run, request, body)
    return put_run(replace(state, pending=pending), run)


def _answered(run: RunView, request: PendingRequest, body: PersonAnswered) -> RunView:
    asked = request.asked
    step = step_of(run, asked.step, request.asked_at)
    decided = tuple(
        decide_call(call, body, is_approval=asked.call is not None)
        if call.request_id == asked.request_id and call.state == "waiting"
        else call
        for call in step.calls
    )
    run = put_step(run, replace(step, calls=decided))
    kind = _NOTICE_OF.get(body.decision)
    if kind is None:
        return run
    subject = _subject(asked)
    notice = Notice(kind=kind, subject=subject, text=body.text or "")
    return replace(run, notices=(*run.notices, notice))


def _subject(asked: PersonAsked) -> str:
    if asked.call is not None:
        return asked.call.tool
    consent = consent_of(asked)
    return asked.reason if consent is None else f"sign-in to {consent.display_name}"

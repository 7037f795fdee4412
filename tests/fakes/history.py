"""Short ways to write events down."""

from __future__ import annotations

from penguiflow.state.events import (
    CallToApprove,
    EventBody,
    PersonAsked,
    RunEvent,
    RunFinished,
    RunStarted,
)


def event_at(
    seq: int,
    body: EventBody,
    *,
    run_id: str = "run-1",
    session_id: str = "session-1",
    ts: float | None = None,
) -> RunEvent:
    """An event whose time is its number unless another is given."""
    return RunEvent(
        session_id=session_id, run_id=run_id, seq=seq, ts=float(seq) if ts is None else ts, body=body
    )


def run_of(*bodies: EventBody, run_id: str = "run-1", session_id: str = "session-1") -> list[RunEvent]:
    """The bodies as the events of one run."""
    return [event_at(seq, body, run_id=run_id, session_id=session_id) for seq, body in enumerate(bodies)]


def asked(question: str = "What is new?", *, agent: str = "helper") -> RunStarted:
    return RunStarted(question=question, agent=agent)


def answered(answer: str = "Nothing.") -> RunFinished:
    return RunFinished(reason="answer_complete", answer=answer, steps=1, llm_calls=1, latency_ms=5.0)


def person_asked(request_id: str = "request-1", *, tool: str = "notes.save") -> PersonAsked:
    call = CallToApprove(call_id="call-1", tool=tool, args={"text": "tea"}, call_hash="0" * 64)
    return PersonAsked(step=1, request_id=request_id, reason="approval_required", call=call)

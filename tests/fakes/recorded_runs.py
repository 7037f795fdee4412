"""Recorded runs in short form, for what compares and shows them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from penguiflow.sessions.projections.recorded_run import RecordedRun, recorded_run
from penguiflow.state.events import (
    ActionChosen,
    CallToApprove,
    EventBody,
    ModelCalled,
    PersonAnswered,
    PersonAsked,
    RunEvent,
    RunFailed,
    RunFinished,
    RunStarted,
    StepStarted,
    ToolFinished,
    ToolStarted,
)

Step = tuple[EventBody, ...]
"""The bodies of one step, with the step number 0; `steps` counts."""


def call(
    tool: str,
    result: Any = "ok",  # JSON of any kind
    *,
    error: str | None = None,
    latency_ms: float = 5.0,
    ended: bool = True,
    **args: Any,  # JSON of any kind
) -> Step:
    """A step with one tool call."""
    call_id = f"call-{tool}-{latency_ms}"
    started = ToolStarted(step=0, call_id=call_id, tool=tool, args=args)
    if not ended:
        return (started,)
    finished = ToolFinished(
        step=0,
        call_id=call_id,
        tool=tool,
        result=None if error else result,
        error=error,
        latency_ms=latency_ms,
    )
    return started, finished


def approval(decision: str | None, *, token: str = "token-1", text: str | None = None, **args: Any) -> Step:
    """A step in which a person is asked about `save`; no decision is no answer yet."""
    asked = PersonAsked(
        step=0,
        request_id=token,
        reason="approval_required",
        call=CallToApprove(call_id="c", tool="save", args=args, call_hash="0"),
    )
    if decision is None:
        return (asked,)
    return asked, PersonAnswered(request_id=token, decision=decision, text=text)  # type: ignore[arg-type] # a literal


def model(
    *, cost_usd: float | None = 0.001, latency_ms: float = 20.0, tokens: int | None = 100
) -> ModelCalled:
    return ModelCalled(
        step=0,
        attempt=1,
        latency_ms=latency_ms,
        model="m",
        cost_usd=cost_usd,
        input_tokens=tokens,
        output_tokens=tokens,
    )


def run_events(
    *steps: Step,
    question: str = "What?",
    answer: str = "This.",
    reason: str = "answer_complete",
    failed: RunFailed | None = None,
    ended: bool = True,
    run_id: str = "run-1",
    session_id: str = "session-1",
    start: float = 1_000.0,
    agent: str = "helper",
) -> list[RunEvent]:
    """A run whose steps are numbered from 1."""
    bodies: list[EventBody] = [RunStarted(question=question, agent=agent, model="m")]
    for number, step in enumerate(steps, 1):
        bodies.append(StepStarted(step=number))
        bodies += [_numbered(body, number) for body in step]
    if failed is not None:
        bodies.append(failed)
    elif ended:
        bodies.append(
            RunFinished(reason=reason, answer=answer, steps=len(steps), llm_calls=0, latency_ms=1.0)
        )
    return [
        RunEvent(session_id=session_id, run_id=run_id, seq=seq, ts=start + seq, body=body)
        for seq, body in enumerate(bodies)
    ]


def run_of_steps(*steps: Step, **options: Any) -> RecordedRun:  # the options of `run_events`
    return recorded_run(run_events(*steps, **options))


def _numbered(body: EventBody, number: int) -> EventBody:
    match body:
        case ToolStarted() | ToolFinished() | PersonAsked() | ModelCalled() | ActionChosen():
            return replace(body, step=number)
        case _:
            return body

"""One run in retrospect: what was asked, which tools were called with what, and how it ended."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeAlias

from penguiflow.sessions.totals import run_totals
from penguiflow.state.events import (
    ContentRef,
    EventBody,
    JsonObject,
    ModelCalled,
    PersonAnswered,
    PersonAsked,
    RunEvent,
    RunFailed,
    RunFinished,
    RunInterrupted,
    RunStarted,
    ToolFinished,
    ToolStarted,
)

RunEnd: TypeAlias = Literal["running", "waiting", "finished", "failed", "interrupted"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedCall:
    """One tool call. One that has not ended has neither a result nor an error nor a latency."""

    step: int
    call_id: str
    tool: str
    args: JsonObject = field(default_factory=dict[str, Any])
    result: Any = None  # JSON of any kind
    result_content: ContentRef | None = None
    error: str | None = None
    latency_ms: float | None = None
    ended: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedDecision:
    """One question to a person and the answer, `None` while there is none."""

    asked: PersonAsked
    answered: PersonAnswered | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedRun:
    """`calls` are in the order in which they began. `answer` is empty unless the run finished.

    `reason` is that of `RunFinished`, `error` the end of a run that failed.
    """

    run_id: str
    session_id: str
    question: str = ""
    agent: str = ""
    model: str | None = None
    started_at: float = 0.0
    end: RunEnd = "running"
    reason: str = ""
    answer: str = ""
    error: RunFailed | None = None
    steps: int = 0
    worked_ms: float = 0.0
    cost_usd: float | None = None
    calls: tuple[RecordedCall, ...] = ()
    model_calls: tuple[ModelCalled, ...] = ()
    decisions: tuple[RecordedDecision, ...] = ()


def recorded_run(events: Sequence[RunEvent]) -> RecordedRun:
    """Fold the events of one run, in the order of their `seq`; at least one.

    A run that has not ended is taken to have worked until its last event.
    """
    totals = run_totals(events, now=events[-1].ts)
    run = RecordedRun(
        run_id=events[0].run_id,
        session_id=events[0].session_id,
        started_at=next((each.ts for each in events if isinstance(each.body, RunStarted)), events[0].ts),
        steps=totals.steps,
        worked_ms=totals.worked_ms,
        cost_usd=totals.cost_usd,
        calls=_calls(events),
        model_calls=tuple([event.body for event in events if isinstance(event.body, ModelCalled)]),
        decisions=_decisions(events),
    )
    for event in events:
        run = _after(run, event.body)
    return run


def _after(run: RecordedRun, body: EventBody) -> RecordedRun:
    match body:
        case RunStarted(question=question, agent=agent, model=model):
            return replace(run, question=question, agent=agent, model=model)
        case ModelCalled(model=model) if model and model != run.model:
            return replace(run, model=model)
        case PersonAsked():
            return replace(run, end="waiting")
        case PersonAnswered():
            return replace(run, end="running")
        case RunFinished(reason=reason, answer=answer):
            return replace(run, end="finished", reason=reason, answer=answer)
        case RunFailed() as failed:
            return replace(run, end="failed", error=failed)
        case RunInterrupted():
            return replace(run, end="interrupted")
        case _:
            return run


def _calls(events: Iterable[RunEvent]) -> tuple[RecordedCall, ...]:
    calls: list[RecordedCall] = []
    running: defaultdict[str, list[int]] = defaultdict(list)  # places in `calls`, by id of the call
    for event in events:
        match event.body:
            case ToolStarted(step=step, call_id=call_id, tool=tool, args=args):
                running[call_id].append(len(calls))
                calls.append(RecordedCall(step=step, call_id=call_id, tool=tool, args=args))
            case ToolFinished() as finished if running[finished.call_id]:
                place = running[finished.call_id].pop()
                calls[place] = _ended(calls[place], finished)
            case _:
                pass
    return tuple(calls)


def _ended(call: RecordedCall, finished: ToolFinished) -> RecordedCall:
    return replace(
        call,
        result=finished.result,
        result_content=finished.content,
        error=finished.error,
        latency_ms=finished.latency_ms,
        ended=True,
    )


def _decisions(events: Iterable[RunEvent]) -> tuple[RecordedDecision, ...]:
    decisions: list[RecordedDecision] = []
    places: defaultdict[str, list[int]] = defaultdict(list)  # in `decisions`, by id of the request
    for event in events:
        match event.body:
            case PersonAsked(request_id=request_id) as asked:
                places[request_id].append(len(decisions))
                decisions.append(RecordedDecision(asked=asked))
            case PersonAnswered(request_id=request_id) as answered:
                for place in places[request_id]:
                    decisions[place] = replace(decisions[place], answered=answered)
            case _:
                pass
    return tuple(decisions)

"""What is counted of sessions and runs while their events are appended, so that a list reads no history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from penguiflow.state.events import (
    ModelCalled,
    PersonAnswered,
    PersonAsked,
    RunEvent,
    RunFailed,
    RunFinished,
    RunInterrupted,
    RunStarted,
    SessionArchived,
    SessionForked,
    SessionNamed,
    StepStarted,
    ToolStarted,
)
from penguiflow.state.summaries import RunSummary, SessionState, SessionSummary

_MAX_TITLE_CHARS = 120
_MAX_LINE_CHARS = 200

# What `_count_in_session` and `_count_in_run` look at. Events of other kinds are many. Those that are only
# summed up are counted together, because each change of a tally makes a new one.
_IN_SESSION = (
    RunStarted,
    PersonAsked,
    PersonAnswered,
    RunFinished,
    RunFailed,
    RunInterrupted,
    SessionNamed,
    SessionArchived,
    SessionForked,
)
_IN_RUN = (RunStarted, PersonAsked, PersonAnswered, RunFinished, RunFailed, RunInterrupted)


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionTally:
    """What must be remembered to go on counting. `last_state` is that of the run that changed last."""

    title: str = ""
    agent: str = ""
    last_line: str = ""
    created_at: float = 0.0
    updated_at: float = 0.0
    runs: int = 0
    cost_usd: float | None = None
    cost_known: bool = True
    last_state: SessionState = "idle"
    open_requests: tuple[tuple[str, str], ...] = ()
    """Pairs of run and request."""
    name: str = ""
    archived: bool = False
    parent_session_id: str | None = None
    parent_run_id: str | None = None

    @property
    def is_listed(self) -> bool:
        """Whether the session is worth a line: something was asked in it, or its past was taken over."""
        return self.runs > 0 or self.parent_session_id is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunTally:
    """The same for a run. One that never began, for what happens outside of runs, is not listed."""

    session_id: str = ""
    agent: str = ""
    model: str | None = None
    question: str = ""
    last_line: str = ""
    state: SessionState = "idle"
    reason: str = ""
    started_at: float | None = None
    updated_at: float = 0.0
    steps: int = 0
    model_calls: int = 0
    tool_calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float | None = None
    cost_known: bool = True


def count(tally: SessionTally | None, events: Sequence[RunEvent]) -> SessionTally:
    """Return the session's tally after more of its events, at least one."""
    tally = tally or SessionTally(created_at=events[0].ts)
    calls: list[ModelCalled] = []
    for event in events:
        if isinstance(event.body, ModelCalled):
            calls.append(event.body)
        elif isinstance(event.body, _IN_SESSION):
            tally = _count_in_session(tally, event)
    cost_usd, cost_known = _with_costs(tally, calls)
    updated_at = max(tally.updated_at, *(event.ts for event in events))
    return replace(tally, cost_usd=cost_usd, cost_known=cost_known, updated_at=updated_at)


def count_in_run(tally: RunTally | None, events: Sequence[RunEvent]) -> RunTally:
    """Return the run's tally after more of its events, at least one."""
    tally = tally or RunTally(session_id=events[0].session_id)
    calls: list[ModelCalled] = []
    steps, tool_calls = tally.steps, tally.tool_calls
    for event in events:
        body = event.body
        if isinstance(body, StepStarted):
            steps = max(steps, body.step)
        elif isinstance(body, ModelCalled):
            calls.append(body)
        elif isinstance(body, ToolStarted):
            tool_calls += 1
        elif isinstance(body, _IN_RUN):
            tally = _count_in_run(tally, event)
    cost_usd, cost_known = _with_costs(tally, calls)
    return replace(
        tally,
        model=next((call.model for call in reversed(calls) if call.model), tally.model),
        steps=steps,
        model_calls=tally.model_calls + len(calls),
        tool_calls=tool_calls,
        input_tokens=tally.input_tokens + sum(call.input_tokens or 0 for call in calls),
        output_tokens=tally.output_tokens + sum(call.output_tokens or 0 for call in calls),
        cost_usd=cost_usd,
        cost_known=cost_known,
        updated_at=max(tally.updated_at, *(event.ts for event in events)),
    )


def summary_of(session_id: str, tally: SessionTally) -> SessionSummary:
    """Return the line that people read."""
    return SessionSummary(
        session_id=session_id,
        title=tally.title,
        agent=tally.agent,
        state="waiting" if tally.open_requests else tally.last_state,
        last_line=tally.last_line,
        created_at=tally.created_at,
        updated_at=tally.updated_at,
        runs=tally.runs,
        cost_usd=tally.cost_usd if tally.cost_known else None,
        name=tally.name,
        archived=tally.archived,
        parent_session_id=tally.parent_session_id,
        parent_run_id=tally.parent_run_id,
    )


def run_summary_of(run_id: str, tally: RunTally) -> RunSummary:
    """Return the line that people read."""
    return RunSummary(
        run_id=run_id,
        session_id=tally.session_id,
        agent=tally.agent,
        model=tally.model,
        question=tally.question,
        state=tally.state,
        reason=tally.reason,
        last_line=tally.last_line,
        started_at=tally.started_at or 0.0,
        updated_at=tally.updated_at,
        steps=tally.steps,
        model_calls=tally.model_calls,
        tool_calls=tally.tool_calls,
        input_tokens=tally.input_tokens,
        output_tokens=tally.output_tokens,
        cost_usd=tally.cost_usd if tally.cost_known else None,
    )


def _count_in_session(tally: SessionTally, event: RunEvent) -> SessionTally:
    match event.body:
        case RunStarted(question=question, agent=agent):
            line = _one_line(question)
            return replace(
                tally,
                title=tally.title or line[:_MAX_TITLE_CHARS],
                agent=agent,
                last_line=line,
                runs=tally.runs + 1,
                last_state="running",
            )
        case PersonAsked(request_id=request_id) as asked:
            waiting = (*tally.open_requests, (event.run_id, request_id))
            return replace(tally, open_requests=waiting, last_line=_asked_line(asked) or tally.last_line)
        case PersonAnswered(request_id=answered):
            still_open = tuple(pair for pair in tally.open_requests if pair[1] != answered)
            return replace(tally, open_requests=still_open, last_state="running")
        case RunFinished(answer=answer):
            return replace(_ended(tally, event, "idle"), last_line=_one_line(answer) or tally.last_line)
        case RunFailed(message=message):
            return replace(_ended(tally, event, "failed"), last_line=_one_line(message))
        case RunInterrupted():
            return _ended(tally, event, "interrupted")
        case _:
            return _count_about_session(tally, event)


def _count_about_session(tally: SessionTally, event: RunEvent) -> SessionTally:
    match event.body:
        case SessionNamed(name=name):
            return replace(tally, name=_one_line(name))
        case SessionArchived(archived=archived):
            return replace(tally, archived=archived)
        case SessionForked(parent_session_id=session_id, parent_run_id=run_id):
            return replace(tally, parent_session_id=session_id, parent_run_id=run_id)
        case _:
            return tally


def _count_in_run(tally: RunTally, event: RunEvent) -> RunTally:
    match event.body:
        case RunStarted() as started:
            line = _one_line(started.question)
            return replace(
                tally,
                agent=started.agent,
                model=started.model,
                question=line,
                last_line=line,
                state="running",
                started_at=event.ts,
            )
        case PersonAsked() as asked:
            return replace(tally, state="waiting", last_line=_asked_line(asked) or tally.last_line)
        case PersonAnswered():
            return replace(tally, state="running")
        case RunFinished(reason=reason, answer=answer):
            line = _one_line(answer) or tally.last_line
            return replace(tally, state="idle", reason=reason, last_line=line)
        case RunFailed(message=message):
            return replace(tally, state="failed", last_line=_one_line(message))
        case RunInterrupted():
            return replace(tally, state="interrupted")
        case _:
            return tally


def _with_costs(tally: SessionTally | RunTally, calls: Sequence[ModelCalled]) -> tuple[float | None, bool]:
    cost_usd, cost_known = tally.cost_usd, tally.cost_known
    for call in calls:
        if call.cost_usd is not None:
            cost_usd = (cost_usd or 0.0) + call.cost_usd
        elif call.error is None:
            # A failed call of unknown cost is taken as free; any other makes the sum a guess: not shown.
            cost_known = False
    return cost_usd, cost_known


def _ended(tally: SessionTally, event: RunEvent, state: SessionState) -> SessionTally:
    still_open = tuple(pair for pair in tally.open_requests if pair[0] != event.run_id)
    return replace(tally, open_requests=still_open, last_state=state)


def _asked_line(asked: PersonAsked) -> str:
    return _one_line(asked.call.tool if asked.call else asked.prompt)


def _one_line(text: str) -> str:
    return " ".join(text[: _MAX_LINE_CHARS * 4].split())[:_MAX_LINE_CHARS]

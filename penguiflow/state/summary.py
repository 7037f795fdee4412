"""One line about a session, folded from its events, so that a list of sessions reads no history."""

from __future__ import annotations

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
)
from penguiflow.state.protocol import SessionState, SessionSummary

_MAX_TITLE_CHARS = 120
_MAX_LINE_CHARS = 200


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


def count(tally: SessionTally | None, event: RunEvent) -> SessionTally:
    """Return the tally after one more event."""
    tally = tally or SessionTally(created_at=event.ts)
    tally = replace(tally, updated_at=max(tally.updated_at, event.ts))
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
        case ModelCalled():
            return _with_cost(tally, event.body)
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
            return tally


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
    )


def _ended(tally: SessionTally, event: RunEvent, state: SessionState) -> SessionTally:
    still_open = tuple(pair for pair in tally.open_requests if pair[0] != event.run_id)
    return replace(tally, open_requests=still_open, last_state=state)


def _with_cost(tally: SessionTally, call: ModelCalled) -> SessionTally:
    if call.cost_usd is not None:
        return replace(tally, cost_usd=(tally.cost_usd or 0.0) + call.cost_usd)
    # A failed call of unknown cost is taken as free; any other makes the sum a guess, which is not shown.
    return tally if call.error is not None else replace(tally, cost_known=False)


def _asked_line(asked: PersonAsked) -> str:
    return _one_line(asked.call.tool if asked.call else asked.prompt)


def _one_line(text: str) -> str:
    return " ".join(text[: _MAX_LINE_CHARS * 4].split())[:_MAX_LINE_CHARS]

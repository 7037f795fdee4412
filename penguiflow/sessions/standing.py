"""Where a session stands, folded from its events: what is asked, which tools run, how the last run ended."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from penguiflow.sessions.results import Activity
from penguiflow.state.events import (
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

LastEnd: TypeAlias = Literal["none", "finished", "failed", "interrupted"]


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenRequest:
    """A question to a person that nobody answered yet, and the run that waits for it."""

    run_id: str
    asked: PersonAsked


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """`unfinished_runs` were started and have neither ended nor asked a person."""

    open_requests: tuple[OpenRequest, ...] = ()
    unfinished_runs: tuple[str, ...] = ()
    running_calls: frozenset[str] = frozenset()
    last_end: LastEnd = "none"


def advance(standing: Standing, event: RunEvent) -> Standing:
    """Return the standing after one more event; the same object when the event does not matter."""
    run_id = event.run_id
    match event.body:
        case RunStarted():
            unfinished = (*standing.unfinished_runs, run_id)
            return replace(standing, unfinished_runs=unfinished, last_end="none")
        case PersonAsked() as asked:
            waiting = (*standing.open_requests, OpenRequest(run_id=run_id, asked=asked))
            return replace(
                standing,
                open_requests=waiting,
                unfinished_runs=_minus(standing, run_id),
                running_calls=frozenset(),
            )
        case PersonAnswered(request_id=answered):
            still_open = tuple(each for each in standing.open_requests if each.asked.request_id != answered)
            unfinished = (*_minus(standing, run_id), run_id)
            return replace(standing, open_requests=still_open, unfinished_runs=unfinished, last_end="none")
        case ToolStarted(call_id=call_id):
            return replace(standing, running_calls=standing.running_calls | {call_id})
        case ToolFinished(call_id=call_id):
            return replace(standing, running_calls=standing.running_calls - {call_id})
        case RunFinished():
            return _ended(standing, run_id, "finished")
        case RunFailed():
            return _ended(standing, run_id, "failed")
        case RunInterrupted():
            return _ended(standing, run_id, "interrupted")
        case _:
            return standing


def standing_of(events: Iterable[RunEvent]) -> Standing:
    """Fold a whole history."""
    standing = Standing()
    for event in events:
        standing = advance(standing, event)
    return standing


def activity(standing: Standing, *, working: bool, started: bool) -> Activity:
    """Return the one word for what the session does now; `working` means that this process drives a run."""
    if working:
        return "running_tool" if standing.running_calls else "thinking"
    if not started:
        return "starting"
    if standing.open_requests:
        return "waiting"
    return "failed" if standing.last_end == "failed" else "idle"


def _ended(standing: Standing, run_id: str, end: LastEnd) -> Standing:
    return Standing(
        open_requests=tuple(each for each in standing.open_requests if each.run_id != run_id),
        unfinished_runs=_minus(standing, run_id),
        last_end=end,
    )


def _minus(standing: Standing, run_id: str) -> tuple[str, ...]:
    return tuple(each for each in standing.unfinished_runs if each != run_id)

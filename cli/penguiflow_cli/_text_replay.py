"""A recorded run as text, at the pace at which it happened."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from penguiflow._clock import MonotonicClock, monotonic_clock
from penguiflow.sessions.results import RunOutcome, RunResult
from penguiflow.sessions.totals import run_totals
from penguiflow.state.events import PersonAsked, RunEvent, RunFailed, RunFinished, RunInterrupted
from penguiflow_cli._runs_tail import ending_of
from penguiflow_tui.replay.playback import Playback
from penguiflow_tui.replay.timeline import timeline_of


class EventView(Protocol):
    """Shows events as they become due."""

    def show(self, events: Sequence[RunEvent]) -> None: ...


async def play(
    events: Sequence[RunEvent],
    view: EventView,
    *,
    speed: float,
    clock: MonotonicClock = monotonic_clock,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> None:
    """Show `events` at `speed` times the pace at which they happened; long gaps are shortened."""
    playback = Playback(timeline=timeline_of(events), speed=speed, since=clock())
    shown = 0
    while True:
        playback = playback.at(clock())
        view.show(events[shown : playback.position])
        shown = playback.position
        wait_s = playback.wait_s()
        if wait_s is None:
            return
        await sleep(wait_s)


def recorded_result(events: Sequence[RunEvent]) -> RunResult | None:
    """Return how a recorded run ended; `None` when it had not, or is the trace of a flow."""
    ending = ending_of(events)
    if ending is None:
        return None
    outcome, answer = _outcome(ending)
    totals = run_totals(events, now=events[-1].ts)
    return RunResult(
        run_id=events[-1].run_id,
        outcome=outcome,
        answer=answer,
        request=ending if isinstance(ending, PersonAsked) else None,
        error=ending if isinstance(ending, RunFailed) else None,
        cost_usd=totals.cost_usd,
        steps=totals.steps,
    )


def _outcome(ending: PersonAsked | RunFinished | RunFailed | RunInterrupted) -> tuple[RunOutcome, str]:
    match ending:
        case RunFinished(reason=reason, answer=answer):
            return "answered" if reason == "answer_complete" else "stopped", answer
        case PersonAsked():
            return "paused", ""
        case RunFailed():
            return "failed", ""
        case RunInterrupted():
            return "interrupted", ""

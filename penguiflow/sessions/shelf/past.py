"""The past of a fork: what happened in its parents up to the run it was forked at."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from penguiflow.sessions.standing import standing_of
from penguiflow.state.events import (
    RunEvent,
    RunInterrupted,
    SessionArchived,
    SessionForked,
    SessionNamed,
)
from penguiflow.state.protocol import HistoryStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """The events of the parents, the oldest first. `gap` says why there is nothing before them."""

    events: tuple[RunEvent, ...] = ()
    gap: str | None = None


async def past_of(store: HistoryStore, own_events: Iterable[RunEvent]) -> Past:
    """Return what the session whose events are given took over; nothing when it is no fork.

    Raises:
        StoreError: the store cannot be read.
    """
    generations: list[Sequence[RunEvent]] = []
    fork, gap = _fork_in(own_events), None
    seen: set[str] = set()
    while fork is not None:
        session_id, fork_body = fork
        parent = fork_body.parent_session_id
        seen.add(session_id)
        events = () if parent in seen else await store.load_session(parent)
        taken = up_to_end_of(fork_body.parent_run_id, events)
        if not taken:
            gap = _gap(session_id, fork_body, in_circle=parent in seen)
            break
        generations.append(taken)
        fork = _fork_in(events)
    return Past(events=tuple(event for taken in reversed(generations) for event in taken), gap=gap)


def up_to_end_of(run_id: str, events: Sequence[RunEvent]) -> Sequence[RunEvent]:
    """Return what a fork at this run takes over of its parent's events; nothing when the run is not there.

    Runs that began later are left out, and so is what a person did to the parent as a whole.
    """
    places = [place for place, event in enumerate(events) if event.run_id == run_id]
    if not places:
        return ()
    began_before = {event.run_id for event in events[: places[0] + 1]}
    return [
        event
        for event in events[: places[-1] + 1]
        if event.run_id in began_before and not isinstance(event.body, SessionNamed | SessionArchived)
    ]


def ended(past: Sequence[RunEvent]) -> list[RunEvent]:
    """Return the past with an end for each run that has none: nobody goes on with it in the fork."""
    standing = standing_of(past)
    open_runs = dict.fromkeys(
        [*standing.unfinished_runs, *(request.run_id for request in standing.open_requests)]
    )
    last_of_run = {event.run_id: event for event in past if event.run_id in open_runs}
    return [
        *past,
        *(
            replace(last, seq=last.seq + 1, body=RunInterrupted())
            for last in (last_of_run[run_id] for run_id in open_runs)
        ),
    ]


def _fork_in(events: Iterable[RunEvent]) -> tuple[str, SessionForked] | None:
    """Return the session of the events and where it was forked."""
    return next(
        ((each.session_id, each.body) for each in events if isinstance(each.body, SessionForked)), None
    )


def _gap(session_id: str, fork: SessionForked, *, in_circle: bool) -> str:
    if in_circle:
        return f"session `{session_id}` was forked from one of its own forks; its past is left out"
    return (
        f"session `{session_id}` was forked from session `{fork.parent_session_id}` at run "
        f"`{fork.parent_run_id}`, which the history does not hold any more; its past is left out"
    )

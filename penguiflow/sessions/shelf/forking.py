"""Forking: a new session that goes on from another one, at its end or at an earlier run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from penguiflow._clock import WallClock, wall_clock
from penguiflow._ids import IdSource
from penguiflow._ids import new_id as random_id
from penguiflow.sessions.shelf.errors import NothingToForkError, SessionNotFoundError
from penguiflow.sessions.shelf.fork_memory import carry_memory
from penguiflow.sessions.shelf.past import past_of
from penguiflow.state.events import RunEvent, RunStarted, SessionForked
from penguiflow.state.protocol import HistoryStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Fork:
    """A new session. `remembers` tells whether the agent's memory of the conversation goes on in it."""

    session_id: str
    parent_session_id: str
    parent_run_id: str
    remembers: bool


async def fork_session(
    store: HistoryStore,
    session_id: str,
    *,
    at_run: str | None = None,
    clock: WallClock = wall_clock,
    new_id: IdSource = random_id,
) -> Fork:
    """Begin a session whose past is this one up to the end of a run, of the last one when none is given.

    Nothing is copied but the agent's conversation memory, see `carry_memory`: the fork points to its parent,
    which must stay in the store. A run that has not ended goes on in the parent alone.

    Raises:
        SessionNotFoundError: nothing is stored under the id.
        NothingToForkError: nothing was asked in it, or the run is no part of it.
    """
    own = await store.load_session(session_id)
    if not own:
        raise SessionNotFoundError(f"no session has the id `{session_id}`")
    point = _last_point(own) if at_run is None else _point_at(at_run, own)
    if point is None and at_run is not None:
        point = _point_at(at_run, (await past_of(store, own)).events)
    if point is None:
        raise _nothing_to_fork(session_id, at_run)
    child = new_id()
    event = RunEvent(session_id=child, run_id=new_id(), seq=0, ts=clock(), body=point)
    past = (await past_of(store, [event])).events
    remembers = await carry_memory(store, past, parent=point.parent_session_id, child=child)
    await store.append_events([event])
    return Fork(
        session_id=child,
        parent_session_id=point.parent_session_id,
        parent_run_id=point.parent_run_id,
        remembers=remembers,
    )


def _last_point(own: Sequence[RunEvent]) -> SessionForked | None:
    """Return the end of the session: its last run, or the one at which it was itself forked."""
    for event in reversed(own):
        if isinstance(event.body, RunStarted):
            return SessionForked(parent_session_id=event.session_id, parent_run_id=event.run_id)
    return next((event.body for event in own if isinstance(event.body, SessionForked)), None)


def _point_at(run_id: str, events: Sequence[RunEvent]) -> SessionForked | None:
    for event in events:
        if event.run_id == run_id and isinstance(event.body, RunStarted):
            return SessionForked(parent_session_id=event.session_id, parent_run_id=run_id)
    return None


def _nothing_to_fork(session_id: str, at_run: str | None) -> NothingToForkError:
    if at_run is None:
        return NothingToForkError(f"nothing was asked in session `{session_id}` yet")
    return NothingToForkError(
        f"run `{at_run}` is no part of session `{session_id}`",
        hint=f"`penguiflow sessions show {session_id}` lists its runs.",
    )

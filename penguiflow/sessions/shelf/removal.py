"""Throwing a session away with all that only it needs: its history, its memory, its waiting runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from penguiflow.sessions.shelf.fork_memory import key_for_session
from penguiflow.sessions.shelf.past import past_of
from penguiflow.sessions.standing import standing_of
from penguiflow.state.events import MemoryChanged, RunEvent
from penguiflow.state.protocol import HistoryStore, SupportsPlannerState


@runtime_checkable
class ForgetsMemories(Protocol):
    """A store from which the state of a conversation memory can be taken."""

    async def delete_memory_state(self, key: str) -> None:
        """Forget the state; nothing happens when there is none."""
        ...


async def remove_session(store: HistoryStore, session_id: str) -> bool:
    """Remove the session; `False` when nothing was stored. A call that is cut short can be made again."""
    own = await store.load_session(session_id)
    if isinstance(store, SupportsPlannerState):
        for request in standing_of(own).open_requests:
            await store.load_planner_state(request.asked.request_id)  # which takes it out of the store
    if isinstance(store, ForgetsMemories):
        for key in memory_keys([*(await past_of(store, own)).events, *own], session_id):
            await store.delete_memory_state(key)
    return await store.delete_session(session_id)


def memory_keys(events: Sequence[RunEvent], session_id: str) -> Sequence[str]:
    """Return the keys of the session's own conversations, those included that a fork got from its past."""
    keys = (
        key_for_session(event.body.key, event.session_id, session_id)
        for event in events
        if isinstance(event.body, MemoryChanged)
    )
    return list(dict.fromkeys(key for key in keys if key is not None))

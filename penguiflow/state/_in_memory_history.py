"""The history of sessions in dictionaries."""

from __future__ import annotations

from collections.abc import Sequence

from penguiflow.state.errors import HistoryConflictError
from penguiflow.state.events import PersonAsked, RunEvent
from penguiflow.state.order import in_history_order
from penguiflow.state.protocol import SessionSummary
from penguiflow.state.summary import SessionTally, count, summary_of


class InMemoryHistory:
    """A `HistoryStore` that lives as long as the process."""

    def __init__(self) -> None:
        self._events: dict[tuple[str, int], RunEvent] = {}
        self._sessions: dict[str, SessionTally] = {}

    async def append_events(self, events: Sequence[RunEvent]) -> None:
        new: dict[tuple[str, int], RunEvent] = {}
        for event in events:
            place = (event.run_id, event.seq)
            taken = self._events.get(place) or new.get(place)
            if taken is None:
                new[place] = event
            elif taken.body != event.body or taken.session_id != event.session_id:
                raise HistoryConflictError(*place)
        self._events.update(new)
        for event in new.values():
            # Taken out and put in again: the order of the sessions is that of their last change.
            self._sessions[event.session_id] = count(self._sessions.pop(event.session_id, None), event)

    async def load_run(self, run_id: str) -> Sequence[RunEvent]:
        return in_history_order([event for event in self._events.values() if event.run_id == run_id])

    async def load_session(self, session_id: str) -> Sequence[RunEvent]:
        return in_history_order([event for event in self._events.values() if event.session_id == session_id])

    async def list_sessions(self, *, limit: int = 50) -> Sequence[SessionSummary]:
        newest_first = reversed(self._sessions.items())
        asked = [summary_of(session_id, tally) for session_id, tally in newest_first if tally.runs]
        return asked[:limit]

    async def find_request(self, request_id: str) -> RunEvent | None:
        for event in self._events.values():
            if isinstance(event.body, PersonAsked) and event.body.request_id == request_id:
                return event
        return None

    async def aclose(self) -> None:
        """Nothing to give back; what was stored can still be read."""

    def clear_history(self) -> None:
        """Forget every session."""
        self._events.clear()
        self._sessions.clear()

    def clear_history_of(self, session_id: str) -> None:
        """Forget the runs of one session."""
        self._sessions.pop(session_id, None)
        self._events = {
            place: event for place, event in self._events.items() if event.session_id != session_id
        }

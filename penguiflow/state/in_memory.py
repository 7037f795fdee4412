"""A store that lives as long as the process: for tests, examples and runs nobody wants to keep."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from penguiflow.state.errors import HistoryConflictError
from penguiflow.state.events import PersonAsked, RunEvent
from penguiflow.state.flow_events import fingerprint, planner_record_json
from penguiflow.state.models import WITHOUT_TRACE, RemoteBinding, StoredEvent
from penguiflow.state.order import in_history_order
from penguiflow.state.protocol import SessionSummary
from penguiflow.state.summary import SessionTally, count, summary_of


class InMemoryStateStore:
    """Every port of `penguiflow.state.protocol` in dictionaries, for use in one event loop.

    Over `max_events_per_trace` the oldest flow events of a trace are dropped.
    """

    def __init__(self, *, max_events_per_trace: int = 50_000) -> None:
        self._max_events_per_trace = max_events_per_trace
        self._flow_events: defaultdict[str, dict[str, StoredEvent]] = defaultdict(dict)
        self._bindings: dict[tuple[str, str | None, str], RemoteBinding] = {}
        self._planner_states: dict[str, str] = {}
        self._events: dict[tuple[str, int], RunEvent] = {}
        self._sessions: dict[str, SessionTally] = {}

    async def save_event(self, event: StoredEvent) -> None:
        events = self._flow_events[event.trace_id or WITHOUT_TRACE]
        events.setdefault(fingerprint(event), event)
        if len(events) > self._max_events_per_trace:
            del events[next(iter(events))]

    async def load_history(self, trace_id: str) -> Sequence[StoredEvent]:
        return sorted(self._flow_events.get(trace_id, {}).values(), key=lambda event: event.ts)

    async def save_remote_binding(self, binding: RemoteBinding) -> None:
        self._bindings[(binding.trace_id, binding.context_id, binding.task_id)] = binding

    async def save_planner_state(self, token: str, payload: dict[str, Any]) -> None:
        # Kept as text, as any other store would: later changes of the caller's objects do not reach it.
        self._planner_states[token] = planner_record_json(token, payload)

    async def load_planner_state(self, token: str) -> dict[str, Any] | None:
        record = self._planner_states.pop(token, None)
        return None if record is None else json.loads(record)

    async def peek_planner_state(self, token: str) -> dict[str, Any] | None:
        record = self._planner_states.get(token)
        return None if record is None else json.loads(record)

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

"""A store that lives as long as the process: for tests, examples and runs nobody wants to keep."""

from __future__ import annotations

import json
from collections import defaultdict, deque
from collections.abc import Sequence
from copy import deepcopy
from typing import Any

from penguiflow.artifacts import ArtifactRetentionConfig, InMemoryArtifactStore
from penguiflow.state._in_memory_history import InMemoryHistory
from penguiflow.state._trace_log import TraceLog
from penguiflow.state.flow_events import planner_record_json
from penguiflow.state.models import WITHOUT_TRACE, RemoteBinding, StoredEvent


class InMemoryStateStore(InMemoryHistory):
    """Every port of `penguiflow.state.protocol` in dictionaries, for use in one event loop.

    Over `max_events_per_trace` and `max_planner_events_per_trace` the oldest events of a trace are dropped.
    `max_updates_per_session` and `max_steering_events_per_session` are taken so that programs which set them
    run; this store keeps neither task updates nor steering events, so they limit nothing.
    """

    def __init__(
        self,
        *,
        max_events_per_trace: int = 50_000,
        max_updates_per_session: int = 10_000,
        max_steering_events_per_session: int = 10_000,
        max_planner_events_per_trace: int = 50_000,
        artifact_retention: ArtifactRetentionConfig | None = None,
    ) -> None:
        super().__init__()
        self._max_events_per_trace = max_events_per_trace
        self._max_planner_events_per_trace = max_planner_events_per_trace
        self._flow_events: dict[str, TraceLog] = {}
        self._bindings: dict[tuple[str, str | None, str], RemoteBinding] = {}
        self._planner_states: dict[str, str] = {}
        self._memory_states: dict[str, dict[str, Any]] = {}  # each in the memory's own form
        self._trajectories: defaultdict[str, dict[str, Any]] = defaultdict(dict)  # by session and trace
        self._planner_events: dict[str, deque[Any]] = {}  # the planner's own values
        self._artifact_store = InMemoryArtifactStore(artifact_retention)

    @property
    def artifact_store(self) -> InMemoryArtifactStore:
        return self._artifact_store

    async def save_event(self, event: StoredEvent) -> None:
        trace_id = event.trace_id or WITHOUT_TRACE
        log = self._flow_events.get(trace_id)
        if log is None:
            log = self._flow_events[trace_id] = TraceLog(self._max_events_per_trace)
        log.add(event)

    async def load_history(self, trace_id: str) -> Sequence[StoredEvent]:
        log = self._flow_events.get(trace_id)
        return [] if log is None else log.chronological()

    async def save_remote_binding(self, binding: RemoteBinding) -> None:
        self._bindings[(binding.trace_id, binding.context_id, binding.task_id)] = binding

    async def save_planner_state(self, token: str, payload: dict[str, Any]) -> None:
        # Kept as text, as any other store would: later changes of the caller's objects do not reach it.
        self._planner_states[token] = planner_record_json(token, payload)

    async def load_planner_state(self, token: str) -> dict[str, Any]:
        """Remove the record and return it; an empty one when nothing waits under the token."""
        record = self._planner_states.pop(token, None)
        return {} if record is None else json.loads(record)

    async def peek_planner_state(self, token: str) -> dict[str, Any] | None:
        record = self._planner_states.get(token)
        return None if record is None else json.loads(record)

    async def claim_planner_state(
        self, tokens: Sequence[str], claim_key: str, fields: dict[str, Any]
    ) -> dict[str, Any] | None:
        if not all(token in self._planner_states for token in tokens):
            return None
        claim = {**json.loads(self._planner_states[tokens[-1]]), **fields}
        self._planner_states[claim_key] = planner_record_json(claim_key, claim)
        for token in tokens:
            del self._planner_states[token]
        return claim

    async def save_memory_state(self, key: str, state: dict[str, Any]) -> None:
        self._memory_states[key] = deepcopy(state)

    async def delete_memory_state(self, key: str) -> None:
        """Forget the state of a memory."""
        self._memory_states.pop(key, None)

    async def load_memory_state(self, key: str) -> dict[str, Any] | None:
        return deepcopy(self._memory_states.get(key))

    async def save_trajectory(self, trace_id: str, session_id: str, trajectory: Any) -> None:  # see the port
        of_session = self._trajectories[session_id]
        of_session.pop(trace_id, None)  # the one saved last is the newest
        of_session[trace_id] = trajectory

    async def get_trajectory(self, trace_id: str, session_id: str) -> Any | None:  # see the port
        return self._trajectories.get(session_id, {}).get(trace_id)

    async def list_traces(self, session_id: str, limit: int = 50) -> list[str]:
        newest_first = list(reversed(self._trajectories.get(session_id, {})))
        return newest_first[: max(limit, 0)]

    async def save_planner_event(self, trace_id: str, event: Any) -> None:  # see the port
        events = self._planner_events.get(trace_id)
        if events is None:
            events = self._planner_events[trace_id] = deque(maxlen=self._max_planner_events_per_trace)
        events.append(event)

    async def save_planner_events(self, trace_id: str, events: Sequence[Any]) -> None:  # see the port
        for event in events:
            await self.save_planner_event(trace_id, event)

    async def list_planner_events(self, trace_id: str) -> list[Any]:  # see the port
        return list(self._planner_events.get(trace_id, ()))

    async def get_events(self, trace_id: str) -> list[Any]:  # see the port
        """Return the planner events of a trace: the older name of `list_planner_events`."""
        return await self.list_planner_events(trace_id)

    def clear(self) -> None:
        """Forget everything."""
        self.clear_history()
        for kept in (self._flow_events, self._bindings, self._planner_states, self._memory_states):
            kept.clear()
        self._trajectories.clear()
        self._planner_events.clear()
        self._artifact_store.clear()

    async def delete_session(self, session_id: str) -> bool:
        return self.clear_session(session_id)

    def clear_session(self, session_id: str) -> bool:
        """Forget a session: its history, its artifacts, its trajectories and the events of its traces.

        The state of a memory stays: its key is the memory's own and need not name the session. Returns
        `False` when there was nothing.
        """
        traces = self.run_ids_of(session_id).union(self._trajectories.pop(session_id, {}))
        had_history = self.clear_history_of(session_id)
        had_artifacts = self._artifact_store.clear_session(session_id)
        for trace_id in traces:
            self._planner_events.pop(trace_id, None)
            self._flow_events.pop(trace_id, None)
        self._bindings = {
            place: binding for place, binding in self._bindings.items() if binding.trace_id not in traces
        }
        return had_history or had_artifacts or bool(traces)

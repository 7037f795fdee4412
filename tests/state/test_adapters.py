"""Stores that were written for older names."""

from __future__ import annotations

import pytest

from penguiflow.state import RemoteBinding, StoredEvent
from penguiflow.state.adapters import (
    list_planner_events_compat,
    maybe_save_remote_binding,
    save_planner_event_compat,
)
from penguiflow.state.in_memory import InMemoryStateStore


class OlderStore:
    """Synchronous, to show that a method may be."""

    def __init__(self) -> None:
        self.kept: list[tuple[str, object]] = []

    def save_event(self, trace_id: str, event: object) -> None:
        self.kept.append((trace_id, event))

    def get_events(self, trace_id: str) -> list[object]:
        return [event for kept_trace, event in self.kept if kept_trace == trace_id]


class FlowEventsOnly:
    async def save_event(self, event: StoredEvent) -> None:
        raise AssertionError("no planner event belongs here")


async def test_the_present_names_are_preferred() -> None:
    store = InMemoryStateStore()

    await save_planner_event_compat(store, "trace", "event")

    assert await store.list_planner_events("trace") == ["event"]
    assert await list_planner_events_compat(store, "trace") == ["event"]
    assert await store.load_history("trace") == []


async def test_a_store_with_the_older_names_is_used_by_these() -> None:
    store = OlderStore()

    await save_planner_event_compat(store, "trace", "event")

    assert store.kept == [("trace", "event")]
    assert await list_planner_events_compat(store, "trace") == ["event"]


async def test_the_method_for_flow_events_is_not_mistaken_for_the_older_one() -> None:
    with pytest.raises(TypeError, match=r"`FlowEventsOnly` has neither `save_planner_event"):
        await save_planner_event_compat(FlowEventsOnly(), "trace", "event")


async def test_a_store_that_cannot_list_planner_events_is_refused() -> None:
    with pytest.raises(TypeError, match=r"neither `list_planner_events.*`get_events"):
        await list_planner_events_compat(FlowEventsOnly(), "trace")


async def test_a_binding_without_a_store_is_not_kept() -> None:
    await maybe_save_remote_binding(None, _binding())


async def test_a_binding_goes_to_the_store() -> None:
    class Recording(InMemoryStateStore):
        def __init__(self) -> None:
            super().__init__()
            self.bindings: list[RemoteBinding] = []

        async def save_remote_binding(self, binding: RemoteBinding) -> None:
            self.bindings.append(binding)

    store = Recording()

    await maybe_save_remote_binding(store, _binding())

    assert store.bindings == [_binding()]


def _binding() -> RemoteBinding:
    return RemoteBinding(trace_id="trace", context_id=None, task_id="task", agent_url="http://agent")

"""What every `StateStore` does with the events of flows."""

from __future__ import annotations

import pytest

from penguiflow.metrics import FlowEvent
from penguiflow.state import RemoteBinding, StateStore, StoredEvent
from penguiflow.state.in_memory import InMemoryStateStore


def stored(ts: float, kind: str = "node_start", trace_id: str | None = "trace") -> StoredEvent:
    return StoredEvent(
        trace_id=trace_id, ts=ts, kind=kind, node_name="a", node_id="a-1", payload={"event": kind, "n": [1]}
    )


def test_both_stores_are_state_stores(store: StateStore) -> None:
    assert isinstance(store, StateStore)


async def test_a_history_is_read_in_the_order_of_time(store: StateStore) -> None:
    for event in (stored(3.0), stored(1.0), stored(2.0, "second"), stored(2.0, "third")):
        await store.save_event(event)

    history = await store.load_history("trace")

    assert [(event.ts, event.kind) for event in history] == [
        (1.0, "node_start"),
        (2.0, "second"),
        (2.0, "third"),
        (3.0, "node_start"),
    ]
    assert history[0] == stored(1.0)


async def test_an_equal_event_is_kept_once(store: StateStore) -> None:
    for _ in range(3):
        await store.save_event(stored(1.0))

    assert list(await store.load_history("trace")) == [stored(1.0)]


async def test_an_unknown_trace_has_no_history(store: StateStore) -> None:
    await store.save_event(stored(1.0))

    assert list(await store.load_history("other")) == []


async def test_events_without_a_trace_have_a_history_of_their_own(store: StateStore) -> None:
    await store.save_event(stored(1.0, trace_id=None))

    assert list(await store.load_history("__global__")) == [stored(1.0, trace_id=None)]


async def test_a_payload_value_without_json_form_does_not_lose_the_event(store: StateStore) -> None:
    event = stored(1.0)
    event.payload = {"error": ValueError("bad")}

    await store.save_event(event)

    assert len(await store.load_history("trace")) == 1


async def test_a_binding_may_be_saved_again_and_without_a_context(store: StateStore) -> None:
    binding = RemoteBinding(trace_id="trace", context_id=None, task_id="task", agent_url="http://one")
    await store.save_remote_binding(binding)
    binding.agent_url = "http://two"

    await store.save_remote_binding(binding)


async def test_over_the_limit_the_oldest_events_go() -> None:
    store = InMemoryStateStore(max_events_per_trace=2)

    for ts in (1.0, 2.0, 3.0):
        await store.save_event(stored(ts))

    assert [event.ts for event in await store.load_history("trace")] == [2.0, 3.0]


def test_a_flow_event_is_stored_with_its_flat_payload() -> None:
    event = FlowEvent(
        event_type="node_success",
        ts=5.0,
        node_name="a",
        node_id="a-1",
        trace_id="trace",
        attempt=0,
        latency_ms=1.5,
        queue_depth_in=0,
        queue_depth_out=0,
        outgoing_edges=1,
        queue_maxsize=64,
        trace_pending=None,
        trace_inflight=0,
        trace_cancelled=False,
        extra={"more": "x"},
    )

    kept = StoredEvent.from_flow_event(event)

    assert (kept.kind, kept.ts, kept.trace_id, kept.node_name) == ("node_success", 5.0, "trace", "a")
    assert kept.payload == event.to_payload()


def test_a_store_needs_the_three_methods_and_nothing_else() -> None:
    class Mine(StateStore):
        async def save_event(self, event: StoredEvent) -> None: ...

        async def load_history(self, trace_id: str) -> list[StoredEvent]:
            return []

        async def save_remote_binding(self, binding: RemoteBinding) -> None: ...

    assert isinstance(Mine(), StateStore)
    assert not isinstance(object(), StateStore)


@pytest.mark.parametrize("name", ["InMemoryStateStore", "SqliteStateStore"])
def test_the_stores_load_on_first_use(name: str) -> None:
    import penguiflow.state

    assert getattr(penguiflow.state, name).__name__ == name

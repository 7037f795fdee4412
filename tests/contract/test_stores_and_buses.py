"""Stores and buses written by somebody else, and the store in memory."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

import pytest

from penguiflow import (
    BusEnvelope,
    FinalAnswer,
    FlowError,
    FlowEvent,
    Message,
    MessageBus,
    RemoteBinding,
    StateStore,
    StoredEvent,
)
from penguiflow.state import (
    InMemoryStateStore,
    SupportsArtifacts,
    SupportsMemoryState,
    SupportsPlannerEvents,
    SupportsPlannerState,
    SupportsTrajectories,
    missing_capabilities,
    require_capabilities,
)
from penguiflow.state.adapters import maybe_save_remote_binding
from tests.fakes.flows import chain, message, passes_on, running, untyped

BINDING = RemoteBinding("t", None, "task", "http://a")


class ListStore(StateStore):
    def __init__(self, *, broken: bool = False) -> None:
        self.events: list[StoredEvent] = []
        self.bindings: list[RemoteBinding] = []
        self._broken = broken

    async def save_event(self, event: StoredEvent) -> None:
        if self._broken:
            raise OSError("disk full")
        self.events.append(event)

    async def load_history(self, trace_id: str) -> Sequence[StoredEvent]:
        return [event for event in self.events if event.trace_id == trace_id]

    async def save_remote_binding(self, binding: RemoteBinding) -> None:
        if self._broken:
            raise OSError("disk full")
        self.bindings.append(binding)


class ListBus(MessageBus):
    def __init__(self, *, broken: bool = False) -> None:
        self.envelopes: list[BusEnvelope] = []
        self._broken = broken

    async def publish(self, envelope: BusEnvelope) -> None:
        if self._broken:
            raise OSError("no broker")
        self.envelopes.append(envelope)


def event_at(ts: float, trace_id: str | None = "t", **payload: Any) -> StoredEvent:
    return StoredEvent(trace_id, ts, "node_start", "a", "id", payload)


async def test_a_store_gets_every_event_and_the_flow_loads_its_history() -> None:
    store = ListStore()
    async with running(chain(untyped(passes_on, "a"), state_store=store)) as flow:
        await flow.emit(message(trace_id="t"))
        await flow.fetch()
        history = await flow.load_history("t")
        await flow.save_remote_binding(BINDING)

    assert [event.kind for event in history] == ["node_start", "node_success"]
    first = history[0]
    assert (first.trace_id, first.node_name) == ("t", "a")
    assert (first.payload["event"], first.payload["ts"]) == ("node_start", first.ts)
    assert store.bindings == [BINDING]


async def test_without_a_store_there_is_no_history_and_bindings_go_nowhere() -> None:
    async with running(chain(untyped(passes_on, "a"))) as flow:
        await flow.save_remote_binding(BINDING)
        with pytest.raises(RuntimeError):
            await flow.load_history("t")


async def test_a_broken_store_and_a_broken_bus_are_logged_and_the_flow_goes_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.ERROR, "penguiflow")
    outlets = {"state_store": ListStore(broken=True), "message_bus": ListBus(broken=True)}
    async with running(chain(untyped(passes_on, "a"), **outlets)) as flow:
        await flow.emit(message(5, trace_id="t"))
        assert (await flow.fetch()).payload == 5
        await flow.save_remote_binding(BINDING)

    told = {record.getMessage(): vars(record) for record in caplog.records}
    saved, published = told["state_store_save_failed"], told["message_bus_publish_failed"]
    bound = told["state_store_binding_failed"]
    assert (saved["trace_id"], saved["event"]) == ("t", "state_store_save_failed")
    assert saved["kind"] in ("node_start", "node_success", "node_cancelled")
    assert "disk full" in str(saved["exception"])
    assert (published["event"], published["trace_id"]) == ("message_bus_publish_failed", "t")
    assert published["edge"] in ("OpenSea->a", "a->Rookery")
    assert "no broker" in str(published["exception"])
    wanted = {"trace_id": "t", "context_id": None, "task_id": "task", "agent_url": "http://a"}
    assert wanted.items() <= bound.items()


async def test_a_bus_gets_each_item_on_each_edge_up_to_the_rookery() -> None:
    bus = ListBus()
    async with running(chain(untyped(passes_on, "a"), untyped(passes_on, "b"), message_bus=bus)) as flow:
        sent = message("x", trace_id="t", meta={"n": 1})
        await flow.emit(sent)
        await flow.fetch()
        flow.emit_nowait("bare")
        await flow.fetch()

    edges = [(e.edge, e.source, e.target) for e in bus.envelopes]
    way = [("OpenSea->a", "OpenSea", "a"), ("a->b", "a", "b"), ("b->Rookery", "b", "Rookery")]
    assert edges == way * 2
    first, bare = bus.envelopes[0], bus.envelopes[3]
    assert (first.trace_id, first.payload is sent) == ("t", True)
    assert (first.headers, first.meta) == ({"tenant": "test", "topic": None, "priority": 0}, {"n": 1})
    assert first.meta is not sent.meta
    assert (bare.trace_id, bare.payload, bare.headers, bare.meta) == (None, "bare", None, None)


async def test_a_quick_bus_has_an_item_when_emit_returns_even_before_the_flow_runs() -> None:
    bus = ListBus()
    flow = chain(untyped(passes_on, "a"), message_bus=bus)
    await flow.emit(message())
    assert [envelope.edge for envelope in bus.envelopes] == ["OpenSea->a"]
    async with running(flow):
        await flow.fetch()
        assert [envelope.edge for envelope in bus.envelopes] == ["OpenSea->a", "a->Rookery"]


async def test_what_ends_a_message_early_is_published_on_its_way_to_the_rookery() -> None:
    async def finish(msg: Message, ctx: Any) -> Message:
        if msg.payload == "fail":
            raise LookupError("no")
        return msg.model_copy(update={"payload": FinalAnswer(text="done")})

    bus = ListBus()
    nodes = (untyped(finish, "a"), untyped(passes_on, "b"))
    async with running(chain(*nodes, message_bus=bus, emit_errors_to_rookery=True)) as flow:
        for sent in (message("answer"), message("late", deadline_s=1.0), message("fail", trace_id="t")):
            await flow.emit(sent)
            await flow.fetch()

    answer, late, error = [e for e in bus.envelopes if e.target == "Rookery"]
    assert {e.edge for e in (answer, late, error)} == {"a->Rookery"}
    texts = [e.payload.payload.text for e in (answer, late)]
    assert texts == ["done", "Deadline exceeded"]
    assert (type(error.payload), error.trace_id, error.headers) == (FlowError, "t", None)


def test_stored_events_keep_what_flow_events_tell() -> None:
    event = FlowEvent("node_retry", 1.5, "a", "id", "t", 1, None, 0, 0, 1, 64, 1, 1, False, {"sleep_s": 2})
    stored = StoredEvent.from_flow_event(event)
    assert stored == StoredEvent("t", 1.5, "node_retry", "a", "id", event.to_payload())


async def test_the_store_in_memory_orders_events_and_keeps_each_once() -> None:
    store = InMemoryStateStore(max_events_per_trace=3)
    for event in (event_at(2), event_at(1, n=1), event_at(1, n=2), event_at(2)):
        await store.save_event(event)
    assert await store.load_history("t") == [event_at(1, n=1), event_at(1, n=2), event_at(2)]
    await store.save_event(event_at(9))
    assert len(await store.load_history("t")) == 3
    await store.save_event(event_at(5, trace_id=None))
    assert len(await store.load_history("__global__")) == 1
    assert list(await store.load_history("unknown")) == []
    store.clear()
    assert list(await store.load_history("t")) == []


async def test_the_store_in_memory_serves_the_optional_ports() -> None:
    store = InMemoryStateStore()
    ports = (StateStore, SupportsPlannerState, SupportsMemoryState, SupportsTrajectories)
    assert all(isinstance(store, port) for port in (*ports, SupportsPlannerEvents, SupportsArtifacts))

    await store.save_planner_state("token", {"a": 1})
    assert await store.load_planner_state("token") == {"a": 1}
    assert await store.load_planner_state("token") == {}
    memory = {"turns": [1]}
    await store.save_memory_state("k", memory)
    memory["turns"].append(2)
    assert await store.load_memory_state("k") == {"turns": [1]}
    assert await store.load_memory_state("none") is None

    for trace in ("a", "b", "c"):
        await store.save_trajectory(trace, "s", f"of {trace}")
    assert list(await store.list_traces("s", limit=2)) == ["c", "b"]
    assert await store.get_trajectory("a", "s") == "of a"
    assert await store.get_trajectory("a", "other") is None
    await store.save_planner_event("a", "event")
    assert list(await store.list_planner_events("a")) == list(await store.get_events("a")) == ["event"]
    store.clear_session("s")
    assert await store.get_trajectory("a", "s") is None


async def test_stores_are_asked_what_they_can_do() -> None:
    methods = ["save_event", "save_task", "list_tasks"]
    assert missing_capabilities(ListStore(), methods) == ["save_task", "list_tasks"]
    require_capabilities(ListStore(), feature="history", methods=["load_history"])
    with pytest.raises(TypeError, match=r"tasks.*save_task.*list_tasks"):
        require_capabilities(ListStore(), feature="tasks", methods=methods)
    store = ListStore()
    await maybe_save_remote_binding(store, BINDING)
    await maybe_save_remote_binding(None, BINDING)
    assert store.bindings == [BINDING]

"""What every `SupportsPlannerEvents` does. A store of texts gives back the fields of an event."""

from __future__ import annotations

from collections.abc import Sequence

from penguiflow.planner import PlannerEvent
from penguiflow.state import SupportsPlannerEventBatches, SupportsPlannerEvents
from penguiflow.state.in_memory import InMemoryStateStore


def step(number: int) -> PlannerEvent:
    extra = {"args": {"q": "Ünïcode \ud800\0"}, "name": "search", "n": number}  # also the keys of log records
    return PlannerEvent(
        event_type="step_start", ts=1.0, trajectory_step=number, thought="look", latency_ms=2.5, extra=extra
    )


def as_events(found: Sequence[object]) -> list[PlannerEvent]:
    events: list[PlannerEvent] = []
    for event in found:
        if isinstance(event, PlannerEvent):
            events.append(event)
        else:
            assert isinstance(event, dict)
            events.append(PlannerEvent(**event))
    return events


def test_every_store_keeps_planner_events(store: SupportsPlannerEvents) -> None:
    assert isinstance(store, SupportsPlannerEvents)


async def test_events_come_back_in_the_order_they_were_saved(store: SupportsPlannerEvents) -> None:
    events = [step(2), step(1), step(1)]
    for event in events:
        await store.save_planner_event("trace", event)

    assert as_events(await store.list_planner_events("trace")) == events


async def test_a_dictionary_is_kept_as_it_is(store: SupportsPlannerEvents) -> None:
    await store.save_planner_event("trace", {"event": "step_start", "ts": 1.0})

    assert list(await store.list_planner_events("trace")) == [{"event": "step_start", "ts": 1.0}]


async def test_a_batch_stands_behind_what_was_saved_before(store: SupportsPlannerEventBatches) -> None:
    assert isinstance(store, SupportsPlannerEvents)
    await store.save_planner_event("trace", step(1))
    await store.save_planner_events("trace", [step(3), step(2)])
    await store.save_planner_events("trace", [])

    assert as_events(await store.list_planner_events("trace")) == [step(1), step(3), step(2)]


async def test_an_unknown_trace_has_no_events(store: SupportsPlannerEvents) -> None:
    await store.save_planner_event("trace", step(1))

    assert list(await store.list_planner_events("other")) == []


async def test_a_list_that_was_read_does_not_follow_later_events(store: SupportsPlannerEvents) -> None:
    await store.save_planner_event("trace", step(1))
    read = await store.list_planner_events("trace")

    await store.save_planner_event("trace", step(2))

    assert as_events(read) == [step(1)]


async def test_over_the_limit_the_oldest_events_of_a_trace_go() -> None:
    store = InMemoryStateStore(max_planner_events_per_trace=2)

    for number in (1, 2, 3):
        await store.save_planner_event("trace", step(number))
    await store.save_planner_event("other", step(1))

    assert await store.list_planner_events("trace") == [step(2), step(3)]
    assert await store.list_planner_events("other") == [step(1)]


async def test_the_older_name_reads_the_same_events() -> None:
    store = InMemoryStateStore()
    await store.save_planner_event("trace", step(1))

    assert await store.get_events("trace") == [step(1)]

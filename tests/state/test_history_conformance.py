"""What every `HistoryStore` does."""

from __future__ import annotations

from dataclasses import replace

import pytest

from penguiflow.state.errors import HistoryConflictError
from penguiflow.state.events import (
    ActionChosen,
    EventBody,
    ModelCalled,
    PersonAnswered,
    RunFailed,
    RunInterrupted,
    RunStarted,
    ToolFinished,
)
from penguiflow.state.protocol import HistoryStore
from tests.fakes.history import answered, asked, event_at, person_asked, run_of


async def test_events_come_back_as_they_were_appended(store: HistoryStore) -> None:
    bodies: list[EventBody] = [
        asked("Ünïcode \U0001f427 [brackets] \x1b[31m \ud800"),
        ActionChosen(step=1, next_node="search", args={"deep": [{"a": None}], "n": 10**30}),
        ToolFinished(step=1, call_id="c", tool="search", result={"rows": [1, 2.5, True]}),
        person_asked(),
        answered(),
    ]
    events = run_of(*bodies)

    await store.append_events(events)

    assert list(await store.load_run("run-1")) == events
    assert list(await store.load_session("session-1")) == events


async def test_an_unknown_run_session_or_request_has_nothing(store: HistoryStore) -> None:
    await store.append_events(run_of(asked()))

    assert list(await store.load_run("other")) == []
    assert list(await store.load_session("other")) == []
    assert await store.find_request("other") is None


async def test_appending_nothing_changes_nothing(store: HistoryStore) -> None:
    await store.append_events([])

    assert list(await store.list_sessions()) == []


async def test_saving_an_event_twice_changes_nothing(store: HistoryStore) -> None:
    events = run_of(asked(), answered())
    await store.append_events(events)
    before = list(await store.list_sessions())

    await store.append_events([replace(events[0], ts=99.0), events[1]])
    await store.append_events([events[1], events[1]])

    assert list(await store.load_run("run-1")) == events
    assert list(await store.list_sessions()) == before


async def test_the_same_place_twice_in_one_batch_counts_once(store: HistoryStore) -> None:
    event = event_at(0, asked())

    await store.append_events([event, event])

    assert [summary.runs for summary in await store.list_sessions()] == [1]


@pytest.mark.parametrize("other", [asked("Another question"), answered()])
async def test_another_event_in_a_taken_place_is_refused(store: HistoryStore, other: EventBody) -> None:
    await store.append_events(run_of(asked()))

    with pytest.raises(HistoryConflictError, match="event 0 of run `run-1`") as caught:
        await store.append_events([event_at(0, other)])

    assert (caught.value.run_id, caught.value.seq) == ("run-1", 0)


async def test_a_batch_with_a_conflict_leaves_nothing_behind(store: HistoryStore) -> None:
    events = run_of(asked())
    await store.append_events(events)

    with pytest.raises(HistoryConflictError):
        await store.append_events([event_at(1, answered()), event_at(0, asked("Another"))])

    assert list(await store.load_run("run-1")) == events
    assert [summary.state for summary in await store.list_sessions()] == ["running"]


async def test_a_run_of_two_sessions_is_a_conflict(store: HistoryStore) -> None:
    await store.append_events(run_of(asked()))

    with pytest.raises(HistoryConflictError):
        await store.append_events(run_of(asked(), session_id="session-2"))


async def test_events_out_of_order_are_read_by_their_number(store: HistoryStore) -> None:
    events = run_of(asked(), RunInterrupted(), RunInterrupted())

    await store.append_events([events[2], events[0]])
    await store.append_events([events[1]])

    assert list(await store.load_run("run-1")) == events
    assert list(await store.load_session("session-1")) == events


async def test_a_clock_that_is_set_back_changes_no_order(store: HistoryStore) -> None:
    first = run_of(asked("first"))
    second = [event_at(0, asked("second"), run_id="run-2", ts=-3600.0)]

    await store.append_events(first)
    await store.append_events(second)

    assert list(await store.load_session("session-1")) == [*first, *second]


async def test_two_runs_of_a_session_stay_interleaved(store: HistoryStore) -> None:
    one, two = run_of(asked(), answered()), run_of(asked(), answered(), run_id="run-2")
    interleaved = [one[0], two[0], one[1], two[1]]

    await store.append_events(interleaved)

    assert list(await store.load_session("session-1")) == interleaved


async def test_a_question_to_a_person_is_found_by_its_id(store: HistoryStore) -> None:
    events = run_of(asked(), person_asked("request-7"))
    await store.append_events(events)

    assert await store.find_request("request-7") == events[1]


async def test_the_session_changed_last_is_listed_first(store: HistoryStore) -> None:
    await store.append_events(run_of(asked("one"), session_id="a", run_id="ra"))
    await store.append_events(run_of(asked("two"), session_id="b", run_id="rb"))
    assert [each.session_id for each in await store.list_sessions()] == ["b", "a"]

    await store.append_events([event_at(1, answered(), session_id="a", run_id="ra", ts=-1.0)])

    assert [each.session_id for each in await store.list_sessions()] == ["a", "b"]
    assert [each.session_id for each in await store.list_sessions(limit=1)] == ["a"]


async def test_a_session_in_which_nothing_was_asked_is_not_listed(store: HistoryStore) -> None:
    await store.append_events([event_at(0, ActionChosen(step=1, next_node="x"))])

    assert list(await store.list_sessions()) == []


async def test_a_summary_tells_what_happened_last(store: HistoryStore) -> None:
    call = ModelCalled(step=1, attempt=1, latency_ms=2.0, cost_usd=0.25)
    await store.append_events(run_of(asked("First\n question"), call, answered("Done.\nReally.")))
    failed = RunFailed(code="x", message="no")
    await store.append_events(run_of(asked("Second"), call, failed, run_id="run-2"))

    (summary,) = await store.list_sessions()

    assert (summary.title, summary.agent, summary.state) == ("First question", "helper", "failed")
    assert (summary.last_line, summary.runs, summary.cost_usd) == ("no", 2, 0.5)
    assert (summary.created_at, summary.updated_at) == (0.0, 2.0)


async def test_a_session_waits_while_any_question_is_open(store: HistoryStore) -> None:
    await store.append_events(run_of(asked(), person_asked("one")))
    await store.append_events(run_of(asked(), answered(), run_id="run-2"))
    assert [each.state for each in await store.list_sessions()] == ["waiting"]

    await store.append_events([event_at(2, PersonAnswered(request_id="one", decision="approve"))])
    assert [each.state for each in await store.list_sessions()] == ["running"]

    await store.append_events([event_at(3, answered())])
    assert [each.state for each in await store.list_sessions()] == ["idle"]


async def test_an_interrupted_run_waits_no_longer(store: HistoryStore) -> None:
    await store.append_events(run_of(asked(), person_asked(), RunInterrupted()))

    assert [each.state for each in await store.list_sessions()] == ["interrupted"]


async def test_one_unknown_cost_makes_the_sum_unknown(store: HistoryStore) -> None:
    known = ModelCalled(step=1, attempt=1, latency_ms=2.0, cost_usd=0.25)
    await store.append_events(run_of(asked(), known, replace(known, cost_usd=None)))

    assert [each.cost_usd for each in await store.list_sessions()] == [None]


async def test_a_large_history_is_kept_whole(store: HistoryStore) -> None:
    events = run_of(RunStarted(question="q", agent="a"), *[RunInterrupted()] * 3_000)

    await store.append_events(events)

    assert len(await store.load_session("session-1")) == 3_001

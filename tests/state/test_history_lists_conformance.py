"""How every `HistoryStore` lists sessions and runs: which ones, in what order, in pages."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import pytest

from penguiflow.state.events import (
    ActionChosen,
    EventBody,
    ModelCalled,
    PersonAnswered,
    RunFailed,
    RunInterrupted,
    SessionArchived,
    SessionForked,
    SessionNamed,
    StepStarted,
    ToolStarted,
)
from penguiflow.state.protocol import HistoryStore
from penguiflow.state.summaries import RunSummary, SessionSummary
from tests.fakes.history import answered, asked, event_at, person_asked, run_of

Summaries = Sequence[SessionSummary] | Sequence[RunSummary]


async def ask_in_each(store: HistoryStore, *session_ids: str) -> None:
    """A run in each session, one after the other; the run has the session's name in it."""
    for session_id in session_ids:
        await store.append_events(
            run_of(asked(session_id), session_id=session_id, run_id=f"run of {session_id}")
        )


async def ids(listed: Awaitable[Summaries]) -> list[str]:
    return [each.run_id if isinstance(each, RunSummary) else each.session_id for each in await listed]


async def pages(read: Callable[[str | None], Awaitable[Summaries]]) -> list[list[str]]:
    """Read page by page until one is empty."""
    found: list[list[str]] = []
    while page := await ids(read(found[-1][-1] if found else None)):
        found.append(page)
    return found


async def test_sessions_are_read_in_pages_without_gap_or_repetition(store: HistoryStore) -> None:
    await ask_in_each(store, "a", "b", "c", "d", "e")

    found = await pages(lambda after: store.list_sessions(limit=2, after=after))

    assert found == [["e", "d"], ["c", "b"], ["a"]]


async def test_runs_are_read_in_pages_without_gap_or_repetition(store: HistoryStore) -> None:
    await ask_in_each(store, "a", "b", "c", "d", "e")

    found = await pages(lambda after: store.list_runs(limit=2, after=after))

    assert found == [["run of e", "run of d"], ["run of c", "run of b"], ["run of a"]]


@pytest.mark.parametrize("limit", [0, -1])
async def test_a_page_of_no_lines_is_empty(store: HistoryStore, limit: int) -> None:
    await ask_in_each(store, "a")

    assert await ids(store.list_sessions(limit=limit)) == []
    assert await ids(store.list_runs(limit=limit)) == []
    assert list(await store.read_run("run of a", limit=limit)) == []


async def test_after_the_last_line_and_after_an_unknown_one_there_is_nothing(store: HistoryStore) -> None:
    await ask_in_each(store, "a", "b")

    for after in ("a", "unknown"):
        assert await ids(store.list_sessions(after=after)) == []
    for after in ("run of a", "unknown"):
        assert await ids(store.list_runs(after=after)) == []


async def test_fifty_lines_are_listed_unless_told_otherwise(store: HistoryStore) -> None:
    await ask_in_each(store, *(f"s{number}" for number in range(60)))

    sessions, runs = await ids(store.list_sessions()), await ids(store.list_runs())

    assert (len(sessions), sessions[0], len(runs), runs[0]) == (50, "s59", 50, "run of s59")


async def test_runs_of_one_session_are_listed_alone(store: HistoryStore) -> None:
    await store.append_events(run_of(asked(), run_id="one"))
    await store.append_events(run_of(asked(), run_id="elsewhere", session_id="session-2"))
    await store.append_events(run_of(asked(), run_id="two"))

    found = await pages(lambda after: store.list_runs(session_id="session-1", limit=1, after=after))

    assert found == [["two"], ["one"]]
    assert await ids(store.list_runs(session_id="unknown")) == []


async def test_a_run_keeps_its_line_when_another_one_goes_on(store: HistoryStore) -> None:
    await store.append_events(run_of(asked(), run_id="one"))
    await store.append_events(run_of(asked(), run_id="two"))

    await store.append_events([event_at(1, answered(), run_id="one")])

    assert await ids(store.list_runs()) == ["two", "one"]


async def test_a_run_that_never_began_is_not_listed(store: HistoryStore) -> None:
    outside = [event_at(0, StepStarted(step=1), run_id="outside")]
    await store.append_events([*outside, *run_of(asked())])

    assert await ids(store.list_runs()) == ["run-1"]
    assert await store.find_run("outside") is None
    assert len(await store.load_run("outside")) == 1


async def test_a_run_is_listed_from_its_beginning_on(store: HistoryStore) -> None:
    await store.append_events([event_at(1, StepStarted(step=1), run_id="late")])
    await store.append_events(run_of(asked(), run_id="early"))
    assert await ids(store.list_runs()) == ["early"]

    await store.append_events([event_at(0, asked(), run_id="late")])

    assert await ids(store.list_runs()) == ["late", "early"]


async def test_runs_of_one_batch_are_listed_by_their_beginnings(store: HistoryStore) -> None:
    first_event_of_one = event_at(1, StepStarted(step=1), run_id="one")

    await store.append_events(
        [first_event_of_one, event_at(0, asked(), run_id="two"), event_at(0, asked(), run_id="one")]
    )

    assert await ids(store.list_runs()) == ["one", "two"]


async def test_an_archived_session_is_listed_only_where_it_is_wanted(store: HistoryStore) -> None:
    await ask_in_each(store, "a", "b", "c")
    await store.append_events([event_at(0, SessionArchived(), session_id="b", run_id="put away")])

    assert await ids(store.list_sessions()) == ["c", "a"]
    assert await ids(store.list_sessions(archived=True)) == ["b"]
    assert await ids(store.list_sessions(archived=None)) == ["b", "c", "a"]
    found = await store.find_session("b")
    assert found is not None
    assert found.archived is True

    taken_back = event_at(1, SessionArchived(archived=False), session_id="b", run_id="put away")
    await store.append_events([taken_back])

    assert await ids(store.list_sessions()) == ["b", "c", "a"]
    assert await ids(store.list_sessions(archived=True)) == []


async def test_pages_go_on_behind_a_session_that_was_archived_in_the_meantime(store: HistoryStore) -> None:
    await ask_in_each(store, "a", "b", "c")
    await store.append_events([event_at(0, SessionArchived(), session_id="b", run_id="put away")])

    assert await ids(store.list_sessions(after="b")) == ["c", "a"]


async def test_a_session_is_known_by_the_name_a_person_gave_it(store: HistoryStore) -> None:
    await ask_in_each(store, "a")

    async def name() -> str:
        (summary,) = await store.list_sessions()
        return summary.name

    assert await name() == ""
    await store.append_events([event_at(0, SessionNamed(name="Tea\n and cake"), session_id="a", run_id="n")])
    assert await name() == "Tea and cake"
    await store.append_events([event_at(1, SessionNamed(name=""), session_id="a", run_id="n")])
    assert await name() == ""


async def test_a_forked_session_is_listed_before_anything_is_asked_in_it(store: HistoryStore) -> None:
    await ask_in_each(store, "parent")
    forked = SessionForked(parent_session_id="parent", parent_run_id="run of parent")

    await store.append_events([event_at(0, forked, session_id="child", run_id="fork")])

    child, parent = await store.list_sessions()
    assert (child.session_id, child.parent_session_id, child.parent_run_id) == (
        "child",
        "parent",
        "run of parent",
    )
    assert (parent.parent_session_id, parent.parent_run_id) == (None, None)
    assert child.runs == 0


async def test_a_line_that_is_found_is_the_line_that_is_listed(store: HistoryStore) -> None:
    call = ModelCalled(step=1, attempt=1, latency_ms=2.0, cost_usd=0.25, model="m", input_tokens=7)
    await store.append_events(run_of(asked(), call, person_asked()))

    assert [await store.find_session("session-1")] == list(await store.list_sessions())
    assert [await store.find_run("run-1")] == list(await store.list_runs())
    assert await store.find_session("unknown") is None
    assert await store.find_run("unknown") is None


async def test_a_session_without_a_question_is_found_though_it_is_not_listed(store: HistoryStore) -> None:
    await store.append_events([event_at(0, SessionNamed(name="empty"))])

    found = await store.find_session("session-1")

    assert found is not None
    assert (found.name, found.runs, list(await store.list_sessions())) == ("empty", 0, [])


async def test_a_line_of_a_run_counts_what_it_did(store: HistoryStore) -> None:
    call = ModelCalled(
        step=1, attempt=1, latency_ms=2.0, cost_usd=0.25, model="m", input_tokens=7, output_tokens=3
    )
    bodies: list[EventBody] = [
        asked("A\n question"),
        StepStarted(step=1),
        call,
        ActionChosen(step=1, next_node="search"),
        ToolStarted(step=1, call_id="c", tool="search"),
        StepStarted(step=2),
        call,
        answered("The\n answer"),
    ]
    await store.append_events(run_of(*bodies[:4]))
    await store.append_events(run_of(*bodies)[4:])

    (line,) = await store.list_runs()

    assert (line.question, line.last_line, line.state) == ("A question", "The answer", "idle")
    assert (line.agent, line.model, line.session_id) == ("helper", "m", "session-1")
    assert (line.steps, line.model_calls, line.tool_calls) == (2, 2, 1)
    assert (line.input_tokens, line.output_tokens, line.cost_usd) == (14, 6, 0.5)
    assert (line.started_at, line.updated_at) == (0.0, 7.0)


@pytest.mark.parametrize(
    ("bodies", "state"),
    [
        ([], "running"),
        ([person_asked("r")], "waiting"),
        ([person_asked("r"), PersonAnswered(request_id="r", decision="approve")], "running"),
        ([answered()], "idle"),
        ([RunFailed(code="x", message="no")], "failed"),
        ([RunInterrupted()], "interrupted"),
    ],
)
async def test_a_line_of_a_run_says_how_it_stands(
    store: HistoryStore, bodies: list[EventBody], state: str
) -> None:
    await store.append_events(run_of(asked(), *bodies))

    assert [each.state for each in await store.list_runs()] == [state]


async def test_a_long_run_is_read_in_pages(store: HistoryStore) -> None:
    events = run_of(asked(), *(StepStarted(step=step) for step in range(1, 8)))
    await store.append_events(events)

    assert list(await store.read_run("run-1", limit=3)) == events[:3]
    assert list(await store.read_run("run-1", after_seq=2, limit=3)) == events[3:6]
    assert list(await store.read_run("run-1", after_seq=5, limit=3)) == events[6:]
    assert list(await store.read_run("run-1", after_seq=7)) == []
    assert list(await store.read_run("unknown")) == []
    assert list(await store.read_run("run-1")) == events


async def test_a_page_of_a_run_has_a_thousand_events_unless_told_otherwise(store: HistoryStore) -> None:
    await store.append_events(run_of(asked(), *[StepStarted(step=1)] * 1_100))

    page = await store.read_run("run-1")

    assert (len(page), page[-1].seq) == (1_000, 999)

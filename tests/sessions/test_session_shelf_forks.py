"""Forking a session: its past is shown, nothing of it waits, and it goes on by itself."""

from __future__ import annotations

import pytest

from penguiflow.sessions.shelf.errors import NothingToForkError, SessionNotFoundError
from penguiflow.sessions.shelf.forking import Fork, fork_session
from penguiflow.sessions.shelf.marking import name_session
from penguiflow.sessions.shelf.past import past_of, up_to_end_of
from penguiflow.state.contents import Content
from penguiflow.state.events import (
    OutputCaptured,
    RunEvent,
    RunFinished,
    RunInterrupted,
    RunStarted,
    SessionArchived,
    SessionForked,
    SessionNamed,
)
from penguiflow.state.in_memory import InMemoryStateStore
from tests.fakes.agent import FakeAgent, answers, asks_to_save
from tests.fakes.history import answered, asked, event_at, person_asked, run_of
from tests.sessions.conftest import OpenSession

DIALOGUE = [
    *run_of(asked("One?"), answered("1"), run_id="one"),
    *run_of(asked("Two?"), answered("2"), run_id="two"),
    *run_of(asked("Three?"), answered("3"), run_id="three"),
]


def forked(session_id: str, parent: str, run_id: str) -> RunEvent:
    body = SessionForked(parent_session_id=parent, parent_run_id=run_id)
    return event_at(0, body, run_id=f"fork of {session_id}", session_id=session_id)


def said(events: list[RunEvent]) -> list[str]:
    """What was asked and answered, and what a viewer sees of other kinds."""
    return [
        event.body.question
        if isinstance(event.body, RunStarted)
        else event.body.answer
        if isinstance(event.body, RunFinished)
        else event.kind
        for event in events
    ]


async def test_a_fork_begins_with_the_past_up_to_the_end_of_its_run(
    store: InMemoryStateStore, open_session: OpenSession
) -> None:
    await store.append_events(DIALOGUE)

    fork = await fork_session(store, "session-1", at_run="two")
    session = await open_session(FakeAgent(answers("4")), session_id=fork.session_id)
    await session.ask("Four?")

    events, _ = session.events_since(0)
    shown = said(list(events))
    assert shown[:5] == ["One?", "1", "Two?", "2", "session_forked"]
    assert (shown[5], shown[-1]) == ("Four?", "4")
    assert fork == Fork(
        session_id=fork.session_id, parent_session_id="session-1", parent_run_id="two", remembers=False
    )
    assert [event.run_id for event in await store.load_session("session-1")] == [
        event.run_id for event in DIALOGUE
    ]


async def test_without_a_run_everything_up_to_the_last_one_is_taken_over(store: InMemoryStateStore) -> None:
    await store.append_events(DIALOGUE)

    fork = await fork_session(store, "session-1")

    past = await past_of(store, await store.load_session(fork.session_id))
    assert list(past.events) == DIALOGUE
    assert past.gap is None


async def test_a_fork_is_listed_with_its_parent_before_anything_is_asked(store: InMemoryStateStore) -> None:
    await store.append_events(DIALOGUE)
    ids = iter(["child", "fork-run"])

    await fork_session(store, "session-1", at_run="one", clock=lambda: 7.0, new_id=lambda: next(ids))

    line = (await store.list_sessions())[0]
    assert (line.session_id, line.parent_session_id, line.parent_run_id) == ("child", "session-1", "one")
    assert (line.runs, line.created_at) == (0, 7.0)


async def test_a_question_of_the_past_is_not_open_in_the_fork(
    store: InMemoryStateStore, open_session: OpenSession
) -> None:
    parent = await open_session(FakeAgent(asks_to_save("token", text="tea")))
    await parent.ask("Save it")

    fork = await fork_session(store, parent.session_id)
    session = await open_session(FakeAgent(), session_id=fork.session_id)

    events, _ = session.events_since(0)
    assert session.pending == ()
    assert session.activity == "starting"
    assert not await session.interrupt()
    assert isinstance(events[-2].body, RunInterrupted)
    assert isinstance(events[-1].body, SessionForked)
    assert [request.request_id for request in parent.pending] == ["token"]
    assert not any(
        isinstance(event.body, RunInterrupted) for event in await store.load_session(parent.session_id)
    )


async def test_what_the_parent_adds_to_the_last_run_later_is_shown_when_the_fork_is_opened(
    store: InMemoryStateStore, open_session: OpenSession
) -> None:
    await store.append_events(
        [*run_of(asked("Save?"), person_asked()), *run_of(asked("Other?"), run_id="two")]
    )
    fork = await fork_session(store, "session-1", at_run="run-1")
    await store.append_events([event_at(2, answered("Saved."))])

    session = await open_session(FakeAgent(), session_id=fork.session_id)

    events, _ = session.events_since(0)
    assert said(list(events)) == ["Save?", "person_asked", "Saved.", "session_forked"]


async def test_a_fork_of_a_fork_has_the_past_of_both(store: InMemoryStateStore) -> None:
    await store.append_events(DIALOGUE)
    child = (await fork_session(store, "session-1", at_run="one")).session_id
    await store.append_events(run_of(asked("Child?"), answered("c"), run_id="c", session_id=child))
    grandchild = (await fork_session(store, child)).session_id

    past = await past_of(store, await store.load_session(grandchild))

    assert said(list(past.events)) == ["One?", "1", "session_forked", "Child?", "c"]


async def test_a_fork_in_which_nothing_was_asked_is_forked_at_the_run_it_came_from(
    store: InMemoryStateStore,
) -> None:
    await store.append_events(DIALOGUE)
    child = (await fork_session(store, "session-1", at_run="two")).session_id

    again = await fork_session(store, child)

    assert (again.parent_session_id, again.parent_run_id) == ("session-1", "two")


async def test_a_session_is_forked_at_a_run_of_its_past(store: InMemoryStateStore) -> None:
    await store.append_events(DIALOGUE)
    child = (await fork_session(store, "session-1", at_run="two")).session_id
    await store.append_events(run_of(asked("Child?"), run_id="c", session_id=child))

    earlier = await fork_session(store, child, at_run="one")

    assert (earlier.parent_session_id, earlier.parent_run_id) == ("session-1", "one")
    with pytest.raises(NothingToForkError, match="run `three` is no part of session"):
        await fork_session(store, child, at_run="three")


async def test_what_cannot_be_forked_leaves_no_session_behind(store: InMemoryStateStore) -> None:
    with pytest.raises(SessionNotFoundError, match="`nothing`"):
        await fork_session(store, "nothing")
    await store.append_events([event_at(0, SessionNamed(name="empty"), run_id="naming")])
    with pytest.raises(NothingToForkError, match="nothing was asked in session `session-1` yet"):
        await fork_session(store, "session-1")

    assert list(await store.list_sessions(archived=None)) == []


UP_TO = [
    ([*DIALOGUE], "one", DIALOGUE[:2]),
    ([*DIALOGUE], "three", DIALOGUE),
    ([*DIALOGUE], "four", []),
    ([], "one", []),
]


@pytest.mark.parametrize(("events", "run_id", "taken"), UP_TO)
def test_the_past_ends_with_the_last_event_of_a_run(
    events: list[RunEvent], run_id: str, taken: list[RunEvent]
) -> None:
    assert list(up_to_end_of(run_id, events)) == taken


def test_a_run_that_began_later_is_left_out_though_it_ended_earlier() -> None:
    output = OutputCaptured(stream="log", text="before")
    before = [event_at(0, output, run_id="outside"), event_at(0, SessionNamed(name="x"), run_id="naming")]
    began, waits = run_of(asked("Waits"), person_asked(), run_id="waits")
    other = run_of(asked("Other"), answered(), run_id="other")
    ended = event_at(2, answered("at last"), run_id="waits")
    during = event_at(1, output, run_id="outside")
    after = event_at(2, output, run_id="outside")
    away = event_at(0, SessionArchived(), run_id="putting away")

    taken = up_to_end_of("waits", [*before, began, waits, *other, during, away, ended, after])

    assert list(taken) == [before[0], began, waits, during, ended]


async def test_a_parent_that_is_gone_is_told_and_the_fork_goes_on(
    store: InMemoryStateStore, open_session: OpenSession
) -> None:
    await store.append_events(DIALOGUE)
    fork = await fork_session(store, "session-1")
    await store.delete_session("session-1")

    session = await open_session(FakeAgent(answers("still here")), session_id=fork.session_id)
    result = await session.ask("Hello?")

    events, _ = session.events_since(0)
    told = [event.body.text for event in events if isinstance(event.body, OutputCaptured)]
    assert result.answer == "still here"
    assert len(told) == 1
    assert (
        "forked from session `session-1` at run `three`, which the history does not hold any more" in told[0]
    )
    assert not any(event.kind == "output_captured" for event in await store.load_session(fork.session_id))


async def test_sessions_that_are_forks_of_each_other_can_be_opened(
    store: InMemoryStateStore, open_session: OpenSession
) -> None:
    await store.append_events(
        [forked("a", "b", "run b"), *run_of(asked("A?"), run_id="run a", session_id="a")]
    )
    await store.append_events(
        [forked("b", "a", "run a"), *run_of(asked("B?"), run_id="run b", session_id="b")]
    )

    session = await open_session(FakeAgent(), session_id="a")

    events, _ = session.events_since(0)
    asked_there = [event.body.question for event in events if isinstance(event.body, RunStarted)]
    assert asked_there == ["B?", "A?"]
    assert any(
        "one of its own forks" in event.body.text
        for event in events
        if isinstance(event.body, OutputCaptured)
    )


async def test_a_session_that_is_its_own_parent_can_be_opened(store: InMemoryStateStore) -> None:
    events = [forked("a", "a", "run a"), *run_of(asked(), run_id="run a", session_id="a")]
    await store.append_events(events)

    assert (await past_of(store, events)).events == ()


async def test_large_texts_of_the_past_are_found_from_the_fork(
    store: InMemoryStateStore, open_session: OpenSession
) -> None:
    text = Content(session_id="session-1", content_id="history_1", text="a long prompt")
    await store.append_events(DIALOGUE, [text])
    fork = await fork_session(store, "session-1")

    session = await open_session(FakeAgent(), session_id=fork.session_id)

    assert await session.load_content("history_1") == "a long prompt"
    assert await session.load_content("history_2") is None


async def test_naming_the_parent_names_no_fork(store: InMemoryStateStore) -> None:
    await store.append_events(DIALOGUE)
    await name_session(store, "session-1", "tea")

    fork = await fork_session(store, "session-1")

    line = await store.find_session(fork.session_id)
    assert line is not None
    assert line.name == ""

"""Sessions a person finds by name, names and puts away."""

from __future__ import annotations

import itertools

import pytest

from penguiflow.sessions import shelf
from penguiflow.sessions.shelf.errors import (
    AmbiguousSessionError,
    SessionNameError,
    SessionNotFoundError,
)
from penguiflow.sessions.shelf.finding import find_session, session_to_go_on_with, the_one_meant
from penguiflow.sessions.shelf.marking import archive_session, checked_name, name_session
from penguiflow.state.events import SessionArchived, SessionNamed
from penguiflow.state.in_memory import InMemoryStateStore
from penguiflow.state.summaries import SessionSummary
from tests.fakes.history import asked, run_of

GENERATED = "0123456789ab4cdea" + "0" * 15
OTHER_GENERATED = "0123f" + "0" * 27


def summary(session_id: str, name: str = "") -> SessionSummary:
    return SessionSummary(
        session_id=session_id,
        title="",
        agent="",
        state="idle",
        last_line="",
        created_at=0.0,
        updated_at=0.0,
        runs=1,
        cost_usd=None,
        name=name,
    )


async def store_of(*session_ids: str) -> InMemoryStateStore:
    store = InMemoryStateStore()
    for session_id in session_ids:
        await store.append_events(run_of(asked(), run_id=f"run of {session_id}", session_id=session_id))
    return store


MEANT = [
    ("tea", [summary("a", "tea"), summary("tea-2")], "a"),
    ("tea", [summary("tea-2"), summary("b", "Tea")], "tea-2"),
    ("te", [summary("tea-2"), summary("b", "tea")], "tea-2"),
    ("tea", [summary("a"), summary("b")], None),
    ("", [], None),
]


@pytest.mark.parametrize(("text", "sessions", "meant"), MEANT)
def test_a_name_goes_before_the_beginning_of_an_id(
    text: str, sessions: list[SessionSummary], meant: str | None
) -> None:
    found = the_one_meant(text, sessions)

    assert (found.session_id if found else None) == meant


@pytest.mark.parametrize(
    "sessions", [[summary("a", "tea"), summary("b", "tea")], [summary("tea1"), summary("tea2")]]
)
def test_several_that_may_be_meant_are_told(sessions: list[SessionSummary]) -> None:
    with pytest.raises(
        AmbiguousSessionError, match=f"`{sessions[0].session_id}`, `{sessions[1].session_id}`"
    ) as caught:
        the_one_meant("tea", sessions)

    assert caught.value.candidates == tuple(sessions)


async def test_a_session_is_found_by_id_name_beginning_or_as_the_last_one() -> None:
    store = await store_of("first", "second", "third")
    await archive_session(store, "third")
    await name_session(store, "first", "tea time")

    found = [await find_session(store, text) for text in ("third", "tea time", "sec", "last")]

    assert [each.session_id for each in found] == ["third", "first", "second", "first"]


@pytest.mark.parametrize("text", ["nobody", "", "\udcff", "last"])
async def test_what_means_no_session_is_refused(text: str) -> None:
    with pytest.raises(SessionNotFoundError):
        await find_session(await store_of(*([] if text == "last" else ["first"])), text)


async def test_a_session_is_found_among_more_than_a_page_of_them() -> None:
    store = await store_of(*(f"session-{number}" for number in range(1_100)))
    await name_session(store, "session-0", "the oldest")
    for number in range(1, 1_100):
        await store.append_events(run_of(asked(), run_id=f"again {number}", session_id=f"session-{number}"))

    assert (await find_session(store, "the oldest")).session_id == "session-0"


GOING_ON = [
    (GENERATED, GENERATED),
    ("0123456789", GENERATED),
    ("012", "012"),  # too short to be the beginning of an id
    ("job-10", "job-10"),
    ("job-1", "job-1"),  # a new one, not job-10
    ("tea", "job-10"),
    ("new", "new"),
    ("last", "job-10"),
]


@pytest.mark.parametrize(("text", "session_id"), GOING_ON)
async def test_asking_goes_on_in_the_session_that_is_meant_or_begins_a_new_one(
    text: str, session_id: str
) -> None:
    store = await store_of(GENERATED, "job-10")
    await name_session(store, "job-10", "tea")

    assert await session_to_go_on_with(store, text) == session_id


async def test_the_last_of_no_sessions_is_a_new_one() -> None:
    assert await session_to_go_on_with(InMemoryStateStore(), "last") == ""


async def test_the_beginning_of_two_generated_ids_is_no_new_session() -> None:
    with pytest.raises(AmbiguousSessionError):
        await session_to_go_on_with(await store_of(GENERATED, OTHER_GENERATED), "0123")


async def test_naming_is_an_event_of_the_session_beside_its_runs() -> None:
    store = await store_of("one")
    ids = itertools.count()

    named = await name_session(
        store, "one", "  tea \n time ", clock=lambda: 5.0, new_id=lambda: f"id-{next(ids)}"
    )
    again = await name_session(store, "one", "tea time")

    event = (await store.load_session("one"))[-1]
    assert (named, again) == (True, False)
    assert (event.body, event.run_id, event.seq, event.ts) == (SessionNamed(name="tea time"), "id-0", 0, 5.0)
    assert (await store.list_sessions())[0].name == "tea time"
    assert len(await store.list_runs()) == 1


async def test_a_name_is_taken_away_by_an_empty_one() -> None:
    store = await store_of("one", "two")
    await name_session(store, "one", "tea")

    await name_session(store, "one", "")
    await name_session(store, "two", "tea")

    assert (await find_session(store, "tea")).session_id == "two"


BAD_NAMES = [
    ("x" * 81, "at most 80 characters, this one 81"),
    ("tea\x1b[31m", "no control or invisible characters"),
    ("te\u202ea", "no control or invisible characters"),
    ("\ud800", "no control or invisible characters"),
    ("last", "`last` has a meaning of its own"),
    ("--all", "`--all` has a meaning of its own"),
]


@pytest.mark.parametrize(("name", "problem"), BAD_NAMES)
def test_a_name_that_could_not_be_typed_or_seen_is_refused(name: str, problem: str) -> None:
    with pytest.raises(SessionNameError, match=problem):
        checked_name(name)


@pytest.mark.parametrize("name", ["two", "taken"])
async def test_a_name_that_means_another_session_is_refused(name: str) -> None:
    store = await store_of("one", "two")
    await name_session(store, "two", "taken")

    with pytest.raises(SessionNameError, match=f"`{name}` means session `two` already"):
        await name_session(store, "one", name)


async def test_an_archived_session_is_put_away_and_can_be_taken_back() -> None:
    store = await store_of("one", "two")

    changes = [
        await archive_session(store, "one"),
        await archive_session(store, "one"),
        await archive_session(store, "two", archived=False),
    ]
    put_away = [each.session_id for each in await store.list_sessions()]
    await archive_session(store, "one", archived=False)

    assert changes == [True, False, False]
    assert put_away == ["two"]
    assert [each.session_id for each in await store.list_sessions()] == ["one", "two"]
    assert (await store.load_session("one"))[-1].body == SessionArchived(archived=False)


async def test_what_is_not_stored_is_neither_named_nor_archived() -> None:
    store = InMemoryStateStore()

    with pytest.raises(SessionNotFoundError, match="`nothing`"):
        await name_session(store, "nothing", "tea")
    with pytest.raises(SessionNotFoundError, match="`nothing`"):
        await archive_session(store, "nothing")

    assert list(await store.load_session("nothing")) == []


def test_every_public_name_of_the_shelf_is_there() -> None:
    assert sorted(shelf.__all__) == shelf.__all__
    assert all(getattr(shelf, name) is not None for name in shelf.__all__)
    with pytest.raises(AttributeError, match="`nothing`"):
        shelf.nothing  # noqa: B018 - the access is what is tested

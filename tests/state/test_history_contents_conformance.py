"""What every `HistoryStore` keeps beside and within events: large texts, unknown kinds, what is deleted."""

from __future__ import annotations

from dataclasses import replace

import pytest

from penguiflow.state.contents import Content
from penguiflow.state.errors import HistoryConflictError
from penguiflow.state.events import (
    ContentRef,
    FlowHappened,
    ModelCalled,
    PersonAnswered,
    RunEvent,
    StepStarted,
    ToolFinished,
    ToolStarted,
    UnknownBody,
    from_record,
    to_record,
)
from penguiflow.state.in_memory import InMemoryStateStore
from penguiflow.state.protocol import HistoryStore
from tests.fakes.history import answered, asked, event_at, person_asked, run_of

PROMPT = "You are a penguin. \N{PENGUIN} [brackets] \x00\x1b[31m\n" * 2_000


def text_of(session_id: str, content_id: str = "history_1", text: str = PROMPT) -> Content:
    return Content(session_id=session_id, content_id=content_id, text=text)


async def test_a_large_text_is_read_back_by_its_name(store: HistoryStore) -> None:
    ref = ContentRef(content_id="history_1", chars=len(PROMPT), role="system")
    call = ModelCalled(step=1, attempt=1, latency_ms=1.0, messages=(ref,))
    events = run_of(asked(), call)

    await store.append_events(events, [text_of("session-1"), text_of("session-1", "history_2", "")])

    assert await store.load_content("session-1", "history_1") == PROMPT
    assert await store.load_content("session-1", "history_2") == ""
    assert list(await store.load_run("run-1")) == events


async def test_a_lone_surrogate_does_not_lose_a_text(store: HistoryStore) -> None:
    await store.append_events(run_of(asked()), [text_of("session-1", text="a\ud800b")])

    assert await store.load_content("session-1", "history_1") == "a?b"


async def test_an_unknown_name_has_no_text(store: HistoryStore) -> None:
    await store.append_events(run_of(asked()), [text_of("session-1")])

    assert await store.load_content("session-1", "history_2") is None
    assert await store.load_content("session-2", "history_1") is None


async def test_a_text_can_come_without_events_and_again(store: HistoryStore) -> None:
    for _ in range(2):
        await store.append_events([], [text_of("session-1")])
    await store.append_events(run_of(asked()), [text_of("session-1")])

    assert await store.load_content("session-1", "history_1") == PROMPT


async def test_two_sessions_may_call_two_texts_the_same(store: HistoryStore) -> None:
    await store.append_events(run_of(asked()), [text_of("session-1", text="mine")])
    await store.append_events(
        run_of(asked(), run_id="run-2", session_id="session-2"), [text_of("session-2", text="theirs")]
    )

    assert await store.load_content("session-1", "history_1") == "mine"
    assert await store.load_content("session-2", "history_1") == "theirs"


@pytest.mark.parametrize("first", [True, False])
async def test_a_batch_with_a_conflict_leaves_neither_event_nor_text(
    store: HistoryStore, *, first: bool
) -> None:
    await store.append_events(run_of(asked()))
    conflicting, new = event_at(0, asked("Another")), event_at(0, asked(), run_id="r2", session_id="s2")

    with pytest.raises(HistoryConflictError):
        await store.append_events(
            [conflicting, new] if first else [new, conflicting], [text_of("session-1"), text_of("s2")]
        )

    assert await store.load_content("session-1", "history_1") is None
    assert await store.load_content("s2", "history_1") is None
    assert list(await store.load_run("r2")) == []
    assert [each.session_id for each in await store.list_sessions()] == ["session-1"]
    assert [each.run_id for each in await store.list_runs()] == ["run-1"]
    assert await store.find_session("s2") is None


async def test_two_contents_in_one_place_of_a_batch_are_a_conflict(store: HistoryStore) -> None:
    with pytest.raises(HistoryConflictError):
        await store.append_events([event_at(0, asked("one")), event_at(0, asked("two"))])

    assert list(await store.load_run("run-1")) == []
    assert list(await store.list_sessions()) == []


async def test_a_deleted_session_is_gone_and_the_others_stay(store: HistoryStore) -> None:
    await store.append_events(run_of(asked(), person_asked("r1")), [text_of("session-1")])
    others = run_of(asked(), person_asked("r2"), run_id="run-2", session_id="session-2")
    await store.append_events(others, [text_of("session-2")])
    lines = [await store.find_session("session-2"), await store.find_run("run-2")]

    assert await store.delete_session("session-1") is True

    assert list(await store.load_session("session-1")) == []
    assert list(await store.load_run("run-1")) == []
    assert await store.find_session("session-1") is None
    assert await store.find_run("run-1") is None
    assert await store.find_request("r1") is None
    assert await store.load_content("session-1", "history_1") is None
    assert [each.session_id for each in await store.list_sessions()] == ["session-2"]
    assert [each.run_id for each in await store.list_runs()] == ["run-2"]
    assert [await store.find_session("session-2"), await store.find_run("run-2")] == lines
    assert list(await store.load_session("session-2")) == others
    assert await store.find_request("r2") == others[1]
    assert await store.load_content("session-2", "history_1") == PROMPT


async def test_deleting_what_is_not_there_says_so(store: HistoryStore) -> None:
    await store.append_events(run_of(asked()))

    assert await store.delete_session("unknown") is False
    assert await store.delete_session("session-1") is True
    assert await store.delete_session("session-1") is False


async def test_a_deleted_session_can_begin_anew(store: HistoryStore) -> None:
    await store.append_events(run_of(asked("old"), answered()))
    await store.append_events(run_of(asked(), session_id="other", run_id="run-2"))
    await store.delete_session("session-1")
    anew = run_of(asked("new"))

    await store.append_events(anew)

    assert list(await store.load_session("session-1")) == anew
    assert [(each.title, each.runs) for each in await store.list_sessions(limit=1)] == [("new", 1)]


async def test_a_kind_that_is_not_known_goes_through_unharmed(store: HistoryStore) -> None:
    later = UnknownBody(
        kind="tea_brewed", fields={"cups": 2, "kind": "green", "deep": [{"a": None}], "n": 1.5}
    )
    events = run_of(asked(), later, answered())
    await store.append_events(events)
    await store.append_events(events)  # and is known again

    loaded = list(await store.load_run("run-1"))
    exported = [to_record(event) for event in loaded]
    other = InMemoryStateStore()
    await other.append_events([from_record(record) for record in exported])

    assert loaded == events
    assert exported[1]["payload"] == later.fields
    assert [to_record(event) for event in await other.load_run("run-1")] == exported


async def test_an_unknown_kind_with_other_fields_is_a_conflict(store: HistoryStore) -> None:
    await store.append_events([event_at(0, UnknownBody(kind="tea_brewed", fields={"cups": 2}))])

    for other in (
        UnknownBody(kind="tea_brewed", fields={"cups": 3}),
        UnknownBody(kind="x", fields={"cups": 2}),
    ):
        with pytest.raises(HistoryConflictError):
            await store.append_events([event_at(0, other)])


async def test_the_monotonic_time_of_an_event_is_kept(store: HistoryStore) -> None:
    events = [
        replace(event_at(0, asked(), ts=1.7e9 + 0.123456), elapsed_ms=0.0),
        replace(event_at(1, StepStarted(step=1), ts=-3.5), elapsed_ms=12.345678),
        event_at(2, answered()),
    ]

    await store.append_events(events)

    loaded = await store.load_run("run-1")
    assert [(event.ts, event.elapsed_ms) for event in loaded] == [
        (1.7e9 + 0.123456, 0.0),
        (-3.5, 12.345678),
        (2.0, None),
    ]


async def test_an_event_that_is_stored_already_is_known_whatever_its_times(store: HistoryStore) -> None:
    event = replace(event_at(0, asked()), elapsed_ms=1.0)
    await store.append_events([event])

    await store.append_events([replace(event, ts=99.0, elapsed_ms=None)])

    assert list(await store.load_run("run-1")) == [event]


async def test_a_stored_event_tells_what_it_belongs_to(store: HistoryStore) -> None:
    happened = FlowHappened(event="node_start", trace_id="trace", node="a", edge="a->b")
    events = run_of(
        asked(),
        StepStarted(step=3),
        ToolStarted(step=3, call_id="c\ud800", tool="search"),
        ToolFinished(step=3, call_id="c2", tool="search"),
        person_asked(),
        PersonAnswered(request_id="request-1", decision="approve"),
        happened,
        replace(happened, trace_id=None, edge=None),
    )
    await store.append_events(events)

    def envelope(event: RunEvent) -> tuple[object, ...]:
        return event.kind, event.trace_id, event.step_id, event.call_id, event.edge

    assert [envelope(event) for event in await store.load_run("run-1")] == [
        ("run_started", "run-1", None, None, None),
        ("step_started", "run-1", "run-1/3", None, None),
        ("tool_started", "run-1", "run-1/3", "c\ud800", None),
        ("tool_finished", "run-1", "run-1/3", "c2", None),
        ("person_asked", "run-1", "run-1/1", "call-1", None),
        ("person_answered", "run-1", None, None, None),
        ("flow_happened", "trace", None, None, "a->b"),
        ("flow_happened", "run-1", None, None, None),
    ]

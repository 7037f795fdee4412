"""The lines of a history file."""

from __future__ import annotations

import json

from hypothesis import given

from penguiflow.sessions.projections.jsonl import (
    content_ids,
    content_record,
    end_record,
    event_record,
    line_of,
    run_header,
    session_header,
)
from penguiflow.sessions.projections.jsonl_reading import End, Header, read_entry
from penguiflow.state.contents import Content
from penguiflow.state.events import (
    ContentRef,
    ModelCalled,
    RunEvent,
    SessionArchived,
    SessionForked,
    SessionNamed,
    ToolFinished,
    UnknownBody,
    to_record,
)
from tests.fakes.histories import histories
from tests.fakes.history import asked, event_at, run_of


@given(histories())
def test_an_event_is_read_from_its_line_as_it_is_stored(
    history: tuple[list[RunEvent], list[Content]],
) -> None:
    for event in history[0]:
        text = line_of(event_record(event))
        read = read_entry(text.encode("ascii"))

        assert isinstance(read, RunEvent)
        assert line_of(event_record(read)) == text
        assert (read.run_id, read.seq, read.ts, read.kind) == (event.run_id, event.seq, event.ts, event.kind)


def test_an_event_line_is_the_record_of_the_event() -> None:
    event = event_at(3, asked("Ünïcode \x7f \ud800"))

    text = line_of(event_record(event))

    assert text.isascii()
    assert "\x7f" not in text
    assert json.loads(text) == {"type": "event", **to_record(event)}


def test_a_content_is_read_from_its_line() -> None:
    content = Content(session_id="s", content_id="history_" + "0" * 32, text="a\nb \U0001f427")

    assert read_entry(line_of(content_record(content)).encode()) == content


def test_half_a_character_of_a_content_becomes_a_question_mark() -> None:
    content = Content(session_id="s", content_id="history_" + "0" * 32, text="a\ud800b")

    assert content_record(content)["text"] == "a?b"


def test_header_and_end_are_read_from_their_lines() -> None:
    header = line_of(run_header("run-1", "session-1")).encode()

    assert read_entry(header) == Header(session_id="session-1", run_id="run-1")
    assert read_entry(line_of(end_record(events=3, contents=1)).encode()) == End(events=3, contents=1)


def test_the_header_of_a_session_tells_what_a_person_knows_it_by() -> None:
    events = [
        event_at(0, SessionForked(parent_session_id="p", parent_run_id="r"), run_id="fork"),
        *run_of(asked("Where is my tea?")),
        event_at(0, SessionNamed(name="tea"), run_id="name"),
        event_at(0, SessionArchived(), run_id="away"),
    ]

    assert session_header(events) == {
        "type": "header",
        "format": "penguiflow-history",
        "v": 2,
        "session_id": "session-1",
        "run_id": None,
        "with_parents": False,
        "name": "tea",
        "title": "Where is my tea?",
        "agent": "helper",
        "archived": True,
        "parent_session_id": "p",
        "parent_run_id": "r",
    }


def test_a_number_that_json_does_not_know_comes_back() -> None:
    event = event_at(0, ModelCalled(step=1, attempt=1, latency_ms=float("inf")))
    unknown = event_at(0, UnknownBody(kind="new", fields={"a": [float("nan")]}))

    assert read_entry(line_of(event_record(event)).encode()) == event
    assert event_record(unknown)["payload"] == {"a": ["nan"]}


def test_the_texts_a_body_stands_for_are_found_wherever_they_are() -> None:
    ref = ContentRef(content_id="history_1", chars=1)
    called = ModelCalled(step=1, attempt=1, latency_ms=1.0, messages=(ref, ref), options=ref)
    finished = ToolFinished(step=1, call_id="c", tool="t", result={"content_id": "history_2"}, content=ref)
    unknown = UnknownBody(kind="new", fields={"a": [{"content_id": "history_3"}, {"content_id": "art_4"}]})

    assert list(content_ids(called)) == ["history_1", "history_1", "history_1"]
    assert list(content_ids(finished)) == ["history_1"]
    assert list(content_ids(unknown)) == ["history_3"]
    assert list(content_ids(asked())) == []

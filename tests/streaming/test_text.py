"""Chunks as the text that browsers read."""

from __future__ import annotations

import json
import re
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penguiflow import StreamChunk, chunk_to_ws_json, format_sse_event


def chunk(text: str = "hi", **fields: Any) -> StreamChunk:
    return StreamChunk(stream_id="s", seq=3, text=text, **fields)


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (format_sse_event(chunk()), "event: chunk\nid: 3\ndata: hi\n\n"),
        (format_sse_event(chunk(done=True)), "event: done\nid: 3\ndata: hi\n\n"),
        (format_sse_event(chunk(), event_name="token"), "event: token\nid: 3\ndata: hi\n\n"),
        (
            format_sse_event(chunk(meta={"k": "ä"}), retry_ms=500),
            'event: chunk\nid: 3\ndata: hi\ndata: {"k": "ä"}\nretry: 500\n\n',
        ),
        (format_sse_event(chunk("a\nb\r\nc")), "event: chunk\nid: 3\ndata: a\ndata: b\ndata: c\n\n"),
        (format_sse_event(chunk("a\rb\n")), "event: chunk\nid: 3\ndata: a\ndata: b\ndata: \n\n"),
        (format_sse_event(chunk("\n\rdata: x")), "event: chunk\nid: 3\ndata: \ndata: \ndata: data: x\n\n"),
        (format_sse_event(chunk("\u2028\x85")), "event: chunk\nid: 3\ndata: \u2028\x85\n\n"),
        (format_sse_event(chunk("")), "event: chunk\nid: 3\ndata: \n\n"),
        (format_sse_event(chunk(), event_name="a\r\nid: 9"), "event: a id: 9\nid: 3\ndata: hi\n\n"),
        (
            format_sse_event(chunk(meta={"k": "a\nb\rc"})),
            'event: chunk\nid: 3\ndata: hi\ndata: {"k": "a\\nb\\rc"}\n\n',
        ),
    ],
)
def test_a_chunk_becomes_one_server_sent_event(event: str, expected: str) -> None:
    assert event == expected


@given(text=st.text(alphabet="ab :\r\n\u2028"), name=st.text(alphabet="ab\r\n", min_size=1))
def test_no_text_breaks_out_of_its_event(text: str, name: str) -> None:
    *fields, last, end = re.split("\r\n|\r|\n", format_sse_event(chunk(text), event_name=name))

    assert (last, end) == ("", "")
    assert [field.split(": ", 1)[0] for field in fields[:2]] == ["event", "id"]
    lines = [field.removeprefix("data: ") for field in fields[2:]]
    assert "\n".join(lines) == text.replace("\r\n", "\n").replace("\r", "\n")


def test_meta_of_any_kind_is_written() -> None:
    event = chunk(meta={"at": date(2025, 1, 2), "ids": {7}})

    assert 'data: {"at": "2025-01-02", "ids": [7]}' in format_sse_event(event)
    assert json.loads(chunk_to_ws_json(event, extra={"chunk": event}))["chunk"]["meta"]["ids"] == [7]


def test_a_chunk_becomes_json_and_extra_facts_win() -> None:
    record = json.loads(chunk_to_ws_json(chunk(meta={"k": 1}), extra={"text": "other", "more": True}))

    assert record == {
        "stream_id": "s",
        "seq": 3,
        "text": "other",
        "done": False,
        "meta": {"k": 1},
        "more": True,
    }

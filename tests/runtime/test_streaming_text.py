from __future__ import annotations

import json
from typing import Any

import pytest

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
        (format_sse_event(chunk("")), "event: chunk\nid: 3\ndata: \n\n"),
    ],
)
def test_a_chunk_becomes_one_server_sent_event(event: str, expected: str) -> None:
    assert event == expected


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

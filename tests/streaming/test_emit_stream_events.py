"""Turning a source of events into chunks."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest

from penguiflow import Context, Message
from penguiflow.streaming import emit_stream_events, stream_flow
from tests.fakes.flows import chain, message, passes_on, running, untyped


class Recording:
    """A context that remembers how it was called."""

    def __init__(self) -> None:
        self.calls: list[dict[str, Any]] = []

    async def emit_chunk(self, **arguments: Any) -> None:
        self.calls.append(arguments)


async def events(*items: Any) -> AsyncIterator[Any]:
    for item in items:
        yield item


def read(event: dict[str, Any]) -> tuple[str, bool, Mapping[str, Any]]:
    return event["text"], event.get("last", False), {"n": event["n"]}


async def test_every_event_is_a_chunk_and_an_empty_one_ends_the_stream() -> None:
    ctx, parent = Recording(), message()
    await emit_stream_events(events("a", 2), ctx, parent, final_meta={"tokens": 2})

    assert ctx.calls == [
        {"parent": parent, "text": "a", "done": False, "meta": {}, "to": None},
        {"parent": parent, "text": "2", "done": False, "meta": {}, "to": None},
        {"parent": parent, "text": "", "done": True, "meta": {"tokens": 2}, "to": None},
    ]


async def test_an_adapter_reads_text_end_and_meta_of_an_event() -> None:
    ctx, parent, sink = Recording(), message(), untyped(passes_on, "sink")
    source = events({"text": "a", "n": 0}, {"text": "b", "n": 1, "last": True})
    await emit_stream_events(source, ctx, parent, adapter=read, to=sink, final_meta={"unused": 1})

    assert ctx.calls == [
        {"parent": parent, "text": "a", "done": False, "meta": {"n": 0}, "to": sink},
        {"parent": parent, "text": "b", "done": True, "meta": {"n": 1}, "to": sink},
    ]


async def test_an_empty_source_is_a_stream_of_one_empty_chunk() -> None:
    ctx, parent = Recording(), message()
    await emit_stream_events(events(), ctx, parent)

    assert ctx.calls == [{"parent": parent, "text": "", "done": True, "meta": {}, "to": None}]


async def test_a_source_that_fails_ends_no_stream() -> None:
    async def breaks() -> AsyncIterator[str]:
        yield "a"
        raise ConnectionError("model went away")

    ctx = Recording()
    with pytest.raises(ConnectionError, match="model went away"):
        await emit_stream_events(breaks(), ctx, message())

    assert [call["done"] for call in ctx.calls] == [False]


async def test_a_node_streams_what_a_source_yields() -> None:
    async def speaks(msg: Message, ctx: Context) -> None:
        await emit_stream_events(events(*msg.payload), ctx, msg)

    async with running(chain(untyped(speaks, "speaks"), queue_maxsize=1)) as flow:
        chunks = [chunk async for chunk in stream_flow(flow, message("abc"))]

    assert [(chunk.seq, chunk.text, chunk.done) for chunk in chunks] == [
        (0, "a", False),
        (1, "b", False),
        (2, "c", False),
        (3, "", True),
    ]

"""The rules of streamed chunks, one by one."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from penguiflow import Message, StreamChunk, create, emit_stream_events
from tests.fakes.flows import chain, message, passes_on, running, settled, untyped


class Sink:
    """A context that only remembers how it was called."""

    def __init__(self) -> None:
        self.calls: list[dict[str, Any]] = []

    async def emit_chunk(self, **fields: Any) -> None:
        self.calls.append(fields)


async def source(*events: object) -> Any:
    for event in events:
        yield event


async def test_a_chunk_travels_in_an_envelope_of_its_own() -> None:
    parent = message("p", trace_id="t", deadline_s=9e9, meta={"user": "ada"})
    async with running(chain(untyped(passes_on, "a"))) as flow:
        returned = await flow.emit_chunk(parent=parent, text="x", meta={"tokens": 1})
        carried = await flow.fetch()

    assert returned == StreamChunk(stream_id="t", seq=0, text="x", done=False, meta={"tokens": 1})
    assert carried.payload == returned
    assert carried.headers is parent.headers
    assert (carried.trace_id, carried.deadline_s, carried.meta) == ("t", 9e9, {"user": "ada"})
    assert carried.meta is not parent.meta


async def test_each_stream_counts_for_itself_whoever_produces() -> None:
    async def left(msg: Message, ctx: Any) -> None:
        await ctx.emit_chunk(parent=msg, text="l", stream_id="s")
        await ctx.emit_chunk(parent=msg, text="l", stream_id="mine")

    async def right(msg: Message, ctx: Any) -> None:
        await asyncio.sleep(1)
        await ctx.emit_chunk(parent=msg, text="r", stream_id="s")

    flow = create(untyped(left, "left").to(), untyped(right, "right").to())
    async with running(flow):
        await flow.emit(message())
        chunks = [(await flow.fetch()).payload for _ in range(3)]
    assert [(c.stream_id, c.seq, c.text) for c in chunks] == [("s", 0, "l"), ("mine", 0, "l"), ("s", 1, "r")]


async def test_an_explicit_number_becomes_the_new_base() -> None:
    parent = message()
    async with running(chain(untyped(passes_on, "a"))) as flow:
        numbers = [
            (await flow.emit_chunk(parent=parent, text="x", seq=seq)).seq for seq in (None, 7, None, None)
        ]
        last = await flow.emit_chunk(parent=parent, text="", done=True)
        anew = await flow.emit_chunk(parent=parent, text="x")
    assert numbers == [0, 7, 8, 9]
    assert (last.seq, anew.seq) == (10, 0)


async def test_a_chunk_may_be_sent_to_one_successor() -> None:
    async def speak(msg: Message, ctx: Any) -> None:
        await ctx.emit_chunk(parent=msg, text="a", to=a)
        await ctx.emit_chunk(parent=msg, text="b", to=[b])

    async def label(msg: Message, ctx: Any) -> tuple[str, str]:
        return ctx.owner.name, msg.payload.text

    a, b = untyped(label, "a"), untyped(label, "b")
    async with running(create(untyped(speak, "speak").to(a, b))) as flow:
        await flow.emit(message())
        assert {await flow.fetch(), await flow.fetch()} == {("a", "a"), ("b", "b")}


async def test_the_second_chunk_waits_until_the_first_is_fetched_from_a_flow_of_one_place() -> None:
    async def speak(msg: Message, ctx: Any) -> None:
        for text in "abc":
            await ctx.emit_chunk(parent=msg, text=text)
            accepted.append(text)

    accepted: list[str] = []
    async with running(chain(untyped(speak, "speak"), queue_maxsize=1)) as flow:
        await flow.emit(message())
        await settled()
        assert accepted == ["a"]
        await flow.fetch()
        await settled()
        assert accepted == ["a", "b"]
        await flow.fetch()
        await flow.fetch()


async def test_a_chunk_that_was_not_accepted_takes_no_number() -> None:
    parent = message()
    flow = chain(untyped(passes_on, "a"), queue_maxsize=1)
    await flow.emit_chunk(parent=parent, text="0")
    for _ in range(2):
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(flow.emit_chunk(parent=parent, text="lost"), 1)
    async with running(flow):
        await flow.fetch()
        assert (await flow.emit_chunk(parent=parent, text="1")).seq == 1


async def test_events_of_a_source_become_chunks_by_keyword() -> None:
    sink, parent = Sink(), message()
    fixed = {"parent": parent, "to": None}
    await emit_stream_events(source("a", 2), sink, parent, final_meta={"n": 2})
    assert sink.calls == [
        {**fixed, "text": "a", "done": False, "meta": {}},
        {**fixed, "text": "2", "done": False, "meta": {}},
        {**fixed, "text": "", "done": True, "meta": {"n": 2}},
    ]


async def test_a_source_that_says_it_is_done_gets_no_further_chunk() -> None:
    sink, parent = Sink(), message()
    target = untyped(passes_on, "a")

    def read(event: tuple[str, bool]) -> tuple[str, bool, dict[str, int]]:
        return event[0], event[1], {"length": len(event[0])}

    await emit_stream_events(
        source(("ab", False), ("c", True)), sink, parent, adapter=read, to=target, final_meta={"n": 2}
    )
    assert [(c["text"], c["done"], c["meta"], c["to"]) for c in sink.calls] == [
        ("ab", False, {"length": 2}, target), ("c", True, {"length": 1}, target)
    ]  # fmt: skip
    sink = Sink()
    await emit_stream_events(source(), sink, parent)
    assert sink.calls == [{"parent": parent, "to": None, "text": "", "done": True, "meta": {}}]

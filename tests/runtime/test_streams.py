"""Streamed chunks: numbering, order and the bound on a trace's own backlog."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from pydantic import BaseModel

from penguiflow import Context, Message, ModelRegistry, Node, StreamChunk, create
from penguiflow.core import TraceCancelled
from tests.fakes.flows import Gate, chain, message, passes_on, running, settled, untyped


def chunks_of(results: list[Message]) -> list[tuple[str, int, str, bool]]:
    return [(r.payload.stream_id, r.payload.seq, r.payload.text, r.payload.done) for r in results]


async def test_a_node_streams_numbered_chunks_in_the_envelope_of_their_parent() -> None:
    async def speaks(msg: Message, ctx: Context) -> None:
        for text in ("a", "b"):
            await ctx.emit_chunk(parent=msg, text=text, meta={"own": text})
        await ctx.emit_chunk(parent=msg, text="", done=True)

    async with running(chain(untyped(speaks, "speaks"))) as flow:
        parent = message(meta={"k": 1}, deadline_s=9e9)
        await flow.emit(parent)

        results = [await flow.fetch() for _ in range(3)]
        trace = parent.trace_id
        assert chunks_of(results) == [(trace, 0, "a", False), (trace, 1, "b", False), (trace, 2, "", True)]
        first = results[0]
        assert (first.trace_id, first.deadline_s) == (trace, 9e9)
        assert first.headers is parent.headers
        assert (first.meta, first.payload.meta) == ({"k": 1}, {"own": "a"})
        first.meta["k"] = 2
        assert parent.meta == {"k": 1}


async def test_a_finished_stream_starts_again_from_zero() -> None:
    async with running(chain(untyped(passes_on, "a"))) as flow:
        parent = message()
        sent = [await flow.emit_chunk(parent=parent, text=t, done=t == "end") for t in ("x", "end", "y")]
        assert [chunk.seq for chunk in sent] == [0, 1, 0]


async def test_an_explicit_number_becomes_the_new_base() -> None:
    async with running(chain(untyped(passes_on, "a"))) as flow:
        parent = message()
        sent = [await flow.emit_chunk(parent=parent, text="", seq=seq) for seq in (None, 10, None)]

        assert [chunk.seq for chunk in sent] == [0, 10, 11]


async def test_a_stream_keeps_one_sequence_whoever_produces() -> None:
    async def speaks(msg: Any, ctx: Context) -> Any:
        if isinstance(msg.payload, StreamChunk):
            return msg
        await ctx.emit_chunk(parent=msg, text=str(ctx.owner.name), stream_id="shared")
        return msg

    async with running(chain(untyped(speaks, "a"), untyped(speaks, "b"))) as flow:
        parent = message()
        await flow.emit_chunk(parent=parent, text="outside", stream_id="shared")
        await flow.emit(parent)

        numbers: list[int] = []
        while len(numbers) < 3:
            out = await flow.fetch()
            if isinstance(out.payload, StreamChunk):
                numbers.append(out.payload.seq)
        assert sorted(numbers) == [0, 1, 2]


async def test_concurrent_producers_of_one_stream_are_numbered_in_order_of_acceptance() -> None:
    async def speaks(msg: Message, ctx: Context) -> None:
        async def say(text: str) -> None:
            for _ in range(5):
                await ctx.emit_chunk(parent=msg, text=text)

        await asyncio.gather(*(say(name) for name in "abc"))

    async with running(chain(untyped(speaks, "speaks"), queue_maxsize=2)) as flow:
        await flow.emit(message())

        results = [await flow.fetch() for _ in range(15)]
        assert [r.payload.seq for r in results] == list(range(15))


async def test_a_chunk_that_was_not_accepted_takes_no_number() -> None:
    gate = Gate()
    async with running(chain(untyped(gate.wait, "gate"), queue_maxsize=1)) as flow:
        parent = message()
        await flow.emit("busy")
        await settled()
        await flow.emit_chunk(parent=parent, text="0")
        for _ in range(2):
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(flow.emit_chunk(parent=parent, text="lost"), 0.1)
        gate.opened.set()
        assert await flow.fetch() == "busy"
        await flow.fetch()

        assert (await flow.emit_chunk(parent=parent, text="1")).seq == 1


async def test_a_second_chunk_waits_until_the_first_is_fetched() -> None:
    accepted: list[int] = []

    async def speaks(msg: Message, ctx: Context) -> None:
        for number in range(3):
            await ctx.emit_chunk(parent=msg, text=str(number))
            accepted.append(number)

    async with running(chain(untyped(speaks, "speaks"), queue_maxsize=1)) as flow:
        await flow.emit(message())
        for number in range(3):
            await settled()
            assert accepted == list(range(number + 1))
            assert (await flow.fetch()).text == str(number)


@pytest.mark.parametrize("stream_id", [None, "custom"])
async def test_the_backlog_of_a_trace_is_bounded_whatever_its_stream_is_called(stream_id: Any) -> None:
    accepted: list[int] = []

    async def speaks(msg: Message, ctx: Context) -> None:
        for number in range(50):
            await ctx.emit_chunk(parent=msg, text=str(number), stream_id=stream_id)
            accepted.append(number)

    flow = chain(untyped(speaks, "a"), untyped(passes_on, "b"), untyped(passes_on, "c"), queue_maxsize=4)
    async with running(flow):
        await flow.emit(message())
        await settled()

        assert len(accepted) == 4
        assert [(await flow.fetch()).payload.seq for _ in range(50)] == list(range(50))


async def test_an_unbounded_flow_bounds_no_stream() -> None:
    async def speaks(msg: Message, ctx: Context) -> None:
        for number in range(500):
            await ctx.emit_chunk(parent=msg, text=str(number))

    async with running(chain(untyped(speaks, "speaks"), queue_maxsize=0)) as flow:
        await flow.emit(message())
        await settled()

        assert [(await flow.fetch()).payload.seq for _ in range(500)] == list(range(500))


async def test_an_outside_producer_learns_that_the_trace_was_cancelled() -> None:
    gate = Gate()
    async with running(chain(untyped(gate.wait, "gate"), queue_maxsize=1)) as flow:
        parent = message()
        await flow.emit_chunk(parent=parent, text="0")
        await settled()
        await flow.emit_chunk(parent=parent, text="1")
        waiting = asyncio.create_task(flow.emit_chunk(parent=parent, text="2"))
        await settled()
        assert not waiting.done()
        await flow.cancel(parent.trace_id)

        with pytest.raises(TraceCancelled):
            await waiting


async def test_a_stream_that_nobody_finished_ends_with_its_trace() -> None:
    async def speaks(msg: Message, ctx: Context) -> None:
        await ctx.emit_chunk(parent=msg, text="unfinished")

    async with running(chain(untyped(speaks, "speaks"))) as flow:
        for _ in range(3):
            await flow.emit(message(trace_id="again"))
            assert (await flow.fetch()).payload.seq == 0
            await settled()

        assert len(flow.services.streams) == 0


async def test_a_chunk_that_gives_up_halfway_returns_the_places_it_had() -> None:
    gate = Gate()
    left, right = untyped(passes_on, "left"), untyped(gate.wait, "right")
    async with running(create(left.to(), right.to(), queue_maxsize=1)) as flow:
        await flow.emit("busy", to=right)
        await settled()
        await flow.emit("queued", to=right)
        for _ in range(3):
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(flow.emit_chunk(parent=message(), text="x"), 0.1)

        await flow.emit("left", to=left)
        assert await flow.fetch(from_=left) == "left"


async def test_a_chunk_goes_to_the_chosen_successors_only() -> None:
    left, right = untyped(passes_on, "left"), untyped(passes_on, "right")

    async def speaks(msg: Message, ctx: Context) -> None:
        await ctx.emit_chunk(parent=msg, text="both")
        await ctx.emit_chunk(parent=msg, text="right", to=right)

    node = untyped(speaks, "speaks")
    async with running(create(node.to(left, right))) as flow:
        await flow.emit(message())
        await settled()

        assert [(await flow.fetch(from_=right)).text for _ in range(2)] == ["both", "right"]
        assert (await flow.fetch(from_=left)).text == "both"


async def test_a_node_that_gets_payloads_streams_under_the_envelope_they_came_in() -> None:
    class Prompt(BaseModel):
        text: str

    async def speak(prompt: Prompt, ctx: Context) -> None:
        await ctx.emit_chunk(parent=prompt, text=prompt.text, done=True)

    registry = ModelRegistry()
    registry.register("speak", Prompt, Prompt)
    sent = message(Prompt(text="hi"))
    async with running(create(Node(speak, name="speak").to()), registry) as flow:
        await flow.emit(sent)

        out = await flow.fetch()
        assert (out.trace_id, out.text) == (sent.trace_id, "hi")
        with pytest.raises(TypeError, match=r"needs a Message as its parent.*`Prompt`"):
            await flow.emit_chunk(parent=sent.payload, text="from outside")

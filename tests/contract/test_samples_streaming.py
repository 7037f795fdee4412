"""What the project's first description says and shows of streaming, written as programs."""

from __future__ import annotations

import asyncio
import json

import pytest

from tests.fakes.flows import message, settled
from tests.fakes.samples import run_sample

STREAMING_NODE = """
from penguiflow import Message, Node, NodePolicy, StreamChunk, create, format_sse_event, chunk_to_ws_json

async def speak(msg: Message, ctx):
    for token, done in [("Pengui", False), ("ns", False), ("", True)]:
        await ctx.emit_chunk(parent=msg, text=token, done=done)

async def assemble(msg: Message, ctx):
    parts.append(msg.payload.text)
    if msg.payload.done:
        return msg.model_copy(update={"payload": "".join(parts)})

parts = []
untyped = NodePolicy(validate="none")
speaker = Node(speak, name="speak", policy=untyped)
sink = Node(assemble, name="assemble", policy=untyped)
"""

THE_A2A_NODE = """
from penguiflow import Message, Node, create

async def orchestrate(message: Message, ctx):
    await ctx.emit_chunk(parent=message, text="thinking...")
    return {"result": "done"}

node = Node(orchestrate, name="main")
flow = create(node.to())
"""


async def test_a_sink_assembles_the_chunks_when_done_is_observed() -> None:
    names = await run_sample(STREAMING_NODE)
    flow = names["create"](names["speaker"].to(names["sink"]))

    flow.run()
    sent = message("hello", meta={"request": 7}, trace_id="t-1")
    await flow.emit(sent)
    answer = await flow.fetch()
    await flow.stop()

    assert (answer.payload, answer.trace_id, answer.meta) == ("Penguins", "t-1", {"request": 7})


async def test_sequence_numbers_count_up_per_stream_and_begin_anew_after_done() -> None:
    names = await run_sample(STREAMING_NODE)
    flow = names["create"](names["speaker"].to())

    flow.run()
    sent = message("hello", trace_id="t-1")
    await flow.emit(sent)
    await flow.emit(sent)
    chunks = [(await flow.fetch()).payload for _ in range(6)]
    await flow.stop()

    assert [chunk.seq for chunk in chunks] == [0, 1, 2, 0, 1, 2]
    assert {chunk.stream_id for chunk in chunks} == {"t-1"}
    assert [chunk.done for chunk in chunks] == [False, False, True] * 2


async def test_a_chunk_waits_for_room_as_emit_does() -> None:
    names = await run_sample(STREAMING_NODE)
    flow = names["create"](names["speaker"].to(), queue_maxsize=1)

    flow.run()
    await flow.emit(message("hello"))
    await settled()
    speaker_edge = next(context for context in flow.statistics().contexts if context.owner == "speak")
    assert (speaker_edge.depth_out, speaker_edge.in_flight) == (1, 1)

    assert [(await flow.fetch()).payload.text for _ in range(3)] == ["Pengui", "ns", ""]
    await flow.stop()


async def test_a_flow_streams_from_outside_a_node() -> None:
    names = await run_sample(STREAMING_NODE)
    flow = names["create"](names["sink"].to())
    parent = message("hello", trace_id="t-1", deadline_s=9e9, meta={"user": "ada"})

    flow.run()
    returned = [
        await flow.emit_chunk(parent=parent, text="Pen"),
        await flow.emit_chunk(parent=parent, text="guin", meta={"tokens": 2}),
        await flow.emit_chunk(parent=parent, text="", done=True),
    ]
    answer = await flow.fetch()
    await flow.stop()

    assert [chunk.seq for chunk in returned] == [0, 1, 2]
    assert [chunk.meta for chunk in returned] == [{}, {"tokens": 2}, {}]
    assert answer.payload == "Penguin"
    assert (answer.trace_id, answer.deadline_s, answer.meta) == ("t-1", 9e9, {"user": "ada"})
    assert answer.headers is parent.headers
    assert answer.meta is not parent.meta


async def test_a_node_without_models_streams_and_then_answers_with_a_bare_value() -> None:
    names = await run_sample(THE_A2A_NODE)
    flow = names["flow"]

    flow.run()
    await flow.emit(message("go"))
    chunk, result = await flow.fetch(), await flow.fetch()
    await flow.stop()

    assert (chunk.payload.text, chunk.payload.seq, chunk.payload.done) == ("thinking...", 0, False)
    assert result == {"result": "done"}


async def test_chunks_are_written_for_event_sources_and_web_sockets() -> None:
    names = await run_sample(STREAMING_NODE)
    chunk = names["StreamChunk"](stream_id="s", seq=3, text="pengüin", meta={"ü": 1})
    last = names["StreamChunk"](stream_id="s", seq=4, text="", done=True)
    sse, socket = names["format_sse_event"], names["chunk_to_ws_json"]

    assert sse(chunk) == 'event: chunk\nid: 3\ndata: pengüin\ndata: {"ü": 1}\n\n'
    assert sse(last) == "event: done\nid: 4\ndata: \n\n"
    assert sse(last, event_name="end", retry_ms=50) == "event: end\nid: 4\ndata: \nretry: 50\n\n"
    assert json.loads(socket(chunk)) == {
        "stream_id": "s", "seq": 3, "text": "pengüin", "done": False, "meta": {"ü": 1}
    }  # fmt: skip
    assert list(json.loads(socket(last, extra={"type": "token", "seq": 9})).items()) == [
        ("stream_id", "s"), ("seq", 9), ("text", ""), ("done", True), ("meta", {}), ("type", "token")
    ]  # fmt: skip


async def test_stream_flow_bounds_each_wait_and_leaves_the_flow_running() -> None:
    names = await run_sample(STREAMING_NODE)
    stream_flow = (await run_sample("from penguiflow import stream_flow"))["stream_flow"]
    flow = names["create"](names["speaker"].to())

    flow.run()
    first = [chunk.text async for chunk in stream_flow(flow, message("hello"))]
    second = [chunk.text async for chunk in stream_flow(flow, message("hello"), timeout=1.0)]
    with pytest.raises(asyncio.TimeoutError):
        async for _ in stream_flow(flow, message("hello"), timeout=1.0, include_final=True):
            pass
    await flow.stop()

    assert first == second == ["Pengui", "ns", ""]

"""Following one message's stream through a flow that others use too."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from penguiflow import Context, FlowError, Message, StreamChunk, create
from penguiflow.core import TraceCancelled
from penguiflow.streaming import stream_flow
from tests.fakes.flows import chain, message, passes_on, running, untyped


async def speaks(msg: Message, ctx: Context) -> Message:
    """Streams the words of its message, then answers with their number."""
    words = msg.payload.split()
    for word in words:
        await ctx.emit_chunk(parent=msg, text=word)
        await asyncio.sleep(0.1)
    await ctx.emit_chunk(parent=msg, text="", done=True)
    return msg.model_copy(update={"payload": len(words)})


async def collected(stream: AsyncIterator[Any]) -> list[Any]:
    return [item.text if isinstance(item, StreamChunk) else item async for item in stream]


async def test_a_stream_ends_after_its_last_chunk() -> None:
    async with running(chain(untyped(speaks, "speaks"))) as flow:
        assert await collected(stream_flow(flow, message("a b"))) == ["a", "b", ""]


async def test_the_final_payload_comes_after_the_last_chunk_if_wanted() -> None:
    async with running(chain(untyped(speaks, "speaks"))) as flow:
        assert await collected(stream_flow(flow, message("a b"), include_final=True)) == ["a", "b", "", 2]


async def test_a_payload_that_is_no_chunk_ends_the_stream() -> None:
    async with running(chain(untyped(passes_on, "a"))) as flow:
        assert await collected(stream_flow(flow, message("whole"))) == ["whole"]


async def test_a_stream_ends_with_a_bare_result_of_its_trace() -> None:
    async def counts(msg: Message, ctx: Context) -> int:
        return len(msg.payload)

    async with running(chain(untyped(counts, "counts"))) as flow:
        streams = [collected(stream_flow(flow, message("x" * size))) for size in range(5)]
        assert await asyncio.gather(*streams) == [[size] for size in range(5)]


@pytest.mark.parametrize("maxsize", [1, 2, 64])
async def test_concurrent_streams_of_one_flow_never_mix(maxsize: int) -> None:
    node = untyped(speaks, "speaks", max_concurrency=5)
    async with running(chain(node, queue_maxsize=maxsize)) as flow:
        texts = [" ".join(f"{name}{number}" for number in range(8)) for name in "abcdefghij"]
        streams = [collected(stream_flow(flow, message(text), include_final=True)) for text in texts]

        assert await asyncio.gather(*streams) == [[*text.split(), "", 8] for text in texts]


async def test_results_of_others_stay_for_them() -> None:
    async with running(chain(untyped(speaks, "speaks"))) as flow:
        await flow.emit(message(""))
        assert await collected(stream_flow(flow, message("mine"))) == ["mine", ""]

        assert (await flow.fetch()).payload.done
        assert (await flow.fetch()).payload == 0


async def test_a_stream_goes_to_the_chosen_nodes() -> None:
    left, right = untyped(passes_on, "left"), untyped(speaks, "right")
    async with running(create(left.to(), right.to())) as flow:
        assert await collected(stream_flow(flow, message("a"), to=right)) == ["a", ""]


async def test_the_timeout_bounds_the_wait_for_each_item() -> None:
    async def hesitates(msg: Message, ctx: Context) -> None:
        for seconds in (4, 4, 6):
            await asyncio.sleep(seconds)
            await ctx.emit_chunk(parent=msg, text=str(seconds))

    async with running(chain(untyped(hesitates, "hesitates"))) as flow:
        stream = stream_flow(flow, message(), timeout=5)
        assert [(await anext(stream)).text for _ in range(2)] == ["4", "4"]
        with pytest.raises(asyncio.TimeoutError):
            await anext(stream)


async def test_a_node_that_fails_in_the_midst_ends_the_stream_with_its_error() -> None:
    async def breaks(msg: Message, ctx: Context) -> None:
        await ctx.emit_chunk(parent=msg, text="a")
        await asyncio.sleep(1)
        raise ValueError("lost the connection")

    async with running(chain(untyped(breaks, "breaks", max_retries=0))) as flow:
        stream = stream_flow(flow, message())
        assert (await anext(stream)).text == "a"
        with pytest.raises(FlowError, match="lost the connection"):
            await anext(stream)


async def test_a_cancelled_trace_ends_its_stream() -> None:
    async with running(chain(untyped(speaks, "speaks"))) as flow:
        sent = message("a b c d e f")
        stream = stream_flow(flow, sent)
        assert (await anext(stream)).text == "a"
        reading = asyncio.create_task(collected(stream))
        await asyncio.sleep(0.15)
        await flow.cancel(sent.trace_id)

        with pytest.raises(TraceCancelled):
            await reading


async def test_leaving_early_leaves_the_flow_usable() -> None:
    async with running(chain(untyped(speaks, "speaks"), queue_maxsize=1)) as flow:
        sent = message("a b c d e f")
        async for item in stream_flow(flow, sent):
            assert item.text == "a"
            break
        await flow.cancel(sent.trace_id)

        assert await collected(stream_flow(flow, message("next"))) == ["next", ""]


async def test_any_object_that_emits_and_fetches_can_be_streamed() -> None:
    class Recording:
        def __init__(self) -> None:
            self.results: list[Any] = [
                StreamChunk(stream_id="s", seq=0, text="bare"),
                message(StreamChunk(stream_id="s", seq=1, text="wrapped", done=True)),
            ]
            self.emitted: list[tuple[Any, Any]] = []

        async def emit(self, msg: Any, to: Any = None) -> None:
            self.emitted.append((msg, to))

        async def fetch(self) -> Any:
            return self.results.pop(0)

    flow, sent = Recording(), message("x")

    assert await collected(stream_flow(flow, sent)) == ["bare", "wrapped"]
    assert flow.emitted == [(sent, None)]

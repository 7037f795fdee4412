"""Section 12: what counts as pending, what cancel answers, and what it leaves alone."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from penguiflow import FlowError, create
from penguiflow.core import TraceCancelled
from tests.fakes.flows import Gate, Recorder, chain, message, passes_on, running, settled, untyped


class Parcel:
    """A value of the user's that belongs to a trace without being a message."""

    def __init__(self, trace_id: str) -> None:
        self.trace_id = trace_id


async def fails(msg: Any, ctx: Any) -> None:
    raise ValueError("boom")


async def test_any_object_with_a_trace_id_can_be_cancelled() -> None:
    gate, recorder = Gate(), Recorder()

    async with running(create(untyped(gate.wait, "n").to(), middlewares=[recorder])) as flow:
        await flow.emit(Parcel("T"))
        await settled()

        assert await flow.cancel("T")
        assert not await flow.cancel("T")
    assert recorder.kinds()[:4] == [
        "node_start",
        "trace_cancel_start",
        "node_trace_cancelled",
        "trace_cancel_finish",
    ]


async def test_an_error_in_the_rookery_keeps_its_trace_pending_until_it_is_fetched() -> None:
    async with running(create(untyped(fails, "n").to(), emit_errors_to_rookery=True)) as flow:
        await flow.emit(dropped := message())
        await settled()
        assert await flow.cancel(dropped.trace_id)

        await flow.emit(fetched := message())
        error = await flow.fetch()
        assert isinstance(error, FlowError)
        assert error.trace_id == fetched.trace_id
        assert not await flow.cancel(fetched.trace_id)


async def test_the_error_of_a_bare_value_is_not_delivered() -> None:
    async with running(create(untyped(fails, "n").to(), emit_errors_to_rookery=True)) as flow:
        await flow.emit("bare")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(flow.fetch(), 1)


async def test_cancel_is_true_again_while_the_trace_winds_down_and_false_afterwards() -> None:
    closing = asyncio.Event()
    gate = Gate(on_cancel=closing.wait)

    async with running(create(untyped(gate.wait, "n").to())) as flow:
        await flow.emit(sent := message())
        await settled()

        assert [await flow.cancel(sent.trace_id) for _ in range(3)] == [True] * 3
        closing.set()
        await settled()
        assert not await flow.cancel(sent.trace_id)


async def test_cancel_needs_a_running_flow() -> None:
    flow = create(untyped(passes_on, "n").to())
    with pytest.raises(RuntimeError, match="not running"):
        await flow.cancel("T")
    async with running(flow):
        assert not await flow.cancel("unknown")
    with pytest.raises(RuntimeError, match="not running"):
        await flow.cancel("T")


async def test_what_was_only_queued_is_told_to_be_gone_before_cancel_returns() -> None:
    gate, recorder = Gate(), Recorder()

    async with running(create(untyped(gate.wait, "n").to(), middlewares=[recorder])) as flow:
        await flow.emit(message("in the way"))
        for _ in range(3):
            await flow.emit(waits := message("waits", trace_id="T"))
        await settled()
        recorder.events.clear()

        assert await flow.cancel(waits.trace_id)
        start, finish = recorder.events
        gate.opened.set()
        assert (await flow.fetch()).payload == "in the way"

    assert (start.event_type, start.node_name, start.node_id) == ("trace_cancel_start", "OpenSea", "OpenSea")
    assert (dict(start.extra), start.trace_cancelled, start.attempt, start.latency_ms) == (
        {"pending": 3},
        True,
        0,
        None,
    )
    assert (finish.event_type, finish.node_name, finish.node_id) == (
        "trace_cancel_finish",
        "Rookery",
        "Rookery",
    )
    assert (finish.trace_pending, finish.trace_inflight, finish.trace_cancelled) == (0, 0, False)


async def test_the_event_of_a_trace_is_one_while_it_lives_and_is_set_by_cancel() -> None:
    gate = Gate()

    async with running(create(untyped(gate.wait, "n").to())) as flow:
        await flow.emit(sent := message())
        await settled()
        event = flow.ensure_trace_event(sent.trace_id)
        assert flow.ensure_trace_event(sent.trace_id) is event
        assert not event.is_set()

        await flow.cancel(sent.trace_id)
        assert event.is_set()
        await settled()
        assert not flow.ensure_trace_event(sent.trace_id).is_set()


async def test_an_external_task_outlives_the_cancel_of_its_trace_and_ends_with_the_flow() -> None:
    gate = Gate()
    elsewhere = asyncio.create_task(asyncio.sleep(1000))

    async with running(create(untyped(gate.wait, "n").to())) as flow:
        await flow.emit(sent := message())
        await settled()
        flow.register_external_task(sent.trace_id, elsewhere)
        await flow.cancel(sent.trace_id)
        await settled()
        assert not elsewhere.done()

    assert elsewhere.cancelled()


async def test_a_node_that_raises_the_cancellation_itself_is_not_tried_again() -> None:
    recorder = Recorder()

    async def gives_up(msg: Any, ctx: Any) -> None:
        raise TraceCancelled(msg.trace_id)

    node = untyped(gives_up, "n", max_retries=3)
    flow = create(node.to(), middlewares=[recorder], emit_errors_to_rookery=True)
    async with running(flow):
        await flow.emit(sent := message())
        await settled()

        assert recorder.kinds() == ["node_start", "node_trace_cancelled"]
        assert not await flow.cancel(sent.trace_id)


async def test_items_that_a_node_fetches_itself_are_accounted_for() -> None:
    async def takes_two(msg: Any, ctx: Any) -> list[Any]:
        second = await ctx.fetch()
        with pytest.raises(asyncio.QueueEmpty):
            ctx.fetch_nowait()
        return [msg.payload, second.payload]

    async with running(create(untyped(takes_two, "n").to())) as flow:
        await flow.emit(first := message(1))
        await flow.emit(second := message(2))

        assert await flow.fetch() == [1, 2]
        assert [await flow.cancel(sent.trace_id) for sent in (first, second)] == [False, False]


async def test_a_message_that_is_emitted_twice_counts_twice() -> None:
    async with running(chain(untyped(passes_on, "a"), untyped(passes_on, "b"))) as flow:
        sent = message()
        await flow.emit(sent)
        await flow.emit(sent)

        assert await flow.fetch() is sent
        assert await flow.cancel(sent.trace_id)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(flow.fetch(), 1)


async def test_an_emit_that_gave_up_leaves_nothing_of_its_trace_behind() -> None:
    gate = Gate()

    async with running(create(untyped(gate.wait, "n").to(), queue_maxsize=1)) as flow:
        await flow.emit(message("worked on"))
        await settled()
        await flow.emit(message("queued"))
        gone = message("gave up")
        with pytest.raises(asyncio.QueueFull):
            flow.emit_nowait(gone)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(flow.emit(gone), 1)

        assert not await flow.cancel(gone.trace_id)
        gate.opened.set()
        assert [(await flow.fetch()).payload for _ in range(2)] == ["worked on", "queued"]

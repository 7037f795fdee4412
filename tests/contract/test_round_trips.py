"""Round trips by trace id, as later releases document them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from penguiflow import FlowError, Message
from penguiflow.core import TraceCancelled
from tests.fakes.flows import Gate, chain, message, passes_on, running, settled, untyped


async def test_trace_scoped_fetches_are_isolated_across_concurrent_traces() -> None:
    async def slow_if_first(msg: Message, ctx: Any) -> Any:
        await asyncio.sleep(msg.payload)
        return {"bare": msg.payload}

    node = untyped(slow_if_first, "a", max_concurrency=5)
    async with running(chain(node)) as flow:

        async def ask(trace_id: str, seconds: int) -> Any:
            await flow.emit(message(seconds), trace_id=trace_id)
            return await flow.fetch(trace_id=trace_id)

        answers = await asyncio.gather(*(ask(f"t{n}", n) for n in (5, 1, 3)))
    assert answers == [{"bare": 5}, {"bare": 1}, {"bare": 3}]


async def test_a_trace_scoped_round_trip_serialises_the_same_trace_id() -> None:
    async with running(chain(untyped(passes_on, "a"))) as flow:
        await flow.emit(message("first"), trace_id="t")
        second = asyncio.create_task(flow.emit(message("second"), trace_id="t"))
        await settled()
        assert not second.done()
        assert (await flow.fetch(trace_id="t")).payload == "first"
        await second
        answer = await flow.fetch_any(trace_id="t")
        assert (answer.payload, answer.trace_id) == ("second", "t")


async def test_results_of_other_traces_stay_for_whoever_fetches_without_one() -> None:
    async with running(chain(untyped(passes_on, "a"))) as flow:
        await flow.emit(message("other"))
        await flow.emit(message("mine"), trace_id="t")
        assert (await flow.fetch(trace_id="t")).payload == "mine"
        assert (await flow.fetch()).payload == "other"


async def test_a_round_trip_needs_a_message_and_a_running_flow() -> None:
    flow = chain(untyped(passes_on, "a"))
    with pytest.raises(RuntimeError, match="running"):
        await flow.emit(message(), trace_id="t")
    async with running(flow):
        with pytest.raises(TypeError, match="trace id `t`"):
            await flow.emit("bare", trace_id="t")


async def test_cancelling_ends_the_round_trip_and_frees_its_trace_id() -> None:
    gate = Gate()
    async with running(chain(untyped(gate.wait, "gate"))) as flow:
        await flow.emit(message("lost"), trace_id="t")
        waiting = asyncio.create_task(flow.fetch(trace_id="t"))
        await settled()
        assert await flow.cancel("t")
        with pytest.raises(TraceCancelled):
            await waiting
        gate.opened.set()
        await flow.emit(message("next"), trace_id="t")
        assert (await flow.fetch(trace_id="t")).payload == "next"


async def test_a_failed_round_trip_raises_or_returns_its_error() -> None:
    async def fail(msg: Message, ctx: Any) -> None:
        raise LookupError("no")

    async with running(chain(untyped(fail, "a"))) as flow:
        await flow.emit(message(), trace_id="t")
        with pytest.raises(FlowError, match="LookupError: no"):
            await flow.fetch(trace_id="t")
    async with running(chain(untyped(fail, "a"), emit_errors_to_rookery=True)) as flow:
        await flow.emit(message(), trace_id="t")
        error = await flow.fetch(trace_id="t")
        assert (type(error), error.trace_id, error.node_name) == (FlowError, "t", "a")

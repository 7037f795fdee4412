"""A playbook that fails, or is too slow, ends its call with an error; the call never hangs."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

import pytest

from penguiflow import Context, FlowError, FlowErrorCode, Message, StreamChunk
from penguiflow.bus import BusEnvelope
from penguiflow.core import StopTimeoutError, call_playbook
from tests.fakes.flows import Gate, chain, message, passes_on, running, untyped
from tests.fakes.playbooks import Playbook, calling, nothing_left


async def fails(msg: Any, ctx: Context) -> Any:
    raise ValueError("broken index")


@pytest.mark.parametrize("to_rookery", [False, True])
@pytest.mark.parametrize("item", ["bare", message()])
async def test_a_failed_node_ends_the_call_with_its_error(item: Any, to_rookery: bool) -> None:
    playbook = Playbook(
        untyped(passes_on, "first"), untyped(fails, "fails", max_retries=1), emit_errors_to_rookery=to_rookery
    )
    async with nothing_left(playbook):
        with pytest.raises(FlowError, match="broken index") as caught:
            await call_playbook(playbook, item)

    assert caught.value.node_name == "fails"
    assert caught.value.trace_id == (item.trace_id if isinstance(item, Message) else None)
    assert isinstance(caught.value.original_exc, ValueError)
    assert playbook.events.kinds("fails").count("node_retry") == 1


async def test_an_error_that_a_node_returns_is_raised_too() -> None:
    error = FlowError(trace_id=None, node_name="own", code="OWN", message="no documents")

    async def returns_error(msg: Message, ctx: Context) -> FlowError:
        return error

    playbook = Playbook(untyped(returns_error, "returns_error"))
    async with nothing_left(playbook):
        with pytest.raises(FlowError) as caught:
            await call_playbook(playbook, message())

    assert caught.value is error


async def test_a_failed_branch_does_not_hide_the_result_of_another() -> None:
    async def streams_then_fails(msg: Message, ctx: Context) -> None:
        await ctx.emit_chunk(parent=msg, text="first")
        raise ValueError("too late")

    playbook = Playbook(untyped(streams_then_fails, "streams", max_retries=0))
    async with nothing_left(playbook):
        first = await call_playbook(playbook, message())

    assert isinstance(first, StreamChunk)
    assert first.text == "first"


async def test_a_failed_playbook_fails_the_node_that_called_it() -> None:
    playbook = Playbook(untyped(fails, "fails", max_retries=0))
    caller = calling(playbook, max_retries=1)
    async with nothing_left(playbook), running(chain(caller, emit_errors_to_rookery=True)) as flow:
        await flow.emit(message())
        error = await flow.fetch()

    assert (error.node_name, error.code) == ("caller", FlowErrorCode.NODE_EXCEPTION.value)
    assert isinstance(error.unwrap(), FlowError)
    assert error.unwrap().node_name == "fails"
    assert len(playbook.flows) == 2


async def test_a_playbook_without_a_result_in_time_is_a_timeout() -> None:
    gate = Gate()
    playbook = Playbook(untyped(gate.wait, "gate"))
    async with nothing_left(playbook):
        with pytest.raises(asyncio.TimeoutError, match="no result within 5 s"):
            await call_playbook(playbook, message(), 5)

    assert len(gate.cancelled) == 1


async def test_a_timeout_leaves_the_trace_of_the_caller_alone() -> None:
    playbook = Playbook(untyped(Gate().wait, "gate"))

    async def copes(msg: Message, ctx: Context) -> Message:
        with pytest.raises(TimeoutError):
            await ctx.call_playbook(playbook, msg, timeout=1)
        return msg.model_copy(update={"payload": "without it"})

    async with nothing_left(playbook), running(chain(untyped(copes, "copes"))) as flow:
        await flow.emit(message())

        assert (await flow.fetch()).payload == "without it"


async def test_a_timeout_is_a_node_timeout_of_the_caller() -> None:
    playbook = Playbook(untyped(Gate().wait, "gate"))
    caller = calling(playbook, timeout=1, max_retries=0)
    async with nothing_left(playbook), running(chain(caller, emit_errors_to_rookery=True)) as flow:
        await flow.emit(message())

        assert (await flow.fetch()).code == FlowErrorCode.NODE_TIMEOUT.value


async def test_the_timeout_of_the_calling_node_ends_the_playbook_too() -> None:
    gate = Gate()
    playbook = Playbook(untyped(gate.wait, "gate"))
    caller = calling(playbook, timeout_s=1, max_retries=0)
    async with nothing_left(playbook), running(chain(caller, emit_errors_to_rookery=True)) as flow:
        await flow.emit(message())

        assert (await flow.fetch()).code == FlowErrorCode.NODE_TIMEOUT.value
        assert len(gate.cancelled) == 1


async def test_a_bare_item_that_fails_in_the_playbook_of_a_traced_caller_ends_the_call() -> None:
    playbook = Playbook(untyped(fails, "fails", max_retries=0))

    async def calls(msg: Message, ctx: Context) -> str:
        with pytest.raises(FlowError, match="broken index"):
            await ctx.call_playbook(playbook, msg.payload)
        return "went on"

    async with nothing_left(playbook), running(chain(untyped(calls, "calls"))) as flow:
        await flow.emit(message())

        assert await flow.fetch() == "went on"


async def test_a_node_that_fails_while_the_message_is_still_published_ends_the_call() -> None:
    class SlowBus:
        async def publish(self, envelope: BusEnvelope) -> None:
            await asyncio.sleep(0.01)

    playbook = Playbook(untyped(fails, "fails", max_retries=0), message_bus=SlowBus())
    async with nothing_left(playbook):
        with pytest.raises(FlowError, match="broken index"):
            await call_playbook(playbook, message())


async def test_a_playbook_without_any_way_in_ends_the_call() -> None:
    node = untyped(passes_on, "a")
    playbook = Playbook(node, node, allow_cycles=True)
    async with nothing_left(playbook):
        with pytest.raises(RuntimeError, match="`OpenSea` has no outgoing floe"):
            await call_playbook(playbook, message())


async def test_a_node_that_does_not_let_itself_be_stopped_is_named() -> None:
    async def stays(msg: Message, ctx: Context) -> Message:
        while not released.is_set():
            with suppress(asyncio.CancelledError):
                await released.wait()
        return msg

    released = asyncio.Event()
    playbook = Playbook(untyped(stays, "stays"))
    async with nothing_left(playbook):
        with pytest.raises(StopTimeoutError, match="`stays`"):
            await call_playbook(playbook, message(), 1)
        released.set()

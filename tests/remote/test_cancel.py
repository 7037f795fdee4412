from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest

from penguiflow import create
from penguiflow.core import Context, TraceCancelled
from penguiflow.remote import RemoteCallRequest, RemoteCallResult, RemoteStreamEvent
from tests.fakes.flows import message, running, settled
from tests.remote.agents import URL, Desk, FakeAgent, calling, hangs, only, remote_events, remote_node


async def streams_and_hangs(request: RemoteCallRequest) -> AsyncIterator[RemoteStreamEvent]:
    yield RemoteStreamEvent(task_id="t", agent_url="https://other.test")
    await hangs()


async def test_cancelling_the_trace_cancels_a_unary_task_in_flight_once() -> None:
    agent = FakeAgent(send=Desk().reports_and_hangs)
    flow, recorder = calling(agent)
    sent = message()

    async with running(flow):
        await flow.emit(sent)
        await settled()
        assert await flow.cancel(sent.trace_id)
        await flow.cancel(sent.trace_id)
        await settled()

    assert agent.cancels == [(URL, "task-1")]
    cancelled = only(recorder, "remote_call_cancelled")
    assert cancelled.extra["remote_cancel_reason"] == "trace_cancel"
    assert cancelled.extra["remote_status"] == "cancelled"
    assert cancelled.extra["remote_task_id"] == "task-1"
    assert remote_events(recorder) == ["remote_call_start", "remote_call_cancelled"]


async def test_cancelling_the_trace_cancels_a_streaming_task_where_it_runs() -> None:
    agent = FakeAgent(stream=streams_and_hangs)
    flow, recorder = calling(agent, streaming=True)
    sent = message()

    async with running(flow):
        await flow.emit(sent)
        await settled()
        await flow.cancel(sent.trace_id)
        await settled()

    assert agent.cancels == [("https://other.test", "t")]
    assert only(recorder, "remote_call_cancelled").extra["remote_cancel_reason"] == "trace_cancel"


async def test_a_call_whose_task_is_unknown_ends_without_a_remote_cancel() -> None:
    agent = FakeAgent(send=hangs)
    flow, recorder = calling(agent)
    sent = message()

    async with running(flow):
        await flow.emit(sent)
        await settled()
        await flow.cancel(sent.trace_id)
        await settled()

    assert agent.cancels == []
    assert "remote_task_id" not in only(recorder, "remote_call_cancelled").extra


async def test_a_queued_call_is_dropped_unsent_and_the_other_trace_goes_on() -> None:
    opened = asyncio.Event()

    async def waits(request: RemoteCallRequest) -> RemoteCallResult:
        await opened.wait()
        return RemoteCallResult(request.message.payload, task_id="t")

    agent = FakeAgent(send=waits)
    flow, _ = calling(agent)
    queued = message("queued")

    async with running(flow):
        await flow.emit(message("kept"))
        await flow.emit(queued)
        await settled()
        await flow.cancel(queued.trace_id)
        opened.set()
        assert await flow.fetch() == "kept"
        await settled()

    assert len(agent.requests) == 1
    assert agent.cancels == []


async def test_a_task_that_becomes_known_after_the_cancellation_is_pre_cancelled() -> None:
    async def answers_all_the_same(request: RemoteCallRequest) -> RemoteCallResult:
        with suppress(asyncio.CancelledError):
            await hangs()
        return RemoteCallResult("too late", task_id="t")

    agent = FakeAgent(send=answers_all_the_same)
    flow, recorder = calling(agent)
    sent = message()

    async with running(flow):
        await flow.emit(sent)
        await settled()
        await flow.cancel(sent.trace_id)
        await settled()

    assert agent.cancels == [(URL, "t")]
    assert only(recorder, "remote_call_cancelled").extra["remote_cancel_reason"] == "pre_cancelled"
    assert recorder.of("remote_call_success") == []


async def test_the_caller_of_a_cancelled_trace_gets_trace_cancelled_with_the_task_cancelled() -> None:
    async def answers(request: RemoteCallRequest) -> RemoteCallResult:
        return RemoteCallResult("unwanted", task_id="t")

    agent = FakeAgent(send=answers)
    node = remote_node(agent)
    flow = create(node.to())
    sent = message()
    cancelled = flow.ensure_trace_event(sent.trace_id)
    cancelled.set()

    with pytest.raises(TraceCancelled) as caught:
        await node.invoke(sent, Context(node, flow), registry=None)

    assert caught.value.trace_id == sent.trace_id
    assert agent.cancels == [(URL, "t")]


async def test_a_task_reported_after_its_call_was_given_up_is_cancelled_then() -> None:
    agent = FakeAgent(send=hangs)
    flow, recorder = calling(agent)
    sent = message()

    async with running(flow):
        await flow.emit(sent)
        await settled()
        await flow.cancel(sent.trace_id)
        await settled()
        (request,) = agent.requests
        assert request.on_task is not None
        request.on_task("late", None)
        request.on_task("late", None)
        await settled()

    assert agent.cancels == [(URL, "late")]
    assert len(recorder.of("remote_call_cancelled")) == 1


async def test_a_remote_cancel_that_fails_is_told_and_hurts_nobody() -> None:
    async def refuses() -> None:
        raise PermissionError("not yours")

    agent = FakeAgent(send=Desk().reports_and_hangs, cancel=refuses)
    flow, recorder = calling(agent)
    sent = message()

    async with running(flow):
        await flow.emit(sent)
        await settled()
        await flow.cancel(sent.trace_id)
        await settled()

    error = only(recorder, "remote_cancel_error")
    assert error.extra["remote_error"] == "PermissionError('not yours')"
    assert error.extra["remote_status"] == "cancel_error"
    assert remote_events(recorder) == ["remote_call_start", "remote_cancel_error"]


async def test_a_transport_that_cancels_itself_while_cancelling_has_failed() -> None:
    async def gives_up() -> None:
        raise asyncio.CancelledError

    agent = FakeAgent(send=Desk().reports_and_hangs, cancel=gives_up)
    flow, recorder = calling(agent)
    sent = message()

    async with running(flow):
        await flow.emit(sent)
        await settled()
        await flow.cancel(sent.trace_id)
        await settled()

    assert "CancelledError" in only(recorder, "remote_cancel_error").extra["remote_error"]


async def test_the_worker_goes_on_while_a_remote_cancel_hangs_and_the_hang_is_bounded() -> None:
    agent = FakeAgent(send=Desk().reports_and_hangs, cancel=hangs)
    flow, recorder = calling(agent)
    first, second = message(), message()

    async with running(flow):
        await flow.emit(first)
        await flow.emit(second)
        await settled()
        await flow.cancel(first.trace_id)
        await settled()
        assert [request.message for request in agent.requests] == [first, second]
        await asyncio.sleep(60)

    error = recorder.of("remote_cancel_error")[0]
    assert (error.trace_id, error.extra["remote_error"][:13]) == (first.trace_id, "TimeoutError(")


async def test_only_the_cancelled_one_of_many_concurrent_calls_is_cancelled() -> None:
    agent = FakeAgent(send=Desk().reports_and_hangs)
    flow, recorder = calling(agent, policy={"max_concurrency": 3})
    sent = [message(number) for number in range(3)]

    async with running(flow):
        for item in sent:
            await flow.emit(item)
        await settled()
        await flow.cancel(sent[1].trace_id)
        await settled()
        assert agent.cancels == [(URL, "task-2")]

    assert recorder.of("remote_call_cancelled")[0].trace_id == sent[1].trace_id

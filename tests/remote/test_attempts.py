from __future__ import annotations

import asyncio
from contextlib import suppress

from penguiflow.remote import RemoteCallRequest, RemoteCallResult
from tests.fakes.flows import message, running, settled
from tests.remote.agents import URL, Desk, FakeAgent, calling, hangs, only, remote_events

RETRIED = {"max_retries": 2, "backoff_base": 0.1}


async def test_every_attempt_that_times_out_cancels_its_own_remote_task() -> None:
    agent = FakeAgent(send=Desk().reports_and_hangs)
    flow, recorder = calling(agent, policy={"timeout_s": 1.0, **RETRIED})

    async with running(flow):
        await flow.emit(message())
        await asyncio.sleep(60)

    assert agent.cancels == [(URL, "task-1"), (URL, "task-2"), (URL, "task-3")]
    told = recorder.of("remote_call_cancelled")
    assert [event.extra["remote_cancel_reason"] for event in told] == ["node_timeout"] * 3
    assert recorder.kinds("remote").count("node_timeout") == 3


async def test_every_failure_that_leaves_a_task_open_cancels_it_before_the_retry() -> None:
    desk = Desk()

    async def fails_twice(request: RemoteCallRequest) -> RemoteCallResult:
        if desk.accepted < 2:
            return await desk.reports_and_fails(request)
        return RemoteCallResult("third time lucky", task_id=desk.accept(request))

    agent = FakeAgent(send=fails_twice)
    flow, recorder = calling(agent, policy=RETRIED)

    async with running(flow):
        await flow.emit(message())
        assert await flow.fetch() == "third time lucky"

    assert agent.cancels == [(URL, "task-1"), (URL, "task-2")]
    start_error = ["remote_call_start", "remote_call_error"]
    assert remote_events(recorder) == [*start_error, *start_error, "remote_call_start", "remote_call_success"]


async def test_the_failure_is_told_even_if_the_remote_cancel_hangs() -> None:
    agent = FakeAgent(send=Desk().reports_and_fails, cancel=hangs)
    flow, recorder = calling(agent)

    async with running(flow):
        await flow.emit(message())
        await asyncio.sleep(60)

    assert remote_events(recorder) == ["remote_call_start", "remote_call_error", "remote_cancel_error"]


async def test_a_timeout_of_the_transport_itself_is_an_error_of_the_call() -> None:
    desk = Desk()

    async def takes_too_long(request: RemoteCallRequest) -> RemoteCallResult:
        desk.accept(request)
        raise TimeoutError("read timed out")

    agent = FakeAgent(send=takes_too_long)
    flow, recorder = calling(agent)

    async with running(flow):
        await flow.emit(message())
        await settled()

    assert only(recorder, "remote_call_error").extra["remote_error"] == "TimeoutError('read timed out')"
    assert agent.cancels == [(URL, "task-1")]


async def test_a_transport_that_raises_cancelled_error_by_itself_has_failed() -> None:
    desk = Desk()

    async def cancels_itself(request: RemoteCallRequest) -> RemoteCallResult:
        desk.accept(request)
        raise asyncio.CancelledError

    agent = FakeAgent(send=cancels_itself)
    flow, recorder = calling(agent)

    async with running(flow):
        await flow.emit(message())
        await settled()

    assert remote_events(recorder) == ["remote_call_start", "remote_call_error"]
    assert agent.cancels == [(URL, "task-1")]


async def test_a_cancel_during_the_backoff_adds_no_second_remote_cancel() -> None:
    agent = FakeAgent(send=Desk().reports_and_fails)
    flow, recorder = calling(agent, policy={"max_retries": 5, "backoff_base": 30.0})
    sent = message()

    async with running(flow):
        await flow.emit(sent)
        await asyncio.sleep(1)
        await flow.cancel(sent.trace_id)
        await asyncio.sleep(60)

    assert agent.cancels == [(URL, "task-1")]
    assert remote_events(recorder) == ["remote_call_start", "remote_call_error"]


async def test_a_transport_that_turns_the_cancellation_into_an_error_is_still_cancelled() -> None:
    desk = Desk()

    async def translates(request: RemoteCallRequest) -> RemoteCallResult:
        desk.accept(request)
        try:
            return await hangs()
        except asyncio.CancelledError:
            raise ConnectionError("closed") from None

    agent = FakeAgent(send=translates)
    flow, recorder = calling(agent)
    sent = message()

    async with running(flow):
        await flow.emit(sent)
        await settled()
        await flow.cancel(sent.trace_id)
        await settled()

    assert only(recorder, "remote_call_cancelled").extra["remote_cancel_reason"] == "trace_cancel"
    assert agent.cancels == [(URL, "task-1")]


async def test_an_answer_after_the_cancellation_of_its_trace_is_no_success() -> None:
    desk = Desk()

    async def answers_all_the_same(request: RemoteCallRequest) -> RemoteCallResult:
        task_id = desk.accept(request)
        with suppress(asyncio.CancelledError):
            await hangs()
        return RemoteCallResult("too late", task_id=task_id)

    agent = FakeAgent(send=answers_all_the_same)
    flow, recorder = calling(agent)
    sent = message()

    async with running(flow):
        await flow.emit(sent)
        await settled()
        await flow.cancel(sent.trace_id)
        await settled()
        assert flow.statistics().queued == 0

    assert remote_events(recorder) == ["remote_call_start", "remote_call_cancelled"]
    assert agent.cancels == [(URL, "task-1")]

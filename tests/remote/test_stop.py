from __future__ import annotations

import asyncio
from contextlib import suppress

from tests.fakes.flows import message, running, settled
from tests.remote.agents import URL, Desk, FakeAgent, calling, hangs, only, remote_events


async def test_stopping_the_flow_cancels_the_remote_task() -> None:
    async def takes_a_moment() -> None:
        await asyncio.sleep(0.5)

    agent = FakeAgent(send=Desk().reports_and_hangs, cancel=takes_a_moment)
    flow, recorder = calling(agent, policy={"timeout_s": 30.0})

    async with running(flow):
        await flow.emit(message())
        await settled()

    assert agent.cancels == [(URL, "task-1")]
    assert only(recorder, "remote_call_cancelled").extra["remote_cancel_reason"] == "flow_stop"


async def test_a_stop_right_after_a_cancel_does_not_tear_the_remote_cancel_off() -> None:
    reached: list[str] = []

    async def takes_a_moment() -> None:
        await asyncio.sleep(0.5)
        reached.append("remote side")

    agent = FakeAgent(send=Desk().reports_and_hangs, cancel=takes_a_moment)
    flow, recorder = calling(agent)
    sent = message()

    async with running(flow):
        await flow.emit(sent)
        await settled()
        await flow.cancel(sent.trace_id)

    assert reached == ["remote side"]
    assert only(recorder, "remote_call_cancelled").extra["remote_cancel_reason"] == "trace_cancel"


async def test_a_remote_cancel_that_hangs_holds_up_a_stop_for_a_second_only() -> None:
    agent = FakeAgent(send=Desk().reports_and_hangs, cancel=hangs)
    flow, recorder = calling(agent)
    clock = asyncio.get_running_loop().time

    async with running(flow):
        await flow.emit(message())
        await settled()
        asked = clock()
        await flow.stop()
        assert clock() - asked <= 1.0

    assert remote_events(recorder) == ["remote_call_start", "remote_cancel_error"]


async def test_a_remote_cancel_that_swallows_its_own_cancellation_cannot_hang_the_stop() -> None:
    released = asyncio.Event()

    async def stubborn() -> None:
        while not released.is_set():
            with suppress(asyncio.CancelledError):
                await released.wait()

    agent = FakeAgent(send=Desk().reports_and_hangs, cancel=stubborn)
    flow, recorder = calling(agent)
    flow.run()
    await flow.emit(message())
    await settled()

    async with asyncio.timeout(5):
        await flow.stop()

    assert remote_events(recorder)[-1] == "remote_cancel_error"
    released.set()
    await settled()


async def test_a_stopped_flow_calls_the_agent_again_after_the_next_run() -> None:
    agent = FakeAgent(send=Desk().reports_and_hangs)
    flow, _ = calling(agent)

    for _ in range(2):
        async with running(flow):
            await flow.emit(message())
            await settled()

    assert agent.cancels == [(URL, "task-1"), (URL, "task-2")]


async def test_a_call_before_its_task_is_known_ends_with_the_flow() -> None:
    agent = FakeAgent(send=hangs)
    flow, recorder = calling(agent)

    async with running(flow):
        await flow.emit(message())
        await settled()

    assert agent.cancels == []
    assert only(recorder, "remote_call_cancelled").extra["remote_cancel_reason"] == "flow_stop"

"""Many calls at once, interrupted in every way, under schedules that asyncio itself would never choose."""

from __future__ import annotations

import asyncio
import random

import pytest

from penguiflow.remote import RemoteCallRequest, RemoteCallResult
from tests.fakes.flows import message, running
from tests.fakes.virtual_time import run_virtually
from tests.remote.agents import FakeAgent, calling


class RestlessAgent:
    """Accepts, answers, fails or hangs by chance, and knows the tasks it has accepted."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self.accepted: set[str] = set()

    async def send(self, request: RemoteCallRequest) -> RemoteCallResult:
        await asyncio.sleep(self._chance.choice([0, 0.1]))
        task_id = f"task-{len(self.accepted)}"
        self.accepted.add(task_id)
        assert request.on_task is not None
        request.on_task(task_id, None)
        await asyncio.sleep(self._chance.choice([0, 0.1, 0.5, 5.0]))
        if self._chance.random() < 0.2:
            raise ConnectionError("line lost")
        return RemoteCallResult(task_id, task_id=task_id)


@pytest.mark.parametrize("eager", [False, True])
@pytest.mark.parametrize("seed", range(20))
def test_every_task_is_either_answered_or_cancelled_once(seed: int, eager: bool) -> None:
    async def scenario() -> None:
        chance = random.Random(seed)
        remote = RestlessAgent(chance)
        agent = FakeAgent(send=remote.send)
        policy = {"timeout_s": 1.0, "max_retries": 1, "backoff_base": 0.1, "max_concurrency": 4}
        flow, recorder = calling(agent, policy=policy)
        sent = [message(number) for number in range(20)]

        async with running(flow):
            for item in sent:
                await flow.emit(item)
            for item in chance.sample(sent, 6):
                await asyncio.sleep(chance.choice([0, 0.05, 0.3]))
                await flow.cancel(item.trace_id)
            await asyncio.sleep(chance.choice([0.2, 30]))

        cancelled = [task_id for _, task_id in agent.cancels]
        succeeded = {event.extra["remote_task_id"] for event in recorder.of("remote_call_success")}
        assert len(cancelled) == len(set(cancelled))
        assert succeeded.isdisjoint(cancelled)
        assert succeeded | set(cancelled) == remote.accepted

    run_virtually(scenario(), seed=seed, eager=eager)

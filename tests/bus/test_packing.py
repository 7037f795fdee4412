from __future__ import annotations

import asyncio

import pytest

from penguiflow._bus.packing import Packer
from penguiflow._bus.settings import BusLimits
from penguiflow._bus.statistics import Tally
from penguiflow._bus.wire import Stamp
from tests.bus.scripted import envelope

STAMP = Stamp(message_id="p-1", publisher="p", seq=1, ts=2.5)


@pytest.mark.process  # a real thread needs a real loop
async def test_taking_the_secrets_out_of_much_does_not_hold_up_the_loop() -> None:
    turns = 0

    async def work() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    packer = Packer(BusLimits(), None, Tally())
    message = packer.pack(envelope(["krill " * 10 for _ in range(10_000)]), STAMP)
    async with asyncio.timeout(10):
        worker = asyncio.create_task(work())
        await packer.finish(message, max_bytes=None)
        worker.cancel()
        await asyncio.wait((worker,))

    assert message.is_ready
    assert turns > 2


async def test_a_message_is_finished_once() -> None:
    packer = Packer(BusLimits(), None, Tally())
    message = packer.pack(envelope({"password": "hunter2"}), STAMP)
    assert not message.is_ready

    await packer.finish(message, max_bytes=None)
    finished = message.body
    await packer.finish(message, max_bytes=1)

    assert b"hunter2" not in finished
    assert message.body is finished

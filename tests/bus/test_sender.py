"""The buffer and the task behind it, under virtual time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penguiflow._bus.log import WARNING_INTERVAL_S
from penguiflow._bus.publisher import BufferedPublisher
from penguiflow._bus.transport import Delivery, Outgoing
from penguiflow.bus import BusError
from tests.bus.scripted import ScriptedServer, Verdict, envelope, publisher
from tests.fakes.flows import loop_clock, settled
from tests.fakes.virtual_time import run_virtually


async def publish(bus: BufferedPublisher, *payloads: object) -> None:
    for payload in payloads:
        await bus.publish(envelope(payload))


def nothing_is_left() -> bool:
    return asyncio.all_tasks() == {asyncio.current_task()}


async def test_envelopes_are_sent_in_order_in_batches() -> None:
    server = ScriptedServer()
    async with publisher(server, batch_envelopes=4) as bus:
        await publish(bus, *range(10))

    assert server.payloads == list(range(10))
    assert server.batches == [[1, 2, 3, 4], [5, 6, 7, 8], [9, 10]]
    assert (bus.statistics().sent, bus.statistics().buffered) == (10, 0)
    assert not server.is_connected
    assert nothing_is_left()


async def test_publishing_does_not_wait_for_a_server_that_hangs() -> None:
    server = ScriptedServer()
    server.opened.clear()
    async with publisher(server) as bus:
        await settled()
        await publish(bus, *range(1_000))
        assert (loop_clock(), bus.statistics().buffered) == (0, 1_000)
        server.opened.set()

    assert server.payloads == list(range(1_000))


async def test_what_was_not_acknowledged_is_sent_again_with_the_same_ids() -> None:
    server = ScriptedServer()
    failures = [
        Delivery(acknowledged=3, failure=ConnectionError("lost")),
        Delivery(acknowledged=0, failure=ConnectionError("lost")),
    ]
    server.verdict = lambda batch: failures.pop(0) if failures else Delivery(acknowledged=len(batch))
    async with publisher(server) as bus:
        await publish(bus, *range(6))

    assert server.batches == [[1, 2, 3, 4, 5, 6], [4, 5, 6], [4, 5, 6]]
    assert [each["id"] for each in server.received] == [f"publisher-{seq}" for seq in range(1, 7)]
    assert (bus.statistics().sent, bus.statistics().reconnects) == (6, 2)
    assert bus.statistics().last_error == "ConnectionError: lost"


async def test_the_pauses_after_failures_double_up_to_the_longest() -> None:
    server = ScriptedServer()
    server.is_up = False
    bus = publisher(server, first_pause_s=1, longest_pause_s=6)
    bus.start()
    await asyncio.sleep(13)

    await bus.aclose(0.1)

    # With the least of chance a pause is half of 1, 2, 4, 6, 6, 6 seconds.
    assert server.connected_at == [0, 0.5, 1.5, 3.5, 6.5, 9.5, 12.5]


async def test_a_server_that_accepts_connections_but_nothing_else_is_left_alone_more_and_more() -> None:
    server = ScriptedServer()
    server.verdict = lambda batch: Delivery(acknowledged=0, failure=ConnectionError("no"))
    bus = publisher(server, first_pause_s=1, longest_pause_s=6)
    bus.start()
    await publish(bus, 1)
    await asyncio.sleep(600)

    attempts = len(server.batches)
    assert await bus.aclose(0.1) == 1

    assert 190 < attempts < 210


async def test_a_success_ends_the_row_of_failures() -> None:
    server = ScriptedServer()
    server.is_up = False
    bus = publisher(server, first_pause_s=1, longest_pause_s=100)
    bus.start()
    await publish(bus, 1)
    await asyncio.sleep(30)
    server.is_up = True
    await asyncio.sleep(60)
    assert server.payloads == [1]
    failures = [Delivery(acknowledged=0, failure=ConnectionError("lost"))]
    server.verdict = lambda batch: failures.pop() if failures else Delivery(acknowledged=len(batch))

    await publish(bus, 2)
    await asyncio.sleep(0.6)

    assert server.payloads == [1, 2]
    await bus.aclose()


async def test_a_failing_server_is_reported_at_once_and_then_every_ten_seconds(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.WARNING, "penguiflow.bus")
    server = ScriptedServer()
    server.is_up = False
    bus = publisher(server, buffer_envelopes=10, first_pause_s=0.1, longest_pause_s=1)
    bus.start()
    for number in range(60):
        await publish(bus, number)
        await asyncio.sleep(1)
    server.is_up = True
    assert await bus.aclose(5) == 0

    facts = [vars(record) for record in caplog.records]
    assert len(facts) == 1 + 60 // WARNING_INTERVAL_S - 1
    assert facts[0]["event"] == "message_bus_unreachable"
    assert facts[0]["exception"] == "ConnectionError: connect to redis://[redacted]@host failed"
    assert facts[1]["unreported"] > 10
    assert (bus.statistics().sent, bus.statistics().dropped) == (10, 50)


async def test_a_full_buffer_drops_its_oldest_and_what_arrives_after_all_counts_as_sent() -> None:
    server = ScriptedServer()
    server.opened.clear()
    async with publisher(server, buffer_envelopes=3) as bus:
        await publish(bus, 1, 2, 3)
        await settled()
        await publish(bus, 4, 5)
        assert (bus.statistics().dropped, bus.statistics().buffered) == (2, 3)
        server.opened.set()

    assert server.payloads == [1, 2, 3, 4, 5]
    assert (bus.statistics().dropped, bus.statistics().sent) == (0, 5)


async def test_what_was_dropped_on_its_way_is_not_sent_again() -> None:
    server = ScriptedServer()
    server.opened.clear()
    async with publisher(server, buffer_envelopes=3) as bus:
        await publish(bus, 1, 2, 3)
        await settled()
        await publish(bus, 4, 5)
        server.is_up = False
        server.opened.set()
        await settled()
        server.is_up = True

    assert server.payloads == [3, 4, 5]
    assert (bus.statistics().dropped, bus.statistics().sent) == (2, 3)


async def test_the_buffer_is_bounded_in_bytes_too() -> None:
    server = ScriptedServer()
    server.is_up = False
    bus = publisher(server, buffer_bytes=20_000, message_bytes=10_000)
    bus.start()
    await publish(bus, *("krill " * 500 for _ in range(20)))

    statistics = bus.statistics()
    assert 3 <= statistics.buffered <= 6
    assert statistics.buffered + statistics.dropped == 20
    await bus.aclose(0.1)


async def test_a_message_that_the_server_never_takes_is_given_up_and_the_others_arrive() -> None:
    def too_large(batch: Sequence[Outgoing]) -> Delivery:
        for position, message in enumerate(batch):
            if message.seq == 3:
                return Delivery(acknowledged=position, failure=ValueError("too large"), is_refused=True)
        return Delivery(acknowledged=len(batch))

    server = ScriptedServer()
    server.verdict = too_large
    async with publisher(server) as bus:
        await publish(bus, 1, 2, 3, 4, 5)

    assert server.payloads == [1, 2, 4, 5]
    assert server.connected_at == [0]
    assert (bus.statistics().refused, bus.statistics().sent, bus.statistics().dropped) == (1, 4, 0)


async def test_closing_does_not_sit_out_a_long_pause() -> None:
    server = ScriptedServer()
    server.is_up = False
    bus = publisher(server, first_pause_s=100, longest_pause_s=100)
    bus.start()
    await publish(bus, 1)
    await settled()
    server.is_up = True

    assert await bus.aclose(5) == 0

    assert server.payloads == [1]
    assert loop_clock() < 1


async def test_closing_tries_often_even_after_many_failures() -> None:
    server = ScriptedServer()
    server.is_up = False
    bus = publisher(server, first_pause_s=1, longest_pause_s=100)
    bus.start()
    await publish(bus, 1)
    await asyncio.sleep(200)
    asyncio.get_running_loop().call_later(3, setattr, server, "is_up", True)

    assert await bus.aclose(8) == 0

    assert server.payloads == [1]


class StuckServer(ScriptedServer):
    """Hangs at one point, there ignoring a first cancellation if it is `stubborn`."""

    def __init__(self, point: str, *, stubborn: bool) -> None:
        super().__init__()
        self._point = point
        self._stubborn = stubborn

    async def connect(self) -> None:
        await self._hang_at("connect")
        await super().connect()

    async def send(self, batch: Sequence[Outgoing]) -> Delivery:
        await self._hang_at("send")
        return await super().send(batch)

    async def close(self) -> None:
        await self._hang_at("close")
        await super().close()

    async def _hang_at(self, point: str) -> None:
        if point == self._point:
            if self._stubborn:
                with suppress(asyncio.CancelledError):
                    await asyncio.Event().wait()
            await asyncio.Event().wait()


@pytest.mark.parametrize("stubborn", [False, True])
@pytest.mark.parametrize("point", ["connect", "send", "close"])
async def test_closing_ends_in_time_wherever_the_server_hangs(point: str, stubborn: bool) -> None:
    server = StuckServer(point, stubborn=stubborn)
    bus = publisher(server)
    bus.start()
    await publish(bus, 1, 2)

    unsent = await bus.aclose(2)

    assert unsent == (0 if point == "close" else 2)
    assert loop_clock() <= 2
    assert nothing_is_left()


async def test_a_closing_that_is_cancelled_leaves_no_task() -> None:
    bus = publisher(StuckServer("send", stubborn=False))
    bus.start()
    await publish(bus, 1)
    await settled()

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(1):
            await bus.aclose(60)

    assert nothing_is_left()


async def test_a_cancellation_of_the_packages_own_making_is_a_failure_like_others() -> None:
    class Cancelling(ScriptedServer):
        async def send(self, batch: Sequence[Outgoing]) -> Delivery:
            if not self.batches:
                self.batches.append([])
                raise asyncio.CancelledError
            return await super().send(batch)

    server = Cancelling()
    async with publisher(server) as bus:
        await publish(bus, 1)

    assert server.payloads == [1]
    assert bus.statistics().last_error == "CancelledError: CancelledError"


async def test_a_publisher_that_is_not_started_or_closed_refuses_envelopes() -> None:
    bus = publisher(ScriptedServer())
    with pytest.raises(BusError, match="not started"):
        await publish(bus, 1)
    assert await bus.aclose() == 0

    async with bus:
        with pytest.raises(BusError, match="started before"):
            bus.start()
    with pytest.raises(BusError, match="closed"):
        await publish(bus, 1)


Step = st.one_of(
    st.integers(1, 8),  # publish so many
    st.sampled_from(["up", "down", "wait", "hang", "go"]),
    st.tuples(st.integers(0, 4), st.booleans()),  # a batch of which so many are taken, and one may be refused
)


@given(steps=st.lists(Step, max_size=30), capacity=st.integers(1, 12))
def test_whatever_happens_every_envelope_is_accounted_for_and_none_overtakes(
    steps: list[int | str | tuple[int, bool]], capacity: int
) -> None:
    async def run() -> None:
        server = ScriptedServer()
        bus = publisher(server, buffer_envelopes=capacity, batch_envelopes=4)
        bus.start()
        published = 0
        for step in steps:
            match step:
                case int():
                    await publish(bus, *range(published, published + step))
                    published += step
                case str():
                    await follow(server, step)
                case (taken, refused):
                    server.verdict = once(server, taken, refused=refused)
            await settled(3)
            statistics = bus.statistics()
            fates = (statistics.sent, statistics.dropped, statistics.refused, statistics.buffered)
            assert sum(fates) == published
            assert min(fates) >= 0
            assert statistics.buffered <= capacity
        await follow(server, "up")
        await follow(server, "go")
        assert await bus.aclose(60) == 0
        assert server.payloads == sorted(set(server.payloads))
        assert len(server.payloads) == bus.statistics().sent
        assert nothing_is_left()

    run_virtually(run())


async def follow(server: ScriptedServer, step: str) -> None:
    match step:
        case "up" | "down":
            server.is_up = step == "up"
        case "hang":
            server.opened.clear()
        case "go":
            server.opened.set()
        case _:
            await asyncio.sleep(1)


def once(server: ScriptedServer, taken: int, *, refused: bool) -> Verdict:
    def verdict(batch: Sequence[Outgoing]) -> Delivery:
        server.verdict = None
        if taken >= len(batch):
            return Delivery(acknowledged=len(batch))
        return Delivery(acknowledged=taken, failure=ConnectionError("lost"), is_refused=refused)

    return verdict

"""Real servers that are killed, that hang, or that were never there."""

from __future__ import annotations

import asyncio
import logging
import signal

import pytest

from penguiflow.bus import BusEnvelope, BusLimits, NatsJetStreamPublisher, RedisStreamsPublisher
from tests.bus.brokers import Broker, Publisher, RedisBroker, first_of_each
from tests.fakes.cut_line import cut_line
from tests.fakes.flows import chain, message, passes_on, untyped
from tests.fakes.mcp_processes import until
from tests.fakes.servers import free_port

pytestmark = pytest.mark.process

IMPATIENT = BusLimits(first_pause_s=0.01, longest_pause_s=0.1, answer_timeout_s=0.5)


def envelope(payload: object) -> BusEnvelope:
    return BusEnvelope("a->b", "a", "b", "t", payload, None, None)


async def publish(bus: Publisher, numbers: range) -> None:
    for number in numbers:
        await bus.publish(envelope(number))


def nothing_is_left() -> bool:
    return asyncio.all_tasks() == {asyncio.current_task()}


async def test_nothing_is_lost_or_out_of_order_when_the_server_is_killed_again_and_again(
    own_broker: Broker,
) -> None:
    async with asyncio.timeout(30):
        bus = own_broker.publisher("killed", limits=IMPATIENT)
        bus.start()
        for outage in range(3):
            first = outage * 1_000
            await publish(bus, range(first, first + 500))
            await until(lambda first=first: bus.statistics().sent > first)
            own_broker.server.kill()
            await publish(bus, range(first + 500, first + 1_000))
            await until(lambda outage=outage: bus.statistics().last_error is not None)
            await asyncio.to_thread(own_broker.server.start)
            await until(lambda outage=outage: bus.statistics().reconnects > outage)
        unsent = await bus.aclose(10)

    read = first_of_each(await own_broker.read("killed"))

    assert unsent == 0
    assert [each["payload"] for each in read] == list(range(3_000))
    assert [each["seq"] for each in read] == list(range(1, 3_001))
    statistics = bus.statistics()
    assert (statistics.sent, statistics.dropped, statistics.buffered) == (3_000, 0, 0)
    assert statistics.reconnects >= 3
    assert nothing_is_left()


async def test_a_flow_goes_on_while_the_server_is_dead_and_its_items_arrive_later(own_broker: Broker) -> None:
    own_broker.server.kill()
    async with asyncio.timeout(20):
        bus = own_broker.publisher("flow", limits=IMPATIENT)
        bus.start()
        flow = chain(untyped(passes_on, "a"), untyped(passes_on, "b"), message_bus=bus)
        flow.run()
        for number in range(100):
            await flow.emit(message(number))
            assert (await flow.fetch()).payload == number
        await flow.stop()
        assert (bus.statistics().sent, bus.statistics().buffered) == (0, 300)
        await asyncio.to_thread(own_broker.server.start)
        assert await bus.aclose(10) == 0

    read = first_of_each(await own_broker.read("flow"))

    assert [each["edge"] for each in read] == ["OpenSea->a", "a->b", "b->Rookery"] * 100
    assert [each["payload"]["payload"] for each in read] == [n for n in range(100) for _ in "abc"]


async def test_what_a_full_buffer_drops_is_the_oldest_and_counted_exactly(own_broker: Broker) -> None:
    own_broker.server.kill()
    limits = BusLimits(buffer_envelopes=100, first_pause_s=0.01, longest_pause_s=0.1)
    async with asyncio.timeout(20):
        bus = own_broker.publisher("full", limits=limits)
        bus.start()
        await publish(bus, range(250))
        assert (bus.statistics().dropped, bus.statistics().buffered) == (150, 100)
        await asyncio.to_thread(own_broker.server.start)
        assert await bus.aclose(10) == 0

    assert [each["payload"] for each in await own_broker.read("full")] == list(range(150, 250))
    assert (bus.statistics().sent, bus.statistics().dropped) == (100, 150)


async def test_what_is_sent_again_because_the_answer_was_lost_can_be_told_by_its_id(broker: Broker) -> None:
    patient = BusLimits(answer_timeout_s=60, first_pause_s=0.01, longest_pause_s=0.1)
    async with asyncio.timeout(20), cut_line(broker.server.port) as line:
        bus = broker.publisher("answers", port=line.port, limits=patient)
        bus.start()
        for cut in range(3):
            line.lose_answer_to(b'"payload":%d,' % (cut * 100 + 60))
            await publish(bus, range(cut * 100, cut * 100 + 100))
            await until(lambda cut=cut: bus.statistics().sent == cut * 100 + 100)
        assert await bus.aclose(10) == 0

    read = await broker.read("answers")

    assert line.cuts == bus.statistics().reconnects == 3
    assert [each["payload"] for each in first_of_each(read)] == list(range(300))
    repeated = len(read) - 300
    assert repeated > 0 if isinstance(broker, RedisBroker) else repeated == 0


async def test_a_connection_that_breaks_is_noticed_at_once(own_broker: Broker) -> None:
    async with asyncio.timeout(20):
        patient = BusLimits(answer_timeout_s=60, first_pause_s=0.01, longest_pause_s=0.1)
        bus = own_broker.publisher("broken", limits=patient)
        bus.start()
        await publish(bus, range(10))
        await until(lambda: bus.statistics().sent == 10)
        own_broker.server.pause(signal.SIGSTOP)
        await publish(bus, range(10, 20))
        await asyncio.sleep(0)
        own_broker.server.kill()
        await until(lambda: bus.statistics().last_error is not None)
        await asyncio.to_thread(own_broker.server.start)
        assert await bus.aclose(10) == 0

    read = first_of_each(await own_broker.read("broken"))
    assert [each["payload"] for each in read] == list(range(20))


async def test_a_server_that_hangs_is_left_and_gets_everything_when_it_is_back(own_broker: Broker) -> None:
    async with asyncio.timeout(20):
        bus = own_broker.publisher("hung", limits=IMPATIENT)
        bus.start()
        await publish(bus, range(10))
        await until(lambda: bus.statistics().sent == 10)
        own_broker.server.pause(signal.SIGSTOP)
        try:
            await publish(bus, range(10, 500))
            await until(lambda: bus.statistics().last_error is not None)
            assert bus.statistics().buffered == 490
        finally:
            own_broker.server.pause(signal.SIGCONT)
        assert await bus.aclose(10) == 0

    read = first_of_each(await own_broker.read("hung"))

    assert [each["payload"] for each in read] == list(range(500))
    assert nothing_is_left()


async def test_closing_while_the_server_hangs_ends_in_time_with_nothing_left(own_broker: Broker) -> None:
    async with asyncio.timeout(20):
        bus = own_broker.publisher("stuck", limits=BusLimits(batch_envelopes=10))
        bus.start()
        await publish(bus, range(10))
        await until(lambda: bus.statistics().sent == 10)
        own_broker.server.pause(signal.SIGSTOP)
        try:
            for number in range(10):
                await bus.publish(envelope(f"{number} {'krill ' * 100_000}"))
            async with asyncio.timeout(3):
                unsent = await bus.aclose(1)
            assert nothing_is_left()
        finally:
            own_broker.server.pause(signal.SIGCONT)

    assert unsent == bus.statistics().buffered == 10


@pytest.mark.parametrize("kind", [RedisStreamsPublisher, NatsJetStreamPublisher])
async def test_closing_without_a_server_ends_in_time_and_says_what_was_not_sent(
    kind: type[RedisStreamsPublisher | NatsJetStreamPublisher], caplog: pytest.LogCaptureFixture
) -> None:
    scheme = "redis" if kind is RedisStreamsPublisher else "nats"
    caplog.set_level(logging.WARNING, "penguiflow.bus")
    async with asyncio.timeout(10):
        bus = kind(f"{scheme}://127.0.0.1:{free_port()}")
        bus.start()
        await publish(bus, range(5))
        async with asyncio.timeout(3):
            assert await bus.aclose(0.5) == 5
        assert await bus.aclose(0.5) == 5

    events = [vars(record)["event"] for record in caplog.records]
    assert events == ["message_bus_unreachable", "message_bus_unsent"]
    assert vars(caplog.records[1])["unsent"] == 5
    assert "onnect" in (bus.statistics().last_error or "")
    assert nothing_is_left()


async def test_a_nats_server_without_jetstream_is_told_as_that(make_nats: type[RedisBroker]) -> None:
    broker = make_nats()
    async with asyncio.timeout(10):
        bus = broker.publisher("none", limits=IMPATIENT)
        bus.start()
        await until(lambda: bus.statistics().last_error is not None)
        await bus.aclose(0.5)

    assert "is the server started with `-js`?" in (bus.statistics().last_error or "")
    assert nothing_is_left()

"""Faults of those who watch a flow: listeners, stores and buses that raise or take their time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

import pytest

from penguiflow import FlowEvent, PenguiFlow
from penguiflow._runtime.outlet import CAPACITY, WARNING_INTERVAL_S, Outlet
from penguiflow.bus import BusEnvelope
from penguiflow.state.models import RemoteBinding, StoredEvent
from tests.fakes.flows import Gate, chain, loop_clock, message, passes_on, running, settled, untyped

MESSAGES = 20


async def raises() -> None:
    raise ConnectionError("down")


async def cancels_itself() -> None:
    raise asyncio.CancelledError


async def takes_5_s() -> None:
    await asyncio.sleep(5)


async def never_ends() -> None:
    await asyncio.Event().wait()


class Receiver:
    """A listener, a store and a bus that all do the same with what they get."""

    def __init__(self, react: Callable[[], Awaitable[None]]) -> None:
        self._react = react
        self.got: list[object] = []

    async def __call__(self, event: FlowEvent) -> None:
        await self._take(event)

    async def save_event(self, event: StoredEvent) -> None:
        await self._take(event)

    async def publish(self, envelope: BusEnvelope) -> None:
        await self._take(envelope)

    async def save_number(self, number: int) -> None:
        await self._take(number)

    async def load_history(self, trace_id: str) -> list[StoredEvent]:
        return [event for event in self.got if isinstance(event, StoredEvent)]

    async def save_remote_binding(self, binding: RemoteBinding) -> None:
        await self._take(binding)

    async def _take(self, value: object) -> None:
        await self._react()
        self.got.append(value)


def _listened(receiver: Receiver) -> PenguiFlow:
    return chain(untyped(passes_on, "a"), untyped(passes_on, "b"), middlewares=[receiver])


def _stored(receiver: Receiver) -> PenguiFlow:
    return chain(untyped(passes_on, "a"), untyped(passes_on, "b"), state_store=receiver)


def _published(receiver: Receiver) -> PenguiFlow:
    return chain(untyped(passes_on, "a"), untyped(passes_on, "b"), message_bus=receiver)


BUILDS = pytest.mark.parametrize(
    "build", [_listened, _stored, _published], ids=["middleware", "store", "bus"]
)


@BUILDS
@pytest.mark.parametrize("react", [raises, cancels_itself, takes_5_s])
async def test_results_are_the_same_whatever_a_watcher_does(
    build: Callable[[Receiver], PenguiFlow], react: Callable[[], Awaitable[None]]
) -> None:
    """C11: middleware, store or bus raises or takes 5 s: the flow's results are unaffected."""
    async with running(build(Receiver(react))) as flow:
        emitting = asyncio.create_task(_emit_all(flow))
        fetched = [(await asyncio.wait_for(flow.fetch(), 1_000)).payload for _ in range(MESSAGES)]
        await emitting

        assert fetched == list(range(MESSAGES))


async def _emit_all(flow: PenguiFlow) -> None:
    for number in range(MESSAGES):
        await flow.emit(message(number))


@pytest.mark.parametrize("build", [_stored, _published], ids=["store", "bus"])
async def test_a_store_or_bus_that_hangs_costs_the_flow_a_moment_once(
    build: Callable[[Receiver], PenguiFlow],
) -> None:
    """C11: a receiver that is known to be slow is not waited for."""
    flow = build(Receiver(never_ends))
    flow.run()
    await _emit_all(flow)
    for _ in range(MESSAGES):
        await flow.fetch()
    assert loop_clock() < 1

    await flow.stop(grace_s=3)

    assert loop_clock() < 10
    assert flow.statistics().dropped_events > 0
    assert asyncio.all_tasks() == {asyncio.current_task()}


@BUILDS
@pytest.mark.parametrize("react", [raises, takes_5_s])
async def test_a_watcher_does_not_delay_a_cancel(
    build: Callable[[Receiver], PenguiFlow], react: Callable[[], Awaitable[None]]
) -> None:
    """C11: the node sees its cancellation, and `cancel` returns, although those who watch are slow."""
    gate = Gate()
    receiver = Receiver(react)
    flow = chain(
        untyped(gate.wait, "gate"),
        middlewares=[receiver] if build is _listened else [],
        state_store=receiver if build is _stored else None,
        message_bus=receiver if build is _published else None,
    )
    async with running(flow):
        victim = message()
        await flow.emit(victim)
        await asyncio.sleep(6)
        assert gate.inside
        asked_at = loop_clock()
        cancelling = asyncio.create_task(flow.cancel(victim.trace_id))
        await settled()
        assert gate.cancelled
        assert await cancelling
        assert loop_clock() - asked_at <= 0.1


async def test_a_fetch_that_gives_up_while_a_listener_is_told_loses_nothing() -> None:
    """C11: a listener may take 5 s for the end of another trace, just when a result is fetched."""

    async def slow_for_cancels(event: FlowEvent) -> None:
        if event.event_type.startswith("trace_cancel"):
            await asyncio.sleep(5)

    async with running(chain(untyped(passes_on, "a"), middlewares=[slow_for_cancels])) as flow:
        victim = message("victim")
        await flow.emit(victim)
        await flow.emit(message("other"))
        await settled()
        cancelling = asyncio.create_task(flow.cancel(victim.trace_id))
        await settled()
        fetched = None
        for _ in range(3):
            try:
                fetched = await asyncio.wait_for(flow.fetch(), 1)
                break
            except TimeoutError:
                continue
        assert fetched is not None
        assert fetched.payload == "other"
        await cancelling


@pytest.mark.parametrize("react", [raises, cancels_itself], ids=["raises", "cancels itself"])
async def test_a_broken_store_is_reported_at_most_every_ten_seconds(
    react: Callable[[], Awaitable[None]], caplog: pytest.LogCaptureFixture
) -> None:
    """C11: one warning per 10 s, which tells how many failures went unreported."""
    now = 0.0
    outlet: Outlet[int] = Outlet(
        Receiver(react).save_number, failure_event="failed", describe=lambda n: {"n": n}, clock=lambda: now
    )
    with caplog.at_level(logging.WARNING, logger="penguiflow.core"):
        for number in range(30):
            now = float(number)
            outlet.put(number)
            await settled()

    told = [(vars(record)["n"], vars(record)["unreported"]) for record in caplog.records]
    assert told == [(0, 0), (int(WARNING_INTERVAL_S), 9), (2 * int(WARNING_INTERVAL_S), 9)]
    assert outlet.failed == 30


async def test_what_waits_for_a_hanging_receiver_is_bounded_and_the_rest_is_counted(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """C11: bounded event buffer, drop counter."""
    outlet: Outlet[int] = Outlet(
        Receiver(never_ends).save_number, failure_event="failed", describe=lambda n: {"n": n}
    )
    with caplog.at_level(logging.WARNING, logger="penguiflow.core"):
        for number in range(CAPACITY + 500):
            outlet.put(number)
        await settled()
    assert len(outlet) <= CAPACITY
    assert outlet.dropped in (499, 500)  # an eager task begins with the first one at once
    assert len(caplog.records) == 1

    await outlet.aclose(1.0)

    assert outlet.dropped == CAPACITY + 500
    assert asyncio.all_tasks() == {asyncio.current_task()}

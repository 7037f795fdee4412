"""The thread by which spans leave: it holds nobody up, and tells in measure what went wrong."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable

import pytest

from penguiflow.sessions.projections.otel_courier import Courier, Troubles
from penguiflow.sessions.projections.otel_spans import spans_of
from penguiflow.sessions.projections.otel_values import SpanValue
from tests.fakes.history import answered, asked, run_of

SPANS = spans_of(run_of(asked(), answered()))


class FakeOutlet:
    """Keeps what it gets; with `stuck` it waits until it is told to give up."""

    def __init__(self, *, stuck: bool = False, refuses: Exception | None = None) -> None:
        self.got: list[SpanValue] = []
        self.threads: set[str] = set()
        self.released = threading.Event()
        self.closed = False
        self.given_up = False
        self._refuses = refuses
        if not stuck:
            self.released.set()

    def deliver(self, span: SpanValue) -> None:
        self.threads.add(threading.current_thread().name)
        assert self.released.wait(10), "nobody released the outlet"
        if self._refuses is not None:
            raise self._refuses
        self.got.append(span)

    def close(self) -> None:
        self.closed = True

    def give_up(self) -> None:
        self.given_up = True
        self.released.set()


def opens(outlet: FakeOutlet) -> Callable[[], FakeOutlet]:
    return lambda: outlet


async def test_spans_are_delivered_in_order_by_one_other_thread() -> None:
    outlet = FakeOutlet()
    courier = Courier(opens(outlet), Troubles())
    other = spans_of(run_of(asked(), answered(), run_id="run-2"))

    courier.send(SPANS)
    courier.send([])
    courier.send(other)
    await courier.aclose(timeout_s=10)

    assert outlet.got == [*SPANS, *other]
    assert outlet.threads == {"penguiflow-telemetry"}
    assert (outlet.closed, outlet.given_up, courier.troubles.reason) == (True, False, None)


async def test_without_spans_nothing_is_opened() -> None:
    def never() -> FakeOutlet:
        raise AssertionError("opened")

    courier = Courier(never, Troubles())
    courier.send([])
    await courier.aclose(timeout_s=10)

    assert courier.troubles.reason is None


async def test_an_outlet_that_is_stuck_holds_nobody_up_and_is_given_up_in_the_end() -> None:
    outlet = FakeOutlet(stuck=True)
    courier = Courier(opens(outlet), Troubles())

    courier.send(SPANS)
    async with asyncio.timeout(10):
        await courier.aclose(timeout_s=0.05)

    assert outlet.given_up is True
    assert courier.troubles.reason == "it could not be sent within 0.05 s"


async def test_closing_that_is_cancelled_gives_up_at_once() -> None:
    outlet = FakeOutlet(stuck=True)
    courier = Courier(opens(outlet), Troubles())
    courier.send(SPANS)

    closing = asyncio.create_task(courier.aclose(timeout_s=60))
    await asyncio.sleep(0)
    closing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await closing

    async with asyncio.timeout(10):
        while not outlet.closed:
            await asyncio.to_thread(outlet.released.wait, 0.01)


async def test_what_cannot_be_opened_or_delivered_is_counted_and_the_rest_is_tried() -> None:
    attempts: list[int] = []

    def fails_first() -> FakeOutlet:
        attempts.append(1)
        if len(attempts) == 1:
            raise ImportError("no such package")
        return FakeOutlet(refuses=ValueError("odd"))

    courier = Courier(fails_first, Troubles())
    for _ in range(3):
        courier.send(SPANS)
    await courier.aclose(timeout_s=10)

    assert len(attempts) == 2
    assert (courier.troubles.lost_spans, courier.troubles.reason) == (3, "ValueError: odd")


async def test_what_waits_is_bounded() -> None:
    outlet = FakeOutlet(stuck=True)
    courier = Courier(opens(outlet), Troubles(), max_waiting_spans=10)

    courier.send(list(SPANS) * 9)
    courier.send(list(SPANS) * 6)
    lost = courier.troubles.lost_spans
    outlet.released.set()
    await courier.aclose(timeout_s=10)

    assert lost in (4, 5)  # the thread may have taken one
    assert len(outlet.got) == 15 - lost


async def test_after_the_end_spans_are_lost_and_counted() -> None:
    courier = Courier(opens(FakeOutlet()), Troubles())
    courier.send(SPANS)
    await courier.aclose(timeout_s=10)
    await courier.aclose(timeout_s=10)

    courier.send(SPANS)

    assert courier.troubles.lost_spans == len(SPANS)


def test_troubles_are_told_every_ten_seconds_at_most(caplog: pytest.LogCaptureFixture) -> None:
    now = [100.0]
    troubles = Troubles(lambda: now[0])

    with caplog.at_level(logging.WARNING, "penguiflow.telemetry"):
        for seconds in (0.0, 1.0, 9.9, 10.0, 15.0, 20.0):
            now[0] = 100.0 + seconds
            troubles.note(f"after {seconds:g} s", lost_spans=1)

    assert [record.getMessage().rpartition(": ")[2] for record in caplog.records] == [
        "after 0 s",
        "after 10 s",
        "after 20 s",
    ]
    assert (troubles.lost_spans, troubles.reason) == (6, "after 20 s")
    assert "spans lost so far: 4" in caplog.records[1].getMessage()


def test_a_reason_is_told_without_secrets_on_one_short_line(caplog: pytest.LogCaptureFixture) -> None:
    troubles = Troubles()

    with caplog.at_level(logging.WARNING, "penguiflow.telemetry"):
        troubles.note("http://me:hunter2222@host refused\n\x1b[31mred\n" + "long " * 200)

    (record,) = caplog.records
    assert "hunter2222" not in record.getMessage()
    assert "\n" not in record.getMessage()
    assert "\x1b" not in record.getMessage()
    assert len(record.getMessage()) < 500

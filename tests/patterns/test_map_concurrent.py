from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from penguiflow.patterns import map_concurrent
from tests.fakes.flows import settled
from tests.fakes.virtual_time import run_virtually


class Crowd:
    """A worker that sleeps for as many seconds as its item says, and counts itself."""

    def __init__(self) -> None:
        self.running = 0
        self.highest = 0
        self.begun: list[float] = []
        self.cancelled: list[float] = []

    async def work(self, seconds: float) -> float:
        self.begun.append(seconds)
        self.running += 1
        self.highest = max(self.highest, self.running)
        try:
            await asyncio.sleep(seconds)
        except asyncio.CancelledError:
            self.cancelled.append(seconds)
            raise
        finally:
            self.running -= 1
        return seconds * 10


async def fails_after(seconds: float) -> None:
    await asyncio.sleep(seconds)
    raise LookupError(f"failed after {seconds}")


async def test_results_come_in_the_order_of_the_items_whoever_finishes_first() -> None:
    assert await map_concurrent([3, 1, 2], Crowd().work) == [30, 10, 20]


async def test_no_items_give_no_results() -> None:
    assert await map_concurrent([], Crowd().work) == []


@pytest.mark.parametrize(("max_concurrency", "highest"), [(1, 1), (3, 3), (20, 10), (0, 1), (-4, 1)])
async def test_no_more_workers_run_at_once_than_allowed_and_at_least_one(
    max_concurrency: int, highest: int
) -> None:
    crowd = Crowd()

    await map_concurrent([1] * 10, crowd.work, max_concurrency=max_concurrency)

    assert crowd.highest == highest


async def test_eight_workers_run_at_once_unless_told_otherwise() -> None:
    crowd = Crowd()

    await map_concurrent([1] * 10, crowd.work)

    assert crowd.highest == 8


async def test_items_are_drawn_only_when_a_worker_is_free() -> None:
    drawn: list[int] = []

    def items() -> Iterator[int]:
        for item in range(100):
            drawn.append(item)
            yield item

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(2.5):
            await map_concurrent(items(), lambda _: asyncio.sleep(1), max_concurrency=2)

    assert drawn == [0, 1, 2, 3, 4, 5]


async def test_the_first_exception_is_raised_itself() -> None:
    with pytest.raises(LookupError, match="failed after 1"):
        await map_concurrent([3, 1, 2], fails_after)


async def test_siblings_of_a_failed_worker_are_cancelled_and_have_ended_when_the_failure_arrives() -> None:
    crowd = Crowd()

    async def work(seconds: float) -> float:
        if seconds == 1:
            await fails_after(seconds)
        return await crowd.work(seconds)

    with pytest.raises(LookupError):
        await map_concurrent([5, 1, 7, 9, 9], work, max_concurrency=3)

    assert (crowd.running, crowd.cancelled, crowd.begun) == (0, [5, 7], [5, 7])
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_a_sibling_that_takes_its_time_to_end_is_waited_for() -> None:
    async def work(seconds: float) -> None:
        try:
            await fails_after(seconds)
        except asyncio.CancelledError:
            await asyncio.sleep(100)
            raise

    with pytest.raises(LookupError):
        await map_concurrent([1, 2], work)

    assert asyncio.get_running_loop().time() == 101


async def test_what_goes_wrong_while_siblings_end_does_not_replace_the_first_failure() -> None:
    async def work(seconds: float) -> None:
        try:
            await fails_after(seconds)
        except asyncio.CancelledError:
            raise ValueError("could not clean up") from None

    with pytest.raises(LookupError):
        await map_concurrent([1, 2, 3], work)


async def test_a_worker_that_swallows_its_cancellation_begins_nothing_new() -> None:
    begun: list[float] = []

    async def work(seconds: float) -> None:
        begun.append(seconds)
        try:
            await fails_after(seconds)
        except asyncio.CancelledError:
            return

    with pytest.raises(LookupError):
        await map_concurrent([1, 2, 3, 4], work, max_concurrency=2)

    assert begun == [1, 2]


async def test_cancelling_the_caller_cancels_the_workers_and_waits_for_them() -> None:
    crowd = Crowd()
    caller = asyncio.create_task(map_concurrent([5, 7, 9], crowd.work, max_concurrency=2))
    await settled()

    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller

    assert (crowd.running, crowd.cancelled, crowd.begun) == (0, [5, 7], [5, 7])
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_a_caller_that_is_cancelled_twice_still_leaves_no_worker_behind() -> None:
    ended: list[int] = []

    async def work(item: int) -> None:
        try:
            await asyncio.sleep(100)
        finally:
            await asyncio.sleep(10)
            ended.append(item)

    caller = asyncio.create_task(map_concurrent([1, 2], work))
    await settled()
    caller.cancel()
    await settled()
    caller.cancel()

    with pytest.raises(asyncio.CancelledError):
        await caller
    assert ended == [1, 2]


async def test_a_cancelled_caller_is_told_so_even_if_a_worker_fails_on_its_way_out() -> None:
    async def work(item: int) -> None:
        try:
            await asyncio.sleep(100)
        finally:
            raise LookupError(item)

    caller = asyncio.create_task(map_concurrent([1, 2], work))
    await settled()
    caller.cancel()

    with pytest.raises(asyncio.CancelledError):
        await caller


async def test_a_caller_that_is_cancelled_while_a_failure_winds_down_is_told_of_the_cancellation() -> None:
    async def work(seconds: float) -> None:
        try:
            await fails_after(seconds)
        except asyncio.CancelledError:
            await asyncio.sleep(100)
            raise

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(2):
            await map_concurrent([1, 5], work)
    assert asyncio.get_running_loop().time() == 101


@pytest.mark.parametrize("eager", [False, True])
def test_a_worker_that_fails_at_once_lets_no_other_begin(eager: bool) -> None:
    begun: list[int] = []

    async def work(item: int) -> None:
        begun.append(item)
        raise LookupError(item)

    async def main() -> None:
        with pytest.raises(LookupError):
            await map_concurrent([1, 2, 3], work)

    run_virtually(main(), eager=eager)

    assert begun == [1]


async def test_a_worker_that_raises_cancellation_by_itself_ends_the_call_like_any_failure() -> None:
    crowd = Crowd()

    async def work(seconds: float) -> float:
        if seconds == 1:
            raise asyncio.CancelledError("of its own accord")
        return await crowd.work(seconds)

    with pytest.raises(asyncio.CancelledError, match="of its own accord"):
        await map_concurrent([5, 1], work)
    assert (crowd.running, crowd.cancelled) == (0, [5])


async def test_an_iterable_that_fails_ends_the_call() -> None:
    crowd = Crowd()

    def items() -> Iterator[int]:
        yield from (1, 5)
        raise LookupError("no more")

    with pytest.raises(LookupError, match="no more"):
        await map_concurrent(items(), crowd.work, max_concurrency=2)
    assert (crowd.running, crowd.cancelled) == (0, [5])


async def test_workers_that_never_wait_let_other_tasks_have_their_turn() -> None:
    turns = 0

    async def take_turns() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async def work(item: int) -> int:
        return item

    other = asyncio.create_task(take_turns())
    await map_concurrent(range(10_000), work)
    other.cancel()

    assert turns > 10

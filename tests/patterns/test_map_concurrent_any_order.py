"""Whatever workers do and in whatever order the loop serves them: nothing is left running."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penguiflow.patterns import map_concurrent
from tests.fakes.virtual_time import run_virtually

DURATIONS_S = st.lists(st.integers(0, 5), max_size=20)
SEEDS = st.integers(0, 2**16)


class FailedError(Exception):
    """What a worker raises."""


class Workers:
    """One worker per duration; some fail, some need time to end, some do not wait at all."""

    def __init__(self, durations: list[int], failing: set[int], slow_to_end: set[int]) -> None:
        self.running: set[int] = set()
        self.highest = 0
        self.failures: list[int] = []
        self._durations = durations
        self._failing = failing
        self._slow_to_end = slow_to_end

    async def work(self, index: int) -> int:
        self.running.add(index)
        self.highest = max(self.highest, len(self.running))
        try:
            if self._durations[index]:
                await asyncio.sleep(self._durations[index])
        except asyncio.CancelledError:
            if index in self._slow_to_end:
                await asyncio.sleep(3)
            raise
        finally:
            self.running.remove(index)
        if index in self._failing:
            self.failures.append(index)
            raise FailedError(index)
        return -index


@given(
    durations=DURATIONS_S,
    failing=st.sets(st.integers(0, 19), max_size=4),
    slow_to_end=st.sets(st.integers(0, 19), max_size=4),
    max_concurrency=st.integers(1, 8),
    seed=SEEDS,
    eager=st.booleans(),
)
@settings(deadline=None)
def test_a_call_returns_all_results_or_raises_the_first_failure_and_leaves_nothing_running(
    durations: list[int],
    failing: set[int],
    slow_to_end: set[int],
    max_concurrency: int,
    seed: int,
    eager: bool,
) -> None:
    workers = Workers(durations, failing, slow_to_end)
    count = len(durations)

    async def main() -> None:
        if failing & set(range(count)):
            with pytest.raises(FailedError) as caught:
                await map_concurrent(range(count), workers.work, max_concurrency=max_concurrency)
            assert caught.value.args == (workers.failures[0],)
        else:
            results = await map_concurrent(range(count), workers.work, max_concurrency=max_concurrency)
            assert results == [-index for index in range(count)]
        assert not workers.running
        assert asyncio.all_tasks() == {asyncio.current_task()}

    run_virtually(main(), seed=seed, eager=eager)

    assert workers.highest <= max_concurrency


@given(
    durations=DURATIONS_S,
    slow_to_end=st.sets(st.integers(0, 19), max_size=4),
    patience_s=st.integers(0, 12),
    seed=SEEDS,
    eager=st.booleans(),
)
@settings(deadline=None)
def test_a_call_that_is_cancelled_at_any_moment_leaves_nothing_running(
    durations: list[int], slow_to_end: set[int], patience_s: int, seed: int, eager: bool
) -> None:
    workers = Workers(durations, set(), slow_to_end)

    async def main() -> None:
        caller = asyncio.create_task(map_concurrent(range(len(durations)), workers.work, max_concurrency=3))
        await asyncio.sleep(patience_s)
        caller.cancel()
        await asyncio.wait([caller])
        assert not workers.running
        assert asyncio.all_tasks() == {asyncio.current_task()}

    run_virtually(main(), seed=seed, eager=eager)

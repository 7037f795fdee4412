"""CPU time of a piece of async work, for scripts that print it as a ratio to a baseline."""

from __future__ import annotations

import asyncio
import gc
import statistics
import time
from collections.abc import Awaitable, Callable

Work = Callable[[], Awaitable[float]]
"""Does the work once and returns the CPU seconds of its hot part."""


class Stopwatch:
    """CPU seconds of a `with` block."""

    seconds = 0.0

    def __enter__(self) -> Stopwatch:
        gc.collect()
        self._started = time.process_time()
        return self

    def __exit__(self, *exc: object) -> None:
        self.seconds = time.process_time() - self._started


def medians(works: dict[str, Work], *, repeat: int) -> dict[str, float]:
    """Run all works `repeat` times in turns, so that a slow spell of the machine hits all of them."""
    samples: dict[str, list[float]] = {name: [] for name in works}

    async def once(work: Work) -> float:
        return await work()

    for turn in range(repeat + 1):
        for name, work in works.items():
            seconds = asyncio.run(once(work))
            if turn:  # the first turn warms up
                samples[name].append(seconds)
    return {name: statistics.median(values) for name, values in samples.items()}

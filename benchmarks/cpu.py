"""CPU time of a piece of async work: measured in turns, compared by medians.

CPU time and not wall time, because neighbours on the machine lengthen the one and hardly the other.
"""

from __future__ import annotations

import asyncio
import gc
import statistics
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias

from options import Options

Work: TypeAlias = Callable[[], Awaitable[float]]
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


def medians(works: Mapping[str, Work], options: Options) -> dict[str, float]:
    """Run all works in turns, so that a slow spell of the machine hits all; each in a new event loop."""
    samples: dict[str, list[float]] = {name: [] for name in works}
    for turn in range(options.repeat + 1):
        for name, work in works.items():
            with asyncio.Runner(loop_factory=options.new_event_loop) as runner:
                seconds = runner.run(_once(work))
            if turn:  # the first turn warms up
                samples[name].append(seconds)
    return {name: statistics.median(values) for name, values in samples.items()}


async def _once(work: Work) -> float:
    return await work()

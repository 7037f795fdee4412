"""The two clocks a component may need, passed in so that tests own time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeAlias

WallClock: TypeAlias = Callable[[], float]
"""Unix time in seconds; for stamps that people and other processes read."""

MonotonicClock: TypeAlias = Callable[[], float]
"""Seconds from an unknown origin; for durations and deadlines."""

wall_clock: WallClock = time.time
monotonic_clock: MonotonicClock = time.perf_counter

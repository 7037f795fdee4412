"""When the events of a run happened, in nanoseconds of Unix time."""

from __future__ import annotations

from penguiflow.state.events import PersonAnswered, RunEvent, RunStarted


class RunTimes:
    """Reads the times of one run's events, in their order.

    Within a stretch of work the monotonic clock counts, from the wall clock's time at its beginning. A wall
    clock that is set back makes nothing end before it began.
    """

    def __init__(self) -> None:
        self._began_ns = 0
        self._began_ms: float | None = None
        self._elapsed_ms = 0.0
        self._last_ns = 0

    def at(self, event: RunEvent) -> int:
        """Return when the event happened; never before the one that was asked about last."""
        self._last_ns = max(self._last_ns, self._read(event))
        return self._last_ns

    def _read(self, event: RunEvent) -> int:
        elapsed_ms = event.elapsed_ms
        if elapsed_ms is None:
            self._began_ms = None
            return _ns(event.ts)
        begins = isinstance(event.body, RunStarted | PersonAnswered)
        if self._began_ms is None or begins or elapsed_ms < self._elapsed_ms:
            self._began_ns, self._began_ms = _ns(event.ts), elapsed_ms
        self._elapsed_ms = elapsed_ms
        return self._began_ns + round((elapsed_ms - self._began_ms) * 1e6)


def before(at_ns: int, latency_ms: float | None, *, not_before: int) -> int:
    """Return when something began that ended at a time and took so long."""
    return max(not_before, at_ns - round(max(0.0, latency_ms or 0.0) * 1e6))


def _ns(seconds: float) -> int:
    return round(seconds * 1e9)

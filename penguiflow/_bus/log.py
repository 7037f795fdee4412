"""Warnings about a server, seldom enough to be read."""

from __future__ import annotations

import logging
from typing import Final

from penguiflow._clock import MonotonicClock

WARNING_INTERVAL_S: Final = 10.0

LOGGER = logging.getLogger("penguiflow.bus")


class SparseLog:
    """Logs the first of several warnings at once, and then not more than one in `WARNING_INTERVAL_S`."""

    def __init__(self, clock: MonotonicClock) -> None:
        self._clock = clock
        self._warned_at: float | None = None
        self._unreported = 0

    def warn(self, event: str, **facts: object) -> None:
        """Log the event unless another one was logged just now; how many were not stands in the next."""
        now = self._clock()
        if self._warned_at is not None and now - self._warned_at < WARNING_INTERVAL_S:
            self._unreported += 1
            return
        LOGGER.warning(event, extra={"event": event, "unreported": self._unreported, **facts})
        self._warned_at, self._unreported = now, 0

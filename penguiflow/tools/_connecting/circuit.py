"""When a server that fails again and again is left alone for a while. Pure: the clock is the caller's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from penguiflow.tools.connection import CircuitState

FAILURES_ALLOWED: Final = 5
"""So many failures in a row open the circuit."""

_FIRST_PAUSE_S: Final = 1.0
_LONGEST_PAUSE_S: Final = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Circuit:
    """How often connecting failed in a row, and until when it is not tried again; times in seconds."""

    failures: int = 0
    open_until_s: float | None = None

    def state(self, now_s: float) -> CircuitState:
        """Return `open` while nothing is tried, `half_open` when the next try decides."""
        if self.open_until_s is None:
            return "closed"
        return "open" if now_s < self.open_until_s else "half_open"

    def wait_s(self, now_s: float) -> float:
        """Return how long nothing is tried from now on."""
        return 0.0 if self.open_until_s is None else max(0.0, self.open_until_s - now_s)

    def after_failure(self, now_s: float) -> Circuit:
        """Return the circuit after one more failure; each one past the limit doubles the pause."""
        failures = self.failures + 1
        if failures < FAILURES_ALLOWED:
            return Circuit(failures=failures)
        doublings = min(failures - FAILURES_ALLOWED, 10)
        pause_s = min(_FIRST_PAUSE_S * 2**doublings, _LONGEST_PAUSE_S)
        return Circuit(failures=failures, open_until_s=now_s + pause_s)

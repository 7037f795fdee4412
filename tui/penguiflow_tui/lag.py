"""How late the event loop runs what is due: the measure of a tool that blocks the screen."""

from __future__ import annotations

from dataclasses import dataclass, replace

NOISE_MS = 150.0
"""Drawing a full screen may take this long; smaller delays count as none and are not shown."""

_HELD = 0.7
"""How much of a delay remains from one tick to the next, so that a person can read it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lag:
    """The delay to show now, and when the last tick was."""

    period_s: float
    ticked_at: float | None = None
    shown_ms: float = 0.0

    def tick(self, now: float) -> Lag:
        """Return the lag after a tick that was due `period_s` after the last one."""
        if self.ticked_at is None:
            return replace(self, ticked_at=now)
        late_ms = (now - self.ticked_at - self.period_s) * 1000
        held_ms = max(late_ms, self.shown_ms * _HELD)
        return replace(self, ticked_at=now, shown_ms=held_ms if held_ms >= NOISE_MS else 0.0)

"""Whether a key was meant for a card that just appeared.

People type while cards pop up. A key counts only after a quiet time since the card was drawn, and each
key that arrives too early starts the quiet time anew: a burst of typing is swallowed whole, not only its
first half second.
"""

from __future__ import annotations

QUIET_S = 0.5
TYPING_S = 1.0


class KeyGuard:
    """Accepts keys after `QUIET_S` without any. Times are those of one monotonic clock."""

    def __init__(self) -> None:
        self._quiet_since: float | None = None

    def drawn(self, now: float) -> None:
        """The card appeared, or shows another request."""
        self._quiet_since = now

    def accepts(self, now: float) -> bool:
        """Tell whether a key pressed now was meant; one that was not starts the quiet time anew."""
        if self._quiet_since is None:
            return False
        meant = now - self._quiet_since >= QUIET_S
        if not meant:
            self._quiet_since = now
        return meant


def may_take_focus(*, typed_text: str, last_key_at: float | None, now: float) -> bool:
    """Tell whether a card may take the focus from the composer: nothing typed, no key a moment ago."""
    return not typed_text and (last_key_at is None or now - last_key_at >= TYPING_S)

"""The last events of a session, each under the number it has since the session began."""

from __future__ import annotations

from collections.abc import Sequence

from penguiflow.state.events import RunEvent


class EventRing:
    """Keeps at least the last `capacity` events; what is dropped keeps its number.

    Dropping is done a tenth of the capacity at a time, so adding stays cheap.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._slack = max(1, capacity // 10)
        self._kept: list[RunEvent] = []
        self._first = 0

    @property
    def first(self) -> int:
        """The number of the oldest event that is kept."""
        return self._first

    @property
    def end(self) -> int:
        """The number the next event will have."""
        return self._first + len(self._kept)

    def __len__(self) -> int:
        return len(self._kept)

    def extend(self, events: Sequence[RunEvent]) -> int:
        """Add `events` and return how many old ones were dropped."""
        self._kept.extend(events)
        excess = len(self._kept) - self._capacity
        if excess <= self._slack:
            return 0
        del self._kept[:excess]
        self._first += excess
        return excess

    def at(self, index: int) -> RunEvent | None:
        """Return the event of this number, if it is kept."""
        place = index - self._first
        return self._kept[place] if 0 <= place < len(self._kept) else None

    def clear(self) -> None:
        """Forget everything and count from 0 again."""
        self._kept.clear()
        self._first = 0

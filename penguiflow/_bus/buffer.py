"""What was published and is not acknowledged yet, bounded in number and bytes."""

from __future__ import annotations

from collections import deque
from itertools import islice

from penguiflow._bus.transport import Outgoing


class Buffer:
    """A queue that drops its oldest items when it is full.

    Sending takes nothing out: an item leaves when `remove` says that it arrived, or when it is dropped.
    """

    def __init__(self, *, max_items: int, max_bytes: int) -> None:
        self._max_items = max_items
        self._max_bytes = max_bytes
        self._items: deque[Outgoing] = deque()
        self._bytes = 0
        self.dropped = 0

    def __len__(self) -> int:
        return len(self._items)

    def append(self, item: Outgoing) -> bool:
        """Add the item; tell whether something, perhaps the item itself, had to be dropped for it."""
        before = self.dropped
        if item.size > self._max_bytes:
            self.dropped += 1
            return True
        while len(self._items) >= self._max_items or self._bytes + item.size > self._max_bytes:
            self._pop_oldest()
            self.dropped += 1
        self._items.append(item)
        self._bytes += item.size
        return self.dropped > before

    def oldest(self, *, max_items: int, max_bytes: int) -> list[Outgoing]:
        """Return the next items to send, which stay: at least one, if there is one, whatever its size."""
        chosen: list[Outgoing] = []
        size = 0
        for item in islice(self._items, max_items):
            size += len(item.body)
            if chosen and size > max_bytes:
                break
            chosen.append(item)
        return chosen

    def remove(self, item: Outgoing) -> None:
        """Take out the oldest item, of which the fate is known now.

        If it was dropped while it was on its way, it counts as dropped no longer.
        """
        if self._items and self._items[0] is item:
            self._pop_oldest()
        else:
            self.dropped -= 1

    def _pop_oldest(self) -> None:
        self._bytes -= self._items.popleft().size

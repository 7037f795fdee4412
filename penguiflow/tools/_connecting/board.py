"""The observable state of one connection."""

from __future__ import annotations

import logging
from collections.abc import Callable

from penguiflow.tools.connection import ConnectionListener, ConnectionStatus

_logger = logging.getLogger("penguiflow.tools")


class StatusBoard:
    """Holds the current status and tells listeners about each new one."""

    def __init__(self, initial: ConnectionStatus) -> None:
        self._status = initial
        self._listeners: dict[int, ConnectionListener] = {}
        self._next_key = 0

    @property
    def status(self) -> ConnectionStatus:
        return self._status

    def show(self, status: ConnectionStatus) -> None:
        """Make `status` the current one; a listener that raises is logged and keeps its place."""
        if status == self._status:
            return
        self._status = status
        for listener in list(self._listeners.values()):
            try:
                listener(status)
            except Exception:
                _logger.exception("a listener of tool connection `%s` failed", status.name)

    def on_change(self, listener: ConnectionListener) -> Callable[[], None]:
        """Add a listener; the function returned takes it away again."""
        key = self._next_key
        self._next_key += 1
        self._listeners[key] = listener
        return lambda: self._listeners.pop(key, None) and None

"""The status of a node: that of its connection, or of the user's connection that was last heard of."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from penguiflow.tools._connecting.board import StatusBoard
from penguiflow.tools._connecting.server_connection import first_status
from penguiflow.tools.config import ExternalToolConfig
from penguiflow.tools.connection import ConnectionListener, ConnectionStatus


class ShownStatus:
    """Follows the boards of a node's connections; what a person switched off stays off."""

    def __init__(self, config: ExternalToolConfig) -> None:
        self._config = config
        self._board = StatusBoard(first_status(config))
        self._held_back: tuple[str, ...] = ()
        self._ready_boards: set[int] = set()

    @property
    def status(self) -> ConnectionStatus:
        return self._board.status

    @property
    def is_disabled(self) -> bool:
        return self._board.status.state == "disabled"

    def on_change(self, listener: ConnectionListener) -> Callable[[], None]:
        """Add a listener; the function returned takes it away again."""
        return self._board.on_change(listener)

    def follow(self, board: StatusBoard) -> None:
        """Show what this board says from now on."""
        board.on_change(lambda status: self._show(id(board), status))

    def refresh(self, *, held_back: tuple[str, ...], tool_count: int | None = None) -> None:
        """Show which tools are held back, and how many are not."""
        self._held_back = held_back
        if tool_count is not None:
            changed = dataclasses.replace(self.status, held_back=held_back, tool_count=tool_count)
            self._board.show(changed)

    def disable(self) -> None:
        """Show that the server is switched off; nothing else is shown until it is switched on."""
        self._board.show(dataclasses.replace(first_status(self._config), state="disabled"))

    def enable(self) -> None:
        """Show a server that may be connected."""
        if self.is_disabled:
            self._board.show(dataclasses.replace(first_status(self._config), state="idle"))

    def _show(self, board: int, status: ConnectionStatus) -> None:
        if self.is_disabled:
            return
        self._ready_boards.discard(board)
        if status.state == "ready":
            self._ready_boards.add(board)
        elif status.state == "closed" and self._ready_boards:
            return  # one user's connection was closed, others are up
        self._board.show(dataclasses.replace(status, held_back=self._held_back))

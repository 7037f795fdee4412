"""What can go wrong with a publisher before anything is sent; all later failures are counted and logged."""

from __future__ import annotations


class BusError(Exception):
    """A publisher is not set up to publish. `hint` says what to do next."""

    code = "bus_failed"

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint

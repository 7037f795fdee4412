"""Passes streamed text on to the caller, at most once."""

from __future__ import annotations

import logging

from penguiflow.llm.protocol import OnStreamChunk

_log = logging.getLogger(__name__)


class StreamRelay:
    """The way of one call's text to its callback.

    Text that was passed on cannot be taken back. When an attempt breaks off after its first piece, the next
    attempt is therefore not streamed, and the caller takes the whole text that the call returns.
    """

    def __init__(self, callback: OnStreamChunk | None) -> None:
        self._callback = callback
        self.has_sent = False

    @property
    def takes_text(self) -> bool:
        """Whether an attempt that starts now should stream."""
        return self._callback is not None and not self.has_sent

    def send(self, text: str) -> None:
        """Pass on a piece; an empty one is dropped."""
        if text:
            self.has_sent = True
            self._call(text, done=False)

    def finish(self) -> None:
        """Say that the reply is complete."""
        self._call("", done=True)

    def _call(self, text: str, *, done: bool) -> None:
        if self._callback is None:
            return
        try:
            self._callback(text, done)
        except Exception:  # noqa: BLE001 - a watcher's mistake must not cost the answer
            _log.exception("`on_stream_chunk` failed; the rest of this reply is not streamed")
            self._callback = None

"""Passes streamed text on to the caller, at most once."""

from __future__ import annotations

import logging

from penguiflow.llm.protocol import OnStreamChunk

_log = logging.getLogger(__name__)


class StreamRelay:
    """The way of one call's text to its callback.

    Text that was passed on cannot be taken back. When an attempt breaks off after its first piece, the next
    attempt is therefore not passed on, and the caller takes the whole text that the call returns.
    """

    def __init__(self, callback: OnStreamChunk | None, *, name: str) -> None:
        self._callback = callback
        self._name = name
        self._is_open = True
        self.has_sent = False

    @property
    def takes_text(self) -> bool:
        """Whether the attempt that runs now may be passed on."""
        return self._callback is not None and self._is_open

    def begin_attempt(self) -> None:
        """Expect the pieces of another attempt."""
        self._is_open = not self.has_sent

    def send(self, text: str) -> None:
        """Pass on a piece; an empty one is dropped."""
        if text and self.takes_text:
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
            _log.exception("`%s` failed; the rest of this reply is not streamed", self._name)
            self._callback = None


class Relays:
    """Both streams of one call, and whether an attempt of it broke off that the provider may charge for."""

    def __init__(self, on_text: OnStreamChunk | None, on_reasoning: OnStreamChunk | None) -> None:
        self.text = StreamRelay(on_text, name="on_stream_chunk")
        self.reasoning = StreamRelay(on_reasoning, name="on_reasoning_chunk")
        self.cost_is_known = True

    @property
    def has_sent(self) -> bool:
        """Whether the caller has received anything."""
        return self.text.has_sent or self.reasoning.has_sent

    def begin_attempt(self) -> None:
        """Expect the pieces of another attempt."""
        self.text.begin_attempt()
        self.reasoning.begin_attempt()

    def finish(self) -> None:
        """Say that the reply is complete."""
        if self.reasoning.has_sent:
            self.reasoning.finish()
        self.text.finish()

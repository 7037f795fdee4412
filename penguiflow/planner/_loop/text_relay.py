"""Shows thought, answer and reasoning while one step's model replies arrive.

A reply that turns out unreadable is asked for again; what was shown of a channel once is not shown twice,
so the pieces of a step always join to one text.
"""

from __future__ import annotations

from typing import Any

from penguiflow.planner._loop.run_events import RunEvents
from penguiflow.planner._parse.text_stream import ActionStream, Channel

# The names of these phases are older than the channels, and listeners know both.
_PHASES: dict[Channel, str] = {"thinking": "observation", "answer": "answer"}


class TextRelay:
    """Turns the chunks of the replies of one step into events; `revision` 0 is the first answer."""

    def __init__(self, events: RunEvents, action_seq: int, *, revision: int = 0) -> None:
        self._events = events
        self._action_seq = action_seq
        self._revision = revision
        self._stream = ActionStream()
        self._shown_before: frozenset[Channel] = frozenset()
        self._shown_now: set[Channel] = set()
        self._reasons = False

    def begin_reply(self) -> None:
        """Expect the next reply of the step."""
        self._stream = ActionStream()
        self._shown_before |= self._shown_now
        self._shown_now.clear()

    def on_chunk(self, text: str, done: bool) -> None:
        """Take one chunk; the end of the reply is told by `end`, which the client may forget to do."""
        for piece in self._stream.feed(text):
            if piece.channel not in self._shown_before:
                self._shown_now.add(piece.channel)
                self._emit(piece.channel, _PHASES[piece.channel], piece.text, done=False)

    def on_reasoning(self, text: str, done: bool) -> None:
        """Take a piece of what a reasoning model thinks before it replies."""
        if text:
            self._reasons = True
            self._emit("thinking", "thinking", text, done=False)

    def end(self) -> None:
        """Close the channels on which something was shown."""
        if self._reasons:
            self._emit("thinking", "thinking", "", done=True)
        for channel in sorted(self._shown_before | self._shown_now):
            self._emit(channel, _PHASES[channel], "", done=True)

    def _emit(self, channel: Channel, phase: str, text: str, *, done: bool) -> None:
        more: dict[str, Any] = {}
        if self._revision and channel == "answer":
            phase, more = "revision", {"revision_idx": self._revision}
        self._events.emit(
            "llm_stream_chunk",
            text=text,
            done=done,
            phase=phase,
            channel=channel,
            action_seq=self._action_seq,
            **more,
        )

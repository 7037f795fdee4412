"""Gives recorded calls out, each once, and makes them happen again."""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import Iterable, Mapping
from typing import Any

from penguiflow.llm._cassette.recorded import Channel, Chunk, RecordedCall, RecordedError
from penguiflow.llm.protocol import OnStreamChunk
from penguiflow.llm.usage import LLMReply

STREAM_CALLBACKS: Mapping[str, Channel] = {"on_stream_chunk": "text", "on_reasoning_chunk": "reasoning"}


class Recordings:
    """The calls of a cassette, found by request; equal requests come in the order in which they began."""

    def __init__(self, calls: Iterable[RecordedCall]) -> None:
        self.calls = tuple(sorted(calls, key=lambda call: call.number))
        self._waiting: defaultdict[str, deque[RecordedCall]] = defaultdict(deque)
        for call in self.calls:
            self._waiting[call.request].append(call)

    def take(self, request: str) -> RecordedCall | None:
        """Return the next call with this request, None when there is none left."""
        waiting = self._waiting.get(request)
        return waiting.popleft() if waiting else None

    def unused(self) -> tuple[RecordedCall, ...]:
        """Return the calls that nobody took."""
        left = {call.number for waiting in self._waiting.values() for call in waiting}
        return tuple(call for call in self.calls if call.number in left)


async def play(call: RecordedCall, keywords: Mapping[str, Any]) -> LLMReply:
    """Stream what was streamed to the callbacks among `keywords`, then return or raise what came of the call.

    Raises:
        LLMError: the call had failed.
    """
    callbacks = {channel: keywords.get(name) for name, channel in STREAM_CALLBACKS.items()}
    if not keywords.get("stream"):
        callbacks["text"] = None
    for chunk in _chunks(call):
        callback: OnStreamChunk | None = callbacks[chunk.channel]
        if callback is not None:
            callback(chunk.text, chunk.done)
            await asyncio.sleep(0)  # others run between two pieces, as they do with a provider
    await asyncio.sleep(0)
    if isinstance(call.outcome, RecordedError):
        raise call.outcome.exception()
    return call.outcome


def _chunks(call: RecordedCall) -> tuple[Chunk, ...]:
    """Return the pieces; a text that was recorded without a stream is one piece."""
    if isinstance(call.outcome, RecordedError) or any(chunk.channel == "text" for chunk in call.chunks):
        return call.chunks
    return (*call.chunks, Chunk("text", call.outcome.text, False), Chunk("text", "", True))

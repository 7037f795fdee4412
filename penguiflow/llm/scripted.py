"""Language models without a provider: for tests, demonstrations and offline work.

`ScriptedLLM` gives prepared replies in order. `FunctionLLM` lets a function decide from the messages, so
it can hold a conversation. Both stream in pieces when asked, as a real client does.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

from penguiflow.llm.protocol import ChatMessage, OnStreamChunk
from penguiflow.llm.usage import LLMReply

ScriptedReply: TypeAlias = Mapping[str, Any] | str | LLMReply
"""What a model says: JSON as a mapping, a text, or a text with its cost and usage."""

Decide: TypeAlias = Callable[[Sequence[ChatMessage]], ScriptedReply]


class FunctionLLM:
    """A model whose every reply is `decide(messages)`.

    A streamed reply comes in pieces of `chunk_chars` characters with `pause_s` between them.
    """

    def __init__(
        self, decide: Decide, *, model: str = "scripted", chunk_chars: int = 12, pause_s: float = 0.0
    ) -> None:
        self._decide = decide
        self.model = model
        self._chunk_chars = chunk_chars
        self._pause_s = pause_s

    def check_ready(self) -> None:
        """Return at once: there is nothing to set up."""

    async def complete(
        self,
        *,
        messages: Sequence[ChatMessage],
        response_format: Mapping[str, Any] | None = None,
        stream: bool = False,
        on_stream_chunk: OnStreamChunk | None = None,
    ) -> LLMReply:
        """Return what the function decides; see `JSONLLMClient`. `response_format` is ignored."""
        reply = _as_reply(self._decide(messages), self.model)
        if stream and on_stream_chunk is not None:
            await self._stream(reply.text, on_stream_chunk)
        else:
            await asyncio.sleep(0)
        return reply

    async def _stream(self, text: str, on_stream_chunk: OnStreamChunk) -> None:
        for start in range(0, len(text), self._chunk_chars):
            on_stream_chunk(text[start : start + self._chunk_chars], False)
            await asyncio.sleep(self._pause_s)
        on_stream_chunk("", True)


class ScriptedLLM(FunctionLLM):
    """A model that says the given replies in order, one per call.

    `received` holds the messages of every call, for tests that look at what the model was shown. A call
    beyond the last reply raises an AssertionError, because the script no longer fits the caller.
    """

    def __init__(
        self,
        replies: Iterable[ScriptedReply],
        *,
        model: str = "scripted",
        chunk_chars: int = 12,
        pause_s: float = 0.0,
    ) -> None:
        super().__init__(self._next_reply, model=model, chunk_chars=chunk_chars, pause_s=pause_s)
        self._replies = list(replies)
        self.received: list[list[ChatMessage]] = []

    def _next_reply(self, messages: Sequence[ChatMessage]) -> ScriptedReply:
        self.received.append(list(messages))
        call = len(self.received)
        if call > len(self._replies):
            last = messages[-1]["content"] if messages else ""
            raise AssertionError(
                f"the script holds {len(self._replies)} replies and call {call} came; "
                f"the last message is `{last[:200]}`"
            )
        return self._replies[call - 1]


def _as_reply(value: ScriptedReply, model: str) -> LLMReply:
    if isinstance(value, LLMReply):
        return replace(value, model=value.model or model)
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return LLMReply(text=text, model=model)

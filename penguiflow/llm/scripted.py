"""Language models without a provider: for tests, demonstrations and offline work.

`ScriptedLLM` gives prepared replies in order. `FunctionLLM` lets a function decide from the messages, so
it can hold a conversation. Both stream in pieces when asked, as a real client does, and both can do what
real clients do to a caller: cost something, think aloud, and fail.

    model = ScriptedLLM([
        {"next_node": "search", "args": {"text": "penguins"}},
        LLMRateLimitError("slow down"),
        scripted_reply({"next_node": "final_response", "args": {"answer": "Many."}}, cost_usd=0.002),
    ])
"""

from __future__ import annotations

import asyncio
import inspect
import json
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

from penguiflow.llm.protocol import ChatMessage, OnStreamChunk
from penguiflow.llm.usage import LLMReply, TokenUsage

ScriptedReply: TypeAlias = Mapping[str, Any] | str | LLMReply | Exception
"""What a model says: JSON as a mapping or a text, either with its cost, or an error that is raised."""

Decide: TypeAlias = Callable[[Sequence[ChatMessage]], ScriptedReply | Awaitable[ScriptedReply]]


def scripted_reply(
    says: Mapping[str, Any] | str,  # any JSON
    *,
    cost_usd: float | None = None,
    usage: TokenUsage | None = None,
    reasoning: str | None = None,
    model: str | None = None,
) -> LLMReply:
    """Return a reply of which more is known than its text; None means unknown."""
    text = says if isinstance(says, str) else json.dumps(says, ensure_ascii=False)
    return LLMReply(text=text, cost_usd=cost_usd, usage=usage, reasoning=reasoning, model=model)


class FunctionLLM:
    """A model whose every reply is `decide(messages)`, a function that may be async.

    A streamed reply comes in pieces of `chunk_chars` characters with `pause_s` between them, its reasoning
    before its text.
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
        on_reasoning_chunk: OnStreamChunk | None = None,
    ) -> LLMReply:
        """Return what the function decides; see `JSONLLMClient`. `response_format` is ignored.

        Raises:
            Exception: the one that the function raised or returned.
        """
        decided = self._decide(messages)
        said = await decided if inspect.isawaitable(decided) else decided
        if isinstance(said, Exception):
            raise said
        reply = _as_reply(said, self.model)
        if reply.reasoning and on_reasoning_chunk is not None:
            await self._stream(reply.reasoning, on_reasoning_chunk)
        if stream and on_stream_chunk is not None:
            await self._stream(reply.text, on_stream_chunk)
        else:
            await asyncio.sleep(0)
        return reply

    async def _stream(self, text: str, on_chunk: OnStreamChunk) -> None:
        for start in range(0, len(text), self._chunk_chars):
            on_chunk(text[start : start + self._chunk_chars], False)
            await asyncio.sleep(self._pause_s)
        on_chunk("", True)


class ScriptedLLM(FunctionLLM):
    """A model that says the given replies in order, one per call; an exception among them is raised.

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


def _as_reply(said: Mapping[str, Any] | str | LLMReply, model: str) -> LLMReply:
    reply = said if isinstance(said, LLMReply) else scripted_reply(said)
    return replace(reply, model=reply.model or model)

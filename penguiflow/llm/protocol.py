"""The one boundary to language models."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeAlias

from penguiflow.llm.usage import LLMReply

ChatMessage: TypeAlias = Mapping[str, str]
"""A message with the keys `role` (system, user, assistant) and `content`."""

OnStreamChunk: TypeAlias = Callable[[str, bool], None]
"""Receives `(text, done)`; the last call of a reply has `done=True` and usually an empty text."""


class JSONLLMClient(Protocol):
    """Turns chat messages into one JSON text.

    `response_format` is the provider's JSON-mode or schema object; a client may ignore it. With
    `stream=True` the client calls `on_stream_chunk` as text arrives and still returns the whole reply.
    A plain `str` has unknown cost; `(text, cost_usd)` and `LLMReply` say more.

    Raises:
        LLMError: the provider refused, failed or could not be reached (`penguiflow.llm.errors`).
    """

    async def complete(
        self,
        *,
        messages: Sequence[ChatMessage],
        response_format: Mapping[str, Any] | None = None,
        stream: bool = False,
        on_stream_chunk: OnStreamChunk | None = None,
    ) -> str | tuple[str, float] | LLMReply: ...


class SupportsReadiness(Protocol):
    """A client that can tell before the first call whether it could be made at all."""

    def check_ready(self) -> None:
        """Return when the client is set up; nothing is sent.

        Raises:
            LLMSetupError: a package, a key or a part of the model name is missing.
        """
        ...

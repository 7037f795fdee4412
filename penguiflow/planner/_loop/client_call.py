"""One call of a language model client, whatever part of the protocol the client knows."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias, cast

from penguiflow.llm.protocol import ChatMessage, JSONLLMClient, NativeTools, OnStreamChunk
from penguiflow.llm.usage import LLMReply, reply_of
from penguiflow.planner.events import ModelExchange
from penguiflow.redaction import remember_secrets_in_calls, without_marked_arguments


class PlainJSONClient(Protocol):
    """A client without streaming; many test doubles look like this."""

    async def complete(
        self, *, messages: Sequence[ChatMessage], response_format: Mapping[str, Any] | None = None
    ) -> str | tuple[str, float] | LLMReply: ...


PlannerClient: TypeAlias = JSONLLMClient | PlainJSONClient


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRequest:
    """What one call asks for. What the client cannot do of it is left out of the call."""

    messages: Sequence[ChatMessage]
    response_format: Mapping[str, Any] | None = None
    tools: NativeTools | None = None
    on_text: OnStreamChunk | None = None
    on_reasoning: OnStreamChunk | None = None


class ClientCall:
    """Calls a client with the keywords its `complete` takes; its signature is read once."""

    def __init__(self, client: PlannerClient) -> None:
        self._client = client
        parameters = inspect.signature(client.complete).parameters.values()
        self._takes_all = any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in parameters)
        self._takes = frozenset(parameter.name for parameter in parameters)

    @property
    def can_stream(self) -> bool:
        """Return whether the client's `complete` can be asked for a stream."""
        return self._takes_all or {"stream", "on_stream_chunk"} <= self._takes

    def exchange(self, request: ModelRequest, reply: LLMReply | None) -> ModelExchange:
        """Return what the client was given of a request, and its reply."""
        return ModelExchange(
            messages=tuple(_without_marked_arguments(message) for message in request.messages),
            response_format=request.response_format,
            tools=request.tools if "tools" in self._takes else None,
            reply=without_marked_arguments(reply.text) if reply else None,
        )

    async def __call__(self, request: ModelRequest) -> LLMReply:
        """Return the reply.

        Raises:
            LLMError: as the client raises it.
            TypeError: the client returned something else than its protocol says.
        """
        # Any: which keywords there are is known from the client's signature only.
        keywords: dict[str, Any] = {"response_format": request.response_format}
        if self.can_stream:
            keywords["stream"] = request.on_text is not None
            keywords["on_stream_chunk"] = request.on_text
        # These are given by name only: a wrapper that takes anything may wrap a client that does not.
        if request.tools is not None and "tools" in self._takes:
            keywords["tools"] = request.tools
        if request.on_reasoning is not None and "on_reasoning_chunk" in self._takes:
            keywords["on_reasoning_chunk"] = request.on_reasoning
        client = cast(JSONLLMClient, self._client)
        reply = reply_of(await client.complete(messages=request.messages, **keywords))
        remember_secrets_in_calls(reply.text)
        return reply


def _without_marked_arguments(message: ChatMessage) -> ChatMessage:
    content = message.get("content", "")
    shown = without_marked_arguments(content)
    return message if shown == content else {**message, "content": shown}

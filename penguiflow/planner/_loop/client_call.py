"""One call of a language model client, whatever part of the protocol the client knows."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any, Protocol, TypeAlias, cast

from penguiflow.llm.protocol import ChatMessage, JSONLLMClient, OnStreamChunk
from penguiflow.llm.usage import LLMReply

_STREAM_KEYWORDS = ("stream", "on_stream_chunk")


class PlainJSONClient(Protocol):
    """A client without streaming; many test doubles look like this."""

    async def complete(
        self, *, messages: Sequence[ChatMessage], response_format: Mapping[str, Any] | None = None
    ) -> str | tuple[str, float] | LLMReply: ...


PlannerClient: TypeAlias = JSONLLMClient | PlainJSONClient


class ClientCall:
    """Calls a client with the keywords its `complete` takes; its signature is read once."""

    def __init__(self, client: PlannerClient) -> None:
        self._client = client
        parameters = inspect.signature(client.complete).parameters.values()
        self.can_stream = any(
            parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in parameters
        ) or set(_STREAM_KEYWORDS) <= {parameter.name for parameter in parameters}

    async def __call__(
        self,
        messages: Sequence[ChatMessage],
        response_format: Mapping[str, Any] | None,
        on_stream_chunk: OnStreamChunk | None,
    ) -> LLMReply:
        """Return the reply.

        Raises:
            LLMError: as the client raises it.
            TypeError: the client returned something else than its protocol says.
        """
        if not self.can_stream:
            return _as_reply(await self._client.complete(messages=messages, response_format=response_format))
        streaming = cast(JSONLLMClient, self._client)  # `can_stream` says that it takes these keywords
        return _as_reply(
            await streaming.complete(
                messages=messages,
                response_format=response_format,
                stream=on_stream_chunk is not None,
                on_stream_chunk=on_stream_chunk,
            )
        )


def _as_reply(reply: object) -> LLMReply:
    match reply:
        case LLMReply():
            return reply
        case str():
            return LLMReply(text=reply)
        case (str() as text, float() | int() | None as cost):
            return LLMReply(text=text, cost_usd=cost)
        case _:
            raise TypeError(
                f"the model client returned `{type(reply).__name__}`; `complete` must return text, "
                "`(text, cost_usd)` or `LLMReply`"
            )

"""The one boundary to language models."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeAlias

from penguiflow.llm.usage import LLMReply

ChatMessage: TypeAlias = Mapping[str, str]
"""A message with the keys `role` (system, user, assistant) and `content`."""

OnStreamChunk: TypeAlias = Callable[[str, bool], None]
"""Receives `(text, done)`; the last call of a reply has `done=True` and usually an empty text."""


ToolCalling: TypeAlias = Literal["auto", "native", "json"]
"""How a model is told of tools: by its provider's means, in the prompt's text, or as fits the model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolDescription:
    """One tool as the model is told of it; `parameters` is the JSON schema of its arguments."""

    name: str
    description: str
    parameters: Mapping[str, Any]  # any JSON


@dataclass(frozen=True, slots=True, kw_only=True)
class NativeTools:
    """What a client that calls tools natively uses instead of the JSON protocol of the messages.

    `system` takes the place of the first system message. The tools include `final_response`, whose call is
    the answer.
    """

    system: str
    tools: Sequence[ToolDescription]


class JSONLLMClient(Protocol):
    """Turns chat messages into one JSON text.

    `response_format` is the provider's JSON-mode or schema object; a client may ignore it. With
    `stream=True` the client calls `on_stream_chunk` as text arrives and still returns the whole reply.
    A plain `str` has unknown cost; `(text, cost_usd)` and `LLMReply` say more.

    `complete` may have two more keywords, both with the default None; the planner fills those it finds.
    `tools: NativeTools` comes with every planning call, and the client decides whether to use it: either way
    its reply is the JSON text of one action, `{"thought", "next_node", "args"}`. `on_reasoning_chunk:
    OnStreamChunk` receives what the model thinks before it replies, which is no part of the reply.

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

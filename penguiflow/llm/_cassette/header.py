"""The first line of a cassette: its version, and what a planner asks of a client before it calls it."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol

from penguiflow.llm.usage import LLMReply

VERSION = 1

_ANY_KEYWORD = "**"


class RecordableClient(Protocol):
    """A client with any part of `JSONLLMClient` and any keywords beside it."""

    @property
    def complete(self) -> Callable[..., Awaitable[str | tuple[str, float] | LLMReply]]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """How the recorded client looks: replayed, it must be asked for the same things in the same way.

    `keywords` are those of its `complete`, `**` among them when it takes any.
    """

    keywords: tuple[str, ...]
    model: str | None = None
    expects_json_schema: bool = False

    @classmethod
    def of(cls, client: RecordableClient) -> Header:
        """Return how this client looks."""
        parameters = inspect.signature(client.complete).parameters.values()
        model: object = getattr(client, "model", None)
        return cls(
            keywords=tuple(
                _ANY_KEYWORD if parameter.kind is inspect.Parameter.VAR_KEYWORD else parameter.name
                for parameter in parameters
                if parameter.kind is not inspect.Parameter.VAR_POSITIONAL
            ),
            model=model if isinstance(model, str) else None,
            expects_json_schema=bool(getattr(client, "expects_json_schema", False)),
        )

    def signature(self) -> inspect.Signature:
        """Return the signature of a `complete` with these keywords."""
        named = [
            inspect.Parameter(
                name,
                inspect.Parameter.KEYWORD_ONLY,
                default=inspect.Parameter.empty if name == "messages" else None,
            )
            for name in self.keywords
            if name != _ANY_KEYWORD
        ]
        if _ANY_KEYWORD in self.keywords:
            named.append(inspect.Parameter("keywords", inspect.Parameter.VAR_KEYWORD))
        return inspect.Signature(named)


class SignedCall:
    """A `complete` that shows the signature of the client behind it, which planners read."""

    def __init__(self, call: Callable[..., Awaitable[LLMReply]], signature: inspect.Signature) -> None:
        self._call = call
        self.__signature__ = signature

    # Any: what the client takes beside `messages` is known at run time only.
    async def __call__(self, **keywords: Any) -> LLMReply:
        return await self._call(**keywords)

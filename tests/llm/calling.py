"""A client in front of the fake server, and what receives its pieces."""

from __future__ import annotations

import asyncio
from typing import Any

from penguiflow.llm import ChatMessage, LiteLLMClient
from tests.fakes.openai_server import OpenAIServer

KEY = "canary-key-0123456789"
QUESTION: list[ChatMessage] = [{"role": "user", "content": "Say something as JSON."}]


class Waits:
    """Stands in for sleeping between attempts."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


class Chunks:
    """Receives a stream."""

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self.ends = 0
        self.first = asyncio.Event()

    def __call__(self, text: str, done: bool) -> None:
        self.pieces.append(text)
        self.ends += done
        self.first.set()

    @property
    def text(self) -> str:
        return "".join(self.pieces)


def client_of(
    server: OpenAIServer,
    *,
    model: str = "openai/gpt-4o-mini",
    waits: Waits | None = None,
    settings: dict[str, Any] | None = None,
    **options: Any,
) -> LiteLLMClient:
    """Return a client of the server; `settings` stand in the mapping that names the model."""
    given = {"model": model, "api_base": server.base_url, "api_key": KEY, **(settings or {})}
    return LiteLLMClient(given, sleep=waits or Waits(), **options)

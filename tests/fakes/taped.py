"""Short forms for tests that put a language model on tape."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from penguiflow.llm import ChatMessage, LLMReply, ScriptedLLM
from penguiflow.llm.cassette import CassetteClient
from penguiflow.llm.protocol import NativeTools, OnStreamChunk

Pieces = list[tuple[str, str, bool]]


def said(*texts: str, system: str = "Be brief.") -> list[ChatMessage]:
    """Return a conversation after a system message."""
    roles = ("user", "assistant")
    talk = [{"role": roles[at % 2], "content": text} for at, text in enumerate(texts)]
    return [{"role": "system", "content": system}, *talk]


def tape_of(folder: Path, *replies: Any) -> tuple[CassetteClient, Path]:
    """Return a recording of a scripted model, and its file."""
    path = folder / "tape.jsonl"
    return CassetteClient.record(ScriptedLLM(replies), path), path


def never(messages: Sequence[ChatMessage]) -> str:
    """Be a model that must not be asked."""
    raise AssertionError(f"asked for {messages[-1]['content']}")


class Thinker:
    """A client with every keyword there is: it thinks, speaks and remembers what it was given."""

    model = "thinker"
    expects_json_schema = True

    def __init__(self) -> None:
        self.given: list[dict[str, Any]] = []

    async def complete(
        self,
        *,
        messages: Sequence[ChatMessage],
        response_format: Mapping[str, Any] | None = None,
        stream: bool = False,
        on_stream_chunk: OnStreamChunk | None = None,
        on_reasoning_chunk: OnStreamChunk | None = None,
        tools: NativeTools | None = None,
    ) -> LLMReply:
        self.given.append({"stream": stream, "tools": tools, "response_format": response_format})
        if on_reasoning_chunk is not None:
            on_reasoning_chunk("hm ", False)
        if on_stream_chunk is not None:
            on_stream_chunk("Hel", False)
        if on_reasoning_chunk is not None:
            on_reasoning_chunk("so", True)
        if on_stream_chunk is not None:
            on_stream_chunk("lo", False)
            on_stream_chunk("", True)
        return LLMReply(text="Hello", model=self.model, reasoning="hm so")


async def ask(client: CassetteClient, *texts: str, **keywords: Any) -> tuple[LLMReply, Pieces]:
    """Return the reply and every piece that was streamed."""
    pieces: Pieces = []

    def noting(channel: str) -> OnStreamChunk:
        return lambda text, done: pieces.append((channel, text, done))

    reply = await client.complete(
        messages=said(*texts),
        stream=True,
        on_stream_chunk=noting("text"),
        on_reasoning_chunk=noting("reasoning"),
        **keywords,
    )
    return reply, pieces

"""Makes calls with a client and writes down what came of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from penguiflow.llm._cassette.header import RecordableClient
from penguiflow.llm._cassette.playback import STREAM_CALLBACKS
from penguiflow.llm._cassette.recorded import (
    Channel,
    Chunk,
    Outcome,
    RecordedCall,
    RecordedError,
    redacted_chunks,
)
from penguiflow.llm._cassette.request import Request
from penguiflow.llm._cassette.writer import TapeWriter
from penguiflow.llm.errors import LLMError
from penguiflow.llm.protocol import ChatMessage, OnStreamChunk
from penguiflow.llm.usage import LLMReply, reply_of
from penguiflow.redaction import remember_secrets_in_calls


class Recorder:
    """One client and its tape, which may hold `calls_before` calls already."""

    def __init__(self, client: RecordableClient, writer: TapeWriter, *, calls_before: int = 0) -> None:
        self._client = client
        self._writer = writer
        self._calls = calls_before

    def check_ready(self) -> None:
        """Ask the client, when it can tell."""
        check: object = getattr(self._client, "check_ready", None)
        if callable(check):
            check()

    # Any: a client may take keywords that no protocol names.
    async def call(
        self, request: Request, messages: Sequence[ChatMessage], keywords: Mapping[str, Any]
    ) -> LLMReply:
        """Return the client's reply once it is written down.

        Raises:
            LLMError: the call failed; that is written down too.
            CassetteFileError: the outcome cannot be written.
        """
        self._calls += 1
        number = self._calls
        heard: list[Chunk] = []
        try:
            reply = reply_of(await self._client.complete(messages=messages, **_overheard(keywords, heard)))
            remember_secrets_in_calls(reply.text)
        except LLMError as exc:
            await self._keep(number, request, heard, RecordedError.of(exc))
            raise
        await self._keep(number, request, heard, reply)
        return reply

    async def _keep(self, number: int, request: Request, heard: Sequence[Chunk], outcome: Outcome) -> None:
        call = RecordedCall(
            number=number,
            request=request.digest,
            messages=request.messages,
            options=request.options,
            chunks=redacted_chunks(tuple(heard)),
            outcome=outcome,
        )
        await self._writer.write(call, request.texts)


def _overheard(keywords: Mapping[str, Any], heard: list[Chunk]) -> dict[str, Any]:
    """Return the keywords with callbacks that note each piece before they pass it on."""
    callbacks = {
        name: _noting(keywords[name], channel, heard)
        for name, channel in STREAM_CALLBACKS.items()
        if keywords.get(name) is not None
    }
    return {**keywords, **callbacks}


def _noting(callback: OnStreamChunk, channel: Channel, heard: list[Chunk]) -> OnStreamChunk:
    def note(text: str, done: bool) -> None:
        heard.append(Chunk(channel, text, done))
        callback(text, done)

    return note

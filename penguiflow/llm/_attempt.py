"""One request through litellm: its pieces go to the caller as they come, and the whole is returned."""

from __future__ import annotations

from dataclasses import replace

from penguiflow.llm._native.reply import action_text
from penguiflow.llm._native.stream import ActionWriter
from penguiflow.llm._package import LiteLLM
from penguiflow.llm._reading import answer_piece, whole_answer
from penguiflow.llm._relay import Relays
from penguiflow.llm._request import Request
from penguiflow.llm._said import Gathered, Said


async def send(litellm: LiteLLM, request: Request, relays: Relays) -> tuple[Said, object]:
    """Return what the model said and litellm's usage object, or None instead of the latter."""
    relays.begin_attempt()
    return await (_streamed if relays.text.takes_text else _whole)(litellm, request, relays)


def text_of(said: Said, request: Request) -> str:
    """Return the text of the reply: of one action when tools were sent, else what the model wrote."""
    return said.content if request.names is None else action_text(said, request.names)


async def _whole(litellm: LiteLLM, request: Request, relays: Relays) -> tuple[Said, object]:
    response = await litellm.acompletion(**request.wire)
    said = _kept(whole_answer(response), request)
    relays.reasoning.send(said.reasoning)
    return said, getattr(response, "usage", None)


async def _streamed(litellm: LiteLLM, request: Request, relays: Relays) -> tuple[Said, object]:
    gathered = Gathered()
    writer = None if request.names is None else ActionWriter(request.names)
    usage: object = None
    chunks = await litellm.acompletion(**request.wire, stream=True, stream_options={"include_usage": True})
    try:
        async for chunk in chunks:
            piece = _kept(answer_piece(chunk), request)
            gathered.add(piece)
            relays.reasoning.send(piece.reasoning)
            relays.text.send(piece.content if writer is None else writer.feed(piece))
            usage = getattr(chunk, "usage", None) or usage
    finally:
        await chunks.aclose()
    if writer is not None:
        relays.text.send(writer.end())
    return gathered.whole(), usage


def _kept(said: Said, request: Request) -> Said:
    return said if request.keeps_reasoning else replace(said, reasoning="")

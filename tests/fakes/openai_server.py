"""A real HTTP server on loopback that speaks the chat-completions protocol of OpenAI.

    async with OpenAIServer.running(Says("hello")) as server:
        ...  # point a client at server.base_url; look at server.requests afterwards

Replies are given in order; the last one repeats when `repeat_last` is set. To answer from the conversation,
pass `decide`. An answer may call tools and show its reasoning. Alone on a terminal:
`python -m tests.fakes.openai_server --port 8901`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, TypeAlias


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    prompt_tokens: int = 100
    completion_tokens: int = 20
    cached_tokens: int = 0
    reasoning_tokens: int = 0

    def to_json(self) -> dict[str, Any]:
        return {
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": self.completion_tokens,
            "total_tokens": self.prompt_tokens + self.completion_tokens,
            "prompt_tokens_details": {"cached_tokens": self.cached_tokens},
            "completion_tokens_details": {"reasoning_tokens": self.reasoning_tokens},
        }


@dataclass(frozen=True, slots=True)
class Calls:
    """One call of a tool; `arguments` is JSON text, well-formed or not."""

    name: str
    arguments: str = "{}"
    call_id: str | None = None

    def to_json(self, at: int, arguments: str | None = None) -> dict[str, Any]:
        function = {"name": self.name, "arguments": self.arguments if arguments is None else arguments}
        return {"id": self.call_id or f"call_{at}", "type": "function", "function": function}


@dataclass(frozen=True, slots=True)
class Says:
    """Answers with this; streamed in pieces of `chunk_chars` when the client asks for a stream."""

    text: str = ""
    usage: Usage | None = field(default_factory=Usage)
    chunk_chars: int = 8
    pause_s: float = 0.0
    calls: tuple[Calls, ...] = ()
    reasoning: str = ""


@dataclass(frozen=True, slots=True)
class Fails:
    """Answers with an error of this HTTP status."""

    status: int
    message: str = "it failed"
    code: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class CutsOff:
    """Streams this and then drops the connection without ending the answer."""

    text: str = ""
    calls: tuple[Calls, ...] = ()
    reasoning: str = ""


@dataclass(frozen=True, slots=True)
class Hangs:
    """Streams this (or sends nothing, when empty) and then stays silent until the client leaves."""

    text: str = ""
    calls: tuple[Calls, ...] = ()
    reasoning: str = ""

    @property
    def is_silent(self) -> bool:
        return not (self.text or self.calls or self.reasoning)


Reply: TypeAlias = Says | Fails | CutsOff | Hangs


@dataclass(frozen=True, slots=True)
class ReceivedRequest:
    path: str
    headers: Mapping[str, str]
    body: Mapping[str, Any]

    @property
    def messages(self) -> list[dict[str, Any]]:
        return list(self.body["messages"])


Decide: TypeAlias = Callable[[ReceivedRequest], Reply]


class OpenAIServer:
    """Start it with `running`, which also ends every connection when the block ends."""

    def __init__(self, decide: Decide) -> None:
        self._decide = decide
        self._connections: dict[asyncio.Task[None], asyncio.StreamWriter] = {}
        self.base_url = ""
        self.requests: list[ReceivedRequest] = []
        self.asked = asyncio.Event()
        """Set when a request has arrived."""
        self.client_left = asyncio.Event()
        """Set when a client closes its connection before its answer was complete."""

    @classmethod
    @asynccontextmanager
    async def running(
        cls, *replies: Reply, decide: Decide | None = None, repeat_last: bool = False, port: int = 0
    ) -> AsyncIterator[OpenAIServer]:
        server = cls(decide or _in_order(replies, repeat_last=repeat_last))
        listener = await asyncio.start_server(server._serve, "127.0.0.1", port)
        server.base_url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}/v1"
        try:
            yield server
        finally:
            listener.close()
            await server._end_connections()

    async def _end_connections(self) -> None:
        for writer in self._connections.values():
            writer.transport.abort()
        await asyncio.gather(*self._connections)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections[task] = writer
        try:
            request = await _read_request(reader)
            if request is not None:
                self.requests.append(request)
                self.asked.set()
                await self._answer_until_client_leaves(request, reader, writer)
        finally:
            del self._connections[task]
            writer.close()

    async def _answer_until_client_leaves(
        self, request: ReceivedRequest, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        answering = asyncio.create_task(_answer(self._reply_to(request), request, writer))
        leaving = asyncio.create_task(reader.read())  # ends when the client closes; it sends nothing more
        await asyncio.wait({answering, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if not answering.done():
            self.client_left.set()
        answering.cancel()
        leaving.cancel()
        await asyncio.gather(answering, leaving, return_exceptions=True)

    def _reply_to(self, request: ReceivedRequest) -> Reply:
        if not request.path.endswith("/chat/completions"):
            return Fails(404, f"no such path: {request.path}")
        return self._decide(request)


def _in_order(replies: tuple[Reply, ...], *, repeat_last: bool) -> Decide:
    left = list(replies)

    def decide(request: ReceivedRequest) -> Reply:
        if not left:
            return Fails(418, f"no reply left for {request.messages[-1]}")
        return left[0] if repeat_last and len(left) == 1 else left.pop(0)

    return decide


async def _read_request(reader: asyncio.StreamReader) -> ReceivedRequest | None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return ReceivedRequest(path=head[0].split()[1], headers=headers, body=json.loads(body or b"{}"))


async def _answer(reply: Reply, request: ReceivedRequest, writer: asyncio.StreamWriter) -> None:
    model = str(request.body.get("model"))
    match reply:
        case Fails(status, message, code, headers):
            body = {"error": {"message": message, "type": "error", "code": code}}
            await _send_whole(writer, status, body, headers)
        case Says() if not request.body.get("stream"):
            await _send_whole(writer, 200, _completion(model, reply), {})
        case _:
            await _send_stream(writer, reply, request, model)


async def _send_whole(
    writer: asyncio.StreamWriter, status: int, body: Mapping[str, Any], headers: Mapping[str, str]
) -> None:
    data = json.dumps(body).encode()
    extra = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    writer.write(
        f"HTTP/1.1 {status} Status\r\nContent-Type: application/json\r\nContent-Length: {len(data)}\r\n"
        f"Connection: close\r\n{extra}\r\n".encode()
        + data
    )
    await writer.drain()


async def _send_stream(
    writer: asyncio.StreamWriter, reply: Says | CutsOff | Hangs, request: ReceivedRequest, model: str
) -> None:
    if isinstance(reply, Hangs) and reply.is_silent:
        await asyncio.Event().wait()  # until the client leaves
    writer.write(
        b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n"
        b"Connection: close\r\n\r\n"
    )
    size, pause_s = (reply.chunk_chars, reply.pause_s) if isinstance(reply, Says) else (8, 0.0)
    for delta in _deltas(reply, size):
        await _send_event(writer, _chunk(model, delta))
        await asyncio.sleep(pause_s)
    if isinstance(reply, CutsOff):
        return
    if isinstance(reply, Hangs):
        await asyncio.Event().wait()  # until the client leaves
    await _send_event(writer, _chunk(model, {}, finish_reason=_finish_reason(reply)))
    if (
        isinstance(reply, Says)
        and reply.usage
        and request.body.get("stream_options", {}).get("include_usage")
    ):
        await _send_event(writer, {**_chunk(model, {}), "choices": [], "usage": reply.usage.to_json()})
    await _send_event(writer, "[DONE]")
    writer.write(b"0\r\n\r\n")
    await writer.drain()


async def _send_event(writer: asyncio.StreamWriter, event: Mapping[str, Any] | str) -> None:
    data = f"data: {event if isinstance(event, str) else json.dumps(event)}\n\n".encode()
    writer.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
    await writer.drain()


def _deltas(reply: Says | CutsOff | Hangs, size: int) -> Iterator[dict[str, Any]]:
    yield from ({"reasoning_content": piece} for piece in _pieces(reply.reasoning, size))
    yield from ({"content": piece} for piece in _pieces(reply.text, size))
    for at, call in enumerate(reply.calls):
        yield {"tool_calls": [{"index": at, **call.to_json(at, "")}]}
        for piece in _pieces(call.arguments, size):
            yield {"tool_calls": [{"index": at, "function": {"arguments": piece}}]}


def _pieces(text: str, size: int) -> Iterator[str]:
    return (text[start : start + size] for start in range(0, len(text), size))


def _finish_reason(reply: Says | CutsOff | Hangs) -> str:
    return "tool_calls" if reply.calls else "stop"


def _completion(model: str, reply: Says) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": reply.text}
    if reply.calls:
        message["tool_calls"] = [call.to_json(at) for at, call in enumerate(reply.calls)]
        message["content"] = reply.text or None
    if reply.reasoning:
        message["reasoning_content"] = reply.reasoning
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": model,
        "choices": [{"index": 0, "message": message, "finish_reason": _finish_reason(reply)}],
    } | ({"usage": reply.usage.to_json()} if reply.usage else {})


def _chunk(model: str, delta: Mapping[str, Any], finish_reason: str | None = None) -> dict[str, Any]:
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": model,
        "choices": [{"index": 0, "delta": dict(delta), "finish_reason": finish_reason}],
    }


def echo(request: ReceivedRequest) -> Reply:
    """Answer a planner with what its person asked, as the final answer."""
    question = next(m["content"] for m in request.messages if m["role"] == "user")
    with suppress(ValueError, KeyError, TypeError):  # not a planner's prompt: echo the text as it is
        question = json.loads(question)["query"]
    answer = {
        "thought": "I echo.",
        "next_node": "final_response",
        "args": {"answer": f"You asked: {question}"},
    }
    return Says(json.dumps(answer))


async def _serve_alone(port: int) -> None:
    async with OpenAIServer.running(decide=echo, port=port) as server:
        print(server.base_url, flush=True)  # noqa: T201 - tells the caller where it listens
        await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Serve an echoing chat-completions endpoint on loopback.")
    parser.add_argument("--port", type=int, default=0)
    with suppress(KeyboardInterrupt):
        asyncio.run(_serve_alone(parser.parse_args().port))

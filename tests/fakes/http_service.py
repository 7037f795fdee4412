"""A tiny HTTP server on loopback whose every byte the test decides, and which remembers what it was sent."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A request as it came; header names are in lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def query(self) -> str:
        return self.target.partition("?")[2]


Handler: TypeAlias = Callable[[Seen, asyncio.StreamWriter], Awaitable[None]]
Route: TypeAlias = bytes | Handler | list[bytes]
"""What a path answers: these bytes, what a handler writes, or one after another and the last for ever."""


@dataclass(slots=True, kw_only=True)
class HttpFake:
    """The server while it runs; a path that has no route is answered with 404."""

    routes: dict[str, Route]
    port: int = 0
    seen: list[Seen] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def asked(self, path: str) -> list[Seen]:
        return [request for request in self.seen if request.path == path]


def answer(status: int = 200, body: bytes = b"", **headers: str) -> bytes:
    """Return the bytes of an answer; underscores in header names stand for hyphens."""
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def json_answer(value: object, status: int = 200, **headers: str) -> bytes:
    return answer(status, json.dumps(value).encode(), content_type="application/json", **headers)


def redirect(location: str, status: int = 302) -> bytes:
    return answer(status, location=location)


def document(*operations: tuple[str, str, Mapping[str, object]], **parts: object) -> Any:
    """Return an OpenAPI document of `(method, path, operation)`: any JSON, hence the type."""
    paths: dict[str, dict[str, object]] = {}
    for method, path, operation in operations:
        paths.setdefault(path, {})[method] = {"responses": {}, **operation}
    return {"openapi": "3.1.0", "info": {"title": "Fake", "version": "7"}, "paths": paths, **parts}


def get(
    path: str, operation_id: str | None = None, **operation: object
) -> tuple[str, str, dict[str, object]]:
    """Return an operation of `document` that reads; named after its path unless it is told otherwise."""
    return "get", path, {"operationId": operation_id or path.strip("/").replace("/", "_"), **operation}


@contextlib.asynccontextmanager
async def serving(routes: Mapping[str, Route] | None = None) -> AsyncGenerator[HttpFake, None]:
    """Run the server; connections that are open at the end are closed."""
    fake = HttpFake(routes=dict(routes or {}))
    open_handlers: set[asyncio.Task[None]] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        open_handlers.add(task)
        try:
            await _answer_one(fake, reader, writer)
        except (ConnectionError, asyncio.CancelledError, asyncio.IncompleteReadError):
            pass  # the client had enough, or the test is over
        finally:
            open_handlers.discard(task)
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    fake.port = server.sockets[0].getsockname()[1]
    try:
        yield fake
    finally:
        server.close()
        for task in tuple(open_handlers):
            task.cancel()
        await asyncio.gather(*open_handlers, return_exceptions=True)
        await server.wait_closed()


async def _answer_one(fake: HttpFake, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.strip().split("\r\n")
    method, target, _ = first.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    seen = Seen(method=method, target=target, headers=headers, body=body)
    fake.seen.append(seen)
    route = fake.routes.get(seen.path, answer(404))
    if isinstance(route, list):
        route = route.pop(0) if len(route) > 1 else route[0]
    if isinstance(route, bytes):
        writer.write(route)
        await writer.drain()
    else:
        await route(seen, writer)

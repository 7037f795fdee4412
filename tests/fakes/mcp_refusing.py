"""ASGI middleware that refuses requests whose headers ask for it.

`x-refuse: 503` and `x-refuse-times: 2` make the first two calls of the tool `add` by a client fail with that
status, `x-client` tells clients apart, `x-retry-after` goes into the answer; `x-refuse-always: 401` refuses
every request, `x-handshake-only` the question for the newer protocol era.
"""

from __future__ import annotations

from collections import Counter
from typing import Any


class RefuseOnRequest:
    """Gives the answers the headers ask for."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self._refused: Counter[str] = Counter()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        headers = {key.decode(): value.decode() for key, value in scope.get("headers", ())}
        status = self._status(headers)
        if scope["type"] != "http" or status is None:
            await self._app(scope, receive, send)
            return
        answer = [(b"content-length", b"0"), (b"www-authenticate", b'Bearer realm="do not show"')]
        if "x-retry-after" in headers:
            answer.append((b"retry-after", headers["x-retry-after"].encode()))
        await send({"type": "http.response.start", "status": status, "headers": answer})
        await send({"type": "http.response.body", "body": b""})

    def _status(self, headers: dict[str, str]) -> int | None:
        if "x-refuse-always" in headers:
            return int(headers["x-refuse-always"])
        if "x-handshake-only" in headers and headers.get("mcp-method") == "server/discover":
            return 404
        client = headers.get("x-client", "")
        calls_add = (headers.get("mcp-method"), headers.get("mcp-name")) == ("tools/call", "add")
        if "x-refuse" in headers and calls_add and self._refused[client] < int(headers["x-refuse-times"]):
            self._refused[client] += 1
            return int(headers["x-refuse"])
        return None

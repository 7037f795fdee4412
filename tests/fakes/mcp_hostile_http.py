"""An HTTP MCP server, in the standard library, that misbehaves from a given method on."""

from __future__ import annotations

import contextlib
import gzip
import json
import threading
from collections.abc import Generator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

HABITS = (
    "bytes that are no text",
    "half a message",
    "a body without end",
    "HTML",
    "no body",
    "202 to a request",
    "an answer to another request",
    "a result of the wrong shape",
    "deeper than any parser",
    "events of garbage",
    "an event without end",
    "events that never come",
    "events that end",
    "one byte now and then",
    "a gzip bomb",
    "a redirect to another host",
    "a redirect to itself",
    "the connection is closed",
)
_CHUNK = b"x" * 65_536


@contextlib.contextmanager
def hostile_server(habit: str, *, method: str) -> Generator[str]:
    """Run the server on a free loopback port; it answers `method`, and no other, by its habit."""
    over = threading.Event()

    class Handler(_Handler):
        is_over = over
        hostile_method = method
        habit_name = habit

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/mcp"
    finally:
        over.set()
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    is_over: threading.Event
    hostile_method: str
    habit_name: str

    def do_POST(self) -> None:
        message = json.loads(self.rfile.read(int(self.headers["content-length"])))
        with contextlib.suppress(OSError):
            if message["method"] == self.hostile_method:
                self._misbehave(message)
            elif "id" not in message:
                self._answer(b"", status=202)
            elif message["method"] == "server/discover":
                self._reply(message, error={"code": -32601, "message": "Method not found"})
            else:
                self._reply(message, result=_RESULTS[message["method"]])

    def do_GET(self) -> None:
        self._answer(b"", status=405)

    def do_DELETE(self) -> None:
        self._answer(b"", status=200)

    def log_message(self, format: str, *args: object) -> None:
        """Be quiet."""

    def _misbehave(self, message: Any) -> None:
        good = json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": {}}).encode()
        match self.habit_name:
            case "bytes that are no text":
                self._answer(b'\xff\xfe\x00{"jsonrpc"')
            case "half a message":
                self._answer(good[:-5], length=len(good))
                self.close_connection = True
            case "a body without end":
                self._endless(_CHUNK, kind="application/json")
            case "HTML":
                self._answer(b"<html>Sign in</html>", kind="text/html")
            case "no body":
                self._answer(b"")
            case "202 to a request":
                self._answer(b"", status=202)
            case "an answer to another request":
                self._answer(good.replace(b'"id": ', b'"id": 9'))
            case "a result of the wrong shape":
                self._reply(message, result={"content": 5, "tools": "none", "protocolVersion": []})
            case "deeper than any parser":
                self._answer(b'{"jsonrpc":"2.0","id":1,"result":' + b"[" * 100_000 + b"]" * 100_000 + b"}")
            case _:
                self._misbehave_while_streaming(good)

    def _misbehave_while_streaming(self, good: bytes) -> None:
        match self.habit_name:
            case "events of garbage":
                self._answer(
                    b"event: message\ndata: {nonsense\n\n:\xff\n\ndata\n\n", kind="text/event-stream"
                )
            case "an event without end":
                self._endless(b"data: " + _CHUNK, kind="text/event-stream")
            case "events that never come":
                self._begin("text/event-stream")
                self.is_over.wait()
            case "events that end":
                self._answer(b"", kind="text/event-stream")
            case "one byte now and then":
                self._endless(good[:1], kind="application/json", pause_s=0.05)
            case "a gzip bomb":
                body = gzip.compress(b" " * 50_000_000)
                self._answer(body, more={"content-encoding": "gzip"})
            case "a redirect to another host":
                self._answer(b"", status=307, more={"location": "http://other.invalid/mcp"})
            case "a redirect to itself":
                self._answer(b"", status=307, more={"location": "/mcp"})
            case _:
                self.close_connection = True

    def _endless(self, chunk: bytes, *, kind: str, pause_s: float = 0.0) -> None:
        self._begin(kind)
        while not self.is_over.wait(pause_s):
            self.wfile.write(chunk)

    def _begin(self, kind: str) -> None:
        self.close_connection = True
        self.send_response(200)
        self.send_header("content-type", kind)
        self.end_headers()
        self.wfile.flush()

    def _reply(self, message: Any, **outcome: object) -> None:
        self._answer(json.dumps({"jsonrpc": "2.0", "id": message["id"], **outcome}).encode())

    def _answer(
        self,
        content: bytes,
        *,
        status: int = 200,
        kind: str = "application/json",
        length: int | None = None,
        more: dict[str, str] | None = None,
    ) -> None:
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(content) if length is None else length))
        for name, value in (more or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)


_RESULTS: dict[str, Any] = {
    "initialize": {
        "protocolVersion": "2025-06-18",
        "capabilities": {"tools": {}},
        "serverInfo": {"name": "hostile", "version": "1"},
    },
    "tools/list": {"tools": [{"name": "greet", "inputSchema": {"type": "object"}}]},
    "tools/call": {"content": [{"type": "text", "text": "hello"}]},
}

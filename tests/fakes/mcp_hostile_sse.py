"""A server of the older HTTP transport, in the standard library, whose tool misbehaves."""

from __future__ import annotations

import contextlib
import json
import queue
import threading
from collections.abc import Generator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

HABITS = (
    "never takes the call",
    "garbage",
    "ends the stream",
    "an event of 3 MB",
    "no answer",
    "an endpoint of another host",
)


@contextlib.contextmanager
def hostile_sse_server(habit: str) -> Generator[str]:
    """Run the server on a free loopback port; yields its URL."""
    over = threading.Event()
    messages: queue.Queue[bytes | None] = queue.Queue()

    class Handler(_Handler):
        is_over = over
        outgoing = messages
        habit_name = habit

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/sse"
    finally:
        over.set()
        messages.put(None)
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    is_over: threading.Event
    outgoing: queue.Queue[bytes | None]
    habit_name: str

    def do_GET(self) -> None:
        self.close_connection = True
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        elsewhere = self.habit_name == "an endpoint of another host"
        endpoint = b"http://other.invalid/messages" if elsewhere else b"/messages"
        with contextlib.suppress(OSError):
            self._event(b"endpoint", endpoint)
            while (message := self.outgoing.get()) is not None:
                self._event(b"message", message)

    def do_POST(self) -> None:
        message = json.loads(self.rfile.read(int(self.headers["content-length"])))
        with contextlib.suppress(OSError):
            if message["method"] == "tools/call":
                self._misbehave(message)
            elif "id" in message:
                self._reply(message)
            self.send_response(202)
            self.send_header("content-length", "0")
            self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Be quiet."""

    def _misbehave(self, message: Any) -> None:
        match self.habit_name:
            case "never takes the call":
                self.is_over.wait()
            case "garbage":
                self.outgoing.put(b"\xff{nonsense")
            case "ends the stream":
                self.outgoing.put(None)
            case "an event of 3 MB":
                self.outgoing.put(
                    json.dumps({"jsonrpc": "2.0", "id": message["id"], "x": "y" * 3_000_000}).encode()
                )
            case _:
                pass

    def _reply(self, message: Any) -> None:
        outcome = _RESULTS.get(message["method"])
        answer = (
            {"result": outcome} if outcome else {"error": {"code": -32601, "message": "Method not found"}}
        )
        self.outgoing.put(json.dumps({"jsonrpc": "2.0", "id": message["id"], **answer}).encode())

    def _event(self, kind: bytes, data: bytes) -> None:
        self.wfile.write(b"event: " + kind + b"\ndata: " + data + b"\n\n")
        self.wfile.flush()


_RESULTS: dict[str, Any] = {
    "initialize": {
        "protocolVersion": "2025-06-18",
        "capabilities": {"tools": {}},
        "serverInfo": {"name": "hostile", "version": "1"},
    },
    "tools/list": {"tools": [{"name": "greet", "inputSchema": {"type": "object"}}]},
}

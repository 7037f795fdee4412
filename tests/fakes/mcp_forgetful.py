"""An HTTP MCP server of the session era, in the standard library, that can forget its sessions."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Generator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Sessions:
    """The session the server knows; the first is 1."""

    def __init__(self) -> None:
        self.current = 0
        self.is_known = False

    def begin(self) -> int:
        self.current += 1
        self.is_known = True
        return self.current

    def forget(self) -> None:
        """Behave as after a restart."""
        self.is_known = False


@contextlib.contextmanager
def forgetful_server() -> Generator[tuple[str, Sessions], None, None]:
    """Run the server on a free loopback port; yields its URL and its sessions."""
    sessions = Sessions()

    class Handler(_Handler):
        known = sessions

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/mcp", sessions
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    known: Sessions

    def do_POST(self) -> None:
        message = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if "id" not in message:
            self._answer(202, None)
        elif message["method"] == "initialize":
            self._result(message, _INITIALIZED, session=str(self.known.begin()))
        elif not self.headers.get("mcp-session-id"):
            self._error(message, -32601, "Method not found")
        elif not self.known.is_known:
            self._answer(404, None)
        elif message["method"] == "tools/list":
            self._result(message, {"tools": [{"name": "greet", "inputSchema": {"type": "object"}}]})
        elif message["params"]["name"] == "greet":
            text = f"hello from session {self.headers['mcp-session-id']}"
            self._result(message, {"content": [{"type": "text", "text": text}]})
        else:
            self._error(message, -32602, f"no tool {message['params']['name']}")

    def do_GET(self) -> None:
        self._answer(405, None)

    def do_DELETE(self) -> None:
        self._answer(200, None)

    def log_message(self, format: str, *args: object) -> None:
        """Be quiet."""

    def _result(self, message: Any, result: object, *, session: str | None = None) -> None:
        self._answer(200, {"jsonrpc": "2.0", "id": message["id"], "result": result}, session=session)

    def _error(self, message: Any, code: int, text: str) -> None:
        self._answer(400, {"jsonrpc": "2.0", "id": message["id"], "error": {"code": code, "message": text}})

    def _answer(self, status: int, body: object, *, session: str | None = None) -> None:
        content = b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(content)))
        if session is not None:
            self.send_header("mcp-session-id", session)
        self.end_headers()
        self.wfile.write(content)


_INITIALIZED: dict[str, Any] = {
    "protocolVersion": "2025-06-18",
    "capabilities": {"tools": {}},
    "serverInfo": {"name": "forgetful", "version": "1"},
}

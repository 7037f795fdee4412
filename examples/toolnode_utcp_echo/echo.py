"""A tool over UTCP: a service says in its manual how it is called, and `ToolNode` calls it."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from penguiflow.registry import ModelRegistry
from penguiflow.tools import ExternalToolConfig, ToolNode, TransportType


class EchoService(BaseHTTPRequestHandler):
    """Has a manual at `/utcp` and says back what is posted to `/echo`."""

    def do_GET(self) -> None:
        port = self.server.server_address[1]
        echo = {
            "name": "demo.echo",
            "description": "Say the same again.",
            "inputs": {
                "type": "object",
                "properties": {"body": {"type": "object", "description": "what to say"}},
                "required": ["body"],
            },
            "tool_call_template": {
                "call_template_type": "http",
                "url": f"http://127.0.0.1:{port}/echo",
                "http_method": "POST",
            },
        }
        self._answer({"utcp_version": "1.0.1", "manual_version": "1.0.0", "tools": [echo]})

    def do_POST(self) -> None:
        said = self.rfile.read(int(self.headers["content-length"]))
        self._answer({"echo": json.loads(said)})

    def log_message(self, format: str, *args: object) -> None:
        """Be quiet."""

    def _answer(self, value: object) -> None:
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(value).encode())


@contextmanager
def running_service() -> Iterator[str]:
    """Run the service on a free port of this machine; yields its URL."""
    with ThreadingHTTPServer(("127.0.0.1", 0), EchoService) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


async def main() -> None:
    with running_service() as url:
        config = ExternalToolConfig(name="demo", transport=TransportType.UTCP, connection=f"{url}/utcp")
        node = ToolNode(config, ModelRegistry())
        await node.connect()
        for tool in node.get_tools():
            print(f"{tool.name}: {tool.desc}")
        print(await node.call("demo.echo", {"body": {"fish": "cod", "weight_kg": 2.5}}))
        await node.close()


if __name__ == "__main__":
    asyncio.run(main())

"""An HTTP service with an OpenAPI document becomes planner tools: one config, and no code per endpoint.

    python examples/toolnode_http/main.py

The service is a stand-in of a few lines on loopback; `connection` may be the URL of any OpenAPI 3 document.
"""

from __future__ import annotations

import asyncio
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from penguiflow.registry import ModelRegistry
from penguiflow.tools import ExternalToolConfig, ToolClientError, ToolNode, TransportType

COUNT = {"type": "integer", "minimum": 1, "default": 1, "description": "how many to order"}
PARAMETERS = [
    {"name": "fish", "in": "path", "required": True, "schema": {"type": "string", "enum": ["cod", "krill"]}},
    {"name": "count", "in": "query", "schema": COUNT},
]
ORDER = {"operationId": "order", "summary": "Order fish", "parameters": PARAMETERS, "responses": {}}
DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "Fishmonger", "version": "2"},
    "paths": {"/fish/{fish}": {"get": ORDER}},
}


class Fishmonger(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        url = urlsplit(self.path)
        count = int(parse_qs(url.query).get("count", ["1"])[0])
        if url.path == "/openapi.json":
            self.answer(200, DOCUMENT)
        elif count > 100:
            self.answer(400, {"detail": "so much fish is not in the sea"})
        else:
            self.answer(200, {"fish": url.path.rpartition("/")[2], "count": count})

    def answer(self, status: int, value: object) -> None:
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Keep the terminal for what the example prints."""


async def main(url: str) -> None:
    config = ExternalToolConfig(name="shop", transport=TransportType.HTTP, connection=url)
    node = ToolNode(config, ModelRegistry())
    await node.connect()
    print(f"{node.status.server}, described by {node.status.protocol_version}")
    for spec in node.get_tools():
        print(f"{spec.name}: {spec.desc}, takes {', '.join(spec.args_model.model_fields)}")
    print(await node.call("shop.order", {"fish": "krill", "count": 12}))
    try:
        await node.call("shop.order", {"fish": "cod", "count": 1000})
    except ToolClientError as error:
        print(error)
    await node.close()


if __name__ == "__main__":
    with ThreadingHTTPServer(("127.0.0.1", 0), Fishmonger) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        asyncio.run(main(f"http://127.0.0.1:{server.server_port}/openapi.json"))
        server.shutdown()

"""httpbin on loopback, in a thread, together with an OpenAPI document of a part of it."""

from __future__ import annotations

import contextlib
import json
import logging
import threading
from collections.abc import Generator, Iterable
from typing import TYPE_CHECKING

import httpbin
from werkzeug.serving import make_server

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_STRING = {"type": "string"}
_JSON = {"200": {"content": {"application/json": {"schema": {"type": "object"}}}}}


def _parameter(name: str, location: str, schema: dict[str, object] | None = None, **more: object) -> object:
    return {"name": name, "in": location, "schema": schema or _STRING, **more}


def _operation(operation_id: str, *parameters: object, **more: object) -> dict[str, object]:
    return {"operationId": operation_id, "parameters": list(parameters), "responses": _JSON, **more}


def _body(media_type: str, **properties: object) -> dict[str, object]:
    schema = {"type": "object", "required": list(properties)[:1], "properties": properties}
    return {"required": True, "content": {media_type: {"schema": schema}}}


_NAME_AND_AGE = {"name": _STRING, "age": {"type": "integer", "minimum": 0}}
_TAGS = _parameter("tag", "query", {"type": "array", "items": _STRING})
_PATHS = {
    "/get": {
        "get": _operation(
            "get",
            _parameter("q", "query", description="what to look for", required=True),
            _parameter("limit", "query", {"type": "integer", "default": 10, "maximum": 50}),
            _TAGS,
            _parameter("X-Trace", "header"),
        )
    },
    "/post": {"post": _operation("post", requestBody=_body("application/json", **_NAME_AND_AGE))},
    "/put": {
        "put": _operation(
            "send_form", requestBody=_body("application/x-www-form-urlencoded", **_NAME_AND_AGE)
        )
    },
    "/patch": {
        "patch": _operation(
            "upload",
            requestBody=_body("multipart/form-data", note=_STRING, file={**_STRING, "format": "binary"}),
        )
    },
    "/delete": {"delete": _operation("delete", _parameter("id", "query", {"type": "integer"}))},
    "/anything/{item}": {"get": _operation("anything", _parameter("item", "path", required=True))},
    "/status/{code}": {
        "get": _operation("status", _parameter("code", "path", {"type": "integer"}, required=True))
    },
    "/delay/{seconds}": {
        "get": _operation("delay", _parameter("seconds", "path", {"type": "integer"}, required=True))
    },
    "/cookies": {"get": _operation("cookies", _parameter("taste", "cookie"))},
    "/bearer": {"get": _operation("bearer")},
    "/gzip": {"get": _operation("packed")},
    "/image/png": {"get": {"responses": {}}},
    "/xml": {"get": {"responses": {}}},
    "/redirect-to": {"get": _operation("redirect_to", _parameter("url", "query", required=True))},
    "/redirect/{times}": {
        "get": _operation("redirect", _parameter("times", "path", {"type": "integer"}, required=True))
    },
    "/response-headers": {"get": _operation("echo_headers", _parameter("Retry-After", "query"))},
}
DOCUMENT = {
    "openapi": "3.0.3",
    "info": {"title": "httpbin", "version": "0.10"},
    "servers": [{"url": "/"}],
    "paths": _PATHS,
    "components": {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
}


@contextlib.contextmanager
def running_httpbin() -> Generator[str, None, None]:
    """Run it; yields its base URL, below which is `openapi.json`."""
    log = logging.getLogger("werkzeug")
    level = log.level
    log.setLevel(logging.CRITICAL)
    server = make_server("127.0.0.1", 0, _application, threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join(5)
        server.server_close()
        log.setLevel(level)


def _application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    if environ["PATH_INFO"] == "/openapi.json":
        start_response("200 OK", [("Content-Type", "application/json")])
        return [json.dumps(DOCUMENT).encode()]
    return httpbin.app(environ, start_response)

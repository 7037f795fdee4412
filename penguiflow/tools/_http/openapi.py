"""OpenAPI 3.0 and 3.1 documents as tools. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Final

from pydantic import JsonValue

from penguiflow.safe_text import safe_line
from penguiflow.tools._connecting.session import RemoteTool
from penguiflow.tools._http.arguments import add_body, gather_parameters
from penguiflow.tools._http.operations import (
    Description,
    DocumentError,
    JsonObject,
    Operation,
    as_list,
    as_object,
    as_text,
)
from penguiflow.tools._http.schemas import SchemaSource
from penguiflow.tools._http.servers import base_url

MAX_OPERATIONS: Final = 20_000
MAX_NAME_CHARS: Final = 128

_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace", "query")
_READING = frozenset({"get", "head", "options", "trace", "query"})
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9]+")


def describe_openapi(document: JsonObject, url: str, *, given_headers: Collection[str] = ()) -> Description:
    """Return the tools of a document that was found at `url`.

    `given_headers` (in lower case) are sent with each request, and are no arguments therefore.

    Raises:
        DocumentError: it is another version, or offers nothing.
    """
    version = as_text(document.get("openapi"))
    if not version.startswith("3."):
        shown = safe_line(version or as_text(document.get("swagger")) or "?", max_chars=20)
        raise DocumentError(
            f"the document is OpenAPI {shown}, and only 3.x is read",
            hint="convert it to OpenAPI 3, or ask the service for its newer document",
        )
    described = _OpenApi(document, url, version, frozenset(given_headers))
    info = as_object(document.get("info"))
    server = f"{as_text(info.get('title'))} {as_text(info.get('version'))}".strip()
    return Description(
        server=server or None,
        protocol=f"OpenAPI {safe_line(version, max_chars=20)}",
        operations=described.operations(),
        auth_hint=_auth_hint(document),
    )


class _OpenApi:
    def __init__(self, document: JsonObject, url: str, version: str, given_headers: Collection[str]) -> None:
        self._document = document
        self._url = url
        self._base_url = base_url(document.get("servers"), url)
        self._given_headers = given_headers
        is_old = version.startswith("3.0")
        whole = dict(document)
        self._input = SchemaSource(whole, hidden="readOnly", old_keywords=is_old)
        self._output = SchemaSource(whole, hidden="writeOnly", old_keywords=is_old)

    def operations(self) -> dict[str, Operation]:
        found: dict[str, Operation] = {}
        for path, method, item, operation in self._declared():
            if len(found) == MAX_OPERATIONS:
                raise DocumentError(f"the document has more than {MAX_OPERATIONS} operations")
            name = _free_name(as_text(operation.get("operationId")).strip(), method, path, found)
            found[name] = self._operation(name, path, method, item, operation)
        return found

    def _declared(self) -> Iterator[tuple[str, str, JsonObject, JsonObject]]:
        for path, item in as_object(self._document.get("paths")).items():
            resolved = self._input.resolve(item)
            for method in _METHODS:
                operation = resolved.get(method)
                if path.startswith("/") and isinstance(operation, dict):
                    yield path, method, resolved, operation

    def _operation(
        self, name: str, path: str, method: str, item: JsonObject, operation: JsonObject
    ) -> Operation:
        arguments = gather_parameters(
            self._parameters(item, operation), path, self._input, given_headers=self._given_headers
        )
        add_body(arguments, self._input.resolve(operation.get("requestBody")), self._input)
        output, expects_json = self._response(operation)
        tool = RemoteTool(
            name=name,
            description=_description(operation, item, method, path),
            input_schema=self._input.standalone(arguments.schema()),
            output_schema=output,
            read_only=method in _READING,
            destructive=True if method == "delete" else None,
            idempotent=True if method in ("put", "delete") else None,
        )
        servers = next((part["servers"] for part in (operation, item) if part.get("servers")), None)
        return Operation(
            tool=tool,
            method=method.upper(),
            base_url=self._base_url if servers is None else base_url(servers, self._url),
            path=path,
            parameters=tuple(arguments.parameters),
            body=arguments.body,
            expects_json=expects_json,
        )

    def _parameters(self, item: JsonObject, operation: JsonObject) -> list[JsonObject]:
        """Return the parameters of the path and of the operation, which replaces those of the same name."""
        both = [*as_list(item.get("parameters")), *as_list(operation.get("parameters"))]
        resolved = [self._input.resolve(part) for part in both]
        return list({(as_text(one.get("in")), as_text(one.get("name"))): one for one in resolved}.values())

    def _response(self, operation: JsonObject) -> tuple[JsonObject | None, bool]:
        """Return the schema of a successful answer, and whether it is always JSON."""
        responses = as_object(operation.get("responses"))
        status = next((code for code in ("200", "201", "202", "2XX", "default") if code in responses), "")
        content = as_object(self._output.resolve(responses.get(status)).get("content"))
        json_types = [name for name in content if _is_json(name)]
        if not json_types:
            return None, False
        schema = as_object(content[json_types[0]]).get("schema")
        output = self._output.standalone(self._output.convert(schema)) if schema is not None else None
        return output, len(json_types) == len(content)


def _is_json(media_type: str) -> bool:
    plain = media_type.partition(";")[0].strip().lower()
    return plain == "application/json" or plain.endswith("+json")


def _free_name(operation_id: str, method: str, path: str, taken: Collection[str]) -> str:
    by_path = f"{method}_{_NOT_IN_NAMES.sub('_', path).strip('_')}".rstrip("_")
    name = (operation_id or by_path)[:MAX_NAME_CHARS]
    if name not in taken:
        return name
    stem, number = by_path[:MAX_NAME_CHARS], 2
    name = stem
    while name in taken:
        name = f"{stem}_{number}"
        number += 1
    return name


def _description(operation: JsonObject, item: JsonObject, method: str, path: str) -> str:
    texts = [as_text(operation.get(key)).strip() for key in ("summary", "description")]
    said = "\n\n".join(dict.fromkeys(text for text in texts if text))
    said = said or as_text(item.get("summary")) or as_text(item.get("description"))
    said = said or f"{method.upper()} {path}"
    return f"{said}\n\n(deprecated)" if operation.get("deprecated") is True else said


def _auth_hint(document: JsonObject) -> str | None:
    """Return which credentials the document declares, in the words of a config."""
    schemes = as_object(as_object(document.get("components")).get("securitySchemes"))
    hints = dict.fromkeys(hint for scheme in schemes.values() if (hint := _hint_of(as_object(scheme))))
    return ", or ".join(hints) or None


def _hint_of(scheme: JsonObject) -> str | None:
    name = safe_line(as_text(scheme.get("name")), max_chars=60)
    match scheme.get("type"), as_text(scheme.get("scheme")).lower(), scheme.get("in"):
        case "http", "bearer", _:
            return "`auth_type` bearer"
        case "http", "basic", _:
            return "user and password before the host of `connection`"
        case "apiKey", _, "header":
            return f"`auth_type` api_key with `header` `{name}`"
        case "apiKey", _, "cookie":
            return f"`auth_type` cookie with `cookie_name` `{name}`"
        case (("oauth2" | "openIdConnect"), _, _):
            return "`auth_type` oauth2_user, or bearer with an access token"
        case _:
            return None


def is_openapi(document: JsonValue) -> bool:
    """Whether a document claims to be OpenAPI, of whatever version."""
    return isinstance(document, dict) and ("openapi" in document or "swagger" in document)

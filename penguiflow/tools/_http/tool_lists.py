"""Lists of tools with JSON schemas, as a service may publish them, as tools. Pure.

A list is `[tool, ...]` or `{"tools": [tool, ...], "name": ..., "version": ...}`. A tool has a `name` and may
have `description`, `input_schema` (or `inputSchema`, `parameters`), `output_schema` (or `outputSchema`),
`method` (default POST) and `path` or `url`, which is resolved against the URL of the list; without one a
tool is at the URL of the list followed by `/` and its name. `{name}` in a path takes the argument of that
name. The others go into the query for GET, HEAD and DELETE, and into a JSON object as the body otherwise.
The entries of a UTCP manual that are called over HTTP are understood as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote, urljoin, urlsplit

from pydantic import JsonValue

from penguiflow.safe_text import safe_line
from penguiflow.tools._connecting.session import RemoteTool
from penguiflow.tools._http.arguments import names_in_path
from penguiflow.tools._http.operations import (
    Body,
    Description,
    DocumentError,
    JsonObject,
    Location,
    Operation,
    Parameter,
    Style,
    as_list,
    as_object,
    as_text,
)
from penguiflow.tools._http.schemas import SchemaSource
from penguiflow.tools._net import AddressRefusedError, origin_of

MAX_TOOLS: Final = 20_000

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"})
_WITHOUT_BODY = frozenset({"GET", "HEAD", "DELETE"})


def tools_in(document: JsonValue) -> list[JsonValue] | None:
    """Return the list if a document is a list of tools, else None."""
    entries = document.get("tools") if isinstance(document, dict) else document
    if not isinstance(entries, list) or document == []:
        return None
    named = [entry for entry in entries if as_text(_unwrapped(entry).get("name"))]
    return entries if len(named) == len(entries) else None


def describe_tools(document: JsonValue, entries: list[JsonValue], url: str) -> Description:
    """Return the tools of a list that was found at `url`.

    Raises:
        DocumentError: there are too many, or one cannot be called.
    """
    if len(entries) > MAX_TOOLS:
        raise DocumentError(f"the list has more than {MAX_TOOLS} tools")
    operations: dict[str, Operation] = {}
    for entry in entries:
        operation = _operation(_unwrapped(entry), url)
        if operation.tool.name in operations:
            shown = safe_line(operation.tool.name, max_chars=100)
            raise DocumentError(f"the list has two tools named `{shown}`")
        operations[operation.tool.name] = operation
    info = as_object(document)
    server = f"{as_text(info.get('name'))} {as_text(info.get('version'))}".strip()
    return Description(server=server or None, protocol="JSON Schema", operations=operations)


def _unwrapped(entry: JsonValue) -> JsonObject:
    """Return the tool; model providers put one more object around it."""
    tool = as_object(entry)
    return as_object(tool["function"]) if isinstance(tool.get("function"), dict) else tool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Call:
    """How a tool is called; `url` as the list gives it. Without `in_query`, arguments are the body."""

    method: str
    url: str = field(repr=False)
    in_query: bool
    in_headers: frozenset[str] = frozenset()
    body_argument: str | None = None


def _operation(tool: JsonObject, url: str) -> Operation:
    name = as_text(tool["name"])
    call = _call_of(tool)
    if call.method not in _METHODS:
        raise _unusable(
            name, f"has the method `{safe_line(call.method, max_chars=20)}`, which tools do not use"
        )
    base, path = _target(name, call.url, url)
    schema = _schema(tool, "input_schema", "inputSchema", "parameters", "inputs") or {"type": "object"}
    in_path = names_in_path(path)
    rest = [argument for argument in as_object(schema.get("properties")) if argument not in in_path]
    return Operation(
        tool=RemoteTool(
            name=name,
            description=as_text(tool.get("description")),
            input_schema=schema,
            output_schema=_schema(tool, "output_schema", "outputSchema", "outputs"),
            read_only=call.method in ("GET", "HEAD"),
            destructive=True if call.method == "DELETE" else None,
            idempotent=True if call.method in ("PUT", "DELETE") else None,
        ),
        method=call.method,
        base_url=base,
        path=path,
        parameters=(*(_parameter(argument, "path") for argument in in_path), *_parameters(call, rest)),
        body=_body(call, rest, is_open=schema.get("additionalProperties") is not False),
    )


def _call_of(tool: JsonObject) -> _Call:
    """Return how a tool is called by its own keys, or by the template that a UTCP manual gives it."""
    template = tool.get("tool_call_template")
    if not isinstance(template, dict):
        method = (as_text(tool.get("method")) or "POST").upper()
        given = as_text(tool.get("url")) or as_text(tool.get("path"))
        return _Call(method=method, url=given, in_query=method in _WITHOUT_BODY)
    protocol = as_text(template.get("call_template_type"))
    if protocol != "http":
        raise _unusable(
            as_text(tool["name"]), f"is called over `{safe_line(protocol, max_chars=20)}`, not HTTP"
        )
    return _Call(
        method=(as_text(template.get("http_method")) or "GET").upper(),
        url=as_text(template.get("url")),
        in_query=True,
        in_headers=frozenset(as_text(name) for name in as_list(template.get("header_fields"))),
        body_argument=as_text(template.get("body_field")) or None,
    )


def _parameters(call: _Call, rest: list[str]) -> Iterator[Parameter]:
    for argument in rest:
        if argument in call.in_headers:
            yield _parameter(argument, "header")
        elif call.in_query and argument != call.body_argument:
            yield _parameter(argument, "query")


def _body(call: _Call, rest: list[str], *, is_open: bool) -> Body | None:
    if call.in_query and call.body_argument not in rest:
        return None
    return Body(
        kind="json",
        media_type="application/json",
        required=not call.in_query,
        whole=call.body_argument,
        fields={} if call.in_query else {argument: argument for argument in rest},
        takes_more=is_open and not call.in_query,
    )


def _unusable(name: str, why: str) -> DocumentError:
    return DocumentError(
        f"the tool `{safe_line(name, max_chars=100)}` {why}",
        hint="a UTCP manual with other protocols than HTTP is read with the transport `utcp`",
    )


def _target(name: str, given: str, url: str) -> tuple[str, str]:
    """Return the origin and the path of a tool's URL, which may be relative to that of the list, or empty.

    Raises:
        DocumentError: it is no URL of HTTP.
    """
    own = f"{url.partition('?')[0].rstrip('/')}/{quote(name, safe='')}"
    try:
        absolute = urljoin(url, given) if given else own
        base = origin_of(absolute)
    except (AddressRefusedError, ValueError) as error:
        raise _unusable(name, "has no URL that can be opened") from error
    parts = urlsplit(absolute)
    query = f"?{parts.query}" if parts.query else ""
    return base.url, f"{parts.path or '/'}{query}"


def _schema(tool: JsonObject, *keys: str) -> dict[str, JsonValue] | None:
    """Return the schema under the first key that has one, made to stand alone."""
    declared = next((tool[key] for key in keys if isinstance(tool.get(key), dict)), None)
    if declared is None:
        return None
    source = SchemaSource(declared, hidden="readOnly")
    return source.standalone(source.convert(dict(source.resolve(declared))))


def _parameter(name: str, location: Location) -> Parameter:
    style: Style = "form" if location == "query" else "simple"
    return Parameter(argument=name, name=name, location=location, style=style, explode=location == "query")

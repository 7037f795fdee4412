"""Lists of tools with JSON schemas as tools."""

from __future__ import annotations

from typing import Any

import pytest

from penguiflow.tools import ToolConnectionError
from penguiflow.tools._http.operations import Operation
from penguiflow.tools._http.requests import build_request
from penguiflow.tools._http.tool_lists import describe_tools, tools_in
from tests.fakes.http_service import Seen, json_answer, serving
from tests.tools.conftest import MakeNode

URL = "https://api.example/v1/tools"
SCHEMA = {
    "type": "object",
    "properties": {"a": {"type": "integer"}, "b": {"type": "string"}},
    "required": ["a"],
}


def only(**tool: Any) -> Operation:
    entries = tools_in([{"name": "t", **tool}])
    assert entries is not None
    return describe_tools(entries, entries, URL).operations["t"]


@pytest.mark.parametrize("key", ["input_schema", "inputSchema", "parameters"])
def test_the_schema_of_the_arguments_is_kept_under_each_of_its_names(key: str) -> None:
    assert only(**{key: SCHEMA}).tool.input_schema == SCHEMA


@pytest.mark.parametrize("key", ["output_schema", "outputSchema"])
def test_the_schema_of_the_answer_is_kept(key: str) -> None:
    assert only(**{key: {"type": "integer"}}).tool.output_schema == {"type": "integer"}


@pytest.mark.parametrize(
    ("tool", "method", "url", "content"),
    [
        ({}, "POST", f"{URL}/t", b'{"a": 1, "b": "x"}'),
        ({"path": "run"}, "POST", "https://api.example/v1/run", b'{"a": 1, "b": "x"}'),
        ({"path": "/run/{a}"}, "POST", "https://api.example/run/1", b'{"b": "x"}'),
        ({"method": "get"}, "GET", f"{URL}/t?a=1&b=x", None),
        ({"method": "DELETE", "path": "/r/{b}?k=1"}, "DELETE", "https://api.example/r/x?k=1&a=1", None),
        ({"url": "https://other.example/run"}, "POST", "https://other.example/run", b'{"a": 1, "b": "x"}'),
    ],
)
def test_a_tool_is_called_where_and_how_it_says(
    tool: Any, method: str, url: str, content: bytes | None
) -> None:
    request = build_request(only(parameters=SCHEMA, **tool), {"a": 1, "b": "x"})
    assert (request.method, request.url, request.content) == (method, url, content)


@pytest.mark.parametrize(
    ("template", "method", "url", "content"),
    [
        ({"url": "https://api.example/x"}, "GET", "https://api.example/x?a=1", None),
        ({"url": "/x/{a}", "http_method": "POST"}, "POST", "https://api.example/x/1", None),
        (
            {"url": "/x", "http_method": "POST", "body_field": "b"},
            "POST",
            "https://api.example/x?a=1",
            b'"y"',
        ),
        ({"url": "/x", "header_fields": ["b"]}, "GET", "https://api.example/x?a=1", None),
    ],
)
def test_an_entry_of_a_utcp_manual_is_called_by_its_template(
    template: Any, method: str, url: str, content: bytes | None
) -> None:
    operation = only(inputs=SCHEMA, tool_call_template={"call_template_type": "http", **template})
    assert operation.tool.input_schema == SCHEMA
    arguments = {"a": 1, "b": "y"} if {"body_field", "header_fields"} & set(template) else {"a": 1}
    request = build_request(operation, arguments)
    assert (request.method, request.url, request.content) == (method, url, content)
    assert request.headers.get("b") == ("y" if "header_fields" in template else None)


def test_references_within_a_schema_are_kept() -> None:
    tree = {"type": "object", "properties": {"next": {"$ref": "#"}, "leaf": {"$ref": "#/definitions/Leaf"}}}
    schema = only(parameters={**tree, "definitions": {"Leaf": {"type": "string"}}}).tool.input_schema
    assert schema["properties"] == {"next": {"$ref": "#/$defs/Self"}, "leaf": {"$ref": "#/$defs/Leaf"}}
    assert set(schema["$defs"]) == {"Self", "Leaf"}


@pytest.mark.parametrize(
    "document",
    [
        [{"name": "t"}],
        {"tools": [{"name": "t"}]},
        {"tools": [{"type": "function", "function": {"name": "t"}}], "name": "Svc", "version": "2"},
    ],
)
def test_each_shape_of_a_list_is_one(document: Any) -> None:
    entries = tools_in(document)
    assert entries is not None
    assert list(describe_tools(document, entries, URL).operations) == ["t"]


@pytest.mark.parametrize(
    "document", [None, 1, "x", {}, {"tools": 1}, [], [1], [{"name": 1}], [{"name": ""}], [{}]]
)
def test_anything_else_is_no_list_of_tools(document: Any) -> None:
    assert tools_in(document) is None


async def test_a_node_calls_the_tools_of_a_list(make_node: MakeNode) -> None:
    tools = {"tools": [{"name": "add", "description": "Adds", "parameters": SCHEMA}], "name": "Svc"}

    async with serving({"/tools": json_answer(tools), "/tools/add": json_answer({"sum": 3})}) as fake:
        node = make_node(f"{fake.url}/tools", transport="http", name="svc")
        assert await node.call("svc.add", {"a": 1}) == {"result": {"sum": 3}}
        request: Seen = fake.asked("/tools/add")[0]
        assert (request.method, request.body) == ("POST", b'{"a": 1}')
        assert (node.status.server, node.status.protocol_version) == ("Svc", "JSON Schema")


async def test_the_manual_of_a_service_is_found_at_its_usual_place(make_node: MakeNode) -> None:
    template = {"call_template_type": "http", "url": "/time", "http_method": "GET"}
    manual = {"utcp_version": "1.0.1", "tools": [{"name": "time", "tool_call_template": template}]}
    async with serving({"/api/utcp": json_answer(manual), "/time": json_answer("noon")}) as fake:
        node = make_node(f"{fake.url}/api", transport="http", name="svc")
        assert await node.call("svc.time", {}) == {"result": "noon"}


@pytest.mark.parametrize(
    ("tools", "said"),
    [
        ([{"name": "t"}, {"name": "t"}], "two tools named `t`"),
        ([{"name": "t", "tool_call_template": {"call_template_type": "cli"}}], "over `cli`, not HTTP"),
        ([{"name": "t", "method": "CONNECT"}], "`CONNECT`"),
        ([{"name": "t", "url": "file:///etc/passwd"}], "no URL that can be opened"),
    ],
)
async def test_a_list_that_cannot_be_used_says_why(make_node: MakeNode, tools: object, said: str) -> None:
    async with serving({"/tools": json_answer(tools)}) as fake:
        with pytest.raises(ToolConnectionError, match=said):
            await make_node(f"{fake.url}/tools", transport="http", name="svc").connect()

"""Where a manual is looked for, and what is said when there is none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from penguiflow.tools import ToolAuthError, ToolConnectionError
from tests.fakes.utcp_service import UtcpServer, command_tool, tool
from tests.tools.utcp.conftest import opened


@pytest.mark.parametrize(
    ("kind", "place", "connection"),
    [
        ("manual_url", "/docs/tools.json", "/docs/tools.json"),
        ("auto", "/docs/tools.json", "/docs/tools.json"),
        ("auto", "/utcp", ""),
        ("auto", "/api/utcp", "/api/"),
        ("base_url", "/utcp", ""),
        ("base_url", "/api/utcp", "/api"),
    ],
)
async def test_a_manual_is_found(service: UtcpServer, kind: str, place: str, connection: str) -> None:
    service.says(connection or "/", 404, {})
    service.has_manual(tool("shop.fish", f"{service.url}/fish"), path=place)
    async with opened(service.url + connection, kind=kind) as session:
        (found,) = await session.list_tools()
        assert (found.name, found.description, session.protocol_version) == (
            "fish",
            "Does shop.fish",
            "UTCP 1.0.1",
        )


async def test_what_a_tool_takes_and_gives_is_kept_as_it_is_written(service: UtcpServer) -> None:
    inputs = {
        "type": "object",
        "properties": {"n": {"type": "integer", "minimum": 1, "default": 3, "x-own": True}},
        "required": ["n"],
    }
    outputs = {"type": "array", "items": {"type": "string"}}
    service.has_manual(
        tool("get", f"{service.url}/", inputs=inputs, outputs=outputs),
        tool("make", f"{service.url}/", "POST"),
        tool("put", f"{service.url}/", "PUT"),
    )
    async with opened(service.url) as session:
        get, make, put = await session.list_tools()
    assert (get.input_schema, get.output_schema, make.output_schema) == (inputs, outputs, None)
    assert (get.read_only, make.read_only, make.idempotent, put.idempotent) == (True, False, False, True)


async def test_only_the_manual_url_is_asked_when_it_is_said_to_be_one(service: UtcpServer) -> None:
    service.says("/tools", 404, {})
    service.has_manual(tool("fish", f"{service.url}/fish"))
    with pytest.raises(
        ToolConnectionError, match=r"`http://127\.0\.0\.1:\d+/tools` answered with status 404"
    ):
        async with opened(f"{service.url}/tools?key=secret", kind="manual_url"):
            pass
    assert [request.path for request in service.received] == ["/tools"]


async def test_what_was_tried_is_said_without_the_query(service: UtcpServer) -> None:
    service.says("/", 200, "<html>", "text/html")
    service.says("/utcp", 200, "[1, 2]")
    service.says("/openapi.json", 503, "")
    with pytest.raises(ToolConnectionError) as caught:
        async with opened(f"{service.url}/?key=secret"):
            pass
    assert str(caught.value).replace(service.url, "URL") == (
        "no UTCP manual for `svc`: `URL/` gave no manual (text/html); `URL/utcp` gave no manual (JSON); "
        "`URL/openapi.json` answered with status 503"
    )
    assert not caught.value.is_retryable


@pytest.mark.parametrize(
    "garbage", ["", "{", "null", '"utcp"', '{"tools": 3}', "[" * 100_000, "\x00\xff", "1e999"]
)
async def test_garbage_is_no_manual(service: UtcpServer, garbage: str) -> None:
    service.says("/utcp", 200, garbage)
    with pytest.raises(ToolConnectionError, match="no UTCP manual for `svc`"):
        async with opened(f"{service.url}/utcp", kind="manual_url"):
            pass


@pytest.mark.parametrize("status", [401, 403])
async def test_a_refused_credential_is_said(service: UtcpServer, status: int) -> None:
    service.says("/utcp", status, {"detail": "who are you?"})
    with pytest.raises(ToolAuthError, match=r"status \d+ \w+: who are you\?"):
        async with opened(service.url, kind="base_url"):
            pass


async def test_a_host_that_does_not_answer_is_said_at_once(service: UtcpServer) -> None:
    with pytest.raises(ToolConnectionError, match="cannot reach"):
        async with opened("http://127.0.0.1:1/utcp"):
            pass


async def test_a_tool_that_cannot_be_called_does_not_spoil_the_others(service: UtcpServer) -> None:
    service.has_manual(
        tool("good", f"{service.url}/good"),
        tool("bad", f"{service.url}/bad", "BREW"),
        {"name": "bare"},
        command_tool("rm", "rm -rf /"),
        tool("odd", f"{service.url}/odd", kind="carrier_pigeon"),
        {"description": "nameless"},
        "no tool",
    )
    async with opened(service.url) as session:
        assert [found.name for found in await session.list_tools()] == ["good"]


async def test_a_manual_without_one_tool_that_can_be_called_says_why(service: UtcpServer) -> None:
    service.has_manual(command_tool("rm", "rm -rf /"), tool("odd", "https://x/", kind="mcp"))
    with pytest.raises(ToolConnectionError) as caught:
        async with opened(service.url):
            pass
    assert "`rm`: it runs a command, which a manual from the network may not" in str(caught.value)
    assert "`odd`: it is a tool of an MCP server" in str(caught.value)


async def test_a_manual_of_the_drafts_before_version_1_is_understood(service: UtcpServer) -> None:
    provider = {"name": "p", "provider_type": "http", "url": f"{service.url}/old", "http_method": "POST"}
    service.says("/utcp", 200, {"version": "0.1", "tools": [{"name": "old", "tool_provider": provider}]})
    async with opened(service.url) as session:
        await session.call_tool("old", {"body": {"a": 1}})
    assert service.at("/old")[0].body == '{"a": 1}'


async def test_a_manual_in_a_file_is_read_from_the_folder_of_the_connection(
    service: UtcpServer, tmp_path: Path
) -> None:
    manual = {"utcp_version": "1.0.1", "tools": [tool("fish", f"{service.url}/fish")]}
    (tmp_path / "manual.json").write_text(json.dumps(manual))
    folder = {"kind": "command", "cwd": str(tmp_path)}
    async with opened("./manual.json", **folder, allowed_hosts=("127.0.0.1",)) as session:
        assert [found.name for found in await session.list_tools()] == ["fish"]
        await session.call_tool("fish", {})
    assert len(service.at("/fish")) == 1
    with pytest.raises(ToolConnectionError, match=r"cannot be read: `.*/none\.json`: No such file"):
        async with opened("none.json", **folder):
            pass
    (tmp_path / "list.json").write_text("[]")
    with pytest.raises(ToolConnectionError, match=r"`.*/list\.json` is none"):
        async with opened("list.json", **folder):
            pass
    with pytest.raises(ToolConnectionError, match="larger than 10 bytes"):
        async with opened("manual.json", **folder, max_response_bytes=10):
            pass

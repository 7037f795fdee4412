"""UTCP and commands through a `ToolNode`: discovery, typed arguments, retries, states, credentials."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from starlette.responses import JSONResponse, Response

from penguiflow.registry import ModelRegistry
from penguiflow.tools import (
    ToolAuthError,
    ToolClientError,
    ToolConnectionError,
    ToolNodeError,
    ToolServerError,
    ToolTimeoutError,
)
from tests.fakes.utcp_service import Received, UtcpServer, command_tool, tool
from tests.tools.conftest import MakeNode

UTCP = {"name": "web", "transport": "utcp"}
QUICK = {"max_attempts": 3, "wait_exponential_min_s": 0.01, "wait_exponential_max_s": 0.1}

INPUTS = {
    "type": "object",
    "properties": {
        "id": {"type": "integer", "minimum": 1, "description": "which one"},
        "unit": {"type": "string", "enum": ["kg", "g"], "default": "kg"},
        "note": {"type": "string"},
    },
    "required": ["id"],
}


async def test_connects_discovers_calls_and_closes(make_node: MakeNode, service: UtcpServer) -> None:
    service.has_manual(tool("shop.fish", f"{service.url}/fish/{{id}}", inputs=INPUTS))
    node = make_node(service.url, **UTCP)
    await node.connect()
    status = node.status
    assert (status.state, status.protocol_version, status.tool_count) == ("ready", "UTCP 1.0.1", 1)
    (spec,) = node.get_tools()
    assert (spec.name, spec.tags, spec.extra["source"]) == ("web.fish", ("utcp", "web"), "utcp")
    sent = {"method": "GET", "path": "/fish/7", "query": [["unit", "g"]], "body": ""}
    arguments = spec.args_model.model_validate({"id": 7, "unit": "g"})
    assert (await spec.node.func(arguments, None))["result"] == sent
    assert (await node.call("web.fish", {"id": 7, "unit": "g"}))["result"] == sent
    await node.close()
    assert node.status.state == "closed"
    assert (await node.call("fish", {"id": 7, "unit": "g"}))["result"] == sent


async def test_two_tools_with_one_last_part_are_refused(make_node: MakeNode, service: UtcpServer) -> None:
    service.has_manual(tool("a.fish", f"{service.url}/a"), tool("b.fish", f"{service.url}/b"))
    registry = ModelRegistry()
    with pytest.raises(ToolNodeError, match=r"two tools named `web\.fish`"):
        await make_node(service.url, **UTCP, registry=registry).connect()
    assert not registry.has("web.fish")


@pytest.mark.parametrize("status", [429, 503])
async def test_a_busy_service_is_asked_again(make_node: MakeNode, service: UtcpServer, status: int) -> None:
    def busy_once(request: Received) -> Response:
        first = len(service.at(request.path)) == 1
        return JSONResponse("done", status if first else 200, headers={"Retry-After": "0"})

    service.has_manual(tool("get", f"{service.url}/thing"))
    service.answers["/thing"] = busy_once
    node = make_node(service.url, **UTCP, retry_policy=QUICK)
    assert await node.call("get", {}) == {"result": "done"}
    assert len(service.at("/thing")) == 2


@pytest.mark.parametrize("status", [400, 404])
async def test_a_wrong_call_is_made_once_and_leaves_the_connection_ready(
    make_node: MakeNode, service: UtcpServer, status: int
) -> None:
    service.has_manual(tool("get", f"{service.url}/thing"))
    service.says("/thing", status, {"detail": "no such fish"})
    node = make_node(service.url, **UTCP, retry_policy=QUICK)
    with pytest.raises(ToolClientError, match="no such fish"):
        await node.call("get", {})
    assert (len(service.at("/thing")), node.status.state) == (1, "ready")


async def test_a_request_that_may_have_worked_is_not_sent_twice(
    make_node: MakeNode, service: UtcpServer
) -> None:
    service.has_manual(tool("get", f"{service.url}/get"), tool("make", f"{service.url}/make", "POST"))
    service.hangs("/get")
    service.hangs("/make")
    node = make_node(service.url, **UTCP, timeout_s=1, retry_policy={**QUICK, "max_attempts": 2})
    for name in ("get", "make"):
        with pytest.raises(ToolTimeoutError):
            await node.call(name, {})
    assert (len(service.at("/get")), len(service.at("/make"))) == (2, 1)


@pytest.mark.parametrize(
    ("auth", "header", "value"),
    [
        (
            {"auth_type": "bearer", "auth_config": {"token": "${OPENAI_API_KEY}"}},
            "authorization",
            "Bearer sk-canary",
        ),
        ({"auth_type": "api_key", "auth_config": {"api_key": "key-1"}}, "x-api-key", "key-1"),
        ({"auth_type": "cookie", "auth_config": {"cookie_name": "a", "cookie_value": "b"}}, "cookie", "a=b"),
    ],
)
async def test_credentials_of_the_config_are_sent(
    make_node: MakeNode, service: UtcpServer, auth: dict[str, object], header: str, value: str
) -> None:
    service.has_manual(tool("get", f"{service.url}/thing"))
    await make_node(service.url, **UTCP, **auth).call("get", {})
    assert [request.headers.get(header) for request in service.received[-2:]] == [value, value]


async def test_a_refused_credential_shows_as_needed(make_node: MakeNode, service: UtcpServer) -> None:
    service.says("/utcp", 401, {})
    node = make_node(f"{service.url}/utcp", **UTCP)
    with pytest.raises(ToolAuthError):
        await node.connect()
    assert node.status.state == "needs_auth"


async def test_a_variable_without_value_is_named(make_node: MakeNode, service: UtcpServer) -> None:
    service.has_manual(tool("get", f"{service.url}/thing?k=${{FISH_KEY}}"))
    node = make_node(service.url, **UTCP)
    with pytest.raises(ToolAuthError, match="needs the variable `FISH_KEY`"):
        await node.call("get", {})
    with_key = make_node(service.url, **UTCP, env={"FISH_KEY": "${OPENAI_API_KEY}"})
    assert (await with_key.call("get", {}))["result"]["query"] == [["k", "sk-canary"]]


async def test_a_service_that_is_not_there_fails_with_a_hint(make_node: MakeNode) -> None:
    node = make_node("http://127.0.0.1:1", **UTCP)
    with pytest.raises(ToolConnectionError, match="cannot reach") as caught:
        await node.connect()
    assert (node.status.state, node.status.hint) == ("failed", caught.value.hint)


async def test_a_web_socket_is_no_service(make_node: MakeNode) -> None:
    with pytest.raises(ToolConnectionError, match="is not reached over HTTP"):
        await make_node("ws://127.0.0.1:1", **UTCP).connect()


async def test_a_service_with_an_openapi_document_only_has_its_tools(
    make_node: MakeNode, service: UtcpServer
) -> None:
    parameter = {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}
    answer = {"200": {"description": "a fish"}}
    operation = {"operationId": "getFish", "parameters": [parameter], "responses": answer}
    document = {
        "openapi": "3.1.0",
        "info": {"title": "Fish", "version": "2"},
        "servers": [{"url": service.url}],
        "paths": {"/fish/{id}": {"get": operation}},
    }
    service.says("/utcp", 404, {})
    service.says("/openapi.json", 200, document)
    node = make_node(service.url, **UTCP, utcp_mode="base_url")
    result = (await node.call("getFish", {"id": 3}))["result"]
    assert isinstance(result, dict)
    assert result["path"] == "/fish/3"
    assert node.status.protocol_version == "OpenAPI 3.1.0"


@pytest.mark.process
async def test_a_command_becomes_a_tool_over_the_transport_cli(make_node: MakeNode, tmp_path: Path) -> None:
    connection = "echo UTCP_ARG_first_UTCP_END --second=UTCP_ARG_second_UTCP_END"
    node = make_node(connection, name="shell", transport="cli", cwd=str(tmp_path))
    await node.connect()
    (spec,) = node.get_tools()
    assert spec.name == "shell.echo"
    arguments = spec.args_model.model_validate({"first": "$(touch hacked); id"})
    assert await spec.node.func(arguments, None) == {"result": "$(touch hacked); id"}
    assert os.listdir(tmp_path) == []


@pytest.mark.process
async def test_a_manual_file_over_the_transport_cli_sees_no_secret(
    make_node: MakeNode, tmp_path: Path
) -> None:
    tools = [command_tool("show", "env", outputs={"type": "string"}), command_tool("fail", "false")]
    (tmp_path / "manual.json").write_text(json.dumps({"utcp_version": "1.0.1", "tools": tools}))
    node = make_node("./manual.json", name="own", transport="cli", cwd=str(tmp_path), env={"GIVEN": "1"})
    seen = str((await node.call("show", {}))["result"]).splitlines()
    assert sorted(seen) == ["GIVEN=1", "HOME=/nowhere", "LANG=C.UTF-8", "PATH=/usr/bin:/bin"]
    with pytest.raises(ToolClientError, match="`fail` exited with code 1"):
        await node.call("fail", {})


@pytest.mark.process
async def test_a_program_that_is_not_installed_is_named(make_node: MakeNode) -> None:
    with pytest.raises(ToolConnectionError, match="the command `no-such-program-x` was not found"):
        await make_node("no-such-program-x --manual", transport="cli").connect()


async def test_a_failing_service_says_its_status(make_node: MakeNode, service: UtcpServer) -> None:
    service.has_manual(tool("get", f"{service.url}/thing"))
    service.says("/thing", 500, {"error": "boom"})
    node = make_node(service.url, **UTCP, retry_policy={"max_attempts": 1})
    with pytest.raises(ToolServerError, match="`get` failed with status 500 Internal Server Error: boom"):
        await node.call("get", {})

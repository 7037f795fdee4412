"""Manuals that the UTCP packages themselves write are understood."""

from __future__ import annotations

from pathlib import Path

import pytest
from utcp.data.auth_implementations import ApiKeyAuth
from utcp.data.tool import JsonSchema, Tool
from utcp.data.utcp_manual import UtcpManual
from utcp_cli.cli_call_template import CliCallTemplate, CommandStep
from utcp_http.http_call_template import HttpCallTemplate
from utcp_http.openapi_converter import OpenApiConverter

from penguiflow.tools._utcp.root_logger import root_logger_kept
from tests.fakes.utcp_service import UtcpServer
from tests.tools.conftest import MakeNode

INPUTS = JsonSchema(
    type="object",
    properties={
        "id": JsonSchema(type="integer", minimum=1),
        "unit": JsonSchema(type="string", enum=["kg", "g"], default="kg"),
        "default": JsonSchema(type="integer", maximum=9),
        "note": JsonSchema(type=["string", "null"], enum=["a", None]),
    },
    required=["id"],
)


def written(*tools: Tool) -> str:
    """Return the manual as a server made with the package answers it."""
    with root_logger_kept():
        return UtcpManual(tools=list(tools)).model_dump_json()


async def test_a_served_manual_gives_typed_arguments(make_node: MakeNode, service: UtcpServer) -> None:
    template = HttpCallTemplate(
        name="fish",
        url=f"{service.url}/fish/{{id}}",
        http_method="POST",
        auth=ApiKeyAuth(api_key="${KEY}", var_name="X-Key"),
    )
    fish = Tool(name="shop.fish", description="A fish", inputs=INPUTS, tool_call_template=template)
    service.says("/utcp", 200, written(fish))
    node = make_node(service.url, name="web", transport="utcp", env={"KEY": "key-of-fish"})
    await node.connect()
    (spec,) = node.get_tools()
    schema = spec.args_model.model_json_schema()
    assert (schema["properties"]["id"]["minimum"], schema["properties"]["unit"]["default"]) == (1, "kg")
    assert node.offers[0]["input_schema"]["properties"]["default"] == {"type": "integer", "maximum": 9}
    assert schema["required"] == ["id"]
    with pytest.raises(ValueError, match="unit"):
        spec.args_model.model_validate({"id": 1, "unit": "stone"})
    await node.call("fish", {"id": 3})
    (sent,) = service.at("/fish/3")
    assert (sent.method, sent.query, sent.headers["x-key"]) == ("POST", [], "key-of-fish")


async def test_a_manual_converted_from_openapi_can_be_called(
    make_node: MakeNode, service: UtcpServer
) -> None:
    document = {
        "openapi": "3.0.0",
        "info": {"title": "Fish", "version": "1"},
        "servers": [{"url": service.url}],
        "paths": {
            "/fish": {
                "post": {
                    "operationId": "addFish",
                    "parameters": [{"name": "dry", "in": "query", "schema": {"type": "boolean"}}],
                    "requestBody": {"content": {"application/json": {"schema": {"type": "object"}}}},
                    "responses": {"200": {"description": "ok"}},
                }
            }
        },
    }
    with root_logger_kept():
        manual = OpenApiConverter(document, spec_url=service.url).convert()
    service.says("/utcp", 200, manual.model_dump_json())
    node = make_node(service.url, name="web", transport="utcp")
    await node.call("addFish", {"dry": True, "body": {"kind": "cod"}})
    (sent,) = service.at("/fish")
    assert (sent.method, sent.query, sent.body) == ("POST", [("dry", "true")], '{"kind": "cod"}')


@pytest.mark.process
async def test_a_manual_of_commands_can_be_called(make_node: MakeNode, tmp_path: Path) -> None:
    steps = [CommandStep(command="cd UTCP_ARG_folder_UTCP_END"), CommandStep(command="pwd")]
    place = Tool(name="place", tool_call_template=CliCallTemplate(name="place", commands=steps))
    (tmp_path / "manual.json").write_text(written(place))
    node = make_node("manual.json", name="own", transport="cli", cwd=str(tmp_path))
    assert await node.call("place", {"folder": "."}) == {"result": str(tmp_path)}

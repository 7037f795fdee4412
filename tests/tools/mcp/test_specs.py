"""What the catalog is told about a tool of a server."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from pydantic import JsonValue

from penguiflow.tools import ExternalToolConfig
from penguiflow.tools._connecting.session import RemoteTool
from penguiflow.tools._node.specs import Origin, specs_of_tools

ORIGIN = Origin(name="ns", target="somewhere")


@pytest.mark.parametrize(
    ("transport", "source"), [("mcp", "mcp"), ("utcp", "utcp"), ("http", "utcp"), ("cli", "utcp")]
)
async def test_a_spec_says_where_its_tool_comes_from(transport: str, source: str) -> None:
    calls: list[tuple[str, Mapping[str, object], object]] = []

    async def call(name: str, arguments: Mapping[str, object], ctx: object) -> dict[str, JsonValue]:
        calls.append((name, arguments, ctx))
        return {"result": "done"}

    config = ExternalToolConfig.model_validate(
        {
            "name": "ns",
            "transport": transport,
            "connection": "http://localhost/x",
            "arg_validation": {"emit_suspect": False},
            "approval_filter": ["erase"],
        }
    )
    schema: dict[str, JsonValue] = {"properties": {"path": {"type": "string"}, "depth": {"default": 2}}}
    tools = [
        RemoteTool(name="list", description="", input_schema=schema, destructive=True),
        RemoteTool(name="erase.all", description="Erases.", read_only=True),
    ]
    node = object()
    spec, erase = specs_of_tools(config, tools, origin=ORIGIN, tool_node=node, call=call)
    assert (spec.name, spec.desc, spec.side_effects, spec.tags) == ("ns.list", "", "external", (source, "ns"))
    assert spec.extra == {
        "source": source,
        "namespace": "ns",
        "tool_node": node,
        "arg_validation": {"emit_suspect": False},
    }
    assert (spec.args_model.__name__, spec.out_model.__name__) == ("ns_listArgs", "ns_listResult")
    assert (erase.args_model.__name__, list(erase.out_model.model_fields)) == ("ns_erase_allArgs", ["result"])
    assert (spec.requires_approval, erase.requires_approval) == (False, True)
    assert await spec.node.func(spec.args_model(**{"path": "/"}), "ctx") == {"result": "done"}
    assert calls == [("ns.list", {"path": "/"}, "ctx")]

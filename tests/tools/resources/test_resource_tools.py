"""The tools by which a planner reads resources."""

from __future__ import annotations

from typing import Any

import pytest

from penguiflow.catalog import NodeSpec
from penguiflow.registry import ModelRegistry
from penguiflow.tools._node.specs import Origin, register_specs
from penguiflow.tools._resources.of_node import NodeResources
from penguiflow.tools._resources.tools import resource_specs
from penguiflow.tools.resources import ResourceInfo
from tests.tools.output.results import config
from tests.tools.resources.fake_sessions import FakeSession

ORIGIN = Origin(name="desk", target="desk")
NODE = object()


async def specs(session: FakeSession | None = None, **more: Any) -> dict[str, NodeSpec]:
    session = session or FakeSession()

    async def session_for(ctx: object) -> object:
        return session

    resources = NodeResources(config(), session_for=session_for)
    await resources.discover(session)
    made = resource_specs(resources, namespace="desk", origin=ORIGIN, tool_node=NODE, **more)
    return {spec.name: spec for spec in made}


async def call(spec: NodeSpec, **args: Any) -> Any:
    """Call a tool as a planner does, and check its result by its model."""
    result = await spec.node.func(spec.args_model.model_validate(args), None)
    assert spec.out_model.model_validate(result).model_dump() == result
    return result


async def test_there_are_three_tools_described_as_such() -> None:
    made = await specs()

    assert list(made) == ["desk.resources_list", "desk.resources_read", "desk.resources_templates_list"]
    for spec in made.values():
        assert spec.tags == ("mcp", "resources", "desk")
        assert spec.side_effects == "pure"
        assert spec.extra == {
            "source": "mcp",
            "namespace": "desk",
            "tool_node": NODE,
            "resource_tool": True,
        }
        assert spec.desc
        assert spec.to_tool_record()["extra"] == {
            "source": "mcp",
            "namespace": "desk",
            "resource_tool": True,
        }


async def test_the_tools_list_and_read() -> None:
    made = await specs()

    listed = await call(made["desk.resources_list"])
    assert listed == {
        "resources": [
            {
                "uri": "notes://1",
                "name": None,
                "description": None,
                "mime_type": None,
                "size_bytes": None,
                "annotations": {},
            }
        ],
        "count": 1,
    }
    templates = await call(made["desk.resources_templates_list"])
    assert templates["count"] == 1
    assert templates["templates"][0]["uri_template"] == "notes://{id}"
    assert await call(made["desk.resources_read"], uri="notes://1") == {
        "result": {"text": "first"},
        "uri": "notes://1",
    }
    missing = await call(made["desk.resources_read"], uri="notes://9")
    assert "no such note" in missing["result"]["error"]


@pytest.mark.parametrize("args", [{}, {"uri": ""}, {"uri": "  "}, {"uri": None}])
async def test_reading_without_a_uri_says_that_it_is_missing(args: dict[str, Any]) -> None:
    spec = (await specs())["desk.resources_read"]

    for given in (args, spec.args_model.model_validate(args)):
        result = await spec.node.func(given, None)
        assert result["uri"] == ""
        assert "`uri` is missing" in result["result"]["error"]


async def test_what_a_server_says_about_a_resource_cannot_hide_anything() -> None:
    class Hostile(FakeSession):
        async def list_resources(self) -> list[ResourceInfo]:
            return [ResourceInfo("a://\x1b", name="x\x1b[2J", description="d\u202e" * 3000)]

    (resource,) = (await call((await specs(Hostile()))["desk.resources_list"]))["resources"]

    assert resource["uri"] == "a://\x1b"  # exact: it is what has to be read
    assert resource["name"] == "x␛[2J"
    assert "\u202e" not in resource["description"]
    assert len(resource["description"]) < 2100


async def test_a_tool_of_the_server_keeps_its_name() -> None:
    made = await specs(taken=["desk.resources_read", "desk.other"])

    assert list(made) == ["desk.resources_list", "desk.resources_templates_list"]


async def test_the_models_belong_to_the_connection() -> None:
    registry = ModelRegistry()

    for _ in range(2):
        register_specs(list((await specs()).values()), registry, origin=ORIGIN)

    assert registry.has("desk.resources_read")

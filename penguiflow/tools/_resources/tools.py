"""Tools by which a planner looks through the resources of a server and reads them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Coroutine, Mapping
from typing import Any, Protocol, TypeAlias, cast

from pydantic import BaseModel, JsonValue

from penguiflow.catalog import NodeSpec
from penguiflow.node import Node
from penguiflow.safe_text import safe_text
from penguiflow.tools._resources.values import ResourceInfo, ResourceTemplateInfo
from penguiflow.tools._schema.arguments import arguments_model
from penguiflow.tools._schema.types import JsonSchema

_MAX_DESCRIPTION_CHARS = 2000


ResourceTool: TypeAlias = Callable[[object, object], Coroutine[None, None, dict[str, JsonValue]]]
"""Takes the arguments and the context of the caller."""


class ResourceReader(Protocol):
    """What the tools need; `NodeResources` satisfies it."""

    async def list_resources(self, *, ctx: object) -> list[ResourceInfo]: ...

    async def list_resource_templates(self, *, ctx: object) -> list[ResourceTemplateInfo]: ...

    async def read_resource(self, uri: str, ctx: object) -> dict[str, JsonValue]: ...


class ResourcesListed(BaseModel):
    """What a server has to read."""

    resources: list[dict[str, Any]]  # JSON: the fields of a `ResourceInfo`
    count: int


class TemplatesListed(BaseModel):
    """Patterns of URIs that can be read."""

    templates: list[dict[str, Any]]  # JSON: the fields of a `ResourceTemplateInfo`
    count: int


class ResourceRead(BaseModel):
    """`text`, `artifact` or `error` in `result`."""

    result: dict[str, Any]  # JSON: what `read_resource` returns
    uri: str


def resource_specs(
    reader: ResourceReader,
    *,
    namespace: str,
    origin: object,
    tool_node: object,
    taken: Collection[str] = (),
) -> list[NodeSpec]:
    """Return `resources_list`, `resources_read` and `resources_templates_list` of a namespace.

    A name in `taken` is left out: the server has a tool of its own that is called so. `origin` is the
    connection their models belong to.
    """

    async def list_resources(args: object, ctx: object) -> dict[str, JsonValue]:
        resources = [_shown(resource) for resource in await reader.list_resources(ctx=ctx)]
        return {"resources": resources, "count": len(resources)}

    async def list_templates(args: object, ctx: object) -> dict[str, JsonValue]:
        templates = [_shown(template) for template in await reader.list_resource_templates(ctx=ctx)]
        return {"templates": templates, "count": len(templates)}

    async def read(args: object, ctx: object) -> dict[str, JsonValue]:
        uri = _uri_of(args)
        if not uri:
            return {"result": {"error": "`uri` is missing: give the URI of a resource"}, "uri": ""}
        return {"result": await reader.read_resource(uri, ctx), "uri": uri}

    def spec(
        own_name: str, desc: str, function: ResourceTool, schema: JsonSchema, result: type[BaseModel]
    ) -> NodeSpec:
        name = f"{namespace}.{own_name}"
        args_model = arguments_model(f"{name.replace('.', '_')}Args", schema, origin=origin)
        return NodeSpec(
            node=Node(function, name=name),
            name=name,
            desc=desc,
            args_model=args_model,
            out_model=result,
            tags=("mcp", "resources", namespace),
            extra={"source": "mcp", "namespace": namespace, "tool_node": tool_node, "resource_tool": True},
        )

    lists = f"List the resources of `{namespace}`: documents that can be read by their URI."
    reads = f"Read a resource of `{namespace}` by its URI."
    patterns = f"List the patterns of URIs that `{namespace}` can read besides its listed resources."
    specs = (
        spec("resources_list", lists, list_resources, _NO_ARGUMENTS, ResourcesListed),
        spec("resources_read", reads, read, _READ_SCHEMA, ResourceRead),
        spec("resources_templates_list", patterns, list_templates, _NO_ARGUMENTS, TemplatesListed),
    )
    return [one for one in specs if one.name not in taken]


_NO_ARGUMENTS: JsonSchema = {"type": "object", "properties": {}}
# Not required: a model that leaves it out is told so in the result, which costs it less than a repair.
_READ_SCHEMA: JsonSchema = {
    "type": "object",
    "properties": {"uri": {"type": "string", "description": "URI of the resource, as listed"}},
}


def _shown(value: ResourceInfo | ResourceTemplateInfo) -> JsonValue:
    """Return a record whose texts may be shown; URIs stay exact, for they are to be read by."""
    record: dict[str, JsonValue] = dataclasses.asdict(value)
    for key in ("name", "description", "mime_type"):
        text = record.get(key)
        if isinstance(text, str):
            record[key] = safe_text(text, max_chars=_MAX_DESCRIPTION_CHARS)
    return record


def _uri_of(args: object) -> str:
    if isinstance(args, BaseModel):
        args = args.model_dump()
    # Whoever calls the tool directly may give a plain mapping.
    uri = cast("Mapping[str, object]", args).get("uri") if isinstance(args, Mapping) else None
    return uri.strip() if isinstance(uri, str) else ""

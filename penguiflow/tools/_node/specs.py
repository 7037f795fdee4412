"""Tools of a server as `NodeSpec`s of the catalog."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from pydantic import BaseModel, JsonValue

from penguiflow.catalog import NodeSpec
from penguiflow.node import Node
from penguiflow.registry import ModelRegistry
from penguiflow.safe_text import safe_line, safe_text
from penguiflow.tools._connecting.session import RemoteTool
from penguiflow.tools._schema.arguments import ServerArguments, arguments_model, result_model
from penguiflow.tools.config import ExternalToolConfig, TransportType
from penguiflow.tools.errors import ToolNodeError

_MAX_NAME_CHARS = 200
_MAX_DESCRIPTION_CHARS = 8000

CallTool = Callable[[str, Mapping[str, object], object], Awaitable[dict[str, JsonValue]]]
"""Calls a tool by its namespaced name with arguments and the context of the caller."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Origin:
    """One connection; two of them are never equal, even under one name."""

    name: str
    target: str

    def __str__(self) -> str:
        return f"the connection `{self.name}` (`{self.target}`)"


def namespaced(config: ExternalToolConfig, tool: RemoteTool) -> str:
    """Return the name under which the planner knows the tool; hidden characters in it are made visible."""
    return f"{config.name}.{safe_line(tool.name, max_chars=_MAX_NAME_CHARS)}"


def specs_of_tools(
    config: ExternalToolConfig,
    tools: Sequence[RemoteTool],
    *,
    origin: Origin,
    tool_node: object,
    call: CallTool,
) -> list[NodeSpec]:
    """Return one spec per tool that the config takes.

    Raises:
        ToolNodeError: the server offers two tools of one name.
    """
    specs: dict[str, NodeSpec] = {}
    for tool in tools:
        if not config.takes(tool.name):
            continue
        spec = _spec(config, tool, origin=origin, tool_node=tool_node, call=call)
        if spec.name in specs:
            raise ToolNodeError(
                f"the server of `{config.name}` offers two tools named `{spec.name}`",
                hint="leave them out with `tool_filter`",
            )
        specs[spec.name] = spec
    return list(specs.values())


def register_specs(specs: Sequence[NodeSpec], registry: ModelRegistry, *, origin: Origin) -> None:
    """Declare the models of all specs, or of none if a name belongs to somebody else.

    A name that this very connection declared before stays as it is: it reconnects.

    Raises:
        ToolNodeError: a name is taken; names both owners.
    """
    new = [spec for spec in specs if not _is_own(spec.name, registry, origin)]
    for spec in new:
        if registry.has(spec.name):
            raise ToolNodeError(
                f"tool name `{spec.name}` of {origin} is already taken by {_owner(spec.name, registry)}",
                hint="give one of them another `name`, or leave the tool out with `tool_filter`",
            )
    for spec in new:
        registry.register(spec.name, spec.args_model, spec.out_model)


def _spec(
    config: ExternalToolConfig, tool: RemoteTool, *, origin: Origin, tool_node: object, call: CallTool
) -> NodeSpec:
    name = namespaced(config, tool)

    async def call_external_tool(args: BaseModel, ctx: object) -> dict[str, JsonValue]:
        return await call(name, args.model_dump(mode="json"), ctx)

    class_name = name.replace(".", "_")
    source = _source(config)
    return NodeSpec(
        node=Node(call_external_tool, name=name),
        name=name,
        desc=safe_text(tool.description, max_chars=_MAX_DESCRIPTION_CHARS),
        args_model=arguments_model(f"{class_name}Args", tool.input_schema, origin=origin),
        out_model=result_model(f"{class_name}Result"),
        side_effects="external",
        tags=(source, config.name),
        extra={
            "source": source,
            "namespace": config.name,
            "tool_node": tool_node,
            "arg_validation": dict(config.arg_validation),
        },
        requires_approval=config.needs_approval(tool.name),
    )


def _source(config: ExternalToolConfig) -> str:
    """Return what the tags say a tool came through: every service that is not MCP counts as UTCP."""
    return "mcp" if config.transport is TransportType.MCP else "utcp"


def _is_own(name: str, registry: ModelRegistry, origin: Origin) -> bool:
    return registry.has(name) and _origin_of(name, registry) is origin


def _owner(name: str, registry: ModelRegistry) -> str:
    other = _origin_of(name, registry)
    return str(other) if other is not None else f"the node `{name}` of this program"


def _origin_of(name: str, registry: ModelRegistry) -> object:
    model, _ = registry.models(name)
    return model.origin if issubclass(model, ServerArguments) else None

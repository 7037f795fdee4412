"""What an MCP server says, as the values of the `ToolSession` port."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from mcp_types import (
    BlobResourceContents,
    CallToolResult,
    JSONRPCMessage,
    JSONRPCNotification,
    Resource,
    ResourceTemplate,
    TextResourceContents,
    Tool,
)
from pydantic import AnyUrl

from penguiflow.tools._connecting.session import RemoteResult, RemoteTool
from penguiflow.tools._mcp.results import text_of_error, value_of_reply
from penguiflow.tools._resources.values import ResourceContents, ResourceInfo, ResourceTemplateInfo

_PLACEHOLDER_URI: Final = "resource:exact"


class ExactUri(AnyUrl):
    """A URI that is sent as it was given: servers compare it as text, and FastMCP would normalise it."""

    def __init__(self, uri: str) -> None:
        super().__init__(_PLACEHOLDER_URI)
        self._exact = uri

    def __str__(self) -> str:
        return self._exact


class Ended:
    """Whether no more answers can come on a connection, and who wants to know."""

    def __init__(self) -> None:
        self._is_over = False
        self._listeners: list[Callable[[], None]] = []

    def tell(self) -> None:
        self._is_over = True
        for listener in self._listeners:
            listener()

    def on_ended(self, listener: Callable[[], None]) -> None:
        """Call `listener` when it is over; at once if it is."""
        self._listeners.append(listener)
        if self._is_over:
            listener()


def tells_of_giving_up(message: JSONRPCMessage) -> bool:
    """Whether it is what the SDK sends when a call has run out of time, and waits for whatever happens."""
    return isinstance(message, JSONRPCNotification) and message.method == "notifications/cancelled"


def remote_tool(tool: Tool) -> RemoteTool:
    hints = tool.annotations
    return RemoteTool(
        name=tool.name,
        description=tool.description or "",
        input_schema=tool.input_schema,
        output_schema=tool.output_schema,
        read_only=hints.read_only_hint if hints else None,
        destructive=hints.destructive_hint if hints else None,
        idempotent=hints.idempotent_hint if hints else None,
    )


def remote_result(reply: CallToolResult) -> RemoteResult:
    blocks = [block.model_dump(mode="json", by_alias=True, exclude_none=True) for block in reply.content]
    if reply.is_error:
        return RemoteResult(value=text_of_error(blocks), is_error=True)
    return RemoteResult(value=value_of_reply(reply.structured_content, blocks))


def resource_info(resource: Resource) -> ResourceInfo:
    annotations = resource.annotations
    return ResourceInfo(
        uri=str(resource.uri),
        name=resource.name,
        description=resource.description,
        mime_type=resource.mime_type,
        size_bytes=resource.size,
        annotations=annotations.model_dump(mode="json", by_alias=True, exclude_none=True)
        if annotations
        else {},
    )


def resource_template(template: ResourceTemplate) -> ResourceTemplateInfo:
    return ResourceTemplateInfo(
        uri_template=template.uri_template,
        name=template.name,
        description=template.description,
        mime_type=template.mime_type,
    )


def resource_contents(part: TextResourceContents | BlobResourceContents) -> ResourceContents:
    return ResourceContents(
        uri=str(part.uri),
        mime_type=part.mime_type,
        text=part.text if isinstance(part, TextResourceContents) else None,
        blob=part.blob if isinstance(part, BlobResourceContents) else None,
    )

"""The port to a connected tool server: what `ToolNode` needs of one, whatever the protocol behind it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Literal, Protocol, TypeAlias, runtime_checkable

from pydantic import JsonValue

from penguiflow.tools._resources.values import ResourceContents, ResourceInfo, ResourceTemplateInfo

LiveHeaders: TypeAlias = Callable[[], Mapping[str, str]]
"""Returns headers that may change while a connection is up, such as a token that is refreshed; asked before
each request."""


def no_headers() -> Mapping[str, str]:
    """Return nothing: the connection has no headers that change."""
    return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteTool:
    """A tool as its server describes it. None in a hint means the server did not say."""

    name: str
    description: str
    input_schema: Mapping[str, JsonValue] = field(default_factory=dict[str, JsonValue])
    output_schema: Mapping[str, JsonValue] | None = None
    read_only: bool | None = None
    destructive: bool | None = None
    idempotent: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteResult:
    """What a call returned; `value` is the text of the failure when `is_error`."""

    value: JsonValue
    is_error: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerUrl:
    """Where an HTTP server is, and what is sent with each request; `sse` for the older protocol."""

    url: str = field(repr=False)  # may hold a credential, as headers do
    headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    live_headers: LiveHeaders = field(default=no_headers, repr=False)
    sse: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpService:
    """An HTTP service that describes itself: an OpenAPI 3 document, or a list of tools with JSON schemas.

    `allowed_hosts` are hosts besides that of `url` which may be private addresses.
    """

    name: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    live_headers: LiveHeaders = field(default=no_headers, repr=False)
    timeout_s: float = 30.0
    allowed_hosts: Sequence[str] = ()
    max_response_bytes: int = 10_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class UtcpService:
    """Tools behind the Universal Tool Calling Protocol.

    `connection` is the URL of a manual, the base URL of a service that has one, or a command line;
    `variables` are what a manual may refer to.
    """

    name: str
    kind: Literal["auto", "manual_url", "base_url", "command"]
    connection: str = field(repr=False)
    variables: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    environment: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    live_headers: LiveHeaders = field(default=no_headers, repr=False)
    cwd: str | None = None
    timeout_s: float = 30.0
    allowed_hosts: Sequence[str] = ()
    max_response_bytes: int = 10_000_000


class ToolSession(Protocol):
    """An open connection. Usable from any task of its event loop."""

    @property
    def server(self) -> str | None:
        """Name and version of the server, when it gave them."""
        ...

    @property
    def protocol_version(self) -> str | None: ...

    async def list_tools(self) -> Sequence[RemoteTool]: ...

    async def call_tool(self, name: str, arguments: Mapping[str, object]) -> RemoteResult: ...

    def on_ended(self, listener: Callable[[], None]) -> None:
        """Call `listener` when the server is gone by itself, as far as that can be seen."""
        ...


@runtime_checkable
class TellsToolChanges(Protocol):
    """What a session of a server whose tools come and go can do besides."""

    def on_tools_changed(self, listener: Callable[[], None]) -> None:
        """Call `listener` in the event loop when `list_tools` would return something else."""
        ...


@runtime_checkable
class ResourceSession(Protocol):
    """What a session of a server with resources can do besides; see `penguiflow.tools.resources`."""

    @property
    def resources_supported(self) -> bool: ...

    async def list_resources(self) -> Sequence[ResourceInfo]: ...

    async def list_resource_templates(self) -> Sequence[ResourceTemplateInfo]: ...

    async def read_resource(self, uri: str) -> Sequence[ResourceContents]: ...

    async def subscribe_resource(self, uri: str) -> None:
        """Ask to be told when the resource changes.

        Raises:
            ToolNodeError: the server does not do that.
        """
        ...

    async def unsubscribe_resource(self, uri: str) -> None: ...

    def on_resource_updated(self, listener: Callable[[str], None]) -> None:
        """Call `listener` in the event loop with the URI of each resource that changed."""
        ...


OpenSession = AbstractAsyncContextManager[ToolSession]
"""Enters by connecting, exits by leaving nothing behind."""

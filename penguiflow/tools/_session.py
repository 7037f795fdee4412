"""The port to a connected tool server: what `ToolNode` needs of one, whatever the protocol behind it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Protocol

from pydantic import JsonValue


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteTool:
    """A tool as its server describes it. None in a hint means the server did not say."""

    name: str
    description: str
    input_schema: Mapping[str, JsonValue] = field(default_factory=dict[str, JsonValue])
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
    sse: bool = False


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


OpenSession = AbstractAsyncContextManager[ToolSession]
"""Enters by connecting, exits by leaving nothing behind."""

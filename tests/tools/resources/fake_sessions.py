"""A session of a server with resources, without the server."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from penguiflow.tools.errors import ToolClientError
from penguiflow.tools.resources import ResourceContents, ResourceInfo, ResourceTemplateInfo


class FakeSession:
    """Satisfies `ResourceSession`; says what it was asked."""

    def __init__(self, texts: dict[str, str] | None = None, *, supported: bool = True) -> None:
        self.texts = {"notes://1": "first"} if texts is None else texts
        self.resources_supported = supported
        self.error: Exception | None = None
        self.silent = False
        self.asked: list[str] = []
        self.listeners: list[Callable[[str], None]] = []

    async def list_resources(self) -> Sequence[ResourceInfo]:
        await self._note("list")
        return [ResourceInfo(uri) for uri in self.texts]

    async def list_resource_templates(self) -> Sequence[ResourceTemplateInfo]:
        await self._note("templates")
        return [ResourceTemplateInfo("notes://{id}")]

    async def read_resource(self, uri: str) -> Sequence[ResourceContents]:
        await self._note(f"read {uri}")
        if uri not in self.texts:
            raise ToolClientError("there is no such note")
        return [ResourceContents(uri, text=self.texts[uri])]

    async def subscribe_resource(self, uri: str) -> None:
        await self._note(f"subscribe {uri}")

    async def unsubscribe_resource(self, uri: str) -> None:
        await self._note(f"unsubscribe {uri}")

    def on_resource_updated(self, listener: Callable[[str], None]) -> None:
        self.listeners.append(listener)

    def update(self, uri: str) -> None:
        """Tell that a resource changed."""
        for listener in self.listeners:
            listener(uri)

    async def _note(self, request: str) -> None:
        self.asked.append(request)
        if self.silent:
            await asyncio.Event().wait()
        if self.error is not None:
            raise self.error

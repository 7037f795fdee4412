"""Many tool servers as one source of tools: connected side by side, watched, switched on and off.

    async with ToolServers(configs, registry) as servers:
        planner = ReactPlanner(llm="gpt-4o", tool_sources=[servers])

Starting never waits for a server: one that is slow, wants a sign-in or does not come up is a status, and its
tools are there as soon as it is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import TracebackType
from typing import Self

from penguiflow.catalog import NodeSpec
from penguiflow.registry import ModelRegistry
from penguiflow.tools.config import ExternalToolConfig
from penguiflow.tools.connection import ConnectionListener, ConnectionStatus
from penguiflow.tools.errors import ToolNodeError
from penguiflow.tools.node import ToolNode
from penguiflow.tools.review import ToolReview
from penguiflow.tools.user_auth import AuthManager

__all__ = ["ToolServers"]


class ToolServers:
    """The nodes of several servers; the parameters are those of `ToolNode`. Close it when done."""

    def __init__(
        self,
        configs: Iterable[ExternalToolConfig],
        registry: ModelRegistry,
        auth_manager: AuthManager | None = None,
        *,
        environment: Mapping[str, str] | None = None,
        review: ToolReview | None = None,
    ) -> None:
        """Make the nodes and start nothing.

        Raises:
            ToolNodeError: two servers have one name.
        """
        self._nodes: dict[str, ToolNode] = {}
        self._connecting: dict[str, asyncio.Task[None]] = {}
        for config in configs:
            if config.name in self._nodes:
                raise ToolNodeError(
                    f"two tool servers are named `{config.name}`", hint="give one of them another `name`"
                )
            self._nodes[config.name] = ToolNode(
                config, registry, auth_manager, environment=environment, review=review
            )

    @property
    def nodes(self) -> Sequence[ToolNode]:
        """The nodes in the order given; each can be used by itself."""
        return tuple(self._nodes.values())

    @property
    def statuses(self) -> Sequence[ConnectionStatus]:
        """The state of every connection now."""
        return tuple(node.status for node in self._nodes.values())

    def on_status_change(self, listener: ConnectionListener) -> Callable[[], None]:
        """Call `listener` with each new status of any of them; the function returned ends that."""
        stops = [node.on_status_change(listener) for node in self._nodes.values()]

        def stop() -> None:
            for each in stops:
                each()

        return stop

    def node(self, name: str) -> ToolNode:
        """Return one node.

        Raises:
            KeyError: no server has this name; names those there are.
        """
        try:
            return self._nodes[name]
        except KeyError:
            known = ", ".join(f"`{each}`" for each in self._nodes) or "none"
            raise KeyError(f"there is no tool server `{name}`; there are: {known}") from None

    def get_tool_specs(self) -> Sequence[NodeSpec]:
        """Return the tools of all servers that are or were connected."""
        return [spec for node in self._nodes.values() for spec in node.get_tool_specs()]

    def start(self) -> None:
        """Begin to connect every server that is not disabled; needs a running loop, waits for nothing."""
        for node in self._nodes.values():
            if node.status.state != "disabled":
                self._connect(node)

    async def wait_started(self) -> None:
        """Wait until every server that was started is up, or is known not to come up."""
        if self._connecting:
            await asyncio.wait(self._connecting.values())

    async def reconnect(self, name: str) -> ConnectionStatus:
        """Close one connection, open it again, and return what came of it; a failure is a status."""
        node = self.node(name)
        await self._stop_connecting(name)
        await node.close()
        await _connect_and_say(node)
        return node.status

    async def set_enabled(self, name: str, enabled: bool) -> None:
        """Switch one server on, which connects it, or off, which leaves it."""
        node = self.node(name)
        await self._stop_connecting(name)
        await node.set_enabled(enabled)
        if enabled:
            self._connect(node)

    async def aclose(self) -> None:
        """Leave all servers and wait until nothing of them is left."""
        for name in list(self._connecting):
            await self._stop_connecting(name)
        await asyncio.gather(*(node.close() for node in self._nodes.values()))

    async def __aenter__(self) -> Self:
        self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    def _connect(self, node: ToolNode) -> None:
        running = self._connecting.get(node.name)
        if running is None or running.done():
            self._connecting[node.name] = asyncio.create_task(
                _connect_and_say(node), name=f"connect tool server {node.name}"
            )

    async def _stop_connecting(self, name: str) -> None:
        task = self._connecting.pop(name, None)
        if task is not None:
            task.cancel()
            await asyncio.wait({task})


async def _connect_and_say(node: ToolNode) -> None:
    """Connect; what goes wrong is the node's status already."""
    try:
        await node.connect()
    except ToolNodeError:
        return

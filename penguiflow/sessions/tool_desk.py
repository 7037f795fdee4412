"""What a person does with an agent's tool connections outside of a run: look, try a tool, switch, sign in.

A call goes to the server exactly as the planner's would, in the name of the session's user, and is told to
the session's log; its arguments and its result are not kept.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Protocol, runtime_checkable

from pydantic import JsonValue, ValidationError

from penguiflow._clock import MonotonicClock
from penguiflow.catalog import NodeSpec
from penguiflow.safe_text import safe_line
from penguiflow.sessions.agent_port import Connection
from penguiflow.sessions.connections import WatchedConnections
from penguiflow.sessions.person_context import PersonContext
from penguiflow.sessions.results import NotPossibleError
from penguiflow.tools.connection import ConnectionStatus
from penguiflow.tools.errors import ToolNodeError
from penguiflow.tools.offers import MakesOffers, Offers
from penguiflow.tools.review import ToolChange

_MAX_PROBLEMS = 20


@runtime_checkable
class CallsTools(Protocol):
    """A connection whose tools can be called one by one; `ToolNode` is one."""

    def get_tool_specs(self) -> Sequence[NodeSpec]: ...

    async def call(
        self, tool_name: str, args: Mapping[str, object], ctx: object = None
    ) -> dict[str, JsonValue]: ...


@runtime_checkable
class CanBeDisabled(Protocol):
    """A connection that a person may switch off."""

    async def set_enabled(self, enabled: bool) -> None: ...


@runtime_checkable
class HoldsBackChanges(Protocol):
    """A connection that leaves out tools that changed, until a person approves what they are now."""

    @property
    def changes(self) -> Mapping[str, ToolChange]: ...

    def approve_changes(self, names: Collection[str] | None = None) -> None: ...


@runtime_checkable
class SignsPeopleIn(Protocol):
    """A connection that acts in the name of a person who signed in."""

    async def begin_sign_in(self, user_id: str, trace_id: str = "") -> dict[str, JsonValue]: ...


class ToolDesk:
    """Acts on the connections of one session. `tell` takes a line for the session's log."""

    def __init__(
        self,
        connections: WatchedConnections,
        *,
        context: PersonContext,
        tell: Callable[[str], None],
        clock: MonotonicClock,
    ) -> None:
        self._connections = connections
        self._context = context
        self._tell = tell
        self._clock = clock

    def is_ready(self, connection: str) -> bool:
        """Whether the connection is up and its tools can be called."""
        return self._connections.find(connection).status.state == "ready"

    async def offers(self, connection: str) -> Offers:
        """Return what the server offers, as it describes it; nothing while it is not connected.

        Raises:
            UnknownConnectionError: the agent has no such connection. The other methods raise it as well.
        """
        found = self._connections.find(connection)
        # A copy of each tool: with thousands of them too long for the loop.
        return await asyncio.to_thread(lambda: found.offers) if isinstance(found, MakesOffers) else ()

    def usable_tools(self, connection: str) -> frozenset[str]:
        """Return the names under which the planner knows the connection's tools."""
        found = self._connections.find(connection)
        return (
            frozenset(spec.name for spec in found.get_tool_specs())
            if isinstance(found, CallsTools)
            else frozenset()
        )

    def asks_first(self, connection: str, tool: str) -> bool:
        """Whether a call needs a person's approval; one that depends on the arguments does.

        Raises:
            NotPossibleError: there is no such tool now. `check` and `call` raise it as well.
        """
        _, spec = self._tool(connection, tool)
        return spec.requires_approval is not False

    def check(self, connection: str, tool: str, args: Mapping[str, object]) -> Sequence[str]:
        """Return what is wrong with arguments; nothing when the tool can be called with them."""
        _, spec = self._tool(connection, tool)
        try:
            spec.args_model.model_validate(dict(args))
        except ValidationError as exc:
            problems = exc.errors(include_url=False, include_context=False, include_input=False)
            lines = [f"{'.'.join(map(str, each['loc'])) or 'args'}: {each['msg']}" for each in problems]
            return lines[:_MAX_PROBLEMS]
        return ()

    async def call(self, connection: str, tool: str, args: Mapping[str, object]) -> JsonValue:
        """Call the tool and return its result. Whoever calls this has asked the person, where that is needed.

        Raises:
            ToolNodeError: the server refused, failed or did not answer.
        """
        node, spec = self._tool(connection, tool)
        began = self._clock()
        said = "did not end"
        try:
            checked = spec.args_model.model_validate(dict(args))
            result = await node.call(spec.name, checked.model_dump(mode="json"), self._context)
            said = "answered"
            return result.get("result")
        except ToolNodeError as exc:
            said = f"failed: {exc}"
            raise
        finally:
            took_ms = (self._clock() - began) * 1000
            self._tell(f"`{safe_line(tool, max_chars=80)}`, called by hand, {said} ({took_ms:.0f} ms)")

    async def reconnect(self, connection: str) -> ConnectionStatus:
        """Close the connection, open it again, and return what came of it."""
        return await self._connections.reconnect(connection)

    async def set_enabled(self, connection: str, enabled: bool) -> ConnectionStatus:
        """Switch a connection on, which connects it, or off, and return what came of it."""
        found = self._connections.find(connection)
        if not isinstance(found, CanBeDisabled):
            raise NotPossibleError(f"`{connection}` cannot be switched off")
        await found.set_enabled(enabled)
        return await self._connections.reconnect(connection) if enabled else found.status

    async def begin_sign_in(self, connection: str) -> Mapping[str, JsonValue]:
        """Return `display_name`, `auth_url` and `scopes` for the session's user; the status shows the URL.

        Raises:
            ToolNodeError: nobody knows how one signs in there.
        """
        found = self._connections.find(connection)
        if not isinstance(found, SignsPeopleIn):
            raise NotPossibleError(f"nobody signs in to `{connection}`")
        return await found.begin_sign_in(self._context.user_id)

    def changes(self, connection: str) -> Mapping[str, ToolChange]:
        """Return the tools that changed since they were approved."""
        found = self._connections.find(connection)
        return found.changes if isinstance(found, HoldsBackChanges) else {}

    def approve_changes(self, connection: str, names: Collection[str]) -> None:
        """Take these tools as they are now; the planner knows them from its next run on."""
        found = self._connections.find(connection)
        if isinstance(found, HoldsBackChanges):
            found.approve_changes(names)

    def _tool(self, connection: str, tool: str) -> tuple[CallsTools, NodeSpec]:
        found: Connection = self._connections.find(connection)
        specs = found.get_tool_specs() if isinstance(found, CallsTools) else ()
        spec = next((each for each in specs if each.name == tool), None)
        if spec is None or not isinstance(found, CallsTools):
            raise NotPossibleError(f"`{connection}` has no tool `{tool}` now; connect it again")
        return found, spec

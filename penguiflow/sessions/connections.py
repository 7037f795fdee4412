"""The tool connections of an agent: finding, opening, watching and closing them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import Protocol, TypeAlias, runtime_checkable

from pydantic import JsonValue

from penguiflow.sessions.agent_port import Connection
from penguiflow.sessions.person_context import PersonContext
from penguiflow.sessions.planner_port import Planner
from penguiflow.sessions.results import UnknownConnectionError
from penguiflow.tools.connection import ConnectionStatus
from penguiflow.tools.offers import MakesOffers, Offers

_NOT_READY_STATES = ("failed", "needs_auth", "disabled")


OnStatus: TypeAlias = Callable[[ConnectionStatus, Offers], None]
"""Called with a status and, for a connection that is ready, what its server offers."""


@runtime_checkable
class _ConnectsForSomebody(Protocol):
    """A connection whose `connect` takes the context of a caller, as that of `ToolNode` does."""

    async def connect(self, ctx: object = None) -> None: ...

    async def begin_sign_in(self, user_id: str, trace_id: str = "") -> dict[str, JsonValue]: ...


@runtime_checkable
class _ActsForUsers(Protocol):
    """A connection that may call in the name of users, as that of `ToolNode` does."""

    @property
    def acts_for_users(self) -> bool: ...


class WatchedConnections:
    """Tells `on_status` about each connection, at first and whenever it changes."""

    def __init__(self, on_status: OnStatus, *, context: PersonContext | None = None) -> None:
        """`context` names the person for whom a connection that acts in somebody's name is opened."""
        self._on_status = on_status
        self._context = context
        self._connections: tuple[Connection, ...] = ()
        self._stop_watching: list[Callable[[], None]] = []

    @property
    def statuses(self) -> tuple[ConnectionStatus, ...]:
        return tuple(each.status for each in self._connections)

    async def open(self, connections: Sequence[Connection]) -> None:
        """Watch and open all at once. A connection that fails is a status, never an exception."""
        self._connections = tuple(connections)
        for each in self._connections:
            self._stop_watching.append(each.on_status_change(partial(self._tell, each)))
            self._tell(each, each.status)
        async with asyncio.TaskGroup() as group:
            for each in self._connections:
                if each.status.state == "disabled":
                    continue
                group.create_task(self._connect(each), name=f"penguiflow-connect-{each.name}")

    async def reconnect(self, name: str) -> ConnectionStatus:
        """Close and open one connection again and return what came of it.

        Raises:
            UnknownConnectionError: no connection has this name.
        """
        found = self.find(name)
        await found.close()
        await self._connect(found)
        return found.status

    def find(self, name: str) -> Connection:
        """Return the connection of this name.

        Raises:
            UnknownConnectionError: there is none.
        """
        for each in self._connections:
            if each.name == name:
                return each
        known = ", ".join(f"`{each.name}`" for each in self._connections) or "none"
        raise UnknownConnectionError(f"the agent has no tool connection `{name}`; it has: {known}")

    def stop_watching(self) -> None:
        """Hear no more changes."""
        while self._stop_watching:
            self._stop_watching.pop()()

    async def _connect(self, connection: Connection) -> None:
        try:
            if not await _connected_for(connection, self._context):
                await connection.connect()
        except Exception as exc:  # noqa: BLE001 - whatever a tool server does, the agent is there without it
            if connection.status.state not in _NOT_READY_STATES:
                failed = f"`{type(exc).__name__}`: {exc}"
                self._on_status(replace(connection.status, state="failed", error=failed), ())

    def _tell(self, connection: Connection, status: ConnectionStatus) -> None:
        offers: Offers = ()
        if status.state == "ready" and isinstance(connection, MakesOffers):
            offers = connection.offers
        self._on_status(status, offers)


async def _connected_for(node: object, context: PersonContext | None) -> bool:
    """Connect in the name of the person, where that can be said; false when it cannot."""
    if context is None or not isinstance(node, _ConnectsForSomebody):
        return False
    await node.connect(context)
    return True


def connections_of(planner: Planner, *, also: Iterable[object] = ()) -> tuple[Connection, ...]:
    """Return the connections among the planner's tool sources and behind its tools, each once."""
    behind_tools = (spec.extra.get("tool_node") for spec in planner.visible_tools())
    return distinct_connections((*also, *planner.tool_sources, *behind_tools))


def distinct_connections(candidates: Iterable[object]) -> tuple[Connection, ...]:
    """Keep what is a connection, once by identity, in the order given."""
    found: dict[int, Connection] = {}
    for candidate in candidates:
        if isinstance(candidate, Connection):
            found.setdefault(id(candidate), candidate)
    return tuple(found.values())


async def close_connections(connections: Sequence[Connection]) -> None:
    """Close all at once; one that fails does not keep the others open.

    Raises:
        ExceptionGroup: some did not close.
    """
    outcomes = await asyncio.gather(*(each.close() for each in connections), return_exceptions=True)
    failures = [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    if failures:
        raise ExceptionGroup("tool connections did not close", failures)


def act_for_people(connections: Iterable[Connection]) -> bool:
    """Whether one of them needs to know in whose name it is called."""
    return any(isinstance(each, _ActsForUsers) and each.acts_for_users for each in connections)

"""Small parts that tests of the runtime build flows from."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from itertools import pairwise
from typing import Any

from penguiflow import FlowEvent, Headers, Message, ModelRegistry, Node, NodePolicy, PenguiFlow, create


def message(payload: Any = 1, **fields: Any) -> Message:
    return Message(payload=payload, headers=Headers(tenant="test"), **fields)


def untyped(func: Any, name: str, **policy: Any) -> Node:
    return Node(func, name=name, policy=NodePolicy(validate="none", **policy))


async def passes_on(msg: Any, ctx: Any) -> Any:
    return msg


def chain(*nodes: Node, **options: Any) -> PenguiFlow:
    return create(*(a.to(b) for a, b in pairwise(nodes)), nodes[-1].to(), **options)


def loop_clock() -> float:
    """Unix time that runs with the loop's virtual time."""
    return asyncio.get_running_loop().time()


@asynccontextmanager
async def running(flow: PenguiFlow, registry: ModelRegistry | None = None) -> AsyncIterator[PenguiFlow]:
    """Run the flow, stop it, and see that nothing of it is left."""
    others = asyncio.all_tasks()
    flow.run(registry=registry)
    try:
        yield flow
    finally:
        await flow.stop()
    left = asyncio.all_tasks() - others
    assert not left, f"tasks left after stop: {left}"
    assert len(flow.services.traces) == 0
    assert len(flow.services.streams) == 0


async def settled(steps: int = 50) -> None:
    """Let everything happen that can happen without time passing, or as much as so many steps allow."""
    for _ in range(steps):
        await asyncio.sleep(0)


class Recorder:
    """A middleware that remembers all events."""

    def __init__(self) -> None:
        self.events: list[FlowEvent] = []

    async def __call__(self, event: FlowEvent) -> None:
        self.events.append(event)

    def kinds(self, node_name: str | None = None) -> list[str]:
        wanted = [e for e in self.events if node_name is None or e.node_name == node_name]
        return [event.event_type for event in wanted]

    def of(self, event_type: str) -> list[FlowEvent]:
        return [event for event in self.events if event.event_type == event_type]


class Gate:
    """A node function that parks every message until the gate is opened, and remembers what it saw."""

    def __init__(self, on_cancel: Callable[[], Awaitable[None]] | None = None) -> None:
        self.opened = asyncio.Event()
        self.inside: list[Any] = []
        self.cancelled: list[Any] = []
        self._on_cancel = on_cancel

    async def wait(self, msg: Any, ctx: Any) -> Any:
        self.inside.append(msg)
        try:
            await self.opened.wait()
        except asyncio.CancelledError:
            self.cancelled.append(msg)
            if self._on_cancel is not None:
                await self._on_cancel()
            raise
        return msg

"""Successors of a router that note what reaches them."""

from __future__ import annotations

from typing import Any

from penguiflow import FlowError, Node, create
from tests.fakes.flows import running, settled, untyped


class Arrivals:
    """Puts nodes behind a router, sends items through it, and keeps what arrives where."""

    def __init__(self) -> None:
        self.log: list[tuple[str, Any]] = []

    def node(self, name: str, label: str = "") -> Node:
        """Return a successor; arrivals are noted under `label`, which is the name unless given."""

        async def note(item: Any, ctx: Any) -> None:
            self.log.append((label or name, item))

        return untyped(note, name)

    async def send(self, router: Node, successors: list[Node], *items: Any) -> list[str]:
        """Send the items through the router and return where they arrived."""
        async with running(create(router.to(*successors))) as flow:
            for item in items:
                await flow.emit(item)
            await settled()
        return [label for label, _ in self.log]


async def failure_of(router: Node, successors: list[Node], item: Any) -> FlowError:
    """Send a message through a router that fails on it."""
    async with running(create(router.to(*successors), emit_errors_to_rookery=True)) as flow:
        await flow.emit(item)
        error = await flow.fetch()
    assert isinstance(error, FlowError)
    return error

"""Playbooks that remember the flows they built, and a look at what calls leave behind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from penguiflow import Context, FlowStopped, Message, ModelRegistry, Node, PenguiFlow
from tests.fakes.flows import Recorder, chain, settled, untyped


class Playbook:
    """Builds a chain of the given nodes per call, and records what happens in all of them."""

    def __init__(self, *nodes: Node, registry: ModelRegistry | None = None, **options: Any) -> None:
        self.flows: list[PenguiFlow] = []
        self.events = Recorder()
        self._nodes = nodes
        self._registry = registry
        self._options = options

    def __call__(self) -> tuple[PenguiFlow, ModelRegistry | None]:
        flow = chain(*self._nodes, middlewares=[self.events], **self._options)
        self.flows.append(flow)
        return flow, self._registry

    async def assert_stopped(self) -> None:
        """See that every flow has stopped and holds nothing."""
        for flow in self.flows:
            with pytest.raises(FlowStopped):
                await flow.fetch()
            assert len(flow.services.traces) == 0
            assert len(flow.services.streams) == 0


def calling(playbook: Playbook, *, timeout: float | None = None, name: str = "caller", **policy: Any) -> Node:
    """A node that answers with what the playbook makes of its message."""

    async def call(msg: Message, ctx: Context) -> Message:
        answer = await ctx.call_playbook(playbook, msg, timeout=timeout)
        return msg.model_copy(update={"payload": answer})

    return untyped(call, name, **policy)


@asynccontextmanager
async def nothing_left(*playbooks: Playbook) -> AsyncIterator[None]:
    """See that what happens in the block leaves no task and no running subflow."""
    tasks = asyncio.all_tasks()
    yield
    await settled()
    left = asyncio.all_tasks() - tasks
    assert not left, f"tasks left: {left}"
    for playbook in playbooks:
        await playbook.assert_stopped()

"""A remote agent in this process, and the flow that calls it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from penguiflow import FlowEvent, Node, NodePolicy, PenguiFlow, create
from penguiflow.remote import RemoteCallRequest, RemoteCallResult, RemoteNode, RemoteStreamEvent
from tests.fakes.flows import Recorder

URL = "https://agent.test"


class FakeAgent:
    """A transport whose remote side is scripted; it remembers what it was asked."""

    def __init__(
        self,
        *,
        send: Callable[[RemoteCallRequest], Awaitable[RemoteCallResult]] | None = None,
        stream: Callable[[RemoteCallRequest], AsyncIterator[RemoteStreamEvent]] | None = None,
        cancel: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self.requests: list[RemoteCallRequest] = []
        self.cancels: list[tuple[str, str]] = []
        self._send = send
        self._stream = stream
        self._cancel = cancel

    async def send(self, request: RemoteCallRequest) -> RemoteCallResult:
        assert self._send is not None
        self.requests.append(request)
        return await self._send(request)

    def stream(self, request: RemoteCallRequest) -> AsyncIterator[RemoteStreamEvent]:
        assert self._stream is not None
        self.requests.append(request)
        return self._stream(request)

    async def cancel(self, *, agent_url: str, task_id: str) -> None:
        self.cancels.append((agent_url, task_id))
        if self._cancel is not None:
            await self._cancel()


class Desk:
    """Scripts for `FakeAgent.send`: tasks numbered from 1 that are reported and then stay open."""

    def __init__(self) -> None:
        self.accepted = 0

    async def reports_and_hangs(self, request: RemoteCallRequest) -> RemoteCallResult:
        self.accept(request)
        return await asyncio.Future()

    async def reports_and_fails(self, request: RemoteCallRequest) -> RemoteCallResult:
        self.accept(request)
        raise ConnectionError("line lost")

    def accept(self, request: RemoteCallRequest) -> str:
        self.accepted += 1
        assert request.on_task is not None
        request.on_task(f"task-{self.accepted}", "context")
        return f"task-{self.accepted}"


async def hangs(*_: object) -> Any:
    return await asyncio.Future()


def remote_node(agent: FakeAgent, *, policy: dict[str, Any] | None = None, **options: Any) -> Node:
    return RemoteNode(
        transport=agent,
        skill="search",
        agent_url=URL,
        name="remote",
        policy=NodePolicy(validate="none", **(policy or {})),
        **options,
    )


def calling(agent: FakeAgent, *, store: Any = None, **options: Any) -> tuple[PenguiFlow, Recorder]:
    recorder = Recorder()
    flow = create(remote_node(agent, **options).to(), middlewares=[recorder], state_store=store)
    return flow, recorder


def remote_events(recorder: Recorder) -> list[str]:
    return [event.event_type for event in recorder.events if event.event_type.startswith("remote_")]


def only(recorder: Recorder, event_type: str) -> FlowEvent:
    (event,) = recorder.of(event_type)
    return event

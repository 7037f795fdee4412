"""Remote nodes over a transport that somebody else wrote."""

from __future__ import annotations

import asyncio
import copy
import dataclasses
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from penguiflow import (
    NodePolicy,
    RemoteCallRequest,
    RemoteCallResult,
    RemoteNode,
    RemoteStreamEvent,
    RemoteTransport,
)
from penguiflow.state import InMemoryStateStore
from tests.fakes.flows import Recorder, chain, message, running, settled


class Agent(RemoteTransport):
    """Answers with what it was built with, after it was let go."""

    def __init__(self, *events: RemoteStreamEvent, answer: Any = None) -> None:
        self.requests: list[RemoteCallRequest] = []
        self.cancels: list[tuple[str, str]] = []
        self.held = False
        self._events, self._answer = events, answer

    async def send(self, request: RemoteCallRequest) -> RemoteCallResult:
        self.requests.append(request)
        if isinstance(self._answer, Exception):
            raise self._answer
        return RemoteCallResult(self._answer, context_id="c", task_id="task", meta={"cost": 1})

    async def stream(self, request: RemoteCallRequest) -> AsyncIterator[RemoteStreamEvent]:
        self.requests.append(request)
        for event in self._events:
            yield event
        if self.held:
            await asyncio.Event().wait()

    async def cancel(self, *, agent_url: str, task_id: str) -> None:
        self.cancels.append((agent_url, task_id))


def remote(agent: Agent, **options: Any) -> Any:
    policy = options.pop("policy", NodePolicy(validate="none"))
    return RemoteNode(
        transport=agent, skill="sum", agent_url="http://a", name="ask", policy=policy, **options
    )


def remote_events(recorder: Recorder) -> list[tuple[str, dict[str, Any]]]:
    return [(e.event_type, dict(e.extra)) for e in recorder.events if e.event_type.startswith("remote_")]


BASE = {"remote_skill": "sum", "remote_transport": "Agent"}


async def test_a_call_sends_the_message_and_returns_the_result() -> None:
    agent, recorder, store = Agent(answer={"n": 1}), Recorder(), InMemoryStateStore()
    node = remote(agent, agent_card={"v": 1}, policy=NodePolicy(validate="none", timeout_s=9.0))
    sent = message("käse", trace_id="t", meta={"a": 1})
    async with running(chain(node, middlewares=[recorder], state_store=store)) as flow:
        await flow.emit(sent)
        assert await flow.fetch() == {"n": 1}

    (request,) = agent.requests
    assert request.message is sent
    assert (request.skill, request.agent_url, request.agent_card) == ("sum", "http://a", {"v": 1})
    assert (request.metadata, request.timeout_s) == ({"a": 1}, 9.0)
    base = {**BASE, "remote_streaming": False, "remote_request_bytes": 7, "remote_agent_url": "http://a"}
    assert remote_events(recorder) == [
        ("remote_call_start", base),
        ("remote_call_success", {
            **base, "remote_context_id": "c", "remote_task_id": "task", "remote_response_bytes": 8,
            "remote_stream_events": 0, "remote_status": "success",
        }),
    ]  # fmt: skip
    assert agent.cancels == []


async def test_a_stream_forwards_each_text_and_returns_the_last_result() -> None:
    agent = Agent(
        RemoteStreamEvent(text="ü", meta={"b": 1, "a": 2}, task_id="task"),
        RemoteStreamEvent(result=1),
        RemoteStreamEvent(text="!", done=True, result=2),
    )
    recorder = Recorder()
    async with running(chain(remote(agent, streaming=True), middlewares=[recorder])) as flow:
        await flow.emit(message("x"))
        first, second, result = [await flow.fetch() for _ in range(3)]

    assert [(c.payload.text, c.payload.done, c.payload.meta) for c in (first, second)] == [
        ("ü", False, {"b": 1, "a": 2}), ("!", True, {})
    ]  # fmt: skip
    assert result == 2
    events = [extra for kind, extra in remote_events(recorder) if kind == "remote_stream_event"]
    assert [extra["remote_stream_seq"] for extra in events] == [0, 1, 2]
    assert [extra["remote_chunk_done"] for extra in events] == [False, False, True]
    assert events[0]["remote_chunk_meta_keys"] == ["a", "b"]
    assert ["remote_chunk_bytes" in extra for extra in events] == [True, False, True]
    kind, success = remote_events(recorder)[-1]
    assert (kind, success["remote_stream_events"], success["remote_status"]) == (
        "remote_call_success", 3, "success"
    )  # fmt: skip


async def test_a_stream_without_a_result_emits_nothing_more() -> None:
    agent, recorder = Agent(RemoteStreamEvent(text="a", done=True)), Recorder()
    async with running(chain(remote(agent, streaming=True), middlewares=[recorder])) as flow:
        await flow.emit(message("x"))
        await flow.fetch()
        await settled()
        assert flow.statistics().traces == 0
    assert "node_success" in recorder.kinds("ask")


async def test_cancelling_the_trace_cancels_the_remote_task_once() -> None:
    agent = Agent(RemoteStreamEvent(text="a", task_id="task", agent_url="http://b"))
    agent.held = True
    recorder = Recorder()
    async with running(chain(remote(agent, streaming=True), middlewares=[recorder])) as flow:
        await flow.emit(message("x", trace_id="t"))
        await flow.fetch()
        await settled()
        assert await flow.cancel("t")
        await settled()
        assert await flow.cancel("t") is False
    assert agent.cancels == [("http://b", "task")]
    kind, extra = remote_events(recorder)[-1]
    assert kind == "remote_call_cancelled"
    assert (extra["remote_cancel_reason"], extra["remote_status"]) == ("trace_cancel", "cancelled")
    assert "remote_call_success" not in recorder.kinds()


async def test_a_failing_call_is_told_and_retried() -> None:
    agent, recorder = Agent(answer=ConnectionError("gone")), Recorder()
    patient = NodePolicy(validate="none", max_retries=1)
    flow = chain(remote(agent, policy=patient), middlewares=[recorder], emit_errors_to_rookery=True)
    async with running(flow):
        await flow.emit(message("x"))
        assert (await flow.fetch()).unwrap() is not None
    assert len(agent.requests) == 2
    kind, extra = remote_events(recorder)[-1]
    assert kind == "remote_call_error"
    assert (extra["remote_error"], extra["remote_status"]) == ("ConnectionError('gone')", "error")


async def test_a_remote_node_takes_messages_of_a_running_flow_only() -> None:
    node = remote(Agent())
    with pytest.raises(TypeError):
        await node.invoke("bare", None, registry=None)
    flow = chain(remote(Agent()), emit_errors_to_rookery=True)
    async with running(flow):
        await flow.emit("bare")
        with pytest.raises(Exception, match="needs a Message"):
            await flow.outcome(None)


@pytest.mark.parametrize("copied", [dataclasses.asdict, copy.deepcopy, copy.copy, dataclasses.replace])
async def test_a_transport_may_copy_its_request(copied: Callable[[Any], Any]) -> None:
    class Copying(Agent):
        async def send(self, request: RemoteCallRequest) -> RemoteCallResult:
            copies.append(copied(request))
            return await super().send(request)

    copies: list[Any] = []
    async with running(chain(remote(Copying(answer=1)))) as flow:
        await flow.emit(message("x"))
        assert await flow.fetch() == 1
    kept = copies[0] if isinstance(copies[0], dict) else dataclasses.asdict(copies[0])
    assert (kept["skill"], kept["agent_url"], kept["timeout_s"]) == ("sum", "http://a", None)

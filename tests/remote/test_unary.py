from __future__ import annotations

import logging

import pytest
from pydantic import BaseModel

from penguiflow import Message, ModelRegistry, Node, create
from penguiflow.core import Context
from penguiflow.remote import RemoteCallRequest, RemoteCallResult, RemoteNode
from tests.fakes.flows import Recorder, message, running
from tests.remote.agents import URL, FakeAgent, calling, only, remote_events, remote_node


class Found(BaseModel):
    found: int


async def answers(request: RemoteCallRequest) -> RemoteCallResult:
    return RemoteCallResult({"found": 3}, context_id="c", task_id="t", agent_url="https://other.test")


async def test_the_remote_result_is_what_the_node_returns_and_nothing_is_cancelled() -> None:
    agent = FakeAgent(send=answers)
    flow, recorder = calling(agent)

    async with running(flow):
        await flow.emit(message("question"))
        assert await flow.fetch() == {"found": 3}

    assert agent.cancels == []
    assert remote_events(recorder) == ["remote_call_start", "remote_call_success"]


async def test_the_transport_gets_the_message_and_what_the_node_was_made_with() -> None:
    agent = FakeAgent(send=answers)
    flow, _ = calling(agent, agent_card={"name": "finder"}, policy={"timeout_s": 7.0})
    sent = message("question", meta={"lang": "en"})

    async with running(flow):
        await flow.emit(sent)
        await flow.fetch()

    (request,) = agent.requests
    assert request == RemoteCallRequest(sent, "search", URL, {"name": "finder"}, {"lang": "en"}, 7.0)
    assert request.message is sent


async def test_events_carry_the_facts_of_the_call() -> None:
    flow, recorder = calling(FakeAgent(send=answers))

    async with running(flow):
        await flow.emit(message("größe"))
        await flow.fetch()

    base = {
        "remote_skill": "search",
        "remote_transport": "FakeAgent",
        "remote_streaming": False,
        "remote_request_bytes": len('"größe"'.encode()),
    }
    start, success = recorder.of("remote_call_start")[0], recorder.of("remote_call_success")[0]
    assert dict(start.extra) == {**base, "remote_agent_url": URL}
    assert start.latency_ms == 0.0
    assert dict(success.extra) == {
        **base,
        "remote_agent_url": "https://other.test",
        "remote_context_id": "c",
        "remote_task_id": "t",
        "remote_response_bytes": len('{"found": 3}'),
        "remote_stream_events": 0,
        "remote_status": "success",
    }
    assert success.latency_ms is not None
    assert (success.node_name, success.attempt) == ("remote", 0)


async def test_the_levels_of_the_log_records_are_those_of_the_catalogue(
    caplog: pytest.LogCaptureFixture,
) -> None:
    flow, _ = calling(FakeAgent(send=answers))

    with caplog.at_level(logging.DEBUG, logger="penguiflow.core"):
        async with running(flow):
            await flow.emit(message())
            await flow.fetch()

    levels = {record.message: record.levelno for record in caplog.records}
    assert (levels["remote_call_start"], levels["remote_call_success"]) == (logging.DEBUG, logging.INFO)


async def test_a_result_of_none_emits_nothing() -> None:
    async def answers_nothing(request: RemoteCallRequest) -> RemoteCallResult:
        return RemoteCallResult(None if request.message.payload == "first" else "second")

    flow, _ = calling(FakeAgent(send=answers_nothing))

    async with running(flow):
        await flow.emit(message("first"))
        await flow.emit(message("second"))
        assert await flow.fetch() == "second"


async def test_a_bare_value_is_refused_before_anything_is_sent() -> None:
    agent = FakeAgent(send=answers)
    recorder = Recorder()
    flow = create(remote_node(agent).to(), middlewares=[recorder])

    async with running(flow):
        await flow.emit("bare")
        await flow.emit(message())
        await flow.fetch()

    assert only(recorder, "node_error").extra["exception"].startswith("TypeError(")
    assert len(agent.requests) == 1


async def test_a_context_without_a_flow_is_refused() -> None:
    node: Node = remote_node(FakeAgent(send=answers))

    with pytest.raises(RuntimeError, match="bound to no flow"):
        await node.invoke(message(), Context(node), registry=None)


async def test_a_registered_remote_node_has_its_result_checked() -> None:
    registry = ModelRegistry()
    registry.register("remote", Message, Found)
    node = RemoteNode(transport=FakeAgent(send=answers), skill="search", agent_url=URL, name="remote")
    flow = create(node.to())

    async with running(flow, registry):
        await flow.emit(message())
        assert await flow.fetch() == Found(found=3)


async def test_the_message_may_be_passed_on_by_the_agent() -> None:
    async def echoes(request: RemoteCallRequest) -> RemoteCallResult:
        return RemoteCallResult(request.message.model_copy(update={"payload": "answer"}))

    flow, _ = calling(FakeAgent(send=echoes))
    sent = message("question")

    async with running(flow):
        await flow.emit(sent)
        result = await flow.fetch()

    assert isinstance(result, Message)
    assert (result.trace_id, result.payload) == (sent.trace_id, "answer")

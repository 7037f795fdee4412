from __future__ import annotations

import asyncio

import pytest

from penguiflow import PenguiFlow
from penguiflow.remote import RemoteCallRequest, RemoteCallResult
from penguiflow.state import RemoteBinding
from tests.fakes.flows import message, running, settled
from tests.remote.agents import URL, Desk, FakeAgent, calling, only


class Store:
    """Keeps bindings; what happens meanwhile is up to the test."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.bindings: list[RemoteBinding] = []
        self.slow = False
        self.flow: PenguiFlow | None = None
        """The flow whose trace the store cancels while it saves."""
        self._failure = failure

    async def save_event(self, event: object) -> None: ...

    async def load_history(self, trace_id: str) -> list[object]:
        return []

    async def save_remote_binding(self, binding: RemoteBinding) -> None:
        if self._failure is not None:
            raise self._failure
        if self.flow is not None:
            await self.flow.cancel(binding.trace_id)
        if self.slow:
            await asyncio.sleep(10)
        self.bindings.append(binding)


async def answers(request: RemoteCallRequest) -> RemoteCallResult:
    return RemoteCallResult({"found": 3}, context_id="c", task_id="t", agent_url="https://other.test")


async def answers_without_ids(request: RemoteCallRequest) -> RemoteCallResult:
    return RemoteCallResult("plain")


async def test_the_binding_is_kept_before_the_result_is_delivered() -> None:
    store = Store()
    flow, _ = calling(FakeAgent(send=answers), store=store)
    sent = message()

    async with running(flow):
        await flow.emit(sent)
        await flow.fetch()
        assert store.bindings == [RemoteBinding(sent.trace_id, "c", "t", "https://other.test")]


async def test_a_task_that_was_reported_in_flight_is_bound_once() -> None:
    async def reports_then_answers(request: RemoteCallRequest) -> RemoteCallResult:
        assert request.on_task is not None
        request.on_task("t", None)
        return RemoteCallResult("done", context_id="c", task_id="t")

    store = Store()
    flow, recorder = calling(FakeAgent(send=reports_then_answers), store=store)
    sent = message()

    async with running(flow):
        await flow.emit(sent)
        await flow.fetch()

    assert store.bindings == [RemoteBinding(sent.trace_id, None, "t", URL)]
    assert only(recorder, "remote_call_success").extra["remote_context_id"] == "c"


@pytest.mark.parametrize(
    ("send", "options"), [(answers_without_ids, {}), (answers, {"record_binding": False})]
)
async def test_nothing_is_bound_without_a_task_id_or_if_it_is_not_wanted(send, options) -> None:
    store = Store()
    flow, _ = calling(FakeAgent(send=send), store=store, **options)

    async with running(flow):
        await flow.emit(message())
        await flow.fetch()

    assert store.bindings == []


async def test_a_store_that_cannot_keep_the_binding_does_not_fail_the_call() -> None:
    flow, _ = calling(FakeAgent(send=answers), store=Store(OSError("disk full")))

    async with running(flow):
        await flow.emit(message())
        assert await flow.fetch() == {"found": 3}


async def test_a_task_is_bound_while_its_call_is_still_in_flight() -> None:
    store = Store()
    flow, _ = calling(FakeAgent(send=Desk().reports_and_hangs), store=store)
    sent = message()

    async with running(flow):
        await flow.emit(sent)
        await settled()
        assert store.bindings == [RemoteBinding(sent.trace_id, "context", "task-1", URL)]


async def test_a_binding_is_kept_although_its_call_is_interrupted_meanwhile() -> None:
    store = Store()
    store.slow = True
    agent = FakeAgent(send=answers)
    flow, recorder = calling(agent, store=store, policy={"timeout_s": 1.0})

    async with running(flow):
        await flow.emit(message())
        await asyncio.sleep(60)

    assert [binding.task_id for binding in store.bindings] == ["t"]
    assert agent.cancels == [("https://other.test", "t")]
    assert only(recorder, "remote_call_cancelled").extra["remote_cancel_reason"] == "node_timeout"


async def test_a_trace_that_is_cancelled_while_the_binding_is_saved_is_pre_cancelled() -> None:
    store = Store()
    agent = FakeAgent(send=answers)
    flow, recorder = calling(agent, store=store)
    store.flow = flow

    async with running(flow):
        await flow.emit(message())
        await settled()

    assert agent.cancels == [("https://other.test", "t")]
    assert only(recorder, "remote_call_cancelled").extra["remote_cancel_reason"] == "pre_cancelled"
    assert recorder.of("remote_call_success") == []

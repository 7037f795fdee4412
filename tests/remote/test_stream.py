from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from penguiflow import StreamChunk, create
from penguiflow.remote import RemoteCallRequest, RemoteStreamEvent
from penguiflow.state import InMemoryStateStore
from tests.fakes.flows import Recorder, message, running, settled
from tests.remote.agents import URL, FakeAgent, calling, only, remote_events, remote_node


class Said:
    """A remote stream of given events that notices when it is closed."""

    def __init__(self, *events: RemoteStreamEvent) -> None:
        self._events = events
        self.closed = 0

    async def __call__(self, request: RemoteCallRequest) -> AsyncIterator[RemoteStreamEvent]:
        try:
            for event in self._events:
                yield event
        finally:
            self.closed += 1


class PlainIterator:
    """A stream that is no generator, so it cannot be closed."""

    def __init__(self, *events: RemoteStreamEvent) -> None:
        self._events = iter(events)

    def __aiter__(self) -> PlainIterator:
        return self

    async def __anext__(self) -> RemoteStreamEvent:
        for event in self._events:
            return event
        raise StopAsyncIteration


async def test_texts_go_on_as_chunks_and_the_last_result_follows() -> None:
    said = Said(
        RemoteStreamEvent(text="Hel", task_id="t", result="draft"),
        RemoteStreamEvent(text="lo", meta={"tone": "warm"}, done=True),
        RemoteStreamEvent(result="final"),
        RemoteStreamEvent(),
    )
    flow, recorder = calling(FakeAgent(stream=said), streaming=True)
    sent = message()

    async with running(flow):
        await flow.emit(sent)
        first, second, result = [await flow.fetch() for _ in range(3)]

    assert first.payload == StreamChunk(stream_id=sent.trace_id, seq=0, text="Hel")
    assert second.payload == StreamChunk(
        stream_id=sent.trace_id, seq=1, text="lo", done=True, meta={"tone": "warm"}
    )
    assert result == "final"
    assert only(recorder, "remote_call_success").extra["remote_stream_events"] == 4
    assert said.closed == 1


async def test_a_stream_without_a_result_returns_nothing() -> None:
    flow, recorder = calling(FakeAgent(stream=Said(RemoteStreamEvent(text="x", done=True))), streaming=True)

    async with running(flow):
        await flow.emit(message())
        assert (await flow.fetch()).payload.text == "x"
        await settled()
        assert flow.statistics().queued == 0

    assert only(recorder, "remote_call_success").extra["remote_response_bytes"] == len("null")


async def test_every_stream_event_is_told_with_its_own_facts() -> None:
    said = Said(
        RemoteStreamEvent(task_id="t", context_id="c"),
        RemoteStreamEvent(text="é", done=True, meta={"b": 1, "a": 2}),
    )
    flow, recorder = calling(FakeAgent(stream=said), streaming=True)

    async with running(flow):
        await flow.emit(message(1))
        await flow.fetch()

    base = {
        "remote_skill": "search",
        "remote_transport": "FakeAgent",
        "remote_streaming": True,
        "remote_request_bytes": 1,
        "remote_agent_url": URL,
        "remote_context_id": "c",
        "remote_task_id": "t",
    }
    assert [dict(event.extra) for event in recorder.of("remote_stream_event")] == [
        {**base, "remote_stream_seq": 0, "remote_chunk_done": False, "remote_chunk_meta_keys": []},
        {
            **base,
            "remote_stream_seq": 1,
            "remote_chunk_bytes": len('"é"'.encode()),
            "remote_chunk_done": True,
            "remote_chunk_meta_keys": ["a", "b"],
        },
    ]


async def test_a_stream_that_cannot_be_closed_is_read_to_its_end() -> None:
    agent = FakeAgent(stream=lambda _: PlainIterator(RemoteStreamEvent(result="done")))
    flow, _ = calling(agent, streaming=True)

    async with running(flow):
        await flow.emit(message())
        assert await flow.fetch() == "done"


async def test_the_stream_waits_for_room_and_is_cancelled_there() -> None:
    said = Said(*(RemoteStreamEvent(text=str(number), task_id="t") for number in range(5)))
    agent, recorder = FakeAgent(stream=said), Recorder()
    flow = create(
        remote_node(agent, streaming=True).to(),
        queue_maxsize=1,
        middlewares=[recorder],
        state_store=InMemoryStateStore(),
    )
    sent = message()

    async with running(flow):
        await flow.emit(sent)
        await settled()
        assert len(recorder.of("remote_stream_event")) == 2
        await flow.cancel(sent.trace_id)
        await settled()
        assert agent.cancels == [(URL, "t")]
        assert said.closed == 1

    assert remote_events(recorder)[-1] == "remote_call_cancelled"
    assert recorder.of("remote_call_success") == []


@pytest.mark.parametrize("task_id", [None, "t"])
async def test_a_stream_that_breaks_is_an_error_and_ends_the_task_it_left_open(task_id: str | None) -> None:
    async def breaks(request: RemoteCallRequest) -> AsyncIterator[RemoteStreamEvent]:
        yield RemoteStreamEvent(text="half", task_id=task_id)
        raise ConnectionError("line lost")

    agent = FakeAgent(stream=breaks)
    flow, recorder = calling(agent, streaming=True)

    async with running(flow):
        await flow.emit(message())
        await settled()
        assert agent.cancels == ([] if task_id is None else [(URL, task_id)])

    error = only(recorder, "remote_call_error")
    assert error.extra["remote_error"] == "ConnectionError('line lost')"
    assert error.extra["remote_status"] == "error"
    assert remote_events(recorder)[-1] == "remote_call_error"


async def test_a_transport_that_cannot_even_start_a_stream_is_an_error() -> None:
    def refuses(request: RemoteCallRequest) -> AsyncIterator[RemoteStreamEvent]:
        raise ValueError("no such skill")

    flow, recorder = calling(FakeAgent(stream=refuses), streaming=True)

    async with running(flow):
        await flow.emit(message())
        await settled()

    assert remote_events(recorder) == ["remote_call_start", "remote_call_error"]

"""What a user's client of a model may look like, and with which keywords the planner calls it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.contract.planner.fakes_a import (
    SHAPES,
    Client,
    Events,
    OpenClient,
    StreamingClient,
    StrictClient,
    Tools,
    TwoKeywordClient,
    end,
    ended,
    planner_of,
    use,
)

CLIENTS = {
    "full": Client,
    "without defaults": StrictClient,
    "two keywords": TwoKeywordClient,
    "any keywords": OpenClient,
    "streaming": StreamingClient,
}
UNFINISHED = {"next_node": "final_response", "args": {}}


@pytest.mark.parametrize("streams", [False, True], ids=["quiet", "streaming on"])
@pytest.mark.parametrize("kind", CLIENTS.values(), ids=CLIENTS)
async def test_a_client_of_any_shape_works_for_every_call_of_a_run(kind: Any, streams: bool) -> None:
    client = kind("no action", use("echo", text="a"), UNFINISHED, {"answer": "mended"})
    result = ended(await planner_of(client, stream_final_response=streams).run("q"))
    assert result.metadata["steps"][0]["observation"] == {"said": "a"}
    assert result.payload["raw_answer"] == "mended"
    assert client.kinds == ["planner_action"] * 3 + ["json_object"]


async def test_a_client_that_takes_all_four_keywords_always_gets_them() -> None:
    client = StrictClient("no action", use("echo"), UNFINISHED, {"answer": "mended"})
    await planner_of(client).run("q")
    assert [request.keywords.keys() for request in client.requests] == [
        {"messages", "response_format", "stream", "on_stream_chunk"}
    ] * 4
    assert {request.keywords["stream"] for request in client.requests} == {False}
    assert {request.keywords["on_stream_chunk"] for request in client.requests} == {None}


async def test_a_client_that_takes_two_keywords_gets_no_others() -> None:
    client = TwoKeywordClient(use("echo"), end())
    await planner_of(client, stream_final_response=True).run("q")
    assert [request.keywords.keys() for request in client.requests] == [{"messages", "response_format"}] * 2


@pytest.mark.parametrize("kind", [Client, StrictClient, StreamingClient])
async def test_a_client_that_takes_the_keywords_is_streamed_when_the_planner_is_told_so(kind: Any) -> None:
    client = kind(use("echo"), end())
    await planner_of(client, stream_final_response=True).run("q")
    assert [request.keywords["stream"] for request in client.requests] == [True, True]
    assert all(callable(request.keywords["on_stream_chunk"]) for request in client.requests)


async def test_what_a_client_streams_of_the_answer_is_told_and_nothing_of_a_tool_call() -> None:
    events = Events()
    client = StreamingClient(use("echo", text="not an answer"), end("Twelve penguins."))
    await planner_of(client, event_callback=events, stream_final_response=True).run("q")
    chunks = [e.extra for e in events.of("llm_stream_chunk") if e.extra["phase"] == "answer"]
    assert "".join(chunk["text"] for chunk in chunks) == "Twelve penguins."
    assert (chunks[-1]["text"], chunks[-1]["done"]) == ("", True)
    assert {chunk["channel"] for chunk in chunks} == {"answer"}


async def test_the_messages_a_client_gets_are_its_own() -> None:
    class Meddling(Client):
        async def complete(self, **keywords: Any) -> Any:
            reply = self.script.next(**keywords)
            if isinstance(keywords["messages"], list):
                keywords["messages"].clear()
            return reply

    client = Meddling(use("echo"), end("fine"))
    result = ended(await planner_of(client).run("q"))
    assert result.payload["raw_answer"] == "fine"
    assert client.requests[1].roles == ["system", "user", "assistant", "user"]


COSTS = {
    "text": (0.0, False, 2),
    "pair": (0.5, True, 0),
    "reply": (0.5, True, 0),
    "reply without cost": (0.0, False, 2),
}


@pytest.mark.parametrize("shape", SHAPES, ids=str)
async def test_each_shape_of_a_reply_counts_as_a_call_and_says_what_is_known_of_its_cost(shape: str) -> None:
    wrap = SHAPES[shape]
    result = ended(await planner_of(Client(wrap(use("echo")), wrap(end()))).run("q"))
    cost = result.metadata["cost"]
    assert (cost["total_cost_usd"], cost["cost_known"], cost["unpriced_calls"]) == COSTS[shape]
    assert cost["main_llm_calls"] == 2


async def test_a_failed_call_ends_the_run_and_the_next_run_is_unharmed() -> None:
    client = Client(use("echo"), TimeoutError("too late"), end("fine"))
    planner = planner_of(client)
    with pytest.raises(TimeoutError):
        await planner.run("q")
    result = ended(await planner.run("q"))
    assert result.payload["raw_answer"] == "fine"
    assert result.metadata["steps"] == []


async def test_a_run_that_is_cancelled_cancels_its_call() -> None:
    entered, cancelled = asyncio.Event(), asyncio.Event()

    class Waiting(Client):
        async def complete(self, **keywords: Any) -> Any:
            entered.set()
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                cancelled.set()
                raise

    task = asyncio.create_task(planner_of(Waiting()).run("q"))
    await entered.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert cancelled.is_set()


async def test_runs_at_the_same_time_share_a_planner_and_nothing_else() -> None:
    tools = Tools()

    class Answering(Client):
        async def complete(self, **keywords: Any) -> Any:
            await asyncio.sleep(0)
            return self.script.next(**keywords)

    def decide(request: Any) -> Any:
        query = next(m for m in request.messages if m["role"] == "user")["content"]
        done = request.roles.count("assistant")
        return use("echo", text=f"{query} {done}") if done < 3 else (end(query), 0.25)

    client = Answering(*[decide] * 20)
    planner = planner_of(client, tools.all())
    results = [ended(result) for result in await asyncio.gather(*[planner.run(f"q{n}") for n in range(5)])]
    for n, result in enumerate(results):
        assert result.payload["raw_answer"] == f'{{"query":"q{n}"}}'
        assert [f'"q{n}"' in step["observation"]["said"] for step in result.metadata["steps"]] == [True] * 3
        assert result.metadata["cost"]["main_llm_calls"] == 4
        assert result.metadata["cost"]["total_cost_usd"] == 0.25
        assert result.metadata["answer_action_seq"] == 4

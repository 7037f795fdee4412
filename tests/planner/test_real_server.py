"""The planner through litellm against a real HTTP server on loopback."""

from __future__ import annotations

import asyncio
import json

import pytest

from penguiflow.llm.errors import LLMAuthError, LLMSetupError
from penguiflow.planner import ReactPlanner, observe_runs
from tests.fakes.openai_server import Calls, Fails, Hangs, OpenAIServer, Says
from tests.fakes.planner_tools import Heard, Notebook, answer, call, finished


def planner_at(server: OpenAIServer, **options: object) -> ReactPlanner:
    llm = {"model": "openai/gpt-4o-mini", "api_base": server.base_url, "api_key": "test-key"}
    return ReactPlanner(llm=llm, catalog=Notebook().catalog(), **options)  # type: ignore[arg-type] # mixed options


async def test_a_run_streams_counts_and_prices_its_calls() -> None:
    replies = (Says(json.dumps(call("look", "I look", text="x"))), Says(json.dumps(answer("It is x."))))
    heard = Heard()
    async with OpenAIServer.running(*replies) as server:
        planner = planner_at(server)
        with observe_runs(heard):
            result = finished(await planner.run("What is it?"))
        second = server.requests[1].messages
    assert planner.model_name == "openai/gpt-4o-mini"
    assert result.payload["raw_answer"] == heard.text("answer") == "It is x."
    assert heard.text("thinking") == "I lookenough"
    assert json.loads(second[-1]["content"]) == {"observation": {"stored": "seen x"}}
    assert result.metadata["cost"]["cost_known"] is True
    assert result.metadata["cost"]["total_cost_usd"] > 0
    assert [event.extra["input_tokens"] for event in heard.of("llm_call")] == [100, 100]


async def test_a_refused_key_is_raised_and_never_an_answer() -> None:
    async with OpenAIServer.running(Fails(401, "bad key")) as server:
        with pytest.raises(LLMAuthError):
            await planner_at(server).run("q")


async def test_a_missing_key_is_known_before_anything_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(LLMSetupError):
        await asyncio.to_thread(ReactPlanner("openai/gpt-4o-mini", catalog=[]).check_ready)


async def test_a_server_that_falls_silent_is_bounded_by_the_deadline() -> None:
    async with OpenAIServer.running(Hangs('{"thought": "half')) as server:
        planner = planner_at(server, deadline_s=1.0, stream_final_response=True)
        result = finished(await asyncio.wait_for(planner.run("q"), 15))
    assert result.reason == "budget_exhausted"


async def test_tools_are_called_natively_where_the_model_can_and_the_run_looks_the_same() -> None:
    replies = (
        Says(
            "I look at both.",
            calls=(Calls("look", '{"text": "x"}', "1"), Calls("look", '{"text": "y"}', "2")),
        ),
        Says("", calls=(Calls("final_response", '{"answer": "x and y"}', "3"),)),
    )
    heard = Heard()
    async with OpenAIServer.running(*replies) as server:
        with observe_runs(heard):
            result = finished(await planner_at(server).run("What is there?"))
        first, second = (request.body for request in server.requests)
    assert result.payload["raw_answer"] == heard.text("answer") == "x and y"
    (step,) = result.metadata["steps"]
    assert [branch["observation"] for branch in step["observation"]["branches"]] == [
        {"stored": "seen x"},
        {"stored": "seen y"},
    ]
    assert [offered["function"]["name"] for offered in first["tools"]][-1] == "final_response"
    assert "response_format" not in first
    assert [message["role"] for message in second["messages"]] == [
        "system", "user", "assistant", "tool", "tool"
    ]  # fmt: skip


async def test_a_model_that_is_told_so_gets_its_tools_in_the_prompt() -> None:
    async with OpenAIServer.running(Says(json.dumps(answer("plain")))) as server:
        result = finished(await planner_at(server, tool_calling="json").run("q"))
        (request,) = server.requests
    assert result.payload["raw_answer"] == "plain"
    assert "tools" not in request.body
    assert "<available_tools>" in request.messages[0]["content"]

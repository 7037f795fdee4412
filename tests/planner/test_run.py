"""A run from the question to its end, with a scripted model."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from penguiflow import ModelRegistry, Node
from penguiflow.catalog import build_catalog, tool
from penguiflow.llm.errors import LLMUnavailableError
from penguiflow.llm.scripted import FunctionLLM
from penguiflow.llm.usage import LLMReply
from penguiflow.planner import ReactPlanner, Trajectory
from tests.fakes.planner_tools import (
    Note,
    Notebook,
    Saved,
    answer,
    call,
    finished,
    last_user_message,
    plan,
    planner_for,
)


async def test_the_model_uses_a_tool_and_answers() -> None:
    planner, llm = planner_for(
        call("look", "find it", text="x"), answer("It is x.", confidence=0.9, color="red")
    )
    result = finished(await planner.run("What is it?", llm_context={"user": "Ann", "query": "hidden"}))
    assert result.reason == "answer_complete"
    assert result.payload["raw_answer"] == "It is x."
    assert result.payload["confidence"] == 0.9
    assert result.payload["extra"]["color"] == "red"
    step = result.metadata["steps"][0]
    assert step["action"] == {
        "thought": "find it", "next_node": "look", "args": {"text": "x"}, "plan": None, "join": None
    }  # fmt: skip
    assert step["observation"] == {"stored": "seen x"}
    assert step["latency_ms"] > 0
    assert result.metadata["answer_quality"] == "answer"
    assert last_user_message(llm.received[0]) == {"context": {"user": "Ann"}, "query": "What is it?"}
    assert last_user_message(llm.received[1]) == {"observation": {"stored": "seen x"}}


async def test_the_legacy_shape_of_actions_works_too() -> None:
    planner, _ = planner_for(
        {"thought": "t", "next_node": "look", "args": {"text": "x"}},
        {"thought": "done", "next_node": None, "args": {"raw_answer": "yes"}},
    )
    assert finished(await planner.run("q")).payload["raw_answer"] == "yes"


async def test_a_client_with_two_keywords_is_enough() -> None:
    class Plain:
        async def complete(self, *, messages: Any, response_format: Any = None) -> tuple[str, float]:
            assert response_format["json_schema"]["name"] == "planner_action"
            return json.dumps(answer("plain")), 0.00001

    result = finished(await ReactPlanner(llm_client=Plain(), catalog=[]).run("q"))
    assert result.payload["raw_answer"] == "plain"
    assert result.metadata["cost"] == {
        "total_cost_usd": 0.00001,
        "main_llm_calls": 1,
        "reflection_llm_calls": 0,
        "summarizer_llm_calls": 0,
        "cost_known": True,
        "unpriced_calls": 0,
        "input_tokens": 0,
        "output_tokens": 0,
        "cached_tokens": 0,
        "reasoning_tokens": 0,
    }


async def test_a_call_of_unknown_cost_is_not_free() -> None:
    replies = [
        LLMReply(text=json.dumps(call("look", text="x")), cost_usd=0.5),
        LLMReply(text=json.dumps(answer())),
    ]
    planner, _ = planner_for(*replies)
    cost = finished(await planner.run("q")).metadata["cost"]
    assert (cost["total_cost_usd"], cost["cost_known"], cost["main_llm_calls"]) == (0.5, False, 2)


async def test_without_json_mode_no_format_is_asked_for() -> None:
    seen: list[Any] = []

    class Watching(FunctionLLM):
        async def complete(self, *, response_format: Any = None, **keywords: Any) -> LLMReply:
            seen.append(response_format)
            return await super().complete(response_format=response_format, **keywords)

    await ReactPlanner(llm_client=Watching(lambda _: answer()), catalog=[], json_schema_mode=False).run("q")
    assert seen == [None]


async def test_an_error_of_the_provider_is_raised_and_never_an_answer() -> None:
    def down(_: Any) -> Any:
        raise LLMUnavailableError("503")

    with pytest.raises(LLMUnavailableError):
        await ReactPlanner(llm_client=FunctionLLM(down), catalog=[]).run("q")


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "plain prose",
        '{"next_node": "look"',
        "[" * 100_000,
    ],
)
async def test_a_bad_reply_is_shown_to_the_model_and_asked_for_again(bad: Any) -> None:
    planner, llm = planner_for(bad, answer("now"))
    result = finished(await planner.run("q"))
    assert result.payload["raw_answer"] == "now"
    assert result.metadata["answer_quality"] == "repaired"
    assert result.metadata["repair_attempts"] == 1
    shown, advice = llm.received[1][-2:]
    text = bad if isinstance(bad, str) else json.dumps(bad)
    assert shown["role"] == "assistant"
    assert shown["content"].startswith(text[:50] or "(empty reply)")
    assert len(shown["content"]) < 2_100
    assert advice["role"] == "user"


async def test_replies_that_stay_unusable_end_without_an_answer() -> None:
    planner, _ = planner_for(call("look", text="x"), "prose", "more prose", "still prose")
    result = finished(await planner.run("q"))
    assert result.reason == "no_path"
    assert result.payload == {"stored": "seen x"}
    assert result.metadata["answer_quality"] == "none"
    assert "3 attempts" in result.metadata["error"]
    assert result.metadata["cost"]["main_llm_calls"] == 4


async def test_a_repair_does_not_leak_into_later_calls() -> None:
    planner, llm = planner_for("prose", call("look", text="x"), answer())
    await planner.run("q")
    assert all("prose" not in message["content"] for message in llm.received[2])


async def test_fields_of_the_answer_that_make_no_sense_are_dropped_but_never_the_answer() -> None:
    planner, _ = planner_for(answer("a", confidence=5, sources="none", language="en"))
    payload = finished(await planner.run("q")).payload
    assert (payload["raw_answer"], payload["confidence"], payload["sources"]) == ("a", None, [])
    assert payload["language"] == "en"


@pytest.mark.parametrize("name", ["parallel", "final_response"])
async def test_a_tool_called_like_an_action_can_be_used(name: str) -> None:
    async def reserved(args: Note, ctx: Any) -> Saved:
        return Saved(stored="ran")

    registry = ModelRegistry()
    registry.register(name, Note, Saved)
    planner, llm = planner_for(
        call(f"{name}__tool", text="x"),
        answer(),
        catalog=build_catalog([Node(reserved, name=name)], registry),
    )
    await planner.run("q")
    assert f"- {name}__tool" in llm.received[0][0]["content"]
    assert last_user_message(llm.received[1]) == {"observation": {"stored": "ran"}}


async def test_step_gives_one_decision_for_a_bare_trajectory() -> None:
    planner, _ = planner_for(call("look", text="x"))
    action = await planner.step(Trajectory(query="q"))
    assert (action.next_node, action.args) == ("look", {"text": "x"})


@pytest.mark.parametrize("context", [{"x": object()}, ["x"], "text"])
async def test_an_llm_context_that_is_no_json_object_is_refused_before_any_call(context: Any) -> None:
    planner, llm = planner_for()
    with pytest.raises(TypeError, match="llm_context"):
        await planner.run("q", llm_context=context)
    assert llm.received == []


async def test_tools_share_one_tool_context_and_nothing_of_it_is_shown() -> None:
    secret = object()

    @tool(desc="first")
    async def first(args: Note, ctx: Any) -> Saved:
        assert ctx.tool_context["secret"] is secret
        assert ctx.llm_context["topic"] == "t"
        with pytest.raises(TypeError):
            ctx.llm_context["topic"] = "changed"
        ctx.tool_context["counter"] = 1
        return Saved(stored="first")

    @tool(desc="second")
    async def second(args: Note, ctx: Any) -> Saved:
        return Saved(stored=f"counter {ctx.tool_context['counter']}")

    context = {"secret": secret, "token": "canary-123"}
    planner, llm = planner_for(
        call("first", text="x"), call("second", text="x"), answer(), catalog=[first, second]
    )
    result = finished(await planner.run("q", llm_context={"topic": "t"}, tool_context=context))
    assert result.metadata["steps"][1]["observation"] == {"stored": "counter 1"}
    assert context.keys() == {"secret", "token"}
    assert "canary-123" not in repr(result)
    assert "canary-123" not in repr(llm.received)


async def test_the_old_name_meta_still_works_and_says_what_to_use() -> None:
    @tool(desc="old")
    async def old(args: Note, ctx: Any) -> Saved:
        with pytest.deprecated_call():
            return Saved(stored=ctx.meta["a"] + ctx.meta["b"])

    planner, _ = planner_for(call("old", text="x"), answer(), catalog=[old])
    result = finished(await planner.run("q", llm_context={"a": "1"}, tool_context={"b": "2"}))
    assert result.metadata["steps"][0]["observation"] == {"stored": "12"}


async def test_concurrent_runs_of_one_planner_share_nothing() -> None:
    def decide(messages: Sequence[Mapping[str, str]]) -> Any:
        query = json.loads(messages[1]["content"])["query"]
        rounds = (len(messages) - 2) // 2
        return call("look", text=query, copies=rounds) if rounds < int(query) else answer(query)

    planner = ReactPlanner(llm_client=FunctionLLM(decide), catalog=Notebook().catalog())
    results = await asyncio.gather(*(planner.run(str(count)) for count in range(6)))
    for count, result in enumerate(map(finished, results)):
        assert result.payload["raw_answer"] == str(count)
        assert result.metadata["cost"]["main_llm_calls"] == count + 1
        assert result.metadata["answer_action_seq"] == count + 1
        assert [step["observation"]["stored"] for step in result.metadata["steps"]] == [
            f"seen {count}"
        ] * count


async def test_the_system_prompt_is_the_same_for_every_call_of_a_planner() -> None:
    planner, llm = planner_for(call("look", text="x"), "prose", call("fail", text="y"), answer(), answer())
    await planner.run("q")
    await planner.run("another")
    assert len({messages[0]["content"] for messages in llm.received}) == 1
    assert len(llm.received[0][0]["content"]) < 4_000


async def test_cancelling_a_run_cancels_its_tool() -> None:
    running, stopped = asyncio.Event(), asyncio.Event()

    @tool(desc="hang")
    async def hang(args: Note, ctx: Any) -> Saved:
        running.set()
        try:
            await asyncio.Event().wait()
        finally:
            stopped.set()
        raise AssertionError

    planner, llm = planner_for(plan(call("hang", text="1"), call("hang", text="2")), catalog=[hang])
    run = asyncio.ensure_future(planner.run("q"))
    await asyncio.wait_for(running.wait(), 5)
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    assert stopped.is_set()
    assert len(llm.received) == 1


def test_a_planner_without_tools_or_model_says_what_is_missing() -> None:
    with pytest.raises(ValueError, match="catalog"):
        ReactPlanner(llm_client=FunctionLLM(lambda _: answer()))
    with pytest.raises(ValueError, match="llm_client"):
        ReactPlanner(catalog=[])
    with pytest.raises(ValueError, match="max_iters"):
        ReactPlanner(catalog=[], llm_client=FunctionLLM(lambda _: answer()), max_iters=0)

"""Section 6: which replies mean which action."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.planner.fakes_a import both, end, read, run, use

BRANCHES = [{"node": "echo", "args": {"text": "a"}}, {"node": "other", "args": {}}]
JOIN = {"node": "merge", "args": {"k": 1}, "inject": {"b": "$results"}}

TOOL_CALLS = {
    "unified": {"next_node": "echo", "args": {"text": "a"}},
    "legacy with a thought": {"thought": "hm", "next_node": "echo", "args": {"text": "a"}},
    "legacy with null plan and join": {
        "thought": "hm", "next_node": "echo", "args": {"text": "a"}, "plan": None, "join": None
    },
    "legacy with an empty plan": {"next_node": "echo", "args": {"text": "a"}, "plan": []},
    "nested": {"action": {"next_node": "echo", "args": {"text": "a"}}},
    "nested with a thought": {"thought": "hm", "action": {"next_node": "echo", "args": {"text": "a"}}},
    "nested legacy": {"action": {"thought": "hm", "next_node": "echo", "args": {"text": "a"}}},
}  # fmt: skip

ANSWERS = {
    "unified": ({"next_node": "final_response", "args": {"answer": "x"}}, "x"),
    "unified with raw_answer": ({"next_node": "final_response", "args": {"raw_answer": "x"}}, "x"),
    "arguments as a text": ({"next_node": "final_response", "args": "x"}, "x"),
    "arguments as a list of texts": ({"next_node": "final_response", "args": ["x", "y"]}, "x\ny"),
    "legacy": ({"thought": "hm", "next_node": None, "args": {"answer": "x"}}, "x"),
    "legacy with raw_answer": ({"thought": "hm", "next_node": None, "args": {"raw_answer": "x"}}, "x"),
    "null without a thought": ({"next_node": None, "args": {"answer": "x"}}, "x"),
    "nested legacy": ({"action": {"thought": "hm", "next_node": None, "args": {"answer": "x"}}}, "x"),
    "an answer alone": ({"answer": "x"}, "x"),
    "a raw answer alone": ({"raw_answer": "x"}, "x"),
    "an answer in arguments alone": ({"args": {"answer": "x"}}, "x"),
    "a raw answer in arguments alone": ({"args": {"raw_answer": "x"}}, "x"),
}

PLANS = {
    "unified": {"next_node": "parallel", "args": {"steps": BRANCHES, "join": JOIN}},
    "its other name": {"next_node": "plan", "args": {"steps": BRANCHES, "join": JOIN}},
    "legacy": {"thought": "hm", "next_node": None, "args": None, "plan": BRANCHES, "join": JOIN},
    "legacy without a thought": {"plan": BRANCHES, "join": JOIN},
    "legacy beside a tool": {
        "thought": "hm",
        "next_node": "echo",
        "args": {},
        "plan": BRANCHES,
        "join": JOIN,
    },
    "nested legacy": {"action": {"thought": "hm", "next_node": None, "plan": BRANCHES, "join": JOIN}},
}


@pytest.mark.parametrize("reply", TOOL_CALLS.values(), ids=TOOL_CALLS)
async def test_a_reply_that_calls_a_tool(reply: dict[str, Any]) -> None:
    action = await read(reply)
    assert (action.next_node, action.args) == ("echo", {"text": "a"})


@pytest.mark.parametrize(("reply", "text"), ANSWERS.values(), ids=ANSWERS)
async def test_a_reply_that_answers_names_the_answer_twice(reply: dict[str, Any], text: str) -> None:
    action = await read(reply)
    assert action.next_node == "final_response"
    assert (action.args["answer"], action.args["raw_answer"]) == (text, text)


@pytest.mark.parametrize("reply", PLANS.values(), ids=PLANS)
async def test_a_reply_that_does_several_things_at_once(reply: dict[str, Any]) -> None:
    action = await read(reply)
    assert action.next_node == "parallel"
    assert [(step.node, step.args) for step in action.get_plan_steps()] == [
        ("echo", {"text": "a"}), ("other", {}),
    ]  # fmt: skip
    join = action.get_plan_join()
    assert join is not None
    assert (join.node, join.args, join.inject and join.inject.mapping) == (
        "merge", {"k": 1}, {"b": "$results"}
    )  # fmt: skip


@pytest.mark.parametrize("form", ["unified", "legacy"])
async def test_a_branch_without_arguments_has_none(form: str) -> None:
    branches = [{"node": "echo"}, {"node": "other", "args": None}]
    reply = {"plan": branches} if form == "legacy" else {"next_node": "parallel", "args": {"steps": branches}}
    assert [step.args for step in (await read(reply)).get_plan_steps()] == [{}, {}]


@pytest.mark.parametrize("join", [None, {}, {"node": None}, {"node": ""}, {"node": None, "args": {"a": 1}}])
@pytest.mark.parametrize("form", ["unified", "legacy"])
async def test_a_join_without_a_node_is_none(form: str, join: Any) -> None:
    legacy = {"plan": BRANCHES, "join": join}
    unified = {"next_node": "parallel", "args": {"steps": BRANCHES, "join": join}}
    assert (await read(legacy if form == "legacy" else unified)).get_plan_join() is None


@pytest.mark.parametrize("form", ["unified", "legacy"])
async def test_a_join_has_its_defaults(form: str) -> None:
    legacy = {"plan": BRANCHES, "join": {"node": "merge"}}
    unified = {"next_node": "parallel", "args": {"steps": BRANCHES, "join": {"node": "merge"}}}
    join = (await read(legacy if form == "legacy" else unified)).get_plan_join()
    assert join is not None
    assert (join.node, join.args, join.inject) == ("merge", {}, None)


async def test_an_empty_object_is_a_final_response_without_an_answer() -> None:
    ran = await run({}, {"answer": "asked for"})
    assert ran.client.kinds == ["planner_action", "json_object"]
    assert (ran.result.reason, ran.result.payload["raw_answer"]) == ("answer_complete", "asked for")


@pytest.mark.parametrize(
    ("reply", "next_node"),
    [
        ({"next_node": "task", "args": {"query": "look into it"}}, "task.subagent"),
        ({"next_node": "task", "args": {"tool": "echo"}}, "task.tool"),
        ({"next_node": "task.subagent", "args": {"name": "n", "query": "q"}}, "task.subagent"),
        ({"next_node": "task.tool", "args": {"tool": "echo", "tool_args": {}}}, "task.tool"),
    ],
)
async def test_a_background_task_is_known_by_its_arguments(reply: dict[str, Any], next_node: str) -> None:
    action = await read(reply)
    assert (action.next_node, action.is_background_task()) == (next_node, True)


async def test_other_arguments_of_an_answer_are_kept() -> None:
    action = await read(end("x", confidence=0.5, route="kb", anything=[1]))
    assert action.args.items() >= {"confidence": 0.5, "route": "kb", "anything": [1]}.items()


@pytest.mark.parametrize(
    ("reply", "thought"),
    [
        (use("echo"), "planning next step"),
        (end(), "planning next step"),
        (both(use("echo")), "planning next step"),
        ({"next_node": None, "args": {"answer": "x"}}, "planning next step"),
        ({"thought": "because", "next_node": "echo", "args": {}}, "because"),
        ({"thought": "because", "next_node": None, "args": {"answer": "x"}}, "because"),
        ({"thought": "because", "plan": BRANCHES}, "because"),
    ],
)
async def test_a_thought_is_what_the_model_said_or_a_fixed_text(reply: dict[str, Any], thought: str) -> None:
    assert (await read(reply)).thought == thought


@pytest.mark.parametrize(
    "reply",
    [
        use("echo", text="a"),
        {"thought": "hm", "next_node": "echo", "args": {"text": "a"}},
        both(use("echo", text="a"), use("other")),
        {
            "thought": "hm",
            "plan": BRANCHES,
            "join": {"node": "third", "args": {}, "inject": {"text": "$expect"}},
        },
    ],
    ids=["tool", "tool with a thought", "plan", "plan with a join"],
)
async def test_the_recorded_action_reads_as_the_action_it_records(reply: dict[str, Any]) -> None:
    record = (await run(reply, end())).steps[0]["action"]
    assert record.keys() == {"thought", "next_node", "args", "plan", "join"}
    first, again = await read(reply), await read(record)
    assert (again.next_node, again.thought) == (first.next_node, first.thought)
    assert [vars(step) for step in again.get_plan_steps()] == [vars(step) for step in first.get_plan_steps()]
    assert again.get_plan_join() == first.get_plan_join()
    if first.is_tool_call():
        assert again.args == first.args


async def test_a_recorded_plan_has_the_older_form() -> None:
    record = (await run(both(use("echo", text="a"), use("other")), end())).steps[0]["action"]
    assert (record["next_node"], record["args"], record["join"]) == (None, None, None)
    assert record["plan"] == BRANCHES


async def test_a_recorded_tool_call_has_no_plan() -> None:
    record = (await run(use("echo", text="a"), end())).steps[0]["action"]
    assert record == {
        "thought": "planning next step", "next_node": "echo", "args": {"text": "a"}, "plan": None,
        "join": None,
    }  # fmt: skip

"""The planner's messages become a conversation with tool calls, and every word of them is still there."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penguiflow.llm import ChatMessage
from penguiflow.llm._native.history import SEE_LAST, WireMessage, native_messages
from penguiflow.llm._native.names import tool_names
from penguiflow.planner._prompts.conversation import Conversation
from penguiflow.planner.action import PlannerAction
from penguiflow.planner.trajectory import Trajectory, TrajectoryStep

NAMES = tool_names(["search", "docs.read", "final_response"])


def say(role: str, content: object) -> ChatMessage:
    return {"role": role, "content": content if isinstance(content, str) else json.dumps(content)}


def action(node: str, thought: str = "", **args: Any) -> ChatMessage:
    body = {"next_node": node, "args": args}
    return say("assistant", {"thought": thought, **body} if thought else body)


def converted(*messages: ChatMessage) -> list[WireMessage]:
    return native_messages([say("system", "json protocol"), *messages], "native rules", NAMES)[1:]


def called(message: WireMessage) -> list[tuple[str, Any]]:
    functions = [call["function"] for call in message["tool_calls"]]
    return [(function["name"], json.loads(function["arguments"])) for function in functions]


def test_the_first_system_message_is_replaced_and_others_stay() -> None:
    memory, question = say("system", "memory"), say("user", {"query": "q"})
    assert native_messages([say("system", "json"), memory, question], "native", NAMES) == [
        say("system", "native"),
        memory,
        question,
    ]
    assert native_messages([question], "native", NAMES) == [say("system", "native"), question]


def test_an_action_becomes_a_call_and_its_outcome_the_result() -> None:
    call, result, resumed = converted(
        action("docs.read", "I look.", page=3, title="é"),
        say("user", {"observation": {"text": "hi"}}),
        say("user", "Resume input: go on"),
    )
    assert call["role"] == "assistant"
    assert call["content"] == "I look."
    assert called(call) == [("docs_read", {"page": 3, "title": "é"})]
    assert result == {
        "role": "tool",
        "tool_call_id": call["tool_calls"][0]["id"],
        "content": '{"observation": {"text": "hi"}}',
    }
    assert resumed == say("user", "Resume input: go on")


def test_a_call_without_a_thought_has_no_text() -> None:
    assert converted(action("search", q="x"), say("user", {"error": "no"}))[0]["content"] is None


def test_ids_do_not_change_when_the_conversation_grows() -> None:
    start = [action("search", q="x"), say("user", {"observation": 1})]
    grown = [*start, action("search", q="y"), say("user", {"observation": 2})]
    assert converted(*grown)[:2] == converted(*start)
    ids = [call["id"] for message in converted(*grown) for call in message.get("tool_calls", [])]
    assert len(set(ids)) == 2
    assert all(len(call_id) == 9 and call_id.isalnum() for call_id in ids)


@pytest.mark.parametrize(
    "text",
    [
        "no JSON at all",
        '{"next_node": "search", "args": {"q": "cut of',
        '{"next_node": "elsewhere", "args": {}}',
        '{"next_node": "search", "args": []}',
        '{"next_node": "search"}',
        '{"next_node": 3, "args": {}}',
        '{"next_node": "search", "args": {}, "thought": 3}',
        '{"next_node": "search", "args": {}, "confidence": 1}',
        '{"next_node": "search", "args": {"q": 1, "q": 2}}',
        '{"next_node": "search", "args": {"q": NaN}}',
        '{"next_node": "search", "args": {"q": 1e999}}',
        '["search"]',
        "[" * 100_000,
        '{"next_node": "parallel", "args": {}}',
        '{"next_node": "parallel", "args": {"steps": []}}',
        '{"next_node": "parallel", "args": {"steps": ["search"]}}',
        '{"next_node": "parallel", "args": {"steps": [{"node": "search", "args": {}}, {"node": "x"}]}}',
        '{"next_node": "parallel", "args": {"steps": [{"node": "search", "args": {}}], "more": 1}}',
    ],
)
def test_what_does_not_fit_exactly_stays_text(text: str) -> None:
    exchange = [say("assistant", text), say("user", "Your last reply could not be used.")]
    assert converted(*exchange) == exchange


def test_an_action_without_an_outcome_stays_text() -> None:
    waiting = action("search", q="x")
    assert converted(waiting) == [waiting]
    assert converted(waiting, waiting) == [waiting, waiting]


BRANCHES = [
    {"node": "search", "args": {"q": "a"}, "observation": {"hits": 1}},
    {"node": "docs.read", "args": {"page": 2}, "error": "no such page"},
]
STEPS = [{"node": "search", "args": {"q": "a"}}, {"node": "docs.read", "args": {"page": 2}}]


def results(outcome: object, steps: object = STEPS, join: object = None) -> list[str]:
    plan = action("parallel", "Both.", steps=steps, join=join)
    call, *messages = converted(plan, say("user", outcome))
    assert call["content"] == "Both."
    assert called(call) == [("search", {"q": "a"}), ("docs_read", {"page": 2})]
    assert [message["tool_call_id"] for message in messages] == [made["id"] for made in call["tool_calls"]]
    return [message["content"] for message in messages]


def test_each_branch_of_a_plan_gets_its_own_result() -> None:
    assert results({"observation": {"branches": BRANCHES}}) == [
        '{"observation":{"hits":1}}',
        '{"error":"no such page"}',
    ]


def test_what_concerns_the_whole_plan_stands_after_the_last_branch() -> None:
    join = {"node": "search", "args": {"q": "all"}, "inject": {"hits": "$results"}}
    outcome = {
        "observation": {
            "branches": BRANCHES,
            "stats": {"success": 1, "failed": 1},
            "join": {"node": "search", "status": "skipped"},
        }
    }
    first, last = results(outcome, join=join)
    own, shared = last.split("\n")
    assert first == '{"observation":{"hits":1}}'
    assert own == '{"error":"no such page"}'
    assert json.loads(shared) == {
        "stats": {"success": 1, "failed": 1},
        "join": {"node": "search", "status": "skipped"},
        "join_asked_for": join,
    }


def test_arguments_that_were_changed_before_they_ran_are_told() -> None:
    changed = {"node": "search", "args": {"q": "b"}, "observation": 1}
    first, _ = results({"observation": {"branches": [changed, BRANCHES[1]]}})
    assert json.loads(first) == {"args": {"q": "b"}, "observation": 1}


@pytest.mark.parametrize(
    "outcome",
    [
        {"error": "Parallel plan invalid: tool `x` is not in the catalog."},
        {"observation": {"branches": BRANCHES[:1]}},
        {"observation": {"branches": list(reversed(BRANCHES))}},
        {"observation": {"branches": ["cut", "down"]}},
        {"observation": {"branches": BRANCHES}, "changed_by_person": {}},
        {"observation": {"summary": "both"}},
        "no JSON",
    ],
)
def test_an_outcome_without_a_part_for_each_branch_stays_in_one_piece(outcome: object) -> None:
    assert results(outcome) == [SEE_LAST, outcome if isinstance(outcome, str) else json.dumps(outcome)]


def test_a_branch_may_leave_out_empty_arguments() -> None:
    call, _ = converted(action("parallel", steps=[{"node": "search"}]), say("user", {"error": "no"}))
    assert called(call) == [("search", {})]


scalars = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
)
keys = st.text(max_size=4)
json_values = scalars | st.lists(scalars, max_size=2) | st.dictionaries(keys, scalars, max_size=2)
objects = st.dictionaries(keys, json_values, max_size=2)
nodes = st.sampled_from(["search", "docs.read", "final_response", "unknown"])
steps = st.fixed_dictionaries({"node": nodes, "args": objects})
# A plan of one branch is the same call as the branch alone.
several_steps = st.lists(steps, max_size=3).filter(lambda listed: len(listed) != 1)
plans = st.fixed_dictionaries(
    {"steps": several_steps, "join": st.none() | steps}, optional={"more": json_values}
)
thoughts = st.text(max_size=20).map(lambda text: f"I {text}".strip())


@st.composite
def turns(draw: st.DrawFn) -> list[ChatMessage]:
    plan = draw(plans)
    body = draw(
        st.fixed_dictionaries({"next_node": nodes, "args": objects}, optional={"thought": thoughts})
        | st.fixed_dictionaries(
            {"next_node": st.just("parallel"), "args": st.just(plan)}, optional={"thought": thoughts}
        )
    )
    branches = [{**step, "observation": draw(json_values)} for step in plan["steps"]]
    outcome = draw(
        st.just({"observation": {"branches": branches, "stats": {"success": len(branches)}}})
        | st.fixed_dictionaries({"observation": json_values})
        | st.fixed_dictionaries({"error": st.text()})
    )
    texts = [say("assistant", body), say("user", outcome)]
    return texts[: draw(st.sampled_from([2, 2, 2, 1]))]


free = st.builds(say, st.sampled_from(["system", "user", "assistant"]), st.text())
conversations = st.lists(turns() | free.map(lambda message: [message]), max_size=4).map(
    lambda parts: [message for part in parts for message in part]
)


@given(conversations)
def test_any_conversation_can_be_read_back_and_each_of_its_calls_has_one_result(
    messages: list[ChatMessage],
) -> None:
    wire = converted(*messages)
    asked = [call["id"] for message in wire for call in message.get("tool_calls", ())]
    answered = [message["tool_call_id"] for message in wire if message["role"] == "tool"]
    assert asked == answered
    assert len(set(asked)) == len(asked)
    assert list(map(in_short, read_back(wire))) == list(map(in_short, messages))


def in_short(message: ChatMessage) -> tuple[str, object]:
    """The message, and of its JSON only what it means."""
    try:
        return message["role"], json.loads(message["content"])
    except ValueError:
        return message["role"], message["content"]


def read_back(wire: list[WireMessage]) -> list[ChatMessage]:
    """Undo the conversion."""
    messages: list[ChatMessage] = []
    rest = list(wire)
    while rest:
        message = rest.pop(0)
        if "tool_calls" not in message:
            messages.append(message)
            continue
        given_results = [rest.pop(0)["content"] for _ in message["tool_calls"]]
        messages += _turn_back(message, given_results)
    return messages


def _turn_back(message: WireMessage, given_results: list[str]) -> list[ChatMessage]:
    calls = [{"node": NAMES.shown(name), "args": args} for name, args in called(message)]
    thought = {"thought": message["content"]} if message["content"] else {}
    *_, last = given_results
    own, line, tail_text = last.rpartition("\n")
    tail = json.loads(tail_text) if line else {}
    asked_for = tail.pop("join_asked_for", None)
    if len(calls) == 1 and not line:
        body: dict[str, Any] = {"next_node": calls[0]["node"], "args": calls[0]["args"]}
        return [say("assistant", {**thought, **body}), say("user", last)]
    body = {"next_node": "parallel", "args": {"steps": calls, "join": asked_for}}
    if tail:
        branches = [
            {**call, **json.loads(result)}
            for call, result in zip(calls, [*given_results[:-1], own], strict=True)
        ]
        outcome: object = {"observation": {"branches": branches, **tail}}
    else:
        outcome = own if line else last
    return [say("assistant", {**thought, **body}), say("user", outcome)]


def decided(node: str, args: dict[str, Any], thought: str = "") -> PlannerAction:
    return PlannerAction(next_node=node, args=args, thought=thought)


def test_what_the_planner_writes_is_all_converted() -> None:
    join = {"node": "search", "args": {}, "inject": {"q": "$results"}}
    parallel = {"branches": BRANCHES, "stats": {"success": 1, "failed": 1}, "join": {"node": "search"}}
    edited = {"decision": "edit", "args": {"q": "y"}}
    recorded = [
        TrajectoryStep(decided("search", {"q": "x"}, "I look."), observation={"hits": 1}, decision=edited),
        TrajectoryStep(decided("docs.read", {}), error="no page", failure={"tool": "docs.read"}),
        TrajectoryStep(decided("parallel", {"steps": STEPS, "join": join}), observation=parallel),
        TrajectoryStep(decided("parallel", {"steps": STEPS, "join": None}), error="Parallel plan invalid"),
        TrajectoryStep(
            decided("search", {"q": "z"}), observation={"pause": "await_input"}, resume_inputs=["go on"]
        ),
        TrajectoryStep(decided("final_response", {"answer": ""}), error="there is no answer"),
    ]
    messages = Conversation("json protocol", Trajectory(query="q", steps=recorded)).messages()
    wire = native_messages(messages, "native rules", NAMES)
    assert [message["role"] for message in wire] == [
        *["system", "user"],
        *["assistant", "tool"] * 2,
        *["assistant", "tool", "tool"] * 2,
        *["assistant", "tool", "user"],
        *["assistant", "tool"],
    ]
    assert all("tool_calls" in message for message in wire if message["role"] == "assistant")

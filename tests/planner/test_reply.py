from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penguiflow.planner import PlannerAction
from penguiflow.planner._parse.normalise import read_action
from penguiflow.planner._parse.reply import UnreadableReply, read_reply
from penguiflow.planner.action import action_record

LOOK = {"next_node": "look", "args": {"text": "x"}}
LOOK_TEXT = json.dumps(LOOK)
ANSWER = {"answer": "a", "raw_answer": "a"}


@pytest.mark.parametrize(
    "text",
    [
        LOOK_TEXT,
        f"  {LOOK_TEXT}\n",
        f"Sure! {LOOK_TEXT} Hope it helps.",
        f"```json\n{LOOK_TEXT}\n```",
        f"Here:\n```\n{LOOK_TEXT}\n```\nand {{not json}}",
        f'<think>maybe {{"next_node": "fail", "args": {{}}}}</think>{LOOK_TEXT}',
        json.dumps([LOOK]),
        json.dumps(LOOK_TEXT),
        "{'next_node': 'look', 'args': {'text': 'x'}}",
        LOOK_TEXT + json.dumps({"next_node": "final_response", "args": {"answer": "too early"}}),
        json.dumps({"action": LOOK}),
        json.dumps({"thought": "t", "next_node": "look", "args": {"text": "x"}, "plan": None, "join": None}),
    ],
)
def test_the_action_is_found_whatever_stands_around_it(text: str) -> None:
    action = read_reply(text).action
    assert (action.next_node, action.args) == ("look", {"text": "x"})
    assert action.raw_llm_response == text


@pytest.mark.parametrize(
    ("value", "next_node", "args"),
    [
        ({"next_node": "final_response", "args": {"answer": "a"}}, "final_response", ANSWER),
        ({"next_node": "final_response", "args": "a"}, "final_response", ANSWER),
        ({"next_node": "final_response", "args": ["a"]}, "final_response", ANSWER),
        ({"thought": "t", "next_node": None, "args": {"raw_answer": "a"}}, "final_response",
         {"answer": "a", "raw_answer": "a"}),
        ({"answer": "a"}, "final_response", ANSWER),
        ({"args": {"answer": "a"}}, "final_response", ANSWER),
        ({}, "final_response", {}),
        ({"next_node": "look"}, "look", {}),
        ({"plan": [{"node": "look"}]}, "parallel", {"steps": [{"node": "look", "args": {}}], "join": None}),
        ({"next_node": "plan", "args": {"steps": [{"node": "a"}], "join": {"node": ""}}}, "parallel",
         {"steps": [{"node": "a", "args": {}}], "join": None}),
    ],
)  # fmt: skip
def test_both_shapes_mean_the_same_actions(value: object, next_node: str, args: object) -> None:
    action = read_reply(json.dumps(value)).action
    assert (action.next_node, action.args) == (next_node, args)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "I cannot help with that.",
        '{"next_node": "look", "args": {"answer": "x"}',
        '{"next_node": "look", "args": ["x"]}',
        '{"next_node": 5, "args": {}}',
        '{"next_node": "  ", "args": {}}',
        '{"foo": 1}',
        "[" * 100_000,
        "{" * 100_000,
        '{"a":' * 5_000,
        "x" * 5_000_000,
        '{"next_node": "look", "args": {"n": NaN}}',
        '{"next_node": "look", "args": {"n": ' + "9" * 5000 + "}}",
        '{"next_node": "look", "args": {"text": "\\ud83d"}}',
        '{"next_node": "look", "next_node": "save", "args": {}}',
        "5",
        "null",
        "{'next_node': {1, 2}}",
    ],
)
def test_what_holds_no_usable_action_is_one_error(text: str) -> None:
    with pytest.raises(UnreadableReply):
        read_reply(text)


@given(st.text() | st.text('{}[]",:\\ \nabnulextarg_d0123', max_size=60))
def test_any_text_is_an_action_or_an_unreadable_reply(text: str) -> None:
    try:
        action = read_reply(text).action
    except UnreadableReply:
        return
    assert isinstance(action, PlannerAction)


_NAMES = st.text("abcdefghij_", min_size=1, max_size=8)
_ARGS = st.dictionaries(_NAMES, st.none() | st.integers() | st.text("abc"), max_size=3)
_STEPS = st.lists(st.fixed_dictionaries({"node": _NAMES, "args": _ARGS}), max_size=3)


@given(
    st.one_of(
        st.builds(lambda node, args: {"next_node": node, "args": args}, _NAMES, _ARGS),
        st.builds(lambda args: {"next_node": "final_response", "args": args}, _ARGS),
        st.builds(lambda steps: {"next_node": "parallel", "args": {"steps": steps}}, _STEPS),
    ),
    st.text("abc d", max_size=12),
)
def test_the_stored_form_of_an_action_reads_back_the_same(value: dict[str, object], thought: str) -> None:
    action = read_action({**value, "thought": thought})
    assert read_action(json.loads(json.dumps(action_record(action)))) == action

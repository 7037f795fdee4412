"""Calls and text of an answer become one action, whole and in pieces."""

from __future__ import annotations

import json
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penguiflow.llm._native.names import tool_names
from penguiflow.llm._native.reply import action_text
from penguiflow.llm._native.stream import ActionWriter
from penguiflow.llm._said import CallPart, Gathered, Said
from penguiflow.planner._parse.text_stream import ActionStream

NAMES = tool_names(["search", "docs.read", "final_response"])

SEARCH = CallPart(name="search", arguments='{"q": "x"}')
READ = CallPart(name="docs_read", arguments='{"page": 3}')
ANSWER = CallPart(name="final_response", arguments='{"answer": "Done."}')


def text_of(content: str, *calls: CallPart, reasoning: str = "") -> str:
    return action_text(Said(content=content, reasoning=reasoning, calls=calls), NAMES)


def plan(*steps: dict[str, object], thought: str) -> dict[str, object]:
    return {"thought": thought, "next_node": "parallel", "args": {"steps": list(steps), "join": None}}


@pytest.mark.parametrize(
    ("content", "calls", "action"),
    [
        ("I look.", [SEARCH], {"thought": "I look.", "next_node": "search", "args": {"q": "x"}}),
        ("", [READ], {"next_node": "docs.read", "args": {"page": 3}}),
        ("", [ANSWER], {"next_node": "final_response", "args": {"answer": "Done."}}),
        (" \n", [CallPart(name="search", arguments=" ")], {"next_node": "search", "args": {}}),
        (
            "Both.",
            [SEARCH, READ],
            plan(
                {"node": "search", "args": {"q": "x"}},
                {"node": "docs.read", "args": {"page": 3}},
                thought="Both.",
            ),
        ),
        ("Early.", [SEARCH, ANSWER], {"thought": "Early.", "next_node": "search", "args": {"q": "x"}}),
        ("Early.", [ANSWER, SEARCH], {"thought": "Early.", "next_node": "search", "args": {"q": "x"}}),
        ("", [ANSWER, ANSWER], {"next_node": "final_response", "args": {"answer": "Done."}}),
        ("", [CallPart(name="unheard_of")], {"next_node": "unheard_of", "args": {}}),
        ('It is "4".', [], {"next_node": "final_response", "args": {"answer": 'It is "4".'}}),
        ("<think>2+2</think>\n4", [], {"next_node": "final_response", "args": {"answer": "4"}}),
        ('{"total": 4}', [], {"next_node": "final_response", "args": {"answer": '{"total": 4}'}}),
    ],
)
def test_what_was_said_is_one_action(content: str, calls: list[CallPart], action: dict[str, object]) -> None:
    assert json.loads(text_of(content, *calls)) == action


def test_reasoning_stands_for_a_missing_thought_but_not_all_of_it() -> None:
    assert json.loads(text_of("", SEARCH, reasoning=" I must look. "))["thought"] == "I must look."
    assert json.loads(text_of("I look.", SEARCH, reasoning="hmm"))["thought"] == "I look."
    assert json.loads(text_of("", SEARCH, reasoning="hmm " * 1000))["thought"].startswith("hmm hmm")
    assert len(json.loads(text_of("", SEARCH, reasoning="hmm " * 1000))["thought"]) < 510


@pytest.mark.parametrize(
    "content",
    [
        '{"thought": "t", "next_node": "search", "args": {}}',
        '```json\n{"next_node": "search", "args": {}}\n```',
        '<think>so</think>{"next_node": "search"',
        ' {"thought": "t", "next_node": "search", "args": {"q": "cut of',
    ],
)
def test_an_action_written_as_text_is_left_to_the_planner(content: str) -> None:
    assert text_of(content) == content


@pytest.mark.parametrize("content", ["", " \n", "<think>only this</think>"])
def test_nothing_said_is_no_text(content: str) -> None:
    assert text_of(content) == ""


@pytest.mark.parametrize("arguments", ['{"q": "cut of', '{"q": }', '{"q": "x"}{"q": "x"}', "q=x"])
def test_broken_arguments_are_shown_as_they_came(arguments: str) -> None:
    broken = CallPart(name="search", arguments=arguments)
    for text in (text_of("I look.", broken), text_of("Both.", READ, broken), text_of("Both.", broken, READ)):
        assert arguments in text
        with pytest.raises(ValueError, match="line 1"):
            json.loads(text)


@pytest.mark.parametrize("arguments", ['{"q": 1, "q": 2}', '{"q": 1.10}', '"text"', "null"])
def test_arguments_are_judged_by_the_planner_in_the_words_of_the_model(arguments: str) -> None:
    expected = f'{{"next_node": "search", "args": {arguments}}}'
    assert text_of("", CallPart(name="search", arguments=arguments)) == expected


def streamed(pieces: Iterable[Said]) -> str:
    writer = ActionWriter(NAMES)
    return "".join(map(writer.feed, pieces)) + writer.end()


def shown(text: str, channel: str) -> str:
    return "".join(piece.text for piece in ActionStream().feed(text) if piece.channel == channel)


def call_pieces(call: CallPart, size: int) -> list[Said]:
    starts = range(0, len(call.arguments), size)
    opening = Said(calls=(CallPart(index=call.index, call_id=call.call_id, name=call.name),))
    return [
        opening,
        *(
            Said(calls=(CallPart(index=call.index, arguments=call.arguments[start : start + size]),))
            for start in starts
        ),
    ]


def in_pieces(said: Said, size: int) -> list[Said]:
    def cut(text: str) -> list[str]:
        return [text[start : start + size] for start in range(0, len(text), size)]

    return [
        *(Said(reasoning=piece) for piece in cut(said.reasoning)),
        *(Said(content=piece) for piece in cut(said.content)),
        *(piece for call in said.calls for piece in call_pieces(call, size)),
    ]


texts = st.text(max_size=12)
arguments = st.dictionaries(st.sampled_from(["q", "answer"]), texts).map(json.dumps) | st.sampled_from(
    ["", '{"q": "cut']
)


@given(texts, texts, st.sampled_from(["search", "docs_read", "final_response", "other"]), arguments)
def test_a_streamed_call_is_the_text_of_the_reply(
    content: str, reasoning: str, name: str, arguments: str
) -> None:
    if content.lstrip().startswith("{"):
        return  # then the model writes the JSON protocol itself
    said = Said(content=content, reasoning=reasoning, calls=(CallPart(name=name, arguments=arguments),))
    for size in (1, 3, 100):
        assert streamed(in_pieces(said, size)) == action_text(said, NAMES)


def test_thought_and_answer_are_shown_while_they_arrive() -> None:
    writer, stream = ActionWriter(NAMES), ActionStream()
    said = Said(
        content='I "see".\n',
        calls=(CallPart(name="final_response", arguments='{"answer": "It is 4.\\nYes."}'),),
    )
    seen = [
        (piece.channel, piece.text)
        for part in in_pieces(said, 5)
        for piece in stream.feed(writer.feed(part))
        if piece.text
    ]
    assert seen == [
        ("thinking", 'I "se'),
        ("thinking", 'e".'),
        ("answer", "It "),
        ("answer", "is 4."),
        ("answer", "\nYes"),
        ("answer", "."),
    ]


def test_of_several_calls_the_first_is_shown() -> None:
    calls = (CallPart(name="search", arguments='{"q": "x"}'), CallPart(index=1, name="docs_read"))
    text = streamed(in_pieces(Said(content="Both.", calls=calls), 4))
    assert json.loads(text) == {"thought": "Both.", "next_node": "search", "args": {"q": "x"}}


def test_text_without_a_call_is_shown_as_the_answer_in_the_end() -> None:
    text = streamed(in_pieces(Said(content=" It is\n 4. "), 2))
    assert shown(text, "thinking") == "It is\n 4."
    assert shown(text, "answer") == "It is\n 4."


def test_an_action_written_as_text_is_streamed_as_it_is() -> None:
    content = '{"thought": "t", "next_node": "final_response", "args": {"answer": "4"}}'
    assert streamed(in_pieces(Said(content=content), 3)) == content


def test_text_after_a_call_is_not_shown() -> None:
    pieces = [Said(content="I look."), Said(calls=(SEARCH,)), Said(content="and now?")]
    assert json.loads(streamed(pieces)) == {"thought": "I look.", "next_node": "search", "args": {"q": "x"}}


def test_a_character_that_arrives_in_halves_is_whole_in_the_end() -> None:
    halves = [Said(content="It is \ud83d"), Said(content="\ude00"), Said(calls=(SEARCH,))]
    text = streamed(halves)
    assert text.isascii()
    assert json.loads(text)["thought"] == "It is \U0001f600"
    assert action_text(Said(content="It is \ud83d\ude00", calls=(SEARCH,)), NAMES) == text


def test_nothing_said_is_nothing_streamed() -> None:
    assert streamed([Said(), Said(reasoning="hmm"), Said(content=" \n")]) == ""


def test_a_name_that_comes_late_is_waited_for() -> None:
    pieces = [
        Said(calls=(CallPart(arguments='{"q": '),)),
        Said(calls=(CallPart(name="search"),)),
        Said(calls=(CallPart(arguments='"x"}'),)),
    ]
    assert json.loads(streamed(pieces)) == {"next_node": "search", "args": {"q": "x"}}


def test_calls_are_told_apart_by_index_or_by_id() -> None:
    def gathered(*parts: CallPart) -> list[tuple[str, str]]:
        answer = Gathered()
        for part in parts:
            answer.add(Said(calls=(part,)))
        return [(call.name, call.arguments) for call in answer.whole().calls]

    by_index = [
        CallPart(index=0, call_id="a", name="search", arguments="{"),
        CallPart(index=1, call_id="b", name="docs_read", arguments="{"),
        CallPart(index=0, arguments="}"),
        CallPart(index=1, arguments=' "page": 1}'),
    ]
    assert gathered(*by_index) == [("search", "{}"), ("docs_read", '{ "page": 1}')]
    by_id = [
        CallPart(call_id="a", name="search", arguments="{}"),
        CallPart(call_id="b", name="docs_read", arguments="{"),
        CallPart(call_id="b", arguments="}"),
    ]
    assert gathered(*by_id) == [("search", "{}"), ("docs_read", "{}")]

from __future__ import annotations

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penguiflow.planner._parse.text_stream import ActionStream

VALID_TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=30)


def shown(pieces: list[str], channel: str) -> str:
    stream = ActionStream()
    return "".join(piece.text for text in pieces for piece in stream.feed(text) if piece.channel == channel)


def cut(text: str, places: list[int]) -> list[str]:
    stops = sorted({place % (len(text) + 1) for place in places} | {0, len(text)})
    return [text[start:end] for start, end in pairwise(stops)]


@given(VALID_TEXT, VALID_TEXT, st.lists(st.integers(0, 500), max_size=12), st.booleans(), st.booleans())
def test_thought_and_answer_come_out_whole_however_the_text_is_cut(
    thought: str, answer: str, places: list[int], ascii_only: bool, args_first: bool
) -> None:
    body = {"thought": thought, "next_node": "final_response", "args": {"confidence": 1, "answer": answer}}
    if args_first:
        body = {key: body[key] for key in ("args", "thought", "next_node")}
    text = json.dumps(body, ensure_ascii=ascii_only)
    assert shown(cut(text, places), "answer") == answer
    assert shown(cut(text, places), "thinking") == thought


@given(VALID_TEXT, st.lists(st.integers(0, 500), max_size=8))
def test_arguments_of_tools_are_never_shown(answer: str, places: list[int]) -> None:
    text = json.dumps({"next_node": "look", "args": {"answer": answer, "deep": {"answer": answer}}})
    assert shown(cut(text, places), "answer") == ""


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ('{"next_node": null, "args": {"raw_answer": "yes"}}', "yes"),
        ('{"next_node": "final_response", "args": "yes"}', "yes"),
        ('{"next_node": "final_response", "args": {"answer": "yes", "raw_answer": "yes"}}', "yes"),
        (
            '```\n{"next_node": "final_response", "args": {"answer": "yes"}}\n``` {"args": {"answer": "no"}}',
            "yes",
        ),
        ('{"next_node": "final_response", "args": {"extra": {"answer": "no"}, "answer": "yes"}}', "yes"),
        ('{"next_node": "parallel", "args": {"steps": [{"node": "answer", "args": {"answer": "no"}}]}}', ""),
        ('{"next_node": "final_response", "args": {"answer": "half', "half"),
    ],
)
def test_only_the_answer_of_a_final_response_is_shown(text: str, answer: str) -> None:
    assert shown([text], "answer") == answer
    assert shown(list(text), "answer") == answer


@given(st.text('{}[]",:\\ nulexanswrgth_dor0d8', max_size=80))
def test_no_text_breaks_the_stream(text: str) -> None:
    assert shown([text], "answer") == shown(list(text), "answer")


def test_half_a_surrogate_pair_does_not_swallow_the_end_of_the_text() -> None:
    text = '{"next_node": "final_response", "args": {"answer": "a\\ud83d", "more": 1}}'
    assert shown([text], "answer") == "a�"

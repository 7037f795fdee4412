"""Which text of a model is its answer."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penguiflow.planner._parse.answer import (
    answer_by_any_name,
    answer_in_reply,
    longest_text,
    usable_answer,
)
from penguiflow.planner._parse.reply import UnreadableReply, read_reply, salvaged_answer

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from(["<auto>", " "]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
)


@pytest.mark.parametrize(
    ("args", "answer"),
    [
        ({"answer": "a"}, "a"),
        ({"raw_answer": "r", "answer": "a"}, "r"),
        ({"raw_answer": " ", "answer": "a"}, "a"),
        ({"answer": "<auto>"}, None),
        ({"answer": "  "}, None),
        ({"answer": None}, None),
        ({"answer": []}, None),
        ({"answer": {}}, None),
        ({"answer": 0}, "0"),
        ({"answer": False}, "false"),
        ({"answer": {"b": 1, "a": [2]}}, '{"a":[2],"b":1}'),
        ({"text": "t"}, None),
        ({"answer": "half \ud800"}, "half \ufffd"),
        ({}, None),
    ],
)
def test_an_answer_is_usable_when_a_person_can_read_it(args: dict[str, Any], answer: str | None) -> None:
    assert usable_answer(args) == answer


@pytest.mark.parametrize(
    ("args", "answer"),
    [
        ({"text": "t", "answer": "a"}, "a"),
        ({"text": "t"}, "t"),
        ({"body": "b", "reply": "r"}, "r"),
        ({"text": " ", "joke": "j"}, "j"),
        ({"text": 5}, None),
        ({"unheard_of": "x"}, None),
    ],
)
def test_small_models_have_other_names_for_it(args: dict[str, Any], answer: str | None) -> None:
    assert answer_by_any_name(args) == answer


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ('{"answer": "a"}', "a"),
        ('{"args": {"answer": "a"}}', "a"),
        ('{"args": "a"}', "a"),
        ('{"next_node": "final_response", "args": {"answer": "a"}}', "a"),
        ('{"next_node": null, "args": {"response": "a"}}', "a"),
        ('{"next_node": "look", "args": {"text": "a"}}', None),
        ('{"next_node": 5, "answer": "a"}', None),
        ("Plain words.", "Plain words."),
        ("  ", None),
        ("<auto>", None),
        ("half \ud800", "half \ufffd"),
        ('{"answer": "breaks o', None),
        ('So: {"answer": "a"} there.', "a"),
        ("{}", None),
        ("[1]", "[1]"),
    ],
)
def test_a_reply_to_a_request_for_the_answer_is_read_in_any_form(text: str, answer: str | None) -> None:
    assert answer_in_reply(text) == answer


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"answer": "a", "note": "n"}, "a"),
        ({"note": "the only text", "n": 5}, "the only text"),
        ({"b": "x", "a": "y"}, '{"a":"y","b":"x"}'),
        ({"n": 5}, '{"n":5}'),
        ({}, None),
        ("text", "text"),
        (" ", None),
        ([1], "[1]"),
        ([], None),
        (None, None),
    ],
)
def test_any_other_output_is_text_in_the_end(value: Any, text: str | None) -> None:
    assert longest_text(value) == text


@given(JSON)
def test_what_is_found_is_never_blank(value: Any) -> None:
    text = longest_text(value)
    assert text is None or text.strip() not in ("", "<auto>")


@given(st.text(max_size=60) | st.text(alphabet='{}":,answer <auto>', max_size=60))
def test_any_reply_is_an_answer_that_can_be_sent_or_none(text: str) -> None:
    answer = answer_in_reply(text)
    assert answer is None or answer.strip()
    (answer or "").encode()


ESCAPES = st.sampled_from(
    ["\\u00e4", "\\ud83d\\ude00", "\\ud83d", "\\u-123", "\\u+12", "\\u", "\\", "\\n", "\\q"]
)
PARTS = ESCAPES | st.text(max_size=6) | st.just("\ud800")


@given(parts=st.lists(PARTS, max_size=6), closes=st.booleans())
def test_an_answer_that_breaks_off_is_read_as_far_as_it_goes(parts: list[str], closes: bool) -> None:
    text = '{"next_node": "final_response", "args": {"answer": "begins ' + "".join(parts)
    if closes:
        text += '"}'
    answer = salvaged_answer(text)
    if answer is not None:
        answer.encode()
        assert answer.startswith("begins")


@given(st.text(alphabet='{}":,nextodargs[]\\ u-12\ud800', max_size=80))
def test_nothing_a_model_writes_breaks_the_reader(text: str) -> None:
    salvaged_answer(text)
    with suppress(UnreadableReply):
        read_reply(text)


@pytest.mark.parametrize(
    "around", ["I will call: {}", "```\nno json\n``` {}", "{} and that is all", "{}\n{{"]
)
def test_an_action_between_other_words_is_one_action(around: str) -> None:
    reading = read_reply(around.replace("{}", '{"next_node": "look", "args": {"text": "x"}}', 1))
    assert (reading.candidates, reading.action.alternate_actions) == (1, None)
    assert list(reading.others) == []


def test_an_action_written_in_python_is_found_between_json_too() -> None:
    reading = read_reply("So {'next_node': 'look', 'args': {\"text\": \"x\"}} it is")
    assert (reading.action.next_node, reading.action.args) == ("look", {"text": "x"})

"""Asking a person for what is missing."""

from __future__ import annotations

from typing import Any

import pytest

from penguiflow_cli._errors import CommandError
from penguiflow_cli._tools_arguments import Arguments, missing_arguments
from penguiflow_cli._tools_ask import ask_for_missing, question_lines
from penguiflow_cli._tools_person import Nobody
from tests.fakes.tools_person import TypingPerson

SCHEMA: dict[str, Any] = {
    "properties": {
        "style": {"enum": ["short", "long"], "description": "How much"},
        "times": {"type": "integer", "default": 2},
        "key": {"type": "string", "writeOnly": True},
    },
    "required": ["style", "times", "key"],
}


async def test_each_missing_argument_is_asked_for_until_it_fits() -> None:
    person = TypingPerson("lon", "long", "", "s3cret-key-of-mine")
    arguments: Arguments = {}
    await ask_for_missing("notes.save", arguments, SCHEMA, person)
    assert arguments == {"style": "long", "times": 2, "key": "s3cret-key-of-mine"}
    assert any("did you mean `long`?" in line for line in person.told)
    assert person.hidden == [False, False, False, True]


async def test_a_number_cannot_be_left_out() -> None:
    person = TypingPerson("", "5")
    arguments: Arguments = {}
    schema = {"properties": {"n": {"type": "integer"}}, "required": ["n"]}
    await ask_for_missing("t", arguments, schema, person)
    assert arguments == {"n": 5}


async def test_who_closes_the_terminal_calls_nothing() -> None:
    with pytest.raises(CommandError, match="no value was given for `style`") as raised:
        await ask_for_missing("t", {}, SCHEMA, TypingPerson())
    assert raised.value.exit_code == 2


async def test_without_a_terminal_all_that_is_missing_is_named() -> None:
    with pytest.raises(CommandError, match="missing: `style`, `times`, `key`") as raised:
        await ask_for_missing("t", {}, SCHEMA, Nobody())
    assert (raised.value.exit_code, raised.value.code) == (2, "missing_arguments")
    assert 'style=VALUE ("short"|"long")' in (raised.value.hint or "")


def test_a_question_shows_type_description_choices_and_default() -> None:
    style, times, _ = missing_arguments({}, SCHEMA)
    assert question_lines(style) == ['style  ("short"|"long")', "  How much", "  one of short, long"]
    assert question_lines(times) == ["times  (integer)", "  Enter takes 2"]


def test_a_question_cannot_control_the_terminal() -> None:
    schema = {"properties": {"a\x1b[2J": {"description": "\x9b1m\x07", "enum": ["\u202e"]}}}
    (wanted,) = missing_arguments({}, {**schema, "required": ["a\x1b[2J"]})
    assert not set("".join(question_lines(wanted))) & set("\x1b\x07\x9b\u202e")

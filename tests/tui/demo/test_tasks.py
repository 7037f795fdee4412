"""What the offline model understands."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penguiflow_tui.demo.tasks import SmallTalk, Task, small_talk, tasks_in

SAVE_RESULT = Task(kind="save_note", takes_result=True)


def save(text: str) -> Task:
    return Task(kind="save_note", args={"text": text})


def rehearse(kind: str, **args: Any) -> Task:
    return Task(kind="rehearse", args={"kind": kind, **args})


@pytest.mark.parametrize(
    ("question", "tasks"),
    [
        ("save a note: buy fish", [save("buy fish")]),
        ("Please save a note saying “buy fish”.", [save("buy fish")]),
        ("save a note: buy fish and chips", [save("buy fish and chips")]),
        ("remember to call mum", [save("call mum")]),
        ("add 'pay rent' to my notes", [save("pay rent")]),
        ("note: [brackets] 🐧", [save("[brackets] 🐧")]),
        ("save a note", [SAVE_RESULT]),
        ("save that as a note", [SAVE_RESULT]),
        ("what notes did I save?", [Task(kind="list_notes")]),
        ("What was saved?", [Task(kind="list_notes")]),
        ("list my notes", [Task(kind="list_notes")]),
        ("search my notes for fish", [Task(kind="search_notes", args={"query": "fish"})]),
        ("do I have any notes about rent?", [Task(kind="search_notes", args={"query": "rent"})]),
        ("what is 12 * (3 + 4)?", [Task(kind="calculate", args={"expression": "12 * (3 + 4)"})]),
        ("10 divided by 4", [Task(kind="calculate", args={"expression": "10 / 4"})]),
        ("calculate foo", [Task(kind="calculate", args={"expression": "foo"})]),
        ("what time is it in UTC?", [Task(kind="current_time", args={"timezone": "UTC"})]),
        ("what is the time in New York?", [Task(kind="current_time", args={"timezone": "New York"})]),
        ("what day is it?", [Task(kind="current_time", args={"timezone": "UTC"})]),
        ("how many words are in 'a b c'?", [Task(kind="count_words", args={"text": "a b c"})]),
        ("run the slow tool for 2.5 seconds", [rehearse("slow", seconds=2.5)]),
        ("rehearse big 5 MB", [rehearse("big", megabytes=5.0)]),
        ("rehearse an error", [rehearse("error")]),
        ("use the blocking tool for 3 s", [rehearse("blocking", seconds=3.0)]),
        (
            "calculate 6*7 and save the result as a note",
            [Task(kind="calculate", args={"expression": "6*7"}), SAVE_RESULT],
        ),
        ("save a note: buy fish, then list my notes", [save("buy fish"), Task(kind="list_notes")]),
        ("tell me a joke", []),
        ("delete my notes", []),
        ("2024", []),
        ("", []),
    ],
)
def test_questions_and_their_tasks(question: str, tasks: list[Task]) -> None:
    assert list(tasks_in(question)) == tasks


@pytest.mark.parametrize(
    ("text", "talk"),
    [
        ("hello", "greeting"),
        ("Good morning!", "greeting"),
        ("what can you do?", "help"),
        ("thanks", "thanks"),
        ("tell me a joke", None),
    ],
)
def test_small_talk(text: str, talk: SmallTalk | None) -> None:
    assert small_talk(text) == talk


@given(st.text(max_size=300))
def test_any_text_is_understood_or_not_but_never_fails(text: str) -> None:
    tasks_in(text)
    small_talk(text)

"""The lines of the session list and its filter."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penguiflow_tui.session_rows import matching, session_rows
from tests.fakes.session import STARTED_AT, FakeStored


def row_of(*sessions: FakeStored) -> list[tuple[str, str, list[str], list[str]]]:
    return [
        (row.headline, row.aside, [mark.word for mark in row.marks], list(row.facts))
        for row in session_rows(sessions, now=STARTED_AT + 7_200)
    ]


def test_a_name_stands_before_the_first_question() -> None:
    named = FakeStored(session_id="1", title="What is new?", name="News", last_line="Nothing.", runs=2)
    assert row_of(named) == [("News", "What is new?", ["idle"], ["2 h ago", "2 runs", "$0.0012", "Nothing."])]
    assert row_of(FakeStored(session_id="1", title="What is new?"))[0][:2] == ("What is new?", "")


def test_what_was_put_away_says_so_and_how_it_stands() -> None:
    put_away = FakeStored(session_id="1", title="t", state="failed", archived=True)
    assert row_of(put_away)[0][2] == ["archived", "failed"]


def test_a_fork_names_its_parent() -> None:
    parent = FakeStored(session_id="parent", title="long", name="News")
    new = FakeStored(session_id="2", title="", runs=0, parent_session_id="parent")
    used = FakeStored(session_id="3", title="And then?", parent_session_id="parent")
    lost = FakeStored(session_id="4", title="", runs=0, parent_session_id="0123456789abcdef")
    rows = session_rows([parent, new, used, lost], now=STARTED_AT)
    assert [row.is_fork for row in rows] == [False, True, True, True]
    assert [row.headline for row in rows[1:]] == ["fork of News", "And then?", "fork of 01234567"]
    assert rows[2].facts[-1] == "from News"


def test_an_unknown_cost_is_no_sum_and_no_run_has_none() -> None:
    assert row_of(FakeStored(session_id="1", title="t", cost_usd=None))[0][3] == [
        "2 h ago",
        "1 run",
        "cost ?",
    ]
    assert row_of(FakeStored(session_id="1", title="t", cost_usd=None, runs=0))[0][3] == ["2 h ago"]


def test_a_session_without_a_question_has_a_line() -> None:
    assert row_of(FakeStored(session_id="1", title=""))[0][0] == "(no question yet)"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", ["1", "2"]),
        ("ada", ["1"]),
        ("ADA note", ["1"]),
        ("ada weather", []),
        ("waiting", ["2"]),
        ("  ", ["1", "2"]),
    ],
)
def test_a_filter_wants_every_word_somewhere(text: str, found: list[str]) -> None:
    sessions = [
        FakeStored(session_id="1", title="Save a note", name="Ada's call"),
        FakeStored(session_id="2", title="Which weather is it?", state="waiting"),
    ]
    assert [session.session_id for session in matching(sessions, text)] == found


@given(st.text(), st.text())
def test_no_text_of_a_session_keeps_a_control_character(title: str, line: str) -> None:
    stored = FakeStored(session_id=title, title=title, name=line, last_line=line, parent_session_id=title)
    (row,) = session_rows([stored], now=0)
    shown = "".join([row.headline, row.aside, *row.facts])
    assert not any(ord(char) < 32 or 126 < ord(char) < 160 for char in shown)

"""Every tool has a name that providers take, and the planner gets its own name back."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penguiflow.llm._native.names import tool_names
from penguiflow.llm._native.tools import wire_tools
from penguiflow.llm.protocol import ToolDescription


@pytest.mark.parametrize(
    ("shown", "sent"),
    [
        (["search", "Save-note_2"], ["search", "Save-note_2"]),
        (["github.create_issue"], ["github_create_issue"]),
        (["a.b", "a_b"], ["a_b_2", "a_b"]),
        (["a.b", "a:b", "a b"], ["a_b", "a_b_2", "a_b_3"]),
        (["größe"], ["gr__e"]),
        ([""], ["tool"]),
        (["x" * 70, "x" * 80], ["x" * 64, "x" * 62 + "_2"]),
    ],
)
def test_a_name_is_changed_only_where_it_must(shown: list[str], sent: list[str]) -> None:
    names = tool_names(shown)
    assert [names.sent(name) for name in shown] == sent


@given(st.lists(st.text(max_size=5) | st.text("ab._-", max_size=70), unique=True, max_size=8))
def test_any_names_can_be_sent_and_read_back(shown: list[str]) -> None:
    names = tool_names(shown)
    sent = [names.sent(name) for name in shown]
    assert all(re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", name) for name in sent)
    assert [names.shown(name) for name in sent] == shown


def test_a_name_that_was_never_sent_stays_as_it_is() -> None:
    names = tool_names(["a.b"])
    assert names.shown("elsewhere") == "elsewhere"
    assert "elsewhere" not in names
    assert "a.b" in names


def test_a_tool_is_described_as_a_function_with_its_fields() -> None:
    schema = {"type": "object", "properties": {"q": {"type": "string"}}, "required": ["q"]}
    tools = [
        ToolDescription(name="docs.read", description="Reads.", parameters=schema),
        ToolDescription(name="now", description="Tells the time.", parameters={}),
    ]
    assert wire_tools(tools, tool_names(["docs.read", "now"])) == [
        {
            "type": "function",
            "function": {"name": "docs_read", "description": "Reads.", "parameters": schema},
        },
        {
            "type": "function",
            "function": {
                "name": "now",
                "description": "Tells the time.",
                "parameters": {"type": "object", "properties": {}},
            },
        },
    ]

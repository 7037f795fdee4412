"""What servers list: very many tools, and tools with hostile names, texts and schemas (T1, T9)."""

from __future__ import annotations

import unicodedata

import pytest

from tests.fakes.mcp_processes import fuzz_command
from tests.tools.conftest import MakeNode

pytestmark = pytest.mark.process


async def test_ten_thousand_tools_can_be_connected_and_called(make_node: MakeNode) -> None:
    node = make_node(fuzz_command(["well", "ten thousand tools"]), name="many", timeout_s=30)
    await node.connect()
    specs = node.get_tools()
    assert (len(specs), node.status.tool_count) == (10_000, 10_000)
    first, last = specs[0], specs[-1]
    assert (first.name, last.name) == ("many.tool_0", "many.tool_9999")
    assert last.args_model.model_fields["limit"].default == 10
    assert await last.node.func(last.args_model.model_validate({"query": "x"}), None) == {"result": "hello"}
    with pytest.raises(ValueError, match="city"):
        last.args_model.model_validate({"query": "x", "where": {}})
    await node.close()


async def test_hostile_names_and_texts_are_shown_safe_and_their_tools_work(make_node: MakeNode) -> None:
    node = make_node(fuzz_command(["well", "hostile tools"]), name="fuzz")
    await node.connect()
    for spec in node.get_tools():
        shown = f"{spec.name}{spec.desc}{spec.args_model.__name__}"
        assert len(shown) < 9_000
        hidden = {char for char in shown if unicodedata.category(char) in ("Cf", "Cc", "Co") and char != "\n"}
        assert hidden == set()
        assert await spec.node.func(spec.args_model(), None) == {"result": "hello"}
    names = [spec.name for spec in node.get_tools()]
    assert "fuzz.a<U+202E>b" in names
    assert "fuzz.recursive" in names

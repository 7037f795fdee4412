"""Servers over HTTP that answer with anything: one clear error in time (T8 of MCP, ASI02)."""

from __future__ import annotations

import asyncio
import resource

import pytest

from penguiflow.tools import ToolConnectionError, ToolNodeError
from penguiflow.tools._connecting.backend import load_mcp
from tests.fakes.mcp_hostile_http import HABITS, hostile_server
from tests.fakes.mcp_hostile_sse import HABITS as SSE_HABITS
from tests.fakes.mcp_hostile_sse import hostile_sse_server
from tests.tools.conftest import MakeNode

pytestmark = pytest.mark.process

TIMEOUT_S = 2.0
PATIENCE_S = 8.0
MEMORY_KIB = 400_000


@pytest.mark.parametrize("method", ["server/discover", "initialize", "tools/list", "tools/call"])
async def test_any_answer_gives_a_clear_error_in_time(make_node: MakeNode, method: str) -> None:
    await load_mcp()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    async with asyncio.timeout(TIMEOUT_S + PATIENCE_S):
        outcomes = await asyncio.gather(*(_outcome(make_node, habit, method) for habit in HABITS))
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < MEMORY_KIB
    for habit, outcome in zip(HABITS, outcomes, strict=True):
        if method == "server/discover" and not isinstance(outcome, BaseException):
            assert outcome == {"result": "hello"}, habit  # the older handshake was tried, and worked
            continue
        expected = ToolNodeError if method == "tools/call" else ToolConnectionError
        assert isinstance(outcome, expected), (habit, outcome)
        assert len(str(outcome)) < 600, habit
        assert "\n" not in f"{outcome}{outcome.hint}", habit


async def _outcome(make_node: MakeNode, habit: str, method: str) -> object:
    with hostile_server(habit, method=method) as url:
        node = make_node(url, timeout_s=TIMEOUT_S, retry_policy={"max_attempts": 1})
        (outcome,) = await asyncio.gather(node.call("greet", {}), return_exceptions=True)
        await node.close()
        return outcome


async def test_any_behaviour_over_the_older_transport_gives_a_clear_error_in_time(
    make_node: MakeNode,
) -> None:
    await load_mcp()
    async with asyncio.timeout(TIMEOUT_S + 2.5):
        outcomes = await asyncio.gather(*(_sse_outcome(make_node, habit) for habit in SSE_HABITS))
    for habit, outcome in zip(SSE_HABITS, outcomes, strict=True):
        assert isinstance(outcome, ToolNodeError), (habit, outcome)
        assert len(str(outcome)) < 600, habit
        assert "\n" not in f"{outcome}{outcome.hint}", habit


async def _sse_outcome(make_node: MakeNode, habit: str) -> object:
    with hostile_sse_server(habit) as url:
        node = make_node(url, timeout_s=TIMEOUT_S, retry_policy={"max_attempts": 1})
        (outcome,) = await asyncio.gather(node.call("greet", {}), return_exceptions=True)
        await node.close()
        return outcome

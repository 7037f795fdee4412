"""Server processes that do anything: a clear error or a working tool, in time, and nothing is left (T6)."""

from __future__ import annotations

import asyncio
import resource
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penguiflow.registry import ModelRegistry
from penguiflow.tools import (
    ExternalToolConfig,
    ToolConnectionError,
    ToolNode,
    ToolNodeError,
    ToolTimeoutError,
)
from penguiflow.tools._connecting.backend import load_mcp
from tests.fakes import mcp_fuzz
from tests.fakes.mcp_processes import child_pids, fuzz_command
from tests.tools.conftest import ENVIRONMENT

pytestmark = pytest.mark.process

TIMEOUT_S = 1.5
PATIENCE_S = 15.0
AT_ONCE = 10
MEMORY_KIB = 400_000

SCRIPTS = st.lists(st.sampled_from(list(mcp_fuzz.HABITS)), min_size=1, max_size=4)


@settings(max_examples=3, deadline=None)
@given(st.lists(SCRIPTS, min_size=AT_ONCE, max_size=AT_ONCE))
async def test_any_script_gives_a_clear_error_or_a_working_tool(scripts: Sequence[Sequence[str]]) -> None:
    await _check_all(scripts)


@pytest.mark.parametrize("stage", range(3), ids=["initialize", "tools/list", "tools/call"])
async def test_every_habit_at_every_stage_gives_a_clear_error_or_a_working_tool(stage: int) -> None:
    await _check_all([["well"] * stage + [habit] for habit in mcp_fuzz.HABITS])


async def test_floods_are_survived_with_little_memory() -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    await _check_all([["well", "well", habit] for habit in mcp_fuzz.HEAVY])
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < MEMORY_KIB


async def _check_all(scripts: Sequence[Sequence[str]]) -> None:
    await load_mcp()
    before = child_pids()
    async with asyncio.timeout(PATIENCE_S):
        await asyncio.gather(*(_check(script) for script in scripts))
    assert child_pids() == before


async def _check(script: Sequence[str]) -> None:
    node = _node(script)
    try:
        (outcome,) = await asyncio.gather(node.call("greet", {}), return_exceptions=True)
    finally:
        await node.close()
    if isinstance(outcome, BaseException):
        assert isinstance(outcome, ToolNodeError), (script, outcome)
        shown = f"{outcome}{outcome.hint}"
        assert len(shown) < 7000, (script, shown)
        assert not any(hidden in shown for hidden in ("\x1b", "\u202e", "\U000e0041")), (script, shown)
    else:
        assert set(outcome) == {"result"}, script


def _node(script: Sequence[str]) -> ToolNode:
    values = {
        "name": "fuzz",
        "transport": "mcp",
        "connection": fuzz_command(script),
        "timeout_s": TIMEOUT_S,
        "retry_policy": {"max_attempts": 1},
    }
    return ToolNode(ExternalToolConfig.model_validate(values), ModelRegistry(), environment=ENVIRONMENT)


async def test_a_tool_of_a_good_server_works_while_others_misbehave() -> None:
    good = _node([])
    bad = [_node(["well", "well", habit]) for habit in ("many notifications", "with a flood on stderr")]
    await good.connect()
    try:
        calls = [asyncio.create_task(node.call("greet", {})) for node in bad]
        assert await good.call("greet", {}) == {"result": "hello"}
        await asyncio.gather(*calls, return_exceptions=True)
        assert await good.call("greet", {}) == {"result": "hello"}
    finally:
        for node in (good, *bad):
            await node.close()


async def test_a_server_that_answers_again_after_its_death_is_used_again() -> None:
    node = _node(["well", "well", "by being killed"])
    with pytest.raises(ToolConnectionError, match="killed by signal 9"):
        await node.call("greet", {})
    with pytest.raises(ToolConnectionError):
        await node.call("greet", {})
    await node.close()


async def test_arguments_that_a_server_does_not_read_are_given_up_in_time() -> None:
    before = child_pids()
    node = _node(["well", "and reads no more"])
    await node.connect()
    async with asyncio.timeout(TIMEOUT_S + 2):
        with pytest.raises(ToolTimeoutError):
            await node.call("greet", {"text": "x" * 5_000_000})
    async with asyncio.timeout(3):
        await node.close()
    assert child_pids() == before


async def test_a_server_that_never_stops_talking_is_left() -> None:
    node = _node(["well", "well", "lines without end"])
    failed = asyncio.Event()
    node.on_status_change(lambda status: failed.set() if status.state == "failed" else None)
    with pytest.raises(ToolNodeError):
        await node.call("greet", {})
    async with asyncio.timeout(10):
        await failed.wait()
    assert "that answer nothing" in (node.status.hint or "")
    await node.close()

"""A server that fails again and again is left alone for a while."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penguiflow.registry import ModelRegistry
from penguiflow.tools import ExternalToolConfig, ToolConnectionError, ToolNode, TransportType
from penguiflow.tools._connecting.circuit import FAILURES_ALLOWED, Circuit


def after(failures: int, now_s: float = 0.0) -> Circuit:
    circuit = Circuit()
    for _ in range(failures):
        circuit = circuit.after_failure(now_s)
    return circuit


@pytest.mark.parametrize(
    ("failures", "wait_s"),
    [(FAILURES_ALLOWED - 1, 0), (FAILURES_ALLOWED, 1), (FAILURES_ALLOWED + 3, 8), (500, 60)],
)
def test_the_pause_doubles_up_to_a_minute(failures: int, wait_s: float) -> None:
    circuit = after(failures)
    assert circuit.wait_s(0.0) == wait_s
    assert circuit.state(0.0) == ("open" if wait_s else "closed")


@given(st.integers(FAILURES_ALLOWED, 200), st.floats(0, 1e6))
def test_after_the_pause_the_next_try_decides(failures: int, now_s: float) -> None:
    circuit = after(failures, now_s)
    assert circuit.state(now_s + circuit.wait_s(now_s) + 0.001) == "half_open"


async def test_calls_are_refused_at_once_until_the_pause_is_over() -> None:
    now_s = 0.0
    config = ExternalToolConfig(
        name="gone", transport=TransportType.MCP, connection="/no/such/program", timeout_s=5
    )
    node = ToolNode(config, ModelRegistry(), environment={}, clock=lambda: now_s)
    for _ in range(2):
        with pytest.raises(ToolConnectionError, match="was not found"):
            await node.call("anything", {})
    assert node.status.circuit == "open"
    with pytest.raises(ToolConnectionError, match="failed 5 times in a row and is left alone for 1 s"):
        await node.call("anything", {})
    with pytest.raises(ToolConnectionError, match="was not found"):
        await node.connect()  # by hand it is tried at once
    now_s = 10.0
    with pytest.raises(ToolConnectionError, match="was not found"):
        await node.call("anything", {})
